"""Whole logs: complete, with events dropped, of several processes; held against trying everything."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from holdfast.checkers.conform.inclusion import Acceptor, Excluded, Included, Undecided, judge
from holdfast.checkers.conform.observation import Observed, seen
from holdfast.checkers.interpret import Run

from .oracle import answer
from .runs import dealt, dropped, every_action, run_of, walk

TINY = (
    "toy-transaction-commit",
    "toy-two-phase-3",
    "toy-die-hard",
    "one-page-at-rest",
    "post-copy",
    "remapped-or-copied",
)
LARGER = ("smallest", "three-vms", "every-fault", "six-classes")
LONG = ("three-vms", "every-fault", "six-classes")


def corrupted(run: Run, log: Sequence[Observed], seed: int) -> list[Observed]:
    """The log with one event changed, inserted, or changed places with the next one of its process."""
    chance = random.Random(seed)
    at, how = chance.randrange(len(log)), seed % 3
    action, arguments = chance.choice(run.every_step)
    other = replace(seen(run, action.name, arguments), process=log[at].process, line=1000)
    if how == 0:
        return [*log[:at], other, *log[at + 1 :]]
    if how == 1:
        return [*log[:at], other, *log[at:]]
    later = next((k for k in range(at + 1, len(log)) if log[k].process == log[at].process), at)
    swapped = list(log)
    swapped[at], swapped[later] = swapped[later], swapped[at]
    return swapped


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "blind"])
@pytest.mark.parametrize("world", (*TINY, *LARGER))
def test_walks_are_included_however_much_of_them_is_dropped_and_dealt_among_processes(world: str, whole: bool) -> None:
    run = run_of(world)
    everything = Acceptor(run, every_action(run))
    complete = Acceptor(run)

    for seed in range(3):
        log = walk(run, 80, seed, whole=whole)
        partial = dropped(log, 30, seed)

        assert isinstance(complete.judge(log), Included)
        assert isinstance(everything.judge(partial), Included)
        for processes in (2, 3):
            assert isinstance(everything.judge(dealt(partial, processes, seed), by_process=True), Included)
        assert isinstance(complete.judge(dealt(log[:16], 2, seed), by_process=True), Included)


@pytest.mark.parametrize("world", TINY)
def test_corrupted_logs_are_judged_as_trying_everything_judges_them(world: str) -> None:
    run, verdicts = run_of(world), Counter[str]()
    hidden_sets = (frozenset[str](), every_action(run), frozenset(sorted(every_action(run))[::2]))

    for seed in range(36):
        by_process, hidden = seed % 2 == 1, hidden_sets[seed // 2 % 3]
        log = walk(run, 14, seed, whole=seed % 5 == 0)
        log = [e for e in dropped(log, 30, seed) if e] if hidden == every_action(run) else log
        log = [e for e in log if e.action not in hidden or seed % 4 == 0]
        log = corrupted(run, dealt(log, 1 + 2 * by_process, seed), seed) if log else []
        expected = answer(run, log, hidden, by_process=by_process)
        verdict = judge(run, log, hidden, by_process=by_process)

        verdicts[type(verdict).__name__] += 1
        if isinstance(verdict, Excluded):
            assert not expected.accepted
            assert sum(verdict.matched.values()) == expected.most
            assert verdict.number in expected.next
        else:
            assert isinstance(verdict, Included) and expected.accepted
    assert verdicts["Excluded"] >= 5, verdicts


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("world", LONG)
def test_a_thousand_events_a_third_of_them_dropped_are_judged_and_an_impossible_one_is_found(
    world: str, processes: int
) -> None:
    run = run_of(world)
    log = walk(run, 1_000, seed=processes, whole=True)
    partial = dealt(dropped(log, 30, seed=processes), processes, seed=processes)
    at = len(partial) // 2
    key = next(k for k, v in partial[at].after.items() if isinstance(v, int) and not isinstance(v, bool))
    broken = [*partial]
    broken[at] = replace(partial[at], after={**partial[at].after, key: 99})
    acceptor = Acceptor(run, every_action(run))

    good, bad = (acceptor.judge(each, by_process=processes > 1) for each in (partial, broken))

    assert len(log) == 1_000 and isinstance(good, Included) and good.events == len(partial) > 600
    assert isinstance(bad, Excluded) and bad.number == at
    (difference,) = [d for d in bad.diagnosis.differs if d.key == key]
    assert difference.seen == 99 and 99 not in difference.possible


def test_events_of_an_end_that_was_passed_are_refused_whatever_is_filled_in() -> None:
    run = run_of("toy-two-phase-3")
    everything = Acceptor(run, every_action(run))

    committed = everything.judge([Observed("tm_commit"), Observed("tm_abort")])
    apart = everything.judge([Observed("tm_commit", process="a"), Observed("tm_abort", process="b")], by_process=True)

    assert isinstance(committed, Excluded)
    assert committed.matched == {None: 1}
    assert committed.diagnosis.always == ("the coordinator has not decided",)
    assert isinstance(apart, Excluded) and sum(apart.matched.values()) == 1


def test_order_between_processes_is_free_and_order_within_one_is_not() -> None:
    run = run_of("toy-two-phase-3")
    managers = [m.label for m in run.world.members if type(m).__name__ == "Manager"]
    ready = [Observed("rm_prepare", {"rm": rm}, process=rm) for rm in managers]
    heard = [Observed("tm_rcv_prepared", {"rm": rm}, process="tm") for rm in managers]
    commit = Observed("tm_commit", process="tm")

    assert isinstance(judge(run, [*heard, commit, *ready], by_process=True), Included)
    assert isinstance(judge(run, [commit, *heard, *ready], by_process=True), Excluded)
    assert isinstance(judge(run, [*heard, commit, *ready]), Excluded)


def test_limits_leave_a_log_undecided_rather_than_refused() -> None:
    run = run_of("every-fault")
    log = walk(run, 200, seed=1)

    few_states = Acceptor(run, every_action(run), limit=50).judge(log)
    few_nodes = Acceptor(run, nodes=100).judge(dealt(log, 3, seed=1), by_process=True)

    assert isinstance(few_states, Undecided) and "more than 50 states" in few_states.why
    assert isinstance(few_nodes, Undecided) and "more than 100 pairs" in few_nodes.why
    assert sum(few_nodes.matched.values()) > 0


def test_a_log_without_events_is_a_behaviour() -> None:
    assert isinstance(judge(run_of("toy-die-hard"), []), Included)
