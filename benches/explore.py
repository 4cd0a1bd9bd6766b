"""The explorer beside SPIN, in one run: `python benches/explore.py` (`make bench`) prints one table.

Times are wall times, with the processor's own beside them, since cores may be shared: ratios count, seconds do not.
SPIN gets its own hand-written model of the same system (exchange_3_3_9.pml), breadth first, without reduction.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent / "src"
YARDSTICK = 3, 3, 9
LARGEST = "two-of-everything"
COUNTS = 5_981_023, 75_882_606
PAN = ("-O3", "-DBFS", "-DSAFETY", "-DNOREDUCE")


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--without-spin", action="store_true", help="ours alone")
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(child(*chosen.child)))
        return
    spin = None if chosen.without_spin else beside()
    with tempfile.TemporaryDirectory() as cache:
        table(ours(Path(cache)), spin)


# ------------------------------------------------------------------------------------------------------ the children
def child(what: str, *arguments: str) -> dict[str, Any]:
    """What one process measures of itself."""
    if what == "explore":
        return explored(*map(int, arguments))
    return compiled(what)


def explored(n: int, size: int, capacity: int, word_bits: int = 63) -> dict[str, Any]:
    """One world from nothing to a verdict."""
    from holdfast.checkers.explore import explore as explore_world
    from holdfast.checkers.explore.search import Limits
    from holdfast.checkers.interpret import Run
    from holdfast.specs.yardstick import exchange

    peak: list[int] = []
    run = Run(*exchange(n, size, capacity))
    used = time.process_time()
    verdict = explore_world(run, limits=Limits(), progress=lambda p: peak.append(p.memory_bytes), word_bits=word_bits)
    figures = verdict.figures
    return {
        "verdict": type(verdict).__name__,
        "states": figures.states,
        "transitions": figures.transitions,
        "depth": figures.depth,
        "seconds": figures.seconds,
        "cpu_seconds": time.process_time() - used,
        "bytes_per_state": max(peak) / figures.states,
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def compiled(what: str) -> dict[str, Any]:
    """How long it takes until code is ready, with whatever the cache holds."""
    from holdfast.checkers.explore.native import NativeMachine
    from holdfast.checkers.explore.program import program

    code = program(instance(what))
    started, used = time.perf_counter(), time.process_time()
    NativeMachine(code, 1 << 26)
    return {
        "words": code.layout.words,
        "actions": len(code.instance.actions),
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - used,
    }


def instance(what: str) -> Any:
    """The yardstick, or the largest world of the real model."""
    from holdfast.model.language import Instance

    if what == "yardstick":
        from holdfast.specs.yardstick import exchange

        return Instance(*exchange(*YARDSTICK))
    from holdfast.specs.worlds import WORLDS

    return Instance(*WORLDS[LARGEST].build())


# ------------------------------------------------------------------------------------------------------- the parent
def process(cache: Path, *arguments: object) -> dict[str, Any]:
    """A child's answer, with the wall and processor time of the whole process."""
    environment = {**os.environ, "HOLDFAST_CACHE": str(cache), "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, __file__, "--child", *map(str, arguments)]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer: dict[str, Any] = json.loads(done.stdout)
    answer["whole_seconds"] = time.perf_counter() - started
    answer["whole_cpu_seconds"] = cpu(after) - cpu(before)
    return answer


def cpu(usage: resource.struct_rusage) -> float:
    """Processor seconds."""
    return usage.ru_utime + usage.ru_stime


def ours(cache: Path) -> dict[str, dict[str, Any]]:
    """Every measurement of ours; the first that needs code compiles it."""
    found = {"tiny": process(cache, "explore", 1, 2, 4)}
    for what in ("yardstick", "model"):
        found[f"{what} cold"] = process(cache, what)
        found[f"{what} cached"] = process(cache, what)
    runs = [process(cache, "explore", *YARDSTICK) for _ in range(3)]
    found["one word"] = min(runs, key=lambda r: r["seconds"])
    process(cache, "explore", 2, 3, 8, 20)
    process(cache, "explore", *YARDSTICK, 40)
    runs = [process(cache, "explore", *YARDSTICK, 40) for _ in range(3)]
    found["two words"] = min(runs, key=lambda r: r["seconds"])
    for name in ("one word", "two words"):
        assert (found[name]["states"], found[name]["transitions"]) == COUNTS, found[name]
    return found


def beside() -> dict[str, float] | None:
    """SPIN on the same world; None where it, or a C compiler, is missing."""
    if shutil.which("spin") is None or shutil.which("gcc") is None:
        print("SPIN or gcc is not installed: ours alone")
        return None
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for command in (["spin", "-a", str(HERE / "exchange_3_3_9.pml")], ["gcc", *PAN, "-o", "pan", "pan.c"]):
            subprocess.run(command, cwd=folder, capture_output=True, check=True)
        built = time.perf_counter() - started
        walls: list[float] = []
        cpus: list[float] = []
        for _ in range(2):
            started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(["./pan", "-E"], cwd=folder, capture_output=True, text=True, check=True)
            walls.append(time.perf_counter() - started)
            cpus.append(cpu(resource.getrusage(resource.RUSAGE_CHILDREN)) - cpu(before))
            assert f"{COUNTS[0]} states, stored" in done.stdout
    return {"seconds": min(walls), "cpu_seconds": min(cpus), "whole_seconds": built + min(walls)}


def table(found: dict[str, dict[str, Any]], spin: dict[str, float] | None) -> None:
    """Print what was measured, each with what it should be."""
    one, two = found["one word"], found["two words"]
    base = found["tiny"]["peak_kib"]
    rows = [
        ("3,3,9 explored", f"{one['seconds']:.2f} s wall, {one['cpu_seconds']:.2f} s processor", ""),
        ("  transitions per processor second", f"{one['transitions'] / one['cpu_seconds'] / 1e6:.1f} M", ""),
        ("  whole process, warm cache", f"{one['whole_seconds']:.2f} s wall", ""),
        ("  bytes per state, counted", f"{one['bytes_per_state']:.1f}", "at most 16"),
        (
            "  bytes per state, process less a tiny world's",
            f"{(one['peak_kib'] - base) * 1024 / one['states']:.1f}",
            "",
        ),
        ("3,3,9 in two words, rate to one word", f"{one['cpu_seconds'] / two['cpu_seconds']:.2f}", "at least 0.5"),
        ("tiny world, whole process, empty cache", f"{found['tiny']['whole_seconds']:.2f} s", "under 1 s"),
    ]
    for what in ("yardstick", "model"):
        cold, warm = found[f"{what} cold"], found[f"{what} cached"]
        label = f"{what}: {cold['actions']} actions, {cold['words']} words"
        rows.append(
            (f"{label}, compiled", f"{cold['seconds']:.2f} s, {cold['cpu_seconds']:.2f} s processor", "at most 6 s")
        )
        rows.append((f"{label}, cached", f"{warm['seconds']:.2f} s", "at most 0.3 s"))
    if spin:
        rows += [
            ("SPIN 3,3,9, best of two", f"{spin['seconds']:.1f} s wall, {spin['cpu_seconds']:.1f} s processor", ""),
            ("  ratio, exploration, wall", f"{spin['seconds'] / one['seconds']:.1f}", "at least 15"),
            ("  ratio, exploration, processor", f"{spin['cpu_seconds'] / one['cpu_seconds']:.1f}", "at least 15"),
            ("  ratio, whole processes, wall", f"{spin['whole_seconds'] / one['whole_seconds']:.1f}", "at least 8"),
        ]
    for label, value, wanted in rows:
        print(f"{label:<48} {value:<34} {wanted}".rstrip())


if __name__ == "__main__":
    main()
