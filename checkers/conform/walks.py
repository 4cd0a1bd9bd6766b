"""Walks that ask an implementation for all that a run's graph can show, and random ones beyond that.

A walk starts in an initial state and is a row of attempts. An attempt that the system allows moves on; one that it refuses
stays. The suite is made greedily: what is owed here is asked here, else the walk goes the shortest way to the nearest
state where something is owed; where there is none ahead, or the walk is long enough, the next one begins. That is no
least suite (to find one is hard); least.py says how few attempts any suite must have.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from ...model.language import State, Step
from ..graph import Graph
from ..interpret import Run
from .least import attempts_at_least
from .obligations import Obligation, Obligations, Pair

LENGTH_MOST = 100
"""A walk of so many attempts is not led on to something that is owed elsewhere."""

REFUSED_EVERY = 4
"""In random walks, one attempt in so many is one that the system refuses."""


@dataclass(frozen=True)
class Attempt:
    """A step that is asked for, and whether the system allows it there."""

    step: Step
    allowed: bool


@dataclass(frozen=True)
class Walk:
    """Attempts from an initial state, which is numbered as `Run.initial()` does."""

    name: str
    initial: int
    attempts: tuple[Attempt, ...]

    @property
    def taken(self) -> tuple[Step, ...]:
        """The steps that the system allows: a behaviour."""
        return tuple(a.step for a in self.attempts if a.allowed)


@dataclass(frozen=True)
class Suite:
    """Walks that meet every obligation."""

    obligations: Obligations
    walks: tuple[Walk, ...]

    @property
    def attempts(self) -> int:
        """How many attempts there are in all."""
        return sum(len(w.attempts) for w in self.walks)

    @cached_property
    def at_least(self) -> int:
        """The lower bound: no suite has fewer attempts."""
        return attempts_at_least(self.obligations)


def suite(owed: Obligations, length: int = LENGTH_MOST) -> Suite:
    """Walks that meet every obligation of a graph."""
    planner = _Planner(owed, length)
    return Suite(owed, _needed(owed, tuple(planner.walks())))


def _needed(owed: Obligations, walks: tuple[Walk, ...]) -> tuple[Walk, ...]:
    """The walks without those that show nothing that no other shows: later ones may have come by the same way again."""
    shows = [set(_shown(owed, walk)) for walk in walks]
    times = Counter(o for shown in shows for o in shown)
    kept: list[Walk] = []
    for walk, shown in zip(walks, shows, strict=True):
        if all(times[o] > 1 for o in shown):
            times.subtract(shown)
        else:
            kept.append(replace(walk, name=f"walk {len(kept) + 1}"))
    return tuple(kept)


def _shown(owed: Obligations, walk: Walk) -> Iterator[Obligation]:
    """What a walk shows, whether it was led there for it or not."""
    graph, here = owed.graph, walk.initial
    for attempt in walk.attempts:
        action = owed.run.system.action(attempt.step.action)
        if attempt.allowed:
            yield Pair(owed.control(graph.states[here]), action.name)
            here = next(j for step, j in graph.edges[here] if step == attempt.step)
        else:
            yield from owed.refused(graph.states[here], action, attempt.step.arguments)


@dataclass
class _Planner:
    """What is still owed, and at which states of the graph it can be met."""

    obligations: Obligations
    length: int
    at: dict[int, dict[Obligation, Step]] = field(init=False)
    states: dict[Obligation, list[int]] = field(init=False)
    refusing: set[Obligation] = field(init=False)
    looked_at: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.at, self.states = defaultdict(dict), defaultdict(list)
        self.refusing, self.looked_at = set(self.obligations.places), set()
        graph = self.obligations.graph
        for i, (state, edges) in enumerate(zip(graph.states, graph.edges, strict=True)):
            control = self.obligations.control(state)
            for step, _ in edges:
                self._offer(i, Pair(control, step.action), step)
        for refused, places in self.obligations.places.items():
            for i, step in places:
                self._offer(i, refused, step)

    def _offer(self, i: int, obligation: Obligation, step: Step) -> None:
        if obligation not in self.at[i]:
            self.at[i][obligation] = step
            self.states[obligation].append(i)

    def walks(self) -> Iterator[Walk]:
        """Walks until nothing is owed."""
        number = 0
        while (way := self._way(range(self.obligations.graph.initial))) is not None:
            number += 1
            attempts = list(self._led(way))
            here = way[-1]
            onward: list[int] | None = way
            while onward is not None:
                done, here = self._met(here)
                attempts += done
                onward = self._way([here]) if len(attempts) < self.length else None
                attempts += self._led(onward or [])
                here = onward[-1] if onward else here
            yield Walk(f"walk {number}", way[0], tuple(attempts))

    def _met(self, here: int) -> tuple[list[Attempt], int]:
        """What is owed here is asked for; a step that is allowed, last. Where that leads."""
        attempts = self._refused(here)
        pairs = [step for o, step in self.at[here].items() if isinstance(o, Pair) and not o.sentence]
        if not pairs:
            return attempts, here
        ends = dict(self.obligations.graph.edges[here])
        step = max(pairs, key=lambda s: (ends[s] != here, len(self.at[ends[s]])))
        return [*attempts, self._taken(here, step)], ends[step]

    def _led(self, way: list[int]) -> Iterator[Attempt]:
        """The attempts along a row of states: a step each, and what is to be refused on the way."""
        for here, there in pairwise(way):
            yield from self._refused(here)
            owed = {step for o, step in self.at[here].items() if isinstance(o, Pair) and not o.sentence}
            steps = [step for step, j in self.obligations.graph.edges[here] if j == there]
            yield self._taken(here, next((s for s in steps if s in owed), steps[0]))

    def _taken(self, here: int, step: Step) -> Attempt:
        self._strike(Pair(self.obligations.control(self.obligations.graph.states[here]), step.action))
        return Attempt(step, allowed=True)

    def _refused(self, here: int) -> list[Attempt]:
        """Whatever is owed and refused here, whether this place was noted for it or not."""
        if here in self.looked_at or not self.refusing:
            return []
        self.looked_at.add(here)
        attempts: list[Attempt] = []
        state, run = self.obligations.graph.states[here], self.obligations.run
        for action, arguments in run.every_step:
            owed = [o for o in self.obligations.refused(state, action, arguments) if o in self.refusing]
            if owed:
                attempts.append(Attempt(Step(action.name, arguments), allowed=False))
                for o in owed:
                    self._strike(o)
        return attempts

    def _strike(self, obligation: Obligation) -> None:
        self.refusing.discard(obligation)
        for i in self.states.pop(obligation, ()):
            del self.at[i][obligation]

    def _way(self, starts: Iterable[int]) -> list[int] | None:
        """The shortest way from one of these states to one where something is owed."""
        return _nearest(self.obligations.graph, starts, lambda i: bool(self.at[i]))


def _nearest(graph: Graph, starts: Iterable[int], stop: Callable[[int], bool]) -> list[int] | None:
    """The shortest way from one of the starts to a state where to stop."""
    came: dict[int, int | None] = dict.fromkeys(starts)
    for here in (todo := list(came)):  # the list grows while it is read: breadth first
        if stop(here):
            return _back(came, here)
        for _, there in graph.edges[here]:
            if there not in came:
                came[there] = here
                todo.append(there)
    return None


def _back(came: dict[int, int | None], end: int) -> list[int]:
    way: list[int] = []
    here: int | None = end
    while here is not None:
        way.append(here)
        here = came[here]
    return way[::-1]


def shortest(graph: Graph, state: State, last: Attempt, name: str) -> Walk | None:
    """The shortest walk to a state, with one more attempt there; None for a state that the graph does not have."""
    way = _nearest(graph, range(graph.initial), lambda i: graph.states[i] == state)
    if way is None:
        return None
    ends = ({j: step for step, j in graph.edges[i]} for i in way)
    led = tuple(Attempt(steps[j], allowed=True) for steps, j in zip(ends, way[1:], strict=False))
    return Walk(name, way[0], (*led, last))


# -------------------------------------------------------------------------------------------------------- by chance
def random_walks(run: Run, seed: int, count: int, length: int = LENGTH_MOST) -> Iterator[Walk]:
    """Walks by chance, the same for the same seed. They need no graph, so any world will do."""
    initials = run.initial()
    for number in range(1, count + 1):
        chance = random.Random(f"{seed}:{number}")
        initial = chance.randrange(len(initials))
        yield Walk(f"random walk {number}", initial, tuple(_by_chance(run, initials[initial], chance, length)))


def _by_chance(run: Run, state: State, chance: random.Random, length: int) -> Iterator[Attempt]:
    """Attempts by chance. Actions are chosen first and arguments then, so that none is drowned by another's amounts."""
    for _ in range(length):
        allowed: dict[str, list[Step]] = defaultdict(list)
        refused: dict[str, list[Step]] = defaultdict(list)
        for action, arguments in run.every_step:
            found = refused if run.broken(state, action, arguments) else allowed
            found[action.name].append(Step(action.name, arguments))
        wanted = refused if refused and (not allowed or chance.randrange(REFUSED_EVERY) == 0) else allowed
        if not wanted:
            return
        step = chance.choice(wanted[chance.choice(sorted(wanted))])
        yield Attempt(step, allowed=wanted is allowed)
        state = run.take(state, step) if wanted is allowed else state
