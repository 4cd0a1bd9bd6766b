"""Why a deviation matters: the properties that break at once where the implementation did it all the same.

A requirement says what is not so, and a value that was seen what could not be; a property says why that matters. What breaks
only later is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from ...model.language import Arguments, Kind, ModelError, Property, State, Step
from ..interpret import OutOfRange, Run
from .observation import Observed, Pattern, resolve

LOOKED_AT = 200
"""Of how many pairs of a state and a choice of arguments the nearest one is taken."""


@dataclass(frozen=True)
class Consequence:
    """A property that breaks, with the names that it stands for. `later`: not at once, but by what may follow."""

    property: str
    sentence: str
    cites: tuple[str, ...]
    later: bool = False

    @classmethod
    def of(cls, p: Property) -> Consequence:
        """Of this property."""
        return cls(p.name, p.sentence, p.cites)


def if_taken(run: Run, state: State, step: Step) -> tuple[Consequence, ...]:
    """What breaks where a step that is refused is taken all the same; nothing where its effect has no meaning."""
    try:
        after = run.effect(state, run.system.action(step.action), step.arguments)
    except OutOfRange:
        return ()
    return between(run, state, after)


def if_seen(run: Run, before: State, after: State, shown: Mapping[str, Any]) -> tuple[Consequence, ...]:
    """What breaks where a step leads to the state after it, but for what was seen there."""
    try:
        pattern = resolve(run, Observed(run.instance.actions[0].name, {}, shown))
    except ModelError:
        return ()
    real = list(after)
    for slot, values in pattern.after:
        if after[slot] not in values:
            real[slot] = min(values)
    return between(run, before, tuple(real))


def if_happened(run: Run, states: Iterable[State], event: Observed) -> tuple[Consequence, ...]:
    """What breaks where an event that cannot have happened did all the same, and left what was seen after it.

    It is taken from the state in which the fewest requirements are in its way; an argument that was not seen is the least.
    """
    pattern = resolve(run, event)
    tried = islice(((state, chosen) for state in states for chosen in _choices(run, pattern)), LOOKED_AT)
    broken = [(len(run.broken(state, pattern.action, chosen)), state, chosen) for state, chosen in tried]
    if pattern.never or not broken:
        return ()
    _, state, chosen = min(broken, key=lambda found: found[0])
    try:
        after = run.effect(state, pattern.action, chosen)
    except OutOfRange:
        return ()
    return if_seen(run, state, after, event.after)


def _choices(run: Run, pattern: Pattern) -> Iterator[Arguments]:
    ranges = [run.instance.range(p) for p in pattern.action.parameters]
    return product(
        *(
            r[:1] if values is None else [v for v in sorted(values) if v in r]
            for r, values in zip(ranges, pattern.allowed, strict=True)
        )
    )


def between(run: Run, before: State, after: State) -> tuple[Consequence, ...]:
    """The properties that hold before, and break by going from the one state to the other."""
    broken = [p for p in run.system.of_kind(Kind.STEP) if not run.holds(p, before, after)]
    broken += [p for p in run.system.of_kind(Kind.ALWAYS) if run.holds(p, before) and not run.holds(p, after)]
    return tuple(map(Consequence.of, broken))
