"""How a decision is carried out: in two phases, by observing, within the room that there is then (M9, F5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.impl.scheduler.admission import Admission, Newcomer, Outcome, admit
from holdfast.impl.scheduler.host_vm import HostVm, make_room
from holdfast.impl.scheduler.memory_state import lines_of
from holdfast.impl.scheduler.rounds import PATIENCE_S, ClockStopped, reclaim_for, run_round
from holdfast.impl.scheduler.snapshot import Settings, Snapshot
from holdfast.impl.scheduler.technique import INACTIVE_AFTER_S

from .simulated import Guest, World, guest

LINES = lines_of(1000)


def world(free: int, *guests: Guest, slots: int = 1000) -> World:
    """A machine of a thousand pages with these guests and so much free; all are sampled."""
    w = World(1000, 1000 - free - sum(g.classes.total for g in guests), slots, list(guests))
    for g in guests:
        w.take_sample(g.name)
    return w


def short() -> Guest:
    """A VM that has all its pages in use, and whose balloon holds the rest."""
    return guest("short", 300, 150, 0, ballooned=150, balloon_target=150)


def rich(*, shares: int = 1000, stuck: bool = False, pages_per_s: int = 20) -> Guest:
    """A VM most of whose pages are idle."""
    return guest("rich", 300, 50, 240, shares=shares, stuck=stuck, pages_per_s=pages_per_s)


def told(w: World) -> list[tuple[str, str]]:
    """What the world was told, without times and amounts."""
    return [(what, name) for _, what, name, _ in w.log]


def test_all_is_taken_before_anything_is_given() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))
    done = run_round(w.snapshot(), w.effects())

    assert told(w) == [("set_balloon", "rich"), ("set_balloon", "short")]
    assert (w.given_early, done.complete, w.guest("rich").owed) == (0, True, 0)
    assert done.given_pages["short"] == done.decision.of("short").gain_pages > 0
    assert w.log[1][0] > w.log[0][0]


def test_what_was_given_is_remembered_until_it_is_taken() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))
    done = run_round(w.snapshot(), w.effects())
    granted = 150 + done.given_pages["short"]

    assert done.snapshot.memory.granted_up_to == {"short": granted}
    w.guest("short").wants = lambda _: granted
    for _ in range(20):
        w.pass_second()
    at = replace(w.snapshot(), memory=done.snapshot.memory, settings=Settings(headroom_percent=0))
    assert run_round(at, w.effects()).snapshot.memory.granted_up_to == {}


def test_where_a_balloon_stalls_nothing_is_given_in_this_round() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500, stuck=True))
    done = run_round(w.snapshot(), w.effects())

    assert (done.complete, done.given_pages, told(w)) == (False, {}, [("set_balloon", "rich")])
    assert done.snapshot.now_s == INACTIVE_AFTER_S


def test_who_is_blocked_and_unblocked_is_told_once() -> None:
    w = world(LINES.low_pages, rich())
    first = run_round(w.snapshot(), w.effects())
    second = run_round(replace(w.snapshot(), memory=first.snapshot.memory), w.effects())
    run_round(replace(w.snapshot(), memory=second.snapshot.memory), w.effects())

    assert told(w) == [("swap_out", "rich"), ("block", "rich"), ("unblock", "rich")]


def test_who_has_been_swapped_enough_is_not_kept_from_filling_its_balloon() -> None:
    w = world(LINES.low_pages, guest("owing", 300, 50, 240, balloon_target=100), slots=10)
    w.guest("owing").swap_target = 10
    first = run_round(w.snapshot(), w.effects())
    second = run_round(replace(first.snapshot, memory=first.snapshot.memory), w.effects())

    assert told(w) == [("block", "owing"), ("unblock", "owing")]
    assert (first.complete, second.complete) == (False, True)
    assert first.snapshot.now_s < PATIENCE_S


def test_less_is_given_where_there_is_less_room_than_was_thought() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))
    effects = w.effects()

    def observe() -> Snapshot:
        seen = w.observe()
        if not w.guest("rich").owed:
            w.hypervisor += w.free - LINES.low_pages - 3
            return w.snapshot()
        return seen

    done = run_round(w.snapshot(), replace(effects, observe=observe))

    assert done.decision.of("short").gain_pages > 2
    assert (done.complete, done.given_pages) == (True, {"short": 2})


def test_what_somebody_waits_for_is_not_given() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))

    def observe() -> Snapshot:
        seen = w.observe()
        promised = max(0, seen.machine.free_pages - LINES.low_pages - 3)
        return replace(seen, machine=replace(seen.machine, promised_pages=promised))

    done = run_round(w.snapshot(), replace(w.effects(), observe=observe))

    assert (done.complete, done.given_pages) == (True, {"short": 2})


def test_a_vm_that_goes_away_is_not_waited_for_nor_given_anything() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))

    def observe() -> Snapshot:
        w.guests = []
        return w.observe()

    done = run_round(w.snapshot(), replace(w.effects(), observe=observe))

    assert (done.complete, done.given_pages) == (True, {})


def test_a_vm_that_is_suspended_meanwhile_is_not_waited_for_nor_given_anything() -> None:
    w = world(LINES.soft_pages + 6, short(), rich(shares=500))

    def observe() -> Snapshot:
        seen = w.observe()
        return replace(seen, vms=tuple(replace(vm, pinned=True) for vm in seen.vms))

    done = run_round(w.snapshot(), replace(w.effects(), observe=observe))

    assert (done.complete, done.given_pages, told(w)) == (True, {}, [("set_balloon", "rich")])


def test_patience_ends() -> None:
    w = world(LINES.soft_pages, rich(pages_per_s=0))

    def observe() -> Snapshot:
        seen = w.observe()
        w.guest("rich").progress_at_s = w.now_s
        return replace(seen, vms=tuple(replace(vm, progress_at_s=w.now_s) for vm in seen.vms))

    done = run_round(w.snapshot(), replace(w.effects(), observe=observe))

    assert (done.complete, done.snapshot.now_s) == (False, PATIENCE_S)


def test_a_clock_that_stands_still_is_an_error() -> None:
    w = world(LINES.soft_pages, rich())

    with pytest.raises(ClockStopped, match="observed at 0 s, and again at 0 s"):
        run_round(w.snapshot(), replace(w.effects(), observe=w.snapshot))


def test_a_calm_machine_is_not_touched_nor_waited_for() -> None:
    w = world(LINES.clear_pages, rich())
    done = run_round(w.snapshot(), w.effects())

    assert (w.log, w.now_s, done.complete, done.given_pages) == ([], 0, True, {})


def test_settings_and_memory_outlive_an_observation() -> None:
    w = world(LINES.soft_pages, rich())
    chosen = Settings(headroom_percent=50)
    done = run_round(replace(w.snapshot(), settings=chosen), w.effects())

    assert (done.snapshot.settings, done.snapshot.memory.state) == (chosen, done.decision.state)


# ------------------------------------------------------------------------------------------------- room for a newcomer
HOST_VM = HostVm(size_pages=600, footprint_pages=10, overhead_pages=2, vm_overhead_pages=1)


def vm_of_a_hundred(snapshot: Snapshot) -> Admission:
    """The gate for a VM that reserves a hundred pages."""
    return admit(snapshot, Newcomer(100, 100, 0, 0))


def the_host_vm(snapshot: Snapshot) -> Admission:
    """The gate for the host VM."""
    return make_room(snapshot, HOST_VM)


@pytest.mark.parametrize("gate", [vm_of_a_hundred, the_host_vm])
def test_room_is_made_until_the_gate_admits(gate: Callable[[Snapshot], Admission]) -> None:
    w = world(220, guest("busy", 250, 200, 20), rich())
    first = gate(w.snapshot())
    answer, seen = reclaim_for(w.snapshot(), w.effects(), gate)

    if first.outcome is Outcome.AFTER_RECLAIM:
        assert w.guest("rich").ballooned > 0
    assert answer.outcome is Outcome.ADMIT
    assert gate(seen).outcome is Outcome.ADMIT
    assert w.guest("rich").classes.working == 50


def test_the_host_vm_needs_room_made_in_that_world() -> None:
    w = world(220, guest("busy", 250, 200, 20), rich())

    assert make_room(w.snapshot(), HOST_VM).outcome is Outcome.AFTER_RECLAIM


def test_one_plan_is_enough_where_balloons_are_slow_but_answer() -> None:
    w = world(60, rich(pages_per_s=5))
    answer, _ = reclaim_for(w.snapshot(), w.effects(), vm_of_a_hundred, rounds_most=1)

    assert (answer.outcome, told(w)) == (Outcome.ADMIT, [("set_balloon", "rich")])


def test_who_cannot_be_admitted_makes_nobody_give() -> None:
    w = world(60, guest("busy", 300, 290, 10))
    answer, _ = reclaim_for(w.snapshot(), w.effects(), vm_of_a_hundred)

    assert (answer.outcome, w.log) == (Outcome.REJECT, [])


def test_where_the_balloon_hangs_the_answer_changes() -> None:
    w = world(60, rich(stuck=True))
    answer, seen = reclaim_for(w.snapshot(), w.effects(), vm_of_a_hundred)

    assert (answer.outcome, answer.on_the_way_pages, answer.balloon_plan) == (Outcome.REJECT, 0, {})
    assert seen.now_s == 5
