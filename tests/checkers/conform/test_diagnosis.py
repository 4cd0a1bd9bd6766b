"""What is said of an event that could not be taken, and logs made smaller that still fail."""

from __future__ import annotations

from dataclasses import replace

from holdfast.checkers.conform.diagnosis import diagnose
from holdfast.checkers.conform.inclusion import Acceptor, Excluded
from holdfast.checkers.conform.observation import Observed
from holdfast.checkers.conform.shrinking import minimise
from holdfast.checkers.conform.space import Space

from .runs import dealt, every_action, run_of, walk

PREPARE, HEAR, COMMIT = "rm_prepare", "tm_rcv_prepared", "tm_commit"


def test_the_requirement_in_the_way_is_told_in_its_own_sentence_with_what_would_make_it_possible() -> None:
    run = run_of("toy-transaction-commit")
    (one, two, *_) = [m.label for m in run.world.members]
    space = Space(run)

    found = diagnose(space, run.initial(), Observed("decide_to_commit", {"rm": one}))

    assert set(found.refused) == {"the manager is prepared", "every manager is prepared or has committed"}
    assert found.always == found.refused
    whys = {near.why: near.steps for near in found.nearest}
    assert [e.arguments["rm"] for e in whys["about the same"]] == [one]
    assert {e.action for e in whys["after this it can be taken"]} == {"prepare"}
    assert {e.arguments["rm"] for e in whys["after this it can be taken"]} >= {one, two}


def test_what_was_seen_and_cannot_be_so_is_told_with_what_could_be() -> None:
    run = run_of("toy-transaction-commit")
    label = run.world.members[0].label

    found = diagnose(Space(run), run.initial(), Observed("prepare", {"rm": label}, {f"{label}.state": "ABORTED"}))

    (difference,) = found.differs
    assert (difference.key, difference.seen, difference.possible) == (f"{label}.state", "ABORTED", ("PREPARED",))
    assert not found.refused


def test_a_number_out_of_range_and_an_action_that_is_left_out_are_impossible_whatever_the_state() -> None:
    run = run_of("smallest")
    vm = next(m.label for m in run.world.members if type(m).__name__ == "Vm")
    left_out = next(iter(run.world.leave_out))
    space = Space(run)

    too_much = diagnose(space, run.initial(), Observed("copy", {"vm": vm, "amount": 77}))
    gone = diagnose(space, run.initial(), Observed(left_out))

    assert "amount is from 1 to" in too_much.never and "not 77" in too_much.never
    assert gone.never == f"{left_out} is left out of smallest"


def test_a_minimised_log_fails_at_the_same_event_for_the_same_cause_and_can_lose_no_event() -> None:
    run = run_of("every-fault")
    log = walk(run, 150, seed=3)
    end = replace(log[-1], action="destroy_host_vm", arguments={}, line=999)
    acceptor = Acceptor(run)
    failed = acceptor.judge([*log, end])
    assert isinstance(failed, Excluded), "the host VM is in use"

    small = minimise(acceptor, [*log, end], failed)

    assert small.least and len(small.log) < 20 < failed.number + 1
    assert small.verdict.diagnosis.cause == failed.diagnosis.cause
    again = acceptor.judge(small.log)
    assert isinstance(again, Excluded) and again.number == len(small.log) - 1
    for k in range(len(small.log) - 1):
        less = acceptor.judge([*small.log[:k], *small.log[k + 1 :]])
        assert not (
            isinstance(less, Excluded)
            and less.number == len(small.log) - 2
            and less.diagnosis.cause == failed.diagnosis.cause
        )


def test_a_log_of_several_processes_is_minimised_with_their_orders_kept() -> None:
    run = run_of("toy-two-phase-5")
    log = dealt(walk(run, 60, seed=2), 3, seed=2)
    end = [Observed(COMMIT, process="p1", line=998), Observed("tm_abort", process="p1", line=999)]
    acceptor = Acceptor(run, every_action(run))
    failed = acceptor.judge([*log, *end], by_process=True)
    assert isinstance(failed, Excluded)

    small = minimise(acceptor, [*log, *end], failed, by_process=True)

    assert small.least and len(small.log) <= 3
    assert list(small.log)[-1] == failed.event


def test_minimising_stops_when_its_budget_is_spent() -> None:
    run = run_of("every-fault")
    log = walk(run, 150, seed=3)
    end = replace(log[-1], action="destroy_host_vm", arguments={}, line=999)
    failed = Acceptor(run).judge([*log, end])
    assert isinstance(failed, Excluded)

    assert not minimise(Acceptor(run), [*log, end], failed, budget=3).least
