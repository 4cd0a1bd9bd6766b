"""Why an event could not be taken, and what could have been: in the requirements' own sentences.

Of all states that the implementation may be in, those count that come nearest to the event: where it can be taken but leads
elsewhere than was observed, and otherwise where the fewest requirements are in its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...model.language import Action, Arguments, Requirement, Sort, State
from ..interpret import OutOfRange, Run
from .observation import Observed, Pattern, resolve, seen
from .space import Space, Way

LOOKED_AT = 2_000
"""How many pairs of a state and a choice of arguments are looked at for the nearest ones."""
SUGGESTED = 6
FAR, STATES_AHEAD = 4, 2_000
"""How many steps ahead, and through how many states, it is sought what would make an event possible."""


@dataclass(frozen=True)
class Difference:
    """A field that is not as was observed: what was seen, and what it could have been (a few of the values)."""

    key: str
    seen: Any
    possible: tuple[Any, ...]


@dataclass(frozen=True)
class Near:
    """Steps that are legal instead; after those of `then`, the event that was asked for can be taken."""

    steps: tuple[Observed, ...]
    why: str


@dataclass(frozen=True)
class Diagnosis:
    """`refused`: the sentences of the requirements in its way; `differs`: what was seen after it and cannot be so.

    `always` are those of `refused` that no state at all meets in which the implementation may be. `never` says why the
    event is impossible whatever the state.
    """

    refused: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()
    never: str = ""
    nearest: tuple[Near, ...] = ()

    @property
    def cause(self) -> str:
        """What it comes down to, in a few words: by this, two failures are told to be the same."""
        if self.differs:
            return f"{', '.join(d.key for d in self.differs)} cannot be so"
        return self.never or "; ".join((self.always or self.refused)[:1])


def diagnose(space: Space, states: Sequence[State], event: Observed) -> Diagnosis:
    """Why none of these states can take the event. Raises ModelError for what the run does not know."""
    pattern = resolve(space.run, event)
    if pattern.never or not states:
        return Diagnosis(never=pattern.never or "the implementation is in no state of the model")
    out_of_range = _out_of_range(space.run, pattern, event)
    if out_of_range:
        return Diagnosis(never=out_of_range)
    tried = list(islice(_tried(space, states, pattern), LOOKED_AT))
    taken = [(state, way) for state, way, broken in tried if not broken]
    if taken:
        differs = _differences(space.run, pattern, event, taken)
        return Diagnosis(differs=differs, nearest=_nearest(space, taken[0][0], pattern, None))
    return _refused(space, pattern, tried)


def _refused(space: Space, pattern: Pattern, tried: list[tuple[State, Way, tuple[Requirement, ...]]]) -> Diagnosis:
    state, way, broken = min(tried, key=lambda t: len(t[2]))
    always = [r for r in broken if all(r in others for _, _, others in tried)]
    sentences = tuple(dict.fromkeys(r.sentence for r in broken))
    definite = tuple(dict.fromkeys(r.sentence for r in always))
    return Diagnosis(sentences, definite, nearest=_nearest(space, state, pattern, way))


def _tried(
    space: Space, states: Iterable[State], pattern: Pattern
) -> Iterator[tuple[State, Way, tuple[Requirement, ...]]]:
    ways = space.ways(pattern)
    for state in states:
        for way in ways:
            broken = space.run.broken(state, way.action, way.arguments)
            yield state, way, broken


def _out_of_range(run: Run, pattern: Pattern, event: Observed) -> str:
    """What is wrong with an argument that no step has."""
    for p, values in zip(pattern.action.parameters, pattern.allowed, strict=True):
        allowed = run.instance.range(p)
        if values is not None and not any(v in allowed for v in values):
            name = str(p.var.args[0])
            return f"{name} is from {allowed.start} to {allowed.stop - 1}, not {event.arguments[name]}"
    return ""


def _differences(run: Run, pattern: Pattern, event: Observed, taken: list[tuple[State, Way]]) -> tuple[Difference, ...]:
    """The observed fields that are nowhere as they were seen; where each is somewhere, those of the nearest state."""
    afters = [after for state, way in taken if (after := _effect(run, state, way)) is not None]
    wrong = [_wrong(pattern, after) for after in afters]
    nowhere = set[str]().union(*wrong).intersection(*wrong)
    keys = nowhere or min(wrong, key=len, default=set[str]())
    shown = [run.shown(after) for after in afters]
    return tuple(
        Difference(key, event.after[key], tuple(dict.fromkeys(s[key] for s in shown))[:SUGGESTED])
        for key in pattern.keys
        if key in keys
    )


def _wrong(pattern: Pattern, after: State) -> set[str]:
    """The fields that are not as they were observed."""
    observed = zip(pattern.keys, pattern.after, strict=True)
    return {key for key, (slot, values) in observed if after[slot] not in values}


def _effect(run: Run, state: State, way: Way) -> State | None:
    try:
        return run.effect(state, way.action, way.arguments)
    except OutOfRange:
        return None


# ---------------------------------------------------------------------------------------------------------- what is legal
def _nearest(space: Space, state: State, pattern: Pattern, way: Way | None) -> tuple[Near, ...]:
    """What can be done in this state: about the same member, the same action, and what makes the event possible."""
    if not space.narrow:
        return ()
    ways = space.ways_of(a.name for a in space.run.instance.actions)
    legal = [w for w in ways if w.guard(state)]
    about = _members(pattern.action, way.arguments if way else tuple(min(v) if v else -1 for v in pattern.allowed))
    same = [w for w in legal if w.action is pattern.action]
    others = [w for w in legal if w.action is not pattern.action and about & _members(w.action, w.arguments)]
    found = [*_named(space, others[:SUGGESTED], "about the same"), *_named(space, same[:SUGGESTED], "the same action")]
    ahead = _ahead(space, state, ways, way) if way else None
    if ahead:
        found.append(Near(tuple(_seen(space, w) for w in ahead), "after this it can be taken"))
    return tuple(found)


def _named(space: Space, ways: Iterable[Way], why: str) -> Iterator[Near]:
    return (Near((_seen(space, way),), why) for way in ways)


def _seen(space: Space, way: Way) -> Observed:
    return seen(space.run, way.action.name, way.arguments)


def _members(action: Action, arguments: Arguments) -> set[tuple[Any, int]]:
    """The members that a step is about."""
    pairs = zip(action.parameters, arguments, strict=True)
    return {(p.var.sort, value) for p, value in pairs if isinstance(p.var.sort, Sort) and value >= 0}


def _ahead(space: Space, state: State, ways: list[Way], asked: Way) -> list[Way] | None:
    """The fewest steps after which the event can be taken; None where a few do not suffice."""
    came: dict[State, tuple[State, Way] | None] = {state: None}
    todo = deque([(state, 0)])
    while todo and len(came) < STATES_AHEAD:
        here, depth = todo.popleft()
        if asked.guard(here):
            return _back(came, here)
        for way in ways if depth < FAR else ():
            if way.guard(here):
                after = _effect(space.run, here, way)
                if after is not None and after not in came:
                    came[after] = here, way
                    todo.append((after, depth + 1))
    return None


def _back(came: dict[State, tuple[State, Way] | None], here: State) -> list[Way]:
    steps: list[Way] = []
    while (before := came[here]) is not None:
        here = before[0]
        steps.append(before[1])
    return steps[::-1]
