"""What an explorer must get right, as functions of the explorer: the whole one passes, a broken one does not.

`Exploring` stands for the package `checkers.explore`, or for a copy of it with a line replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import pytest

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.verdict import Holds, Unknown, Vacuous, Violated
from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Property,
    Role,
    System,
    World,
    action,
    after,
    all_of,
    always,
    any_of,
    check,
    constant,
    require,
    sometimes,
    step,
    varying,
)
from holdfast.specs.toys import TOYS, Toy
from tests.plain_search import Everything, search

Exploring: TypeAlias = Any
SMALL = ("two-phase-3", "transaction-commit", "ewd840-3", "prisoners", "increment", "die-hard")


# ------------------------------------------------------------------------------------------------ a small machine
class Counter(Entity):
    """A counter that begins anywhere below its limit."""

    limit = constant(NUMBER)
    value = varying(NUMBER, upto=limit, start=ANYTHING)
    jumps = varying(NUMBER, upto=limit)


USER = Actor("user", Role.ENVIRONMENT)


@action(USER)
def count(counter: Counter) -> None:
    """One up."""
    require(counter.value < counter.limit, "the counter is below its limit")
    counter.value = counter.value + 1


@action(USER)
def forbidden(counter: Counter) -> None:
    """Never possible."""
    require(counter.value > counter.limit, "the counter is beyond its limit")
    counter.value = 0


@action(USER)
def swap(counter: Counter, other: Counter) -> None:
    """The first is set to 0 and the second to 1: where they are the same counter, it is 1."""
    require(counter.jumps < 1, "the counter has not jumped")
    require(counter.value > 0, "the counter is not at 0")
    counter.value = 0
    other.value = 1
    counter.jumps = 1


@action(USER)
def overflow(counter: Counter) -> None:
    """One up, wherever it is, and it is never beyond its limit."""
    require(counter.value <= counter.limit, "the counter is not beyond its limit")
    counter.value = counter.value + 1


@always()
def below_three() -> Any:
    """No counter is at 3."""
    return all_of(counter.value != 3 for counter in Counter)


@step()
def one_at_a_time() -> Any:
    """A counter never moves by more than 1."""
    return all_of(after(counter.value) <= counter.value + 1 for counter in Counter)


@step()
def never_back() -> Any:
    """A counter never goes back."""
    return all_of(after(counter.value) >= counter.value for counter in Counter)


@step()
def never_to_three() -> Any:
    """No step leads to 3."""
    return all_of(after(counter.value) != 3 for counter in Counter)


@sometimes()
def both_at_one() -> Any:
    """All counters are at 1."""
    return all_of(counter.value == 1 for counter in Counter)


@sometimes()
def beyond() -> Any:
    """A counter is beyond its limit, which never happens."""
    return any_of(counter.value > counter.limit for counter in Counter)


def counting(*parts: Any, limit: int, start: Any = 0, counters: int = 2) -> Run:
    """So many counters with only these actions and properties."""
    actions = tuple(p for p in parts if not isinstance(p, Property))
    properties = tuple(p for p in parts if isinstance(p, Property))
    members = (Counter(f"counter{i}", limit=limit, value=start) for i in range(counters))
    return Run(check(System((Counter,), actions, properties)), World("counting", *members))


# --------------------------------------------------------------------------------------------------------- the toys
def silent(toy: Toy) -> Run:
    """The toy without properties."""
    return Run(replace(toy.system, properties=()), toy.world())


@cache
def plain(name: str) -> Everything:
    """What the interpreter finds."""
    return search(silent(TOYS[name]))


def toy_counts(exploring: Exploring) -> None:
    """The published states, transitions and depth."""
    for name in SMALL:
        run, published = silent(TOYS[name]), TOYS[name].published
        figures = exploring.explore(run, engine="python").figures

        assert figures.states == published.states
        assert published.transitions in (None, figures.transitions + len(run.initial()))
        assert published.depth in (None, figures.depth)


def toy_growth(exploring: Exploring) -> None:
    """The published states of a toy whose table has to grow."""
    figures = exploring.explore(silent(TOYS["two-phase-5"]), engine="python").figures

    assert figures.states == TOYS["two-phase-5"].published.states


def toy_firings(exploring: Exploring) -> None:
    """Every action's firings, as the interpreter counts them; together they are the transitions."""
    for name in SMALL:
        figures = exploring.explore(silent(TOYS[name]), engine="python").figures

        assert figures.firings == plain(name).figures.firings
        assert sum(figures.firings.values()) == figures.transitions


