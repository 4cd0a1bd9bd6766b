"""Decisions by hand, where a small one says more than a property."""

from __future__ import annotations

from dataclasses import replace

from holdfast.impl.scheduler.estimates import ClassPages, Sample
from holdfast.impl.scheduler.memory_state import MemoryState, lines_of
from holdfast.impl.scheduler.policy import Reason, decide
from holdfast.impl.scheduler.snapshot import MachineMemory, Snapshot, Targets, VmMemory

LINES = lines_of(1000)


def vm(name: str, working: int, idle: int, *, balloon_target: int = 0, held: int = 0, reserved: int = 0) -> VmMemory:
    """A VM of three hundred pages with so many in use and idle; its balloon holds so many."""
    return VmMemory(
        name=name,
        size_pages=300,
        reservation_pages=reserved,
        limit_pages=300,
        shares=1000,
        resident_pages=working + idle,
        ballooned_pages=held,
        balloon_target_pages=balloon_target,
        sample=Sample(working + idle, ClassPages(active_buffer=working, free=idle), 0),
    )


def machine(free: int, *vms: VmMemory, promised: int = 0) -> Snapshot:
    """A machine of a thousand pages with so much free, and so much promised."""
    frames = sum(v.resident_pages for v in vms)
    return Snapshot(0, MachineMemory(1000, 1000 - free, 1000 - free - frames, 1000, promised), vms)


def test_what_is_owed_already_counts_as_given() -> None:
    owing, other = vm("owing", 50, 200, balloon_target=10), vm("other", 50, 200)
    decision = decide(machine(LINES.soft_pages - 10, owing, other, promised=20))

    assert decision.state is MemoryState.SOFT
    assert decision.wanted_pages == LINES.goal_pages - (LINES.soft_pages - 10) - 10 + 20 == 26
    assert {d.vm.name: d.targets for d in decision.vms} == {"owing": Targets(18, 0), "other": Targets(18, 0)}


def test_all_who_are_short_get_their_due_where_there_is_room_for_all() -> None:
    short = [vm(name, 100, 0, balloon_target=200, held=200) for name in ("a", "b")]
    decision = decide(machine(500, *short))

    assert [d.targets for d in decision.vms] == [Targets(175, 0)] * 2
    assert [d.gain_pages for d in decision.vms] == [25, 25]
    assert all(d.reasons == (Reason.SHORT, Reason.GIVEN_BACK) for d in decision.vms)


def test_where_there_is_room_for_one_the_other_is_told_to_wait() -> None:
    short = [vm(name, 100, 0, balloon_target=200, held=200, reserved=125) for name in ("a", "b")]
    decision = decide(machine(LINES.low_pages + 1 + 30, *short))

    assert [d.gain_pages for d in decision.vms] == [25, 5]
    assert Reason.NO_ROOM in decision.of("b").reasons


def test_who_pays_more_for_the_pages_that_it_uses_is_given_first() -> None:
    lazy = vm("lazy", 70, 30, balloon_target=200, held=200, reserved=125)
    busy = vm("busy", 100, 0, balloon_target=200, held=200, reserved=125)
    decision = decide(machine(LINES.low_pages + 1 + 25, lazy, busy))

    assert [d.vm.name for d in decision.increases] == ["busy"]


def test_what_replaces_a_dead_balloon_is_no_more_than_there_is() -> None:
    unknown = replace(
        vm("unknown", 60, 0, balloon_target=200, held=100), sample=None, has_balloon=False, swap_target_pages=40
    )
    decision = decide(machine(500, unknown))

    assert decision.of("unknown").targets == Targets(100, 60)
