"""What each outcome of a search says, from either engine: the shortest steps, the limits, the errors."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import pytest

from holdfast.checkers.explore import Limits, Progress, explore
from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.verdict import Holds, Unknown, Vacuous, Verdict, Violated
from holdfast.model.language import Instance, ModelError, World
from holdfast.specs.yardstick import exchange
from tests.checkers.explore.counter import (
    Counter,
    Open,
    above_the_limit,
    at_three,
    back,
    below_five,
    count,
    leap,
    limits_are_even,
    lower,
    never_to_five,
    not_in_the_middle,
    not_nothing,
    nowhere,
    one_at_a_time,
    open_below_four,
    rest,
    run,
)
from tests.checkers.explore.systems import system

Explore: TypeAlias = Callable[..., Verdict]


@pytest.fixture(params=["python", "native"])
def by(request: pytest.FixtureRequest) -> Explore:
    return partial(explore, engine=request.param)


# ------------------------------------------------------------------------------------------------------ properties
def test_a_counterexample_is_a_shortest_one(by: Explore) -> None:
    found = by(run(count, leap, below_five))

    assert isinstance(found, Violated)
    assert (found.property, found.sentence) == ("below_five", "No counter reaches five.")
    assert [s.action for s in found.steps] == ["count", "count", "leap"]


def test_a_bad_initial_state_needs_no_step(by: Explore) -> None:
    found = by(run(count, not_nothing))

    assert isinstance(found, Violated)
    assert found.steps == ()
    assert found.figures.states == 1


def test_of_several_initial_states_the_bad_one_is_named(by: Explore) -> None:
    one = run(lower, open_below_four, sort=Open, limit=5)
    found = by(one)

    assert isinstance(found, Violated)
    assert one.initial()[found.initial] == (4,)
    assert found.steps == ()


def test_initially_picks_among_the_starts(by: Explore) -> None:
    found = by(run(lower, not_in_the_middle, sort=Open, limit=3))

    assert isinstance(found, Holds)
    assert (found.figures.states, found.figures.transitions, found.figures.depth) == (4, 3, 3)


def test_a_step_property_breaks_with_the_step_itself(by: Explore) -> None:
    one = run(count, leap, one_at_a_time)
    found = by(one)

    assert isinstance(found, Violated)
    assert [s.action for s in found.steps] == ["count", "leap"]
    before, after = one.replay(found.steps)[-2:]
    assert (before, after) == ((1,), (4,))


def test_a_state_that_breaks_comes_before_a_longer_step_that_does(by: Explore) -> None:
    """On one level, the step from the first state breaks; so does the second state, which is one step nearer."""
    slow, fast = Counter("slow", limit=7), Counter("fast", limit=7)
    both = Run(system(Counter, count, never_to_five, below_five), World("both", slow, fast))
    found = by(both)

    assert isinstance(found, Violated)
    assert len(found.steps) == 5
    alone = by(Run(system(Counter, count, never_to_five), World("both", slow, fast)))
    assert isinstance(alone, Violated)
    assert (alone.property, len(alone.steps)) == ("never_to_five", 5)


def test_holds_lists_what_was_checked_and_the_shortest_witnesses(by: Explore) -> None:
    found = by(run(count, rest, below_five, never_to_five, at_three, limit=4))

    assert isinstance(found, Holds)
    assert found.properties == ("below_five", "never_to_five")
    assert [s.action for s in found.witnesses["at_three"]] == ["count"] * 3
    assert found.figures.firings == {"count": 4, "rest": 1}
    assert (found.figures.states, found.figures.transitions, found.figures.depth) == (5, 5, 5)


def test_what_never_happens_is_vacuous(by: Explore) -> None:
    found = by(run(count, back, above_the_limit, limit=0))

    assert isinstance(found, Vacuous)
    assert (found.never_fired, found.never_witnessed) == (("count", "back"), ("above_the_limit",))


# ---------------------------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("action", "value", "steps"), [(leap, r"8 is outside 0\.\.7", 5), (back, r"-1 is outside 0\.\.7", 1)]
)
def test_an_assignment_out_of_range_is_an_error_with_its_steps(
    by: Explore, action: Any, value: str, steps: int
) -> None:
    one = run(count, action)

    with pytest.raises(OutOfRange, match=value) as error:
        by(one)
    assert len(error.value.steps) == (steps if action is back else 3)
    last = one.replay(error.value.steps, error.value.initial)[-1]
    with pytest.raises(OutOfRange, match=value):
        list(one.successors(last))


def test_a_world_that_breaks_an_assumption_is_refused(by: Explore) -> None:
    with pytest.raises(ModelError, match="Every limit is two or four"):
        by(run(count, limits_are_even, limit=3))
    assert isinstance(by(run(count, limits_are_even, limit=4)), Holds)


def test_a_world_without_initial_state_is_refused(by: Explore) -> None:
    with pytest.raises(ModelError, match="counters has no initial state"):
        by(run(count, nowhere))


# ---------------------------------------------------------------------------------------------------------- limits
def large() -> Run:
    return Run(Instance(*exchange(3, 3, 9)))


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(states=3_000), "more than 3000 states"),
        (Limits(seconds=0), "more than 0 seconds"),
        (Limits(memory_bytes=400_000), "more than 400000 bytes of memory"),
    ],
)
def test_a_truncated_search_says_so_and_never_holds(by: Explore, limits: Limits, why: str) -> None:
    found = by(large(), limits=limits)

    assert isinstance(found, Unknown)
    assert found.why == why
    assert 0 < found.figures.states < 5_981_023


def test_what_was_found_before_a_limit_is_checked_all_the_same(by: Explore) -> None:
    """The limit ends the search when the bad states have been found and not yet expanded."""
    nearest = by(run(lower, open_below_four, sort=Open, limit=3_000), limits=Limits(states=1))
    assert isinstance(nearest, Violated)
    assert nearest.steps == ()


def test_a_search_reports_how_far_it_is(by: Explore) -> None:
    seen: list[Progress] = []
    by(large(), limits=Limits(states=9_000), progress=seen.append)

    assert seen
    assert [p.states for p in seen] == sorted(p.states for p in seen)
    assert seen[-1].states > 9_000
    assert all(p.memory_bytes > 0 and p.waiting > 0 and p.depth > 0 for p in seen)


def test_an_interrupt_ends_a_search_at_once(by: Explore) -> None:
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        if not seen:
            threading.Timer(0.05, _thread.interrupt_main).start()
        seen.append(progress)

    with pytest.raises(KeyboardInterrupt):
        by(Run(Instance(*exchange(4, 2, 11))), progress=interrupt)
    assert seen[-1].states < 29_986_119