def toy_lengths(exploring: Exploring) -> None:
    """The shortest failures and witnesses that were published."""
    update, jugs = TOYS["increment"], TOYS["die-hard"]
    lost = exploring.explore(Run(update.system, update.world()), engine="python")
    solved = exploring.explore(Run(jugs.system, jugs.world()), engine="python")

    assert isinstance(lost, Violated)
    assert len(lost.steps) == update.published.shortest["fin"]
    assert isinstance(solved, Holds)
    assert len(solved.witnesses["solved"]) == jugs.published.shortest["solved"]


# -------------------------------------------------------------------------------------------------------- the rest
def refusals(exploring: Exploring) -> None:
    """An action that is always refused does not fire, and that makes the verdict vacuous."""
    verdict = exploring.explore(counting(count, forbidden, limit=2), engine="python")

    assert isinstance(verdict, Vacuous)
    assert verdict.never_fired == ("forbidden",)
    assert verdict.figures.firings == {"count": 12, "forbidden": 0}


def unwitnessed(exploring: Exploring) -> None:
    """What is never so is reported, and what is, is not."""
    verdict = exploring.explore(counting(count, both_at_one, beyond, limit=2), engine="python")

    assert isinstance(verdict, Vacuous)
    assert verdict.never_witnessed == ("beyond",)


def truncation(exploring: Exploring) -> None:
    """A search that a limit ends says so, even if it has seen nothing wrong."""
    run = silent(TOYS["two-phase-5"])
    verdict = exploring.explore(run, engine="python", limits=exploring.Limits(states=100))

    assert isinstance(verdict, Unknown)
    assert "100 states" in verdict.why


def initial_states(exploring: Exploring) -> None:
    """A bad initial state is a failure of no steps, whichever of the initial states it is."""
    for start, number in ((3, 0), (ANYTHING, 3)):
        verdict = exploring.explore(counting(count, below_three, limit=3, start=start), engine="python")

        assert isinstance(verdict, Violated)
        assert (verdict.steps, verdict.initial) == ((), number)


def every_initial_state(exploring: Exploring) -> None:
    """All of them are states, and none of them is a transition."""
    figures = exploring.explore(counting(count, limit=3, start=ANYTHING), engine="python").figures

    assert (figures.states, figures.transitions, figures.depth) == (16, 24, 1)


def shortest_failure(exploring: Exploring) -> None:
    """Three steps up from 0."""
    verdict = exploring.explore(counting(count, below_three, limit=4), engine="python")

    assert isinstance(verdict, Violated)
    assert [s.action for s in verdict.steps] == ["count"] * 3


def step_properties(exploring: Exploring) -> None:
    """A step is held against the state after it, every step of every state; the last step breaks it."""
    held = exploring.explore(counting(count, swap, one_at_a_time, limit=3), engine="python")
    broken = exploring.explore(counting(count, swap, never_back, limit=3, counters=1), engine="python")

    assert isinstance(held, Holds)
    assert isinstance(broken, Violated)
    assert [s.action for s in broken.steps] == ["count", "count", "swap"]

    other = exploring.explore(counting(count, swap, never_to_three, limit=3, counters=1), engine="python")

    assert isinstance(other, Violated)
    assert [s.action for s in other.steps] == ["count", "count", "count"]


def same_member(exploring: Exploring) -> None:
    """Two writes to one member: the later stands."""
    run = counting(swap, limit=3, start=3)
    verdict = exploring.explore(run, engine="python")

    assert verdict.figures.states == search(run).figures.states
    assert verdict.figures.firings == search(run).figures.firings


def ranges(exploring: Exploring) -> None:
    """An assignment that leaves its range is an error of the model, not a state."""
    with pytest.raises(OutOfRange) as error:
        exploring.explore(counting(overflow, limit=2), engine="python")
    assert [s.action for s in error.value.steps] == ["overflow", "overflow"]


CHECKS: dict[str, Callable[[Exploring], None]] = {
    f.__name__: f
    for f in (
        toy_counts,
        toy_growth,
        toy_firings,
        toy_lengths,
        refusals,
        unwitnessed,
        truncation,
        initial_states,
        every_initial_state,
        shortest_failure,
        step_properties,
        same_member,
        ranges,
    )
}
