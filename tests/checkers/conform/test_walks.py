"""Suites of walks meet every obligation that a plain search finds, are behaviours, and are never below the bound."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from holdfast.checkers.conform.coverage import Share, Tally
from holdfast.checkers.conform.least import attempts_at_least
from holdfast.checkers.conform.obligations import Obligations, Pair, Refusal, Taken, obligations
from holdfast.checkers.conform.walks import Attempt, Suite, Walk, random_walks, shortest, suite
from holdfast.checkers.graph import TooLarge
from holdfast.checkers.interpret import Run
from holdfast.specs.worlds import WORLDS

NAMES = ("toy-die-hard", "toy-transaction-commit", "comes-to-rest", "empty-machine", "one-page-at-rest")


@cache
def made(name: str) -> Suite:
    return suite(obligations(Run(*WORLDS[name].build())))


def plainly(run: Run) -> set[object]:
    """Every obligation of a world, one state after the other, by the interpreter alone."""
    found: set[object] = set()
    todo = list(run.initial())
    for state in todo:
        control = made(run.world.name).obligations.control(state)
        for action, arguments in run.every_step:
            broken = run.broken(state, action, arguments)
            if not broken:
                found |= {Taken(action.name), Pair(control, action.name)}
                after = run.effect(state, action, arguments)
                if after not in todo:
                    todo.append(after)
            elif len(broken) == 1:
                found |= {Refusal(action.name, broken[0].sentence), Pair(control, action.name, broken[0].sentence)}
            else:
                found.add(Refusal(action.name, broken[0].sentence, alone=False))
    return {o for o in found if not isinstance(o, Refusal) or o.alone or replace(o, alone=True) not in found}


def shown(run: Run, walks: tuple[Walk, ...], o: Obligations) -> set[object]:
    """What walks show, as they are replayed by the interpreter. Raises where one is no behaviour."""
    tally = Tally(o)
    for walk in walks:
        state = run.initial()[walk.initial]
        for attempt in walk.attempts:
            if attempt.allowed:
                tally.taken({state}, attempt.step.action)
                state = run.take(state, attempt.step)
            else:
                assert run.broken(state, run.system.action(attempt.step.action), attempt.step.arguments)
                tally.refused({state}, attempt.step)
    return set(tally.met)


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_shows_all_that_a_plain_search_finds(name: str) -> None:
    made_suite = made(name)
    run = made_suite.obligations.run

    met = shown(run, made_suite.walks, made_suite.obligations)

    assert met == plainly(run)
    assert len(met) > 4


@pytest.mark.parametrize("name", NAMES)
def test_no_suite_is_smaller_than_the_bound_says(name: str) -> None:
    o = made(name).obligations
    alone = len(o.pairs) + len(o.denials) + sum(not r.alone for r in o.refusals)

    assert alone <= attempts_at_least(o) <= made(name).attempts


def test_the_bound_counts_the_ways_back() -> None:
    """In smallest a pair can only be met again after a way around: the bound is above the number of pairs."""
    o = made("empty-machine").obligations

    assert attempts_at_least(o) > len(o.pairs) + len(o.denials) + sum(not r.alone for r in o.refusals)


@pytest.mark.parametrize("name", NAMES)
def test_every_walk_shows_something_of_its_own(name: str) -> None:
    for walk in made(name).walks:
        others = tuple(w for w in made(name).walks if w != walk)
        run, o = made(name).obligations.run, made(name).obligations

        assert shown(run, others, o) != plainly(run), f"{walk.name} shows nothing of its own"


def test_walks_are_as_long_as_asked_and_a_little() -> None:
    o = made("empty-machine").obligations
    short = suite(o, length=10)

    assert len(short.walks) > len(made("empty-machine").walks)
    assert shown(o.run, short.walks, o) == plainly(o.run)


def test_what_no_state_shows_is_said() -> None:
    said = made("empty-machine").obligations.unreachable

    assert "suspend is never refused first for want of: the machine is one partition" in said
    assert any(line.startswith("consolidate is left out of this world: ") for line in said)


def test_a_graph_beyond_the_limit_has_no_suite() -> None:
    with pytest.raises(TooLarge):
        obligations(Run(*WORLDS["empty-machine"].build()), limit=10)


def test_random_walks_are_behaviours_and_the_same_for_a_seed() -> None:
    run = made("empty-machine").obligations.run
    walks = tuple(random_walks(run, seed=7, count=3, length=40))

    shown(run, walks, made("empty-machine").obligations)
    assert walks == tuple(random_walks(run, seed=7, count=3, length=40))
    assert walks != tuple(random_walks(run, seed=8, count=3, length=40))
    assert any(not a.allowed for walk in walks for a in walk.attempts)


def test_the_shortest_walk_to_a_state_has_no_detour() -> None:
    graph = made("empty-machine").obligations.graph
    last = Attempt(graph.edges[0][0][0], allowed=True)
    far = shortest(graph, graph.states[-1], last, "far")

    assert far is not None
    assert len(far.attempts) - 1 == graph.figures.depth - 1
    assert shortest(graph, (), last, "nowhere") is None


def test_an_attempt_counts_only_where_every_possible_state_says_the_same() -> None:
    o = made("empty-machine").obligations
    first, other = o.graph.states[0], o.graph.states[1]
    step = o.graph.edges[0][0][0]
    tally = Tally(o)
    tally.taken({first, other}, step.action)

    assert {type(met) for met in tally.met} == {Taken}
    assert tally.coverage().pairs.met == 0


def test_a_share_is_whole_only_when_all_is_met() -> None:
    assert Share(199, 200, ("one",)).percent == 99
    assert Share(0, 0).percent == 100
    assert str(Share(1, 3, ("a", "b"))) == "33 % (1 of 3)"
