"""Why an event could not be taken, and what could have been: in the requirements' own sentences.

Of all states that the implementation may be in, those count that come nearest to the event: where it can be taken but leads
elsewhere than was observed, and otherwise where the fewest requirements are in its way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ...model.language import Requirement, State
from ..interpret import OutOfRange, Run
from .consequences import Consequence, if_happened
from .nearest import Near, nearest
from .observation import Observed, Pattern, resolve
from .space import Space, Way

LOOKED_AT = 2_000
"""How many pairs of a state and a choice of arguments are looked at for the nearest ones."""
SUGGESTED = 6


@dataclass(frozen=True)
class Difference:
    """A field that is not as was observed: what was seen, and what it could have been (a few of the values)."""

    key: str
    seen: Any
    possible: tuple[Any, ...]


@dataclass(frozen=True)
class Diagnosis:
    """`refused`: the sentences of the requirements in its way; `differs`: what was seen after it and cannot be so.

    `always` are those of `refused` that no state at all meets in which the implementation may be. `never` says why the
    event is impossible whatever the state. Where it was looked for: `breaks` is what that breaks at once, and `meant` what
    the action does, if what was seen after it is something else.
    """

    refused: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()
    never: str = ""
    nearest: tuple[Near, ...] = ()
    breaks: tuple[Consequence, ...] = ()
    meant: str = ""

    @property
    def cause(self) -> str:
        """What it comes down to, in a few words: by this, two failures are told to be the same."""
        if self.differs:
            return f"{', '.join(d.key for d in self.differs)} cannot be so"
        return self.never or "; ".join(self.always or self.refused)


def diagnose(
    space: Space, states: Sequence[State], event: Observed, hidden: Collection[str] = (), *, instead: bool = True
) -> Diagnosis:
    """Why none of these states can take the event; `instead`: and what could have been done, `hidden` actions last.

    Raises ModelError for what the run does not know.
    """
    pattern = resolve(space.run, event)
    if pattern.never or not states:
        return Diagnosis(never=pattern.never or "the implementation is in no state of the model")
    if wrong := out_of_range(space.run, pattern, event):
        return Diagnosis(never=wrong)
    tried = list(islice(_tried(space, states, pattern), LOOKED_AT))
    taken = [(state, way) for state, way, broken in tried if not broken]
    if taken:
        differs = _differences(space.run, pattern, event, taken)
        return Diagnosis(differs=differs, nearest=nearest(space, taken[0][0], pattern, None, hidden) if instead else ())
    state, way, refused = _refused(tried)
    return replace(refused, nearest=nearest(space, state, pattern, way, hidden)) if instead else refused


def explained(run: Run, states: Iterable[State], event: Observed, diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis with why it matters: what breaks where the event happens all the same, and what it should have done."""
    meant = run.system.action(event.action).doc.partition("\n\n")[0] if diagnosis.differs else ""
    return replace(diagnosis, breaks=if_happened(run, states, event), meant=" ".join(meant.split()))


def _refused(tried: list[tuple[State, Way, tuple[Requirement, ...]]]) -> tuple[State, Way, Diagnosis]:
    """The state and the step that come nearest, and the requirements in the way there."""
    state, way, broken = min(tried, key=lambda t: len(t[2]))
    always = [r for r in broken if all(r in others for _, _, others in tried)]
    sentences = tuple(dict.fromkeys(r.sentence for r in broken))
    return state, way, Diagnosis(sentences, tuple(dict.fromkeys(r.sentence for r in always)))


def _tried(
    space: Space, states: Iterable[State], pattern: Pattern
) -> Iterator[tuple[State, Way, tuple[Requirement, ...]]]:
    ways = space.ways(pattern)
    for state in states:
        for way in ways:
            broken = space.run.broken(state, way.action, way.arguments)
            yield state, way, broken


def out_of_range(run: Run, pattern: Pattern, event: Observed) -> str:
    """What is wrong with an argument that no step has; nothing where some step has it."""
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
