"""The controller on large plans, on the simulator: `python benches/controller.py` (`make bench`) prints one table.

Cores may be shared, so seconds do not count: what counts is how figures grow with the plan, which must be as the plan does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent.parent / "src"
SIZES = (200, 2_000)
LARGEST = 20_000
ON_MEDIUM = 20
"""The plan whose journal is on the medium: each entry is waited for, which takes as long as the medium takes."""
GIB_PAGES = 1 << 18
SLOWER_MOST = 2.0
"""How much more an effect may cost in a plan of ten times as many VMs, before that is no longer linear."""


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--large", action="store_true", help=f"{LARGEST} VMs, too: a minute or two, and 1 GiB")
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measured(int(chosen.child[0]), Path(chosen.child[1]))))
        return
    medium(process(ON_MEDIUM))
    table([process(vms) for vms in (*SIZES, *([LARGEST] if chosen.large else []))])


def measured(vms: int, folder: Path) -> dict[str, Any]:
    """One exchange of so many VMs of 1 GiB, four at a time: with its journal in memory, or on the medium."""
    ready_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = str(folder / "run.journal") if vms == ON_MEDIUM else ":memory:"
    figures = exchanged(vms, file)
    return figures | {
        "vms": vms,
        "kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - ready_kib,
    }


def exchanged(vms: int, file: str) -> dict[str, Any]:
    """Wall and processor seconds of one exchange, its effects, and the bytes of its journal."""
    from holdfast.impl.controller import Controller
    from holdfast.impl.journal import Identity, Journal
    from holdfast.impl.plan import Plan, Sizes, VmSizes, whole_exchange
    from holdfast.impl.simulator.driver import Simulator
    from holdfast.impl.simulator.state import MachineStart, VmStart

    names = [f"vm-{i}" for i in range(vms)]
    room = (vms + 16) * GIB_PAGES * 2
    plan = Plan(
        "bench", "m", whole_exchange(names, 4), tuple(VmSizes(n, GIB_PAGES) for n in names), Sizes(512, 512, 512)
    )
    starts = [VmStart(n, GIB_PAGES, GIB_PAGES // 2, GIB_PAGES // 2) for n in names]
    simulator = Simulator.begin(MachineStart("m", room, room * 2, room, Sizes(512, 512, 512)), starts)
    journal = Journal.create(file, Identity("plan", "cluster", "assumptions"))
    began, used = time.perf_counter(), time.process_time()
    finished = Controller(plan, simulator, journal).start()
    figures = {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}
    assert finished.how == "done"
    assert not simulator.broken
    return figures | {"effects": simulator.world.performed, "journal_bytes": len(journal.content())}


def process(vms: int) -> dict[str, Any]:
    """What a process of its own measures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", str(vms), folder]
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def medium(figures: dict[str, Any]) -> None:
    """What it costs to have every entry on the medium before the next thing happens."""
    waited_us = (figures["wall"] - figures["cpu"]) / figures["effects"] * 1e6
    print(f"{figures['vms']:>6} VMs, journal on the medium: {waited_us:.0f} µs of waiting an effect, for two entries")


def table(found: list[dict[str, Any]]) -> None:
    """Print what was measured, and how it grows from one size to the next. Raises AssertionError where it is not linear."""
    for figures in found:
        effects, kib = figures["effects"], figures["kib"]
        print(f"{figures['vms']:>6} VMs: {effects} effects, {effects / figures['cpu']:.0f} a processor second")
        print(f"        {figures['journal_bytes'] / effects:.0f} bytes of journal an effect", end="; ")
        print(f"{kib / figures['vms']:.1f} KiB of memory a VM, journal included")
    for less, more in pairwise(found):
        each = (more["cpu"] / more["effects"]) / (less["cpu"] / less["effects"])
        larger = more["vms"] // less["vms"]
        print(
            f"{less['vms']} → {more['vms']} VMs: {larger} times the plan, {each * larger:.1f} times the time", end="; "
        )
        print(f"{more['kib'] / max(1, less['kib']):.1f} times the memory")
        assert each <= SLOWER_MOST, f"an effect costs {each:.1f} times as much"


if __name__ == "__main__":
    main()
