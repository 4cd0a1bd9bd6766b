"""A log as it is matched: one lane of events for each process, in the order in which that process wrote them.

Positions say how far each lane is matched. Events that are alike are one pattern, so that what is worked out for one is
known for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..interpret import Run
from .closure import Closure, ones
from .observation import Observed, Pattern, resolve
from .space import Way

Positions: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True)
class Lanes:
    """The events of each lane by their numbers in the log, and each event's pattern by number."""

    log: tuple[Observed, ...]
    lanes: tuple[tuple[int, ...], ...]
    pattern: tuple[int, ...]
    patterns: tuple[Pattern, ...]

    @property
    def start(self) -> Positions:
        """Nothing matched."""
        return (0,) * len(self.lanes)

    @property
    def end(self) -> Positions:
        """Everything matched."""
        return tuple(map(len, self.lanes))

    def heads(self, at: Positions) -> Iterator[tuple[int, int]]:
        """Each lane that has an event left, and the number of that event in the log."""
        return ((k, lane[i]) for k, (lane, i) in enumerate(zip(self.lanes, at, strict=True)) if i < len(lane))

    def without(self, event: int) -> Lanes:
        """The same without one event."""
        kept = tuple(tuple(e for e in lane if e != event) for lane in self.lanes)
        return Lanes(self.log, kept, self.pattern, self.patterns)

    def named(self, at: Positions) -> dict[str | None, int]:
        """How far each process is matched."""
        names = {lane[0]: self.log[lane[0]].process for lane in self.lanes if lane}
        return {names[lane[0]]: i for lane, i in zip(self.lanes, at, strict=True) if lane}


def advance(at: Positions, lane: int) -> Positions:
    """One event of this lane more."""
    return (*at[:lane], at[lane] + 1, *at[lane + 1 :])


def lanes_of(run: Run, log: Sequence[Observed], *, by_process: bool) -> Lanes:
    """The log's lanes: one, or one for each process. Raises ModelError for what the run does not know."""
    patterns: dict[object, int] = {}
    found: list[Pattern] = []
    numbers: list[int] = []
    lanes: dict[str | None, list[int]] = {}
    for n, observed in enumerate(log):
        pattern = resolve(run, observed)
        key = pattern.action.name, pattern.allowed, pattern.after, pattern.never
        if key not in patterns:
            patterns[key] = len(found)
            found.append(pattern)
        numbers.append(patterns[key])
        lanes.setdefault(observed.process if by_process else None, []).append(n)
    return Lanes(tuple(log), tuple(map(tuple, lanes.values())), tuple(numbers), tuple(found))


class Moves:
    """Where a pattern leads from states, worked out once."""

    def __init__(self, closure: Closure, patterns: Sequence[Pattern]) -> None:
        """Of these patterns. Raises TooMany where one leaves too much open."""
        self.closure, self.space, self.patterns = closure, closure.space, patterns
        self._ways: list[list[Way]] = [self.space.ways(p) for p in patterns]
        self._known: dict[tuple[int, int], tuple[int, ...]] = {}
        self._components: dict[tuple[int, int], frozenset[int]] = {}
        self._images: dict[tuple[int, Way], int] = {}

    def of(self, number: int, pattern: int) -> tuple[int, ...]:
        """The states that the event may lead to from this one."""
        key = number, pattern
        if key not in self._known:
            asked, states = self.patterns[pattern], self.space.states
            targets = (t for _, t in self.space.try_from(number, self._ways[pattern]))
            self._known[key] = tuple(dict.fromkeys(t for t in targets if asked.shows(states[t])))
        return self._known[key]

    def components(self, component: int, pattern: int) -> frozenset[int]:
        """The components that the event may lead to from this one."""
        key = component, pattern
        if key not in self._components:
            images = [self._image(component, way) for way in self._ways[pattern]]
            shown = self.space.showing(self.patterns[pattern].after) if any(images) else 0
            targets = {t for image in images for t in ones(image & shown)}
            self._components[key] = frozenset(map(self.closure.component_of, targets))
        return self._components[key]

    def _image(self, component: int, way: Way) -> int:
        """Where a step leads from the states of a component, as bits."""
        key = component, way
        if key not in self._images:
            bits = 0
            for number in self.closure.members[component]:
                target = self.space.follow(number, way)
                bits |= 0 if target is None else 1 << target
            self._images[key] = bits
        return self._images[key]


@dataclass(frozen=True)
class Reached:
    """How far a log was matched at most, and in which states that leaves the implementation, hidden steps included.

    `ended` says which limit ended the search, if one did: then it may go further than this.
    """

    at: Positions
    before: frozenset[int]
    ended: str = ""


def best(front: Iterable[tuple[Positions, Iterable[int]]], ended: str = "") -> Reached:
    """The furthest of these positions, with all states in which they were met."""
    furthest: Positions = ()
    states: set[int] = set()
    for at, numbers in front:
        if (sum(at), at) > (sum(furthest), furthest):
            furthest, states = at, set()
        if at == furthest:
            states.update(numbers)
    return Reached(furthest, frozenset(states), ended)
