"""The lightest counterexample of every cause: by hand on one small system, and against brute force on random ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, seed, settings

from holdfast.checkers.interpret import Run
from holdfast.checkers.scenarios import Cause, Cost, Counterexample, Found, Limits, Scale, find, find_lost
from holdfast.model.language import (
    Actor,
    Entity,
    Kind,
    ModelError,
    Property,
    Role,
    System,
    Term,
    Truth,
    World,
    action,
    all_of,
    always,
    any_of,
    assume,
    budget,
    check,
    recoverable,
    require,
    step,
    total,
    varying,
)
from holdfast.model.language.terms import NUMBER
from tests.checkers.scenarios.brute import causes, disagreements
from tests.random_systems import Case, cases, forgotten

OWNER, CLOCK, STORM = (
    Actor("owner", Role.PLANNED),
    Actor("clock", Role.AUTOMATIC),
    Actor("storm", Role.FAULT),
)
MOST_STEPS = 4
AS_MANY_AS_IT_TAKES = 100


class Lamp(Entity):
    """Something that is lit, and may break."""

    lit = varying(NUMBER, upto=3)
    whole = varying(bool, start=True)


class Weather(Entity):
    """How often lightning may strike."""

    strikes = budget(NUMBER, upto=2)


@action(by=OWNER)
def light(lamp: Lamp) -> None:
    """Turn a lamp up."""
    require(lamp.lit < 3, "it is not at its brightest")
    require(lamp.whole, "the lamp is whole")
    lamp.lit += 1


@action(by=CLOCK)
def tick(lamp: Lamp) -> None:
    """A lamp that is lit goes on by two, by itself."""
    require(lamp.lit == 1, "it is dim")
    lamp.lit += 2


@action(by=STORM)
def lightning(lamp: Lamp, weather: Weather) -> None:
    """A lamp breaks."""
    require(weather.strikes > 0, "the storm goes on")
    require(lamp.whole, "the lamp is whole")
    weather.strikes -= 1
    lamp.whole = False


@always()
def dim() -> Truth:
    """All lamps together are not too bright."""
    return total(lamp.lit for lamp in Lamp) < 3


@step()
def not_struck_when_lit() -> Truth:
    """No lamp that is lit breaks."""
    from holdfast.model.language import after

    return all_of((lamp.lit == 0) | ~lamp.whole | after(lamp.whole) for lamp in Lamp)


@recoverable()
def can_be_lit() -> tuple[Truth, Truth]:
    """Some lamp can always be lit."""
    return any_of(lamp.lit == 0 for lamp in Lamp), any_of(lamp.lit > 0 for lamp in Lamp)


def run_of(*properties: Property, strikes: int = 1, lamps: int = 2) -> Run:
    system = check(System((Lamp, Weather), (light, tick, lightning), properties))
    return Run(system, World("street", *(Lamp(f"lamp{i}") for i in range(lamps)), Weather("storm", strikes=strikes)))


def test_fewer_changes_of_actor_come_before_fewer_members_and_these_before_fewer_steps() -> None:
    run = run_of(dim)
    found = find(run, counted=(Lamp,))

    by_hand = {c.cause.last: (c.cost, [s.action for s in c.steps]) for c in found.counterexamples}
    assert by_hand == {
        "light": (Cost(0, 0, 1, 3), ["light"] * 3),
        "tick": (Cost(0, 1, 1, 2), ["light", "tick"]),
    }
    assert found.unfinished is None


def test_one_step_that_breaks_two_things_is_one_cause_and_faults_that_explain_nothing_are_left_out() -> None:
    found = find(run_of(dim, not_struck_when_lit), counted=(Lamp,))

    assert [c.cause for c in found.counterexamples] == [
        Cause(("dim",), "tick", frozenset()),
        Cause(("dim",), "light", frozenset()),
        Cause(("not_struck_when_lit",), "lightning", frozenset({"lightning"})),
    ]


def test_the_first_that_breaks_something_is_no_longer_than_any_unless_longer_ones_are_asked_for() -> None:
    short, long = find(run_of(dim), most=1), find(run_of(dim), most=1, limits=Limits(steps=AS_MANY_AS_IT_TAKES))

    assert [c.cost.steps for c in short.counterexamples] == [2]
    assert [c.cost.steps for c in long.counterexamples] == [3]
    assert long.counterexamples[0].cost < short.counterexamples[0].cost


def test_what_is_counted_decides_what_light_means() -> None:
    scale = Scale(run_of(dim), (Weather,))
    steps = find(run_of(not_struck_when_lit)).counterexamples[0].steps

    assert (scale.cost(steps).members, Scale(run_of(dim)).cost(steps).members) == (1, 0)


def test_no_more_faults_strike_than_were_asked_for() -> None:
    found = find(run_of(not_struck_when_lit), limits=Limits(faults=0))

    assert found.counterexamples == ()
    assert len(find(run_of(not_struck_when_lit), limits=Limits(faults=1)).counterexamples) == 1


def test_no_more_are_found_than_were_asked_for() -> None:
    found = find(run_of(dim), most=1)

    assert [c.cause.last for c in found.counterexamples] == ["tick"]
    assert found.unfinished == "1 were asked for"


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(states=5), "the limit of 5 states is reached"),
        (Limits(nodes=1), "the limit of 1 nodes is reached"),
    ],
)
def test_past_a_limit_it_says_that_there_may_be_more(limits: Limits, why: str) -> None:
    assert find(run_of(dim), limits=limits).unfinished == why


def test_what_an_initial_state_breaks_needs_no_step() -> None:
    @always()
    def lit() -> Truth:
        """Some lamp is lit."""
        return any_of(lamp.lit > 0 for lamp in Lamp)

    assert find(run_of(lit)).counterexamples == (
        Counterexample(Cause(("lit",), None, frozenset()), Cost(0, 0, 0, 0), ()),
    )


def test_a_world_that_does_not_meet_what_is_assumed_is_refused() -> None:
    @assume
    def three_lamps() -> Truth:
        """There is a storm that never strikes."""
        return all_of(weather.strikes == 0 for weather in Weather)

    with pytest.raises(ModelError, match="does not meet what the model assumes: There is a storm"):
        find(run_of(dim, replace_term(three_lamps)))


def replace_term(p: Property) -> Property:
    """An assumption that no world meets (a budget may not be asked about)."""
    return replace(p, kind=Kind.ASSUME, term=Term("const", (False,), p.term.sort))


def test_a_state_without_a_way_on_is_reached_with_as_few_faults_as_it_takes() -> None:
    run = run_of(can_be_lit, strikes=2)
    found = find_lost(run, counted=(Lamp,))

    assert [(c.cost, c.cause.last) for c in found.counterexamples] == [(Cost(2, 0, 2, 2), "lightning")]
    assert find_lost(run_of(can_be_lit, strikes=1)).counterexamples == ()
    assert find_lost(run, limits=Limits(states=3)).unfinished == "the graph has more than 5 states, which is the limit"


# ------------------------------------------------------------------------------------------------- against brute force
def test_the_search_says_what_every_walk_says() -> None:
    run = run_of(dim, not_struck_when_lit, strikes=2)

    free = find(run, counted=(Lamp,), limits=Limits(steps=AS_MANY_AS_IT_TAKES))
    assert disagreements(free, causes(run, 5, (Lamp,)), 5) == []


def test_a_cause_that_is_missed_a_heavier_one_and_one_that_is_not_there_are_noticed() -> None:
    run = run_of(dim, not_struck_when_lit)
    found, best = find(run, counted=(Lamp,)), causes(run, 5, (Lamp,))
    first, *others = found.counterexamples
    missed = replace(found, counterexamples=tuple(others))
    heavier = replace(found, counterexamples=(replace(first, cost=Cost(0, 1, 1, 3)), *others))
    invented = replace(first, cause=replace(first.cause, last="lightning"))
    redundant = replace(first, cause=replace(first.cause, faults=frozenset({"lightning"})), cost=Cost(9, 9, 9, 9))

    assert any("missed" in line for line in disagreements(missed, best, 5))
    assert any("is enough" in line for line in disagreements(heavier, best, 5))
    assert any(
        "brute force has None" in line
        for line in disagreements(replace(found, counterexamples=(*found.counterexamples, invented)), best, 5)
    )
    assert any(
        "fewer faults" in line
        for line in disagreements(replace(found, counterexamples=(*found.counterexamples, redundant)), best, 5)
    )


def assert_no_longer_than_the_shortest(run: Run, found: Found) -> None:
    """The first of those that break the same after the same faults, as often as it takes, against every walk."""
    first: dict[tuple[object, object], Counterexample] = {}
    for one in found.counterexamples:
        first.setdefault((one.cause.properties, one.cause.faults), one)
    for steps in range(1, MOST_STEPS + 1):
        for cause, cost in causes(run, steps).items():
            shown = first.get((cause.properties, cause.faults))
            if shown is not None and cost.faults <= shown.cost.faults and not found.unfinished:
                assert shown.cost.steps <= cost.steps


def test_random_systems_have_no_lighter_counterexample_and_no_other_cause() -> None:
    broke = 0

    @seed(0)
    @settings(max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(cases())
    def all_of_them(case: Case) -> None:
        nonlocal broke
        run = Run(case.system, case.world)
        counted = case.system.sorts[:1]
        if run.unmet_assumptions():
            return
        found = find(run, counted=counted, limits=Limits(steps=AS_MANY_AS_IT_TAKES, states=2_000))
        wrong = disagreements(found, causes(run, MOST_STEPS, counted), MOST_STEPS)
        assert wrong == [] or found.unfinished
        short = find(run, counted=counted, limits=Limits(states=2_000))
        assert {c.cause for c in short.counterexamples} == {c.cause for c in found.counterexamples} or short.unfinished
        assert_no_longer_than_the_shortest(run, short)
        broke += bool(found.counterexamples)
        for one in found.counterexamples:
            assert Scale(run, counted).cost(one.steps) == one.cost
            assert len(run.replay(one.steps, one.initial)) == one.cost.steps + 1

    with forgotten():
        all_of_them()
    assert broke > 10
