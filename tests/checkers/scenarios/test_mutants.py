"""Over every mutant: the minimised counterexample is no heavier than the explorer's, replays, and breaks at its end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.scenarios import Counterexample, Found, Limits, Scale, find, find_lost, shrink
from holdfast.checkers.verdict import Verdict, Violated
from holdfast.model.inventory import Vm
from holdfast.model.language import Kind
from holdfast.rederive.deciding import decide
from holdfast.specs.decided import LIVENESS, is_liveness
from holdfast.specs.mutants import MUTANTS
from tests.small_mutants import is_small

COUNTED = (Vm,)
AS_MANY_AS_IT_TAKES = 100


def explored(run: Run, name: str) -> Verdict:
    """The explorer's verdict; small worlds are not worth a compiler."""
    return explore(run, engine="python" if is_small(name) else "auto")


def named(*, live: bool) -> list[object]:
    """The mutants, those in large worlds marked as slow."""
    return [
        pytest.param(name, marks=[] if is_small(name) else [pytest.mark.slow])
        for name, mutant in MUTANTS.items()
        if is_liveness(mutant.breaks) is live
    ]


@pytest.mark.parametrize("name", named(live=False))
def test_the_lightest_is_no_heavier_than_the_explorers_shortest_and_breaks_at_its_end(name: str) -> None:
    run = Run(*MUTANTS[name].alone())
    found, shortest = find(run, most=1, counted=COUNTED), explored(run, name)

    assert isinstance(shortest, Violated)
    (lightest,) = found.counterexamples
    scale = Scale(run, COUNTED)
    assert scale.cost(lightest.steps) == lightest.cost <= scale.cost(shortest.steps)
    assert lightest.cause.properties == (MUTANTS[name].breaks,)
    assert_breaks_at_its_end(run, lightest)
    if lightest.cause.faults == scale.faults(shortest.steps):
        assert lightest.cost.steps <= len(shortest.steps)


def assert_breaks_at_its_end(run: Run, one: Counterexample) -> None:
    states = run.replay(one.steps, one.initial)
    broken = run.system.property(one.cause.properties[0])
    held = [run.holds(broken, *((b, a) if broken.kind is Kind.STEP else (a,))) for b, a in pairwise(states)]
    assert held == [True] * (len(held) - 1) + [False]


def test_where_longer_ones_are_allowed_the_actor_changes_less() -> None:
    run = Run(*MUTANTS["beyond-assumption"].alone())
    shortest = explored(run, "beyond-assumption")
    assert isinstance(shortest, Violated)
    free, held = (
        find(run, most=1, counted=COUNTED, limits=limits).counterexamples[0]
        for limits in (Limits(steps=AS_MANY_AS_IT_TAKES), Limits())
    )

    assert held.cost.steps == len(shortest.steps) < free.cost.steps
    assert free.cost < held.cost <= Scale(run, COUNTED).cost(shortest.steps)


@pytest.mark.parametrize("name", named(live=True))
def test_what_breaks_liveness_is_found_in_the_graph(name: str) -> None:
    run = Run(*MUTANTS[name].alone())
    found, verdict = find_lost(run, most=1, counted=COUNTED), decide(run)

    assert isinstance(verdict, Violated)
    (one,) = found.counterexamples
    goal = run.system.property(MUTANTS[name].breaks)
    assert goal.kind in LIVENESS
    assert one.cause.properties == (verdict.property,)
    assert one.cost <= Scale(run, COUNTED).cost(verdict.steps)
    assert not run.value(goal.goal, run.replay(one.steps, one.initial)[-1], {})


@pytest.mark.parametrize("name", named(live=False)[::7])
def test_shrinking_the_explorers_comes_no_lighter_than_the_lightest_and_no_heavier_than_it_was(name: str) -> None:
    run = Run(*MUTANTS[name].alone())
    shortest = explored(run, name)
    assert isinstance(shortest, Violated)
    scale = Scale(run, COUNTED)

    shrunk = shrink(scale, shortest.steps, shortest.property, shortest.initial)

    lightest: Found = find(run, most=1, counted=COUNTED)
    assert lightest.counterexamples[0].cost <= shrunk.cost <= scale.cost(shortest.steps)
    assert_breaks_at_its_end(run, shrunk)


def test_shrinking_leaves_out_what_nothing_needs_and_brings_actors_together() -> None:
    run = Run(*MUTANTS["beyond-assumption"].alone())
    lightest = find(run, most=1, counted=COUNTED).counterexamples[0]
    scale = Scale(run, COUNTED)
    detour = next(s for s, state in run.successors(run.initial()[0]) if state != run.initial()[0])
    longer = next(
        steps
        for step, after in run.successors(run.initial()[0])
        if step == detour
        for back, home in run.successors(after)
        if (steps := (step, back, *lightest.steps)) and home == run.initial()[0]
    )

    assert shrink(scale, longer, lightest.cause.properties[0]).cost <= lightest.cost
    with pytest.raises(ValueError, match="these steps do not break"):
        shrink(scale, lightest.steps[:-1], lightest.cause.properties[0])
