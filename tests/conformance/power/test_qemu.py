"""Mutants of the driver for real QEMU: who catches each of them, on real QEMU."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.impl.plan import Step
from holdfast.impl.qemu.copies import RunRecord
from holdfast.impl.qemu.linux_guest import LEAST_MIB, board_of
from holdfast.impl.qemu.packages import Unavailable
from holdfast.impl.qemu.process import Nursery
from holdfast.impl.qemu.provision import Supply, provision
from holdfast.impl.qemu.site import Site
from holdfast.impl.qemu.testbed import build
from holdfast.inputs.load import load_plan
from holdfast.running import wanted_testbed

from ...command import EXAMPLES, run
from .driver_mutants import MUTANTS, Mutant
from .qemu import Bed, Found, Scene, played
from .table import Record, Row, recorded
from .watching import balloon_word, clock, flipped, guest_word, map_bytes, too_early, turned_back, twice

pytestmark = pytest.mark.qemu
SIZES = ("--guest-footprint", "64MiB", "--vm-overhead", "28MiB", "--host-vm-overhead", "48MiB")

BALLOONED = (
    Step("take", "reclaim", "elk", balloon_pages=2048, swap_pages=0),
    Step("give", "reclaim", "elk", ("take",), 0, 0),
)
TIGHT = ("memory: 512MiB", "memory: 270MiB")
"""So little that only one of two VMs can be in flight, whatever the plan would allow."""


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A host VM that was booted once, and plans for one VM and for two."""
    try:
        supply = provision()
    except Unavailable as e:
        pytest.skip(reason=f"no QEMU to be had: {e}")
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name, chdir(name):
        folder = Path(name)
        cluster = (EXAMPLES / "bench.yaml").read_text()
        ant, _, others = cluster.partition("  - name: bee")
        bee = "  - name: bee" + others.partition("  - name: cat")[0]
        _planned(folder / "one", ant)
        _planned(folder / "two", ant + bee, "--at-most", "2")
        (folder / "two" / "bench.yaml").write_text((ant + bee).replace(*TIGHT))
        full = (EXAMPLES / "bench-full.yaml").read_text().replace("bench-2", "bench-1")
        _planned(folder / "linux", full.partition("  - name: fox")[0])
        yield Bed(supply, asyncio.run(_built(supply, folder)), folder)


def _planned(folder: Path, cluster: str, *options: str) -> None:
    folder.mkdir()
    (folder / "bench.yaml").write_text(cluster)
    options = (*SIZES, *options, "-o", str(folder / "plan.yaml"))
    done = run("plan", folder / "bench.yaml", "--host", "bench-1", "--to", "qemu-10.0", *options)
    assert done.exit_code == 0, done.output


async def _built(supply: Supply, folder: Path) -> Site:
    wanted = wanted_testbed(load_plan(folder / "two" / "plan.yaml"))
    async with Nursery(folder, RunRecord()) as nursery:
        site = await build(nursery, supply, wanted, lambda _: None)
    linux, _ = board_of(supply, LEAST_MIB, folder / "linux.image")
    return replace(site, residents={**site.residents, "elk": linux})


SCENES = {
    "forward": Scene((guest_word, map_bytes, clock)),
    "twice": Scene((twice,)),
    "too early": Scene((too_early,)),
    "flipped": Scene((flipped, map_bytes)),
    "back from pre-copy": Scene((turned_back("consolidate"), guest_word)),
    "back from the hand-over": Scene((turned_back("pass_map"), guest_word)),
    "two at once": Scene(plan="two"),
    "ballooned": Scene((balloon_word,), "linux", BALLOONED),
}


@pytest.mark.parametrize("scene", SCENES)
def test_the_driver_as_it_is_passes_every_judge(scene: str, bed: Bed) -> None:
    assert played(bed, SCENES[scene]) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(
    mutant: Mutant, bed: Bed, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    if mutant.of_two and bed.supply.missing:
        pytest.skip(reason=f"{mutant.name} is no mistake here: {'; '.join(bed.supply.missing)}")
    mutant.seed(monkeypatch)

    found = played(bed, SCENES[mutant.scene])

    print(*found, sep="\n")
    first = found[0] if found else Found("", (), "")
    recorded(Row(mutant.name, "qemu", first.road, mutant.expected, first.named), record_property)


def test_pre_copy_of_a_vm_that_runs_conforms_too(bed: Bed) -> None:
    """Between two processes of the new version: under the old one a VM is stunned before anything is sent."""
    if bed.supply.missing:
        pytest.skip(reason=f"a version that sees every write: {'; '.join(bed.supply.missing)}")
    live = replace(bed, supply=replace(bed.supply, old=bed.supply.new))

    assert played(live, SCENES["forward"]) == []
