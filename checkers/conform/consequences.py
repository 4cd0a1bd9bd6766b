"""Why a deviation matters: the properties that break where the implementation did it all the same, at once or later.

A requirement says what is not so, and a value that was seen what could not be; a property says why that matters. What breaks
at once is found for certain. What breaks later is sought by fewest steps, as the system goes on from there: but for the
requirements that were just broken, which an implementation that broke them once is taken not to ask for. That search is
bounded by the states that it looks at, so what it does not find may still come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from ...model.language import Arguments, Kind, ModelError, Property, State, Step
from ..interpret import OutOfRange, Run
from .observation import Observed, Pattern, resolve

LOOKED_AT = 200
"""Of how many pairs of a state and a choice of arguments the nearest one is taken."""

STATES_AHEAD = 300
"""So many states are looked at for what breaks later: compiled, some tenths of a second."""
NAMED_AHEAD = 4
"""So many properties that break later are named: the nearest. Those further on say less about what was done."""

Forgotten = Set[tuple[str, str]]
"""Requirements that are not asked for: the names of actions, and sentences."""


@dataclass(frozen=True)
class Consequence:
    """A property that breaks, with the names that it stands for.

    `steps` later, at the least: 0 is at once, and None by what may follow, nobody has counted when.
    """

    property: str
    sentence: str
    cites: tuple[str, ...]
    steps: int | None = 0

    @classmethod
    def of(cls, p: Property, steps: int | None = 0) -> Consequence:
        """Of this property."""
        return cls(p.name, p.sentence, p.cites, steps)

    def later(self) -> bool:
        """Whether it is not yet broken by what was done."""
        return self.steps != 0

    def when(self) -> str:
        """In words: that it breaks, or may."""
        if not self.steps:
            return "this breaks" if self.steps == 0 else "this lets break"
        return f"this lets break, {self.steps} step{'s' * (self.steps > 1)} later,"


def if_taken(run: Run, state: State, step: Step) -> State | None:
    """Where a step that is refused leads if it is taken all the same; None where its effect has no meaning."""
    try:
        return run.effect(state, run.system.action(step.action), step.arguments)
    except OutOfRange:
        return None


def if_seen(run: Run, state: State, shown: Mapping[str, Any]) -> State | None:
    """The state, but for what was seen there; None where that is nothing that the run knows."""
    try:
        pattern = resolve(run, Observed(run.instance.actions[0].name, {}, shown))
    except ModelError:
        return None
    real = list(state)
    for slot, values in pattern.after:
        if state[slot] not in values:
            real[slot] = min(values)
    return tuple(real)


def if_happened(run: Run, states: Iterable[State], event: Observed) -> tuple[Consequence, ...]:
    """What breaks at once where an event that cannot have happened did all the same, and left what was seen after it.

    It is taken from the state in which the fewest requirements are in its way; an argument that was not seen is the least.
    """
    pattern = resolve(run, event)
    tried = islice(((state, chosen) for state in states for chosen in _choices(run, pattern)), LOOKED_AT)
    broken = [(len(run.broken(state, pattern.action, chosen)), state, chosen) for state, chosen in tried]
    if pattern.never or not broken:
        return ()
    _, state, chosen = min(broken, key=lambda found: found[0])
    after = if_taken(run, state, Step(pattern.action.name, chosen))
    real = None if after is None else if_seen(run, after, event.after)
    return () if real is None else at_once(run, state, real)


def _choices(run: Run, pattern: Pattern) -> Iterator[Arguments]:
    ranges = [run.instance.range(p) for p in pattern.action.parameters]
    return product(
        *(
            r[:1] if values is None else [v for v in sorted(values) if v in r]
            for r, values in zip(ranges, pattern.allowed, strict=True)
        )
    )


def at_once(run: Run, before: State, after: State, believed: Run | None = None) -> tuple[Consequence, ...]:
    """The properties that hold before, and break by going from the one state to the other.

    `believed`: the run as the implementation has it after the step, where that is another one.
    """
    then = believed or run
    broken = [p for p in run.system.of_kind(Kind.STEP) if not then.holds(p, before, after)]
    broken += [p for p in run.system.of_kind(Kind.ALWAYS) if run.holds(p, before) and not then.holds(p, after)]
    return tuple(map(Consequence.of, broken))


def ahead(run: Run, before: State, after: State, forgotten: Forgotten = frozenset()) -> tuple[Consequence, ...]:
    """What more breaks later, the nearest first: no more than a few, among so many states as are looked at."""
    search = _Ahead(run, before, forgotten)
    search.look(before, after, 0)
    at_once = len(search.found)
    came = {after: 0}
    for looked_at, here in enumerate(todo := [after]):  # the list grows while it is read: breadth first
        if looked_at >= STATES_AHEAD or len(search.found) >= at_once + NAMED_AHEAD:
            break
        for there in search.onwards(here):
            search.look(here, there, came[here] + 1)
            if there not in came:
                came[there] = came[here] + 1
                todo.append(there)
    return tuple(search.found.values())[at_once:][:NAMED_AHEAD]


class _Ahead:
    """What has been found to break, in the order found, each once."""

    def __init__(self, run: Run, before: State, forgotten: Forgotten) -> None:
        self.run, self.forgotten = run, forgotten
        self.found: dict[str, Consequence] = {}
        self.steps = list(run.system.of_kind(Kind.STEP))
        self.always = [p for p in run.system.of_kind(Kind.ALWAYS) if run.holds(p, before)]

    def look(self, before: State, after: State, steps: int) -> None:
        """Note what a step breaks that nothing before it broke."""
        over = [p for p in self.steps if not self.run.holds(p, before, after)]
        broken = [*over, *(p for p in self.always if not self.run.holds(p, after))]
        for p in broken:
            self.found[p.name] = Consequence.of(p, steps)
            (self.steps if p.kind is Kind.STEP else self.always).remove(p)

    def onwards(self, state: State) -> Iterator[State]:
        """Where any step leads, the forgotten requirements not asked for."""
        for action, arguments in self.run.every_step:
            broken = self.run.broken(state, action, arguments)
            if all((action.name, r.sentence) in self.forgotten for r in broken):
                try:
                    yield self.run.effect(state, action, arguments)
                except OutOfRange:
                    continue


def merged(*several: tuple[Consequence, ...]) -> tuple[Consequence, ...]:
    """All of them, each property once, by the fewest steps."""
    found: dict[str, Consequence] = {}
    for one in (c for consequences in several for c in consequences):
        known = found.get(one.property)
        if known is None or _rank(one) < _rank(known):
            found[one.property] = replace(one)
    return tuple(sorted(found.values(), key=_rank))


def _rank(one: Consequence) -> float:
    return float("inf") if one.steps is None else one.steps
