"""Memory of real Linux guests, taken by plan and by scheduler: balloons, swapping, and room for a host VM."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path

import pytest

from holdfast.impl.driver import Effect, Ending, HostVmState
from holdfast.impl.qemu.driver import QemuDriver
from holdfast.impl.qemu.linux_guest import page_classes
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.scheduling import RealMemory
from holdfast.impl.scheduler.admission import Outcome, Refusal
from holdfast.impl.scheduler.estimates import ClassPages
from holdfast.impl.scheduler.host_vm import HostVm, make_room
from holdfast.impl.scheduler.rounds import reclaim_for
from holdfast.impl.scheduler.snapshot import Snapshot

from ...command import EXAMPLES, run
from .test_testbed import SIZES, processes_of

pytestmark = pytest.mark.qemu
MIB = 256
"""In pages."""
HOST_VM = HostVm(
    size_pages=400 * MIB,
    footprint_pages=64 * MIB,
    overhead_pages=48 * MIB,
    vm_overhead_pages=28 * MIB,
    beside_pages=16 * MIB,
)
PLANNED = ("plan", "bench-full.yaml", "--host", "bench-2", "--to", "qemu-10.0", *SIZES, "-o", "plan.yaml")
SWAPPED = 16 * MIB


@pytest.fixture(scope="module")
def bed(supply: Supply) -> Iterator[Path]:
    """A testbed with two Linux guests on a machine that has too little room for a host VM beside them."""
    del supply
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name, chdir(name):
        cluster = (EXAMPLES / "bench-full.yaml").read_text()
        Path("bench-full.yaml").write_text(cluster.replace("memory: 500MiB", "memory: 530MiB"))
        assert run(*PLANNED).exit_code == 0
        started = run("testbed", "start", "plan.yaml", "bed")
        assert started.exit_code == 0, started.stderr
        try:
            yield Path(name) / "bed"
        finally:
            assert run("testbed", "stop", "bed").exit_code == 0
            assert processes_of(Path(name)) == []


@pytest.fixture
def memory(bed: Path, supply: Supply) -> Iterator[RealMemory]:
    """What a scheduler sees of it; in the end every guest is as it was."""
    with closing(QemuDriver(bed, supply)) as driver:
        yield RealMemory(driver)
    checked = run("testbed", "check", bed)
    assert checked.exit_code == 0, checked.stdout


def settled(memory: RealMemory) -> Snapshot:
    """A snapshot in which both guests have told their classes."""
    snapshot = memory.snapshot()
    while any(vm.sample is None for vm in snapshot.vms):
        snapshot = memory.snapshot()
    return snapshot


def test_a_host_vm_that_cannot_fit_is_rejected_and_no_guest_is_touched(memory: RealMemory) -> None:
    """Two copies at once are more than all that these guests can surely spare."""
    from dataclasses import replace

    answer, after = reclaim_for(
        settled(memory), memory.effects(), lambda now: make_room(now, replace(HOST_VM, at_once=2))
    )

    assert (answer.outcome, answer.refusal) == (Outcome.REJECT, Refusal.MEMORY)
    assert [vm.ballooned_pages for vm in after.vms] == [0, 0]


def test_room_for_a_host_vm_is_made_by_ballooning_real_guests_and_it_is_admitted_as_predicted(
    memory: RealMemory, figures: list[str]
) -> None:
    before = settled(memory)
    asked = make_room(before, HOST_VM)
    assert asked.outcome is Outcome.AFTER_RECLAIM
    free = {vm.name: classes_of(memory, vm.name).free for vm in before.vms}

    answer, after = reclaim_for(before, memory.effects(), lambda now: make_room(now, HOST_VM))

    assert answer.outcome is Outcome.ADMIT
    assert {vm.name: vm.ballooned_pages for vm in after.vms if vm.ballooned_pages} == dict(asked.balloon_plan)
    assert sum(vm.ballooned_pages for vm in after.vms) == asked.planned_pages
    created = memory.driver.perform(Effect("create_host_vm", memory.driver.site.machine))
    assert (created.ending, created.world.machine.host_vm) == (Ending.DONE, HostVmState.RUNNING)
    assert created.world.machine.used_pages <= created.world.machine.capacity_pages
    for name, pages in asked.balloon_plan.items():
        await_less_free(memory, name, free[name] - pages // 2)
    figures.append(
        f"room for a host VM: {asked.needs_pages} pages needed, {asked.available_pages} there, "
        f"{asked.planned_pages} taken by balloons of real guests"
    )
    assert memory.driver.perform(Effect("destroy_host_vm", memory.driver.site.machine)).ending is Ending.DONE
    for vm in after.vms:
        memory.effects().set_balloon(vm.name, 0)
    assert [vm.ballooned_pages for vm in memory.snapshot().vms] == [0, 0]


def classes_of(memory: RealMemory, vm: str) -> ClassPages:
    """What a guest said last."""
    told = page_classes(memory.driver.written(vm))
    assert told
    return told


def await_less_free(memory: RealMemory, vm: str, pages: int) -> None:
    """See in the guest's own words that it has no more free than that; time passes with every snapshot."""
    for _ in range(60):
        if classes_of(memory, vm).free <= pages:
            return
        memory.snapshot()
    raise AssertionError(f"{vm} says that it has {classes_of(memory, vm).free} pages free, not {pages} at most")


def test_a_real_guest_is_swapped_and_does_not_notice(memory: RealMemory, figures: list[str]) -> None:
    driver, machine = memory.driver, memory.driver.site.machine

    for effect in (Effect("reclaim", machine, "elk", 0, SWAPPED), Effect("swap_out", machine, "elk")):
        assert driver.perform(effect).ending is Ending.DONE

    vm = driver.observe("elk").vms["elk"]
    assert vm.swap_target_pages == SWAPPED
    figures.append(
        f"swapped out of a running guest: {SWAPPED} pages asked for, {vm.swapped_pages} without a frame since"
    )
    assert driver.perform(Effect("reclaim", machine, "elk", 0, 0)).ending is Ending.DONE


def test_a_balloon_that_is_asked_for_too_much_stops_short_and_says_so(memory: RealMemory) -> None:
    driver, machine = memory.driver, memory.driver.site.machine
    size_pages = driver.site.size_pages("fox")

    assert driver.perform(Effect("reclaim", machine, "fox", size_pages * 9 // 10, 0)).ending is Ending.DONE
    outcome = driver.perform(Effect("inflate", machine, "fox"))

    assert (outcome.ending, outcome.fault) == (Ending.FAILED, "balloon_stopped_short")
    vm = outcome.world.vms["fox"]
    assert 0 < vm.ballooned_pages < vm.balloon_target_pages
    memory.effects().set_balloon("fox", 0)


def test_without_a_balloon_or_a_file_nothing_is_reclaimed(memory: RealMemory) -> None:
    driver, machine = memory.driver, memory.driver.site.machine

    too_much = driver.perform(Effect("reclaim", machine, "elk", 90 * MIB, 90 * MIB))

    assert too_much.ending is Ending.REFUSED
    assert "more than the VM has" in too_much.reason
