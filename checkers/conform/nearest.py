"""What could have been done instead of an event that nobody could take, nearest first.

First what concerns the same member, then the same action with other arguments, then the fewest steps after which the event
that was asked for is possible; and where there is none of these, whatever is possible. What may be hidden comes last. Where
there are too many numbers to try, they are at their least or at their largest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from ...model.language import Action, Arguments, Role, Sort, State
from ..interpret import OutOfRange, Run
from .observation import Observed, Pattern, seen
from .space import LIMIT_STEPS, Space, Way

SUGGESTED = 4
FAR = 4
ASKED = 60_000, 12_000
"""How often it may be asked, ahead, whether a step can be taken: by compiled code, and by the interpreter."""

LIKELY = {Role.PLANNED: 0, Role.AUTOMATIC: 1, Role.ENVIRONMENT: 2, Role.FAULT: 3}
"""Whose actions are named first."""


@dataclass(frozen=True)
class Near:
    """Steps that are legal instead, one or several in a row, and what they have to do with the event."""

    steps: tuple[Observed, ...]
    why: str


def nearest(
    space: Space, state: State, pattern: Pattern, asked: Way | None, hidden: Collection[str] = ()
) -> tuple[Near, ...]:
    """What can be done in this state; `asked` is the step that comes nearest to the event, where there is one."""
    most = {(w.action.name, _members_of(w)): w for w in _largest(space, state)}
    least = list(_ways(space))
    ways = [*dict.fromkeys([*least, *most.values()])]
    legal = sorted(
        (w for w in least if _can(w, state)), key=lambda w: (w.action.name in hidden, LIKELY[w.action.by.role])
    )
    legal = [most.get((w.action.name, _members_of(w)), w) for w in legal]
    about = _members(pattern.action, asked.arguments) if asked else _seen_members(pattern)
    others = [w for w in legal if w.action is not pattern.action and about & _members(w.action, w.arguments)]
    same = [w for w in legal if w.action is pattern.action]
    same.sort(key=lambda w: -len(about & _members(w.action, w.arguments)))
    found = [*_alone(space, others, "about the same"), *_alone(space, same, "the same action")]
    ahead = _ahead(space, state, ways, asked) if asked else None
    if ahead:
        found.append(Near(tuple(_observed(space.run, w) for w in ahead), "after this it can be taken"))
    return tuple(found) or tuple(_alone(space, legal, "possible at all"))


def _largest(space: Space, state: State) -> Iterator[Way]:
    """Steps with one number, where numbers are too many to try: with the largest that can be taken here."""
    for way in [] if space.narrow else list(_ways(space)):
        (*numbers,) = (k for k, p in enumerate(way.action.parameters) if p.range is not None)
        if len(numbers) == 1 and _can(way, state):
            yield _widest(space, state, way, numbers[0])


def _widest(space: Space, state: State, way: Way, at: int) -> Way:
    """The same step with the largest number that it can have: if so much can be taken, so can less."""
    allowed = space.run.instance.range(way.action.parameters[at])
    low, high = way.arguments[at], allowed.stop
    while high - low > 1:
        middle = (low + high) // 2
        tried = (*way.arguments[:at], middle, *way.arguments[at + 1 :])
        low, high = (low, middle) if space.run.broken(state, way.action, tried) else (middle, high)
    return space.way(way.action, (*way.arguments[:at], low, *way.arguments[at + 1 :]))


def _ways(space: Space) -> Iterator[Way]:
    """Every step where they are few; else every choice of members, with numbers at their least."""
    if space.narrow:
        yield from space.ways_of(a.name for a in space.run.instance.actions)
        return
    for action in space.run.instance.actions:
        ranges = [_few(space.run, p) for p in action.parameters]
        if prod(map(len, ranges)) <= LIMIT_STEPS:
            yield from (space.way(action, arguments) for arguments in product(*ranges))


def _few(run: Run, parameter: Any) -> range:
    allowed = run.instance.range(parameter)
    return allowed if isinstance(parameter.var.sort, Sort) else allowed[:1]


def _can(way: Way, state: State) -> bool:
    return bool(way.guard(state))


def _alone(space: Space, ways: list[Way], why: str) -> Iterator[Near]:
    return (Near((_observed(space.run, way),), why) for way in ways[:SUGGESTED])


def _observed(run: Run, way: Way) -> Observed:
    return seen(run, way.action.name, way.arguments)


def _members_of(way: Way) -> Arguments:
    """The members that a step is about, as arguments; its numbers are left out."""
    pairs = zip(way.action.parameters, way.arguments, strict=True)
    return tuple(value for p, value in pairs if p.range is None)


def _members(action: Action, arguments: Arguments) -> set[tuple[Any, int]]:
    """The members that a step is about."""
    pairs = zip(action.parameters, arguments, strict=True)
    return {(p.var.sort, value) for p, value in pairs if isinstance(p.var.sort, Sort)}


def _seen_members(pattern: Pattern) -> set[tuple[Any, int]]:
    pairs = zip(pattern.action.parameters, pattern.allowed, strict=True)
    return {(p.var.sort, v) for p, values in pairs if isinstance(p.var.sort, Sort) for v in values or ()}


# ------------------------------------------------------------------------------------------------------------------ ahead
def _ahead(space: Space, state: State, ways: Iterable[Way], asked: Way) -> list[Way] | None:
    """The fewest steps after which the event can be taken; None where a few do not suffice."""
    ways, left = list(ways), ASKED[0] if space.narrow else ASKED[1]
    came: dict[State, tuple[State, Way] | None] = {state: None}
    todo = deque([(state, 0)])
    while todo and left > 0:
        here, depth = todo.popleft()
        if _can(asked, here):
            return _back(came, here)
        left -= len(ways)
        for way, after in _onwards(here, ways) if depth < FAR else ():
            if after not in came:
                came[after] = here, way
                todo.append((after, depth + 1))
    return None


def _onwards(here: State, ways: Iterable[Way]) -> Iterator[tuple[Way, State]]:
    for way in ways:
        if _can(way, here):
            try:
                yield way, way.effect(here)
            except OutOfRange:
                continue


def _back(came: dict[State, tuple[State, Way] | None], here: State) -> list[Way]:
    steps: list[Way] = []
    while (before := came[here]) is not None:
        here = before[0]
        steps.append(before[1])
    return steps[::-1]
