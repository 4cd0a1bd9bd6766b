"""A counter that goes round, with every kind of property that can fail on it."""

from __future__ import annotations

from typing import Any

from holdfast.checkers.interpret import Run
from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Entity,
    Truth,
    World,
    action,
    after,
    all_of,
    always,
    any_of,
    assume,
    constant,
    initially,
    require,
    sometimes,
    step,
    varying,
    where,
)
from tests.checkers.explore.systems import ANYONE, system


class Counter(Entity):
    """Counts below its limit."""

    limit = constant(NUMBER)
    value = varying(NUMBER, upto=limit)


class Open(Entity):
    """A counter that begins anywhere."""

    limit = constant(NUMBER)
    value = varying(NUMBER, upto=limit, start=ANYTHING)


@action(ANYONE)
def count(one: Counter) -> None:
    """One more."""
    require(one.value < one.limit, "the limit is not reached")
    one.value += 1


@action(ANYONE)
def leap(one: Counter) -> None:
    """Three more, and nobody asks whether they fit."""
    require(one.value != 0, "it has begun")
    one.value += 3


@action(ANYONE)
def back(one: Counter) -> None:
    """Two less, and nobody asks whether there are two."""
    require(one.value == 1, "it is one")
    one.value -= 2


@action(ANYONE)
def rest(one: Counter) -> None:
    """Back to nothing, from the limit."""
    require(one.value == one.limit, "the limit is reached")
    one.value = 0


@action(ANYONE)
def lower(one: Open) -> None:
    """One less."""
    require(one.value > 0, "there is one")
    one.value -= 1


@always()
def below_five() -> Truth:
    """No counter reaches five."""
    return all_of(one.value < 5 for one in Counter)


@always()
def not_nothing() -> Truth:
    """No counter is at nothing."""
    return all_of(one.value != 0 for one in Counter)


@step()
def one_at_a_time() -> Truth:
    """No step changes a counter by more than one."""
    return all_of(after(one.value) <= one.value + 1 for one in Counter) & all_of(
        one.value <= after(one.value) + 1 for one in Counter
    )


@step()
def never_to_five() -> Truth:
    """No step leads to five."""
    return all_of(after(one.value) != 5 for one in Counter)


@sometimes()
def at_three() -> Truth:
    """Some counter is at three."""
    return any_of(one.value == 3 for one in Counter)


@sometimes()
def above_the_limit() -> Truth:
    """Some counter is above its limit, which never happens."""
    return any_of(one.limit < one.value for one in Counter)


@always()
def open_below_four() -> Truth:
    """No open counter is at four or more."""
    return all_of(one.value < 4 for one in Open)


@initially
def not_in_the_middle() -> Truth:
    """Open counters begin at the ends."""
    return all_of((one.value == 0) | (one.value == one.limit) for one in Open)


@initially
def nowhere() -> Truth:
    """There is no such start."""
    return all_of(one.value < 0 for one in Counter)


@assume
def limits_are_even() -> Truth:
    """Every limit is two or four."""
    return all_of(where(one.limit == 2, True, one.limit == 4) for one in Counter)


def run(*parts: Any, limit: int = 7, counters: int = 1, sort: Any = Counter) -> Run:
    """So many counters with a limit, and these actions and properties."""
    members = [sort(f"counter{i}", limit=limit) for i in range(counters)]
    return Run(system(sort, *parts), World("counters", *members))
