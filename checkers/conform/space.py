"""The states of a run, numbered as they are met, and its steps as compiled code: what is asked twice is worked out once.

Guards and effects are compiled (`compiled.py`); where a term does not fit there, and for steps that are too many to be
compiled, the reference interpreter is asked. That both say the same is shown by tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from math import prod

from ...model.language import Action, Arguments, ModelError, State, Step
from ..interpret import Run
from ..plans.ground import Grounder
from .compiled import Effect, Guard, effect, guard
from .observation import Pattern

LIMIT_STATES = 200_000
LIMIT_STEPS = 20_000


class TooMany(Exception):
    """What would have to be looked at is beyond a limit: nothing can be said for certain."""


class Way:
    """One step (an action with its arguments): from which states it was tried, and where it led."""

    def __init__(self, action: Action, arguments: Arguments, guard: Guard, effect: Effect) -> None:
        """Nothing tried yet."""
        self.action, self.arguments = action, arguments
        self.step = Step(action.name, arguments)
        self.guard, self.effect = guard, effect
        self.tried = 0
        """The numbers of the states that it was tried from, as bits."""
        self.taken = 0
        """Those from which it can be taken."""
        self.target: dict[int, int] = {}


class Space:
    """Numbered states and their steps."""

    def __init__(self, run: Run, limit: int = LIMIT_STATES) -> None:
        """Nothing is known yet; `limit` is how many states it may come to hold."""
        self.run, self.limit = run, limit
        self.states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._ways: dict[tuple[str, Arguments], Way] = {}
        self._held: dict[int, tuple[int, dict[int, int]]] = {}
        self._grounder = Grounder(run.instance)

    # ------------------------------------------------------------------------------------------------------------ states
    def number(self, state: State) -> int:
        """The number of a state. Raises TooMany beyond the limit."""
        known = self._numbers.get(state)
        if known is None:
            if len(self.states) >= self.limit:
                raise TooMany(f"more than {self.limit} states")
            known = self._numbers[state] = len(self.states)
            self.states.append(state)
        return known

    def numbers(self, states: Iterable[State]) -> frozenset[int]:
        """The numbers of states."""
        return frozenset(map(self.number, states))

    def showing(self, after: Sequence[tuple[int, frozenset[int]]]) -> int:
        """The states met so far whose slots hold these values, as bits."""
        bits = (1 << len(self.states)) - 1
        for slot, values in after:
            here = self._holding(slot)
            held = 0
            for value in values:
                held |= here.get(value, 0)
            bits &= held
        return bits

    def _holding(self, slot: int) -> dict[int, int]:
        """For each value of a slot, the states that hold it, as bits."""
        count, found = self._held.get(slot, (0, {}))
        if count < len(self.states):
            for number in range(count, len(self.states)):
                value = self.states[number][slot]
                found[value] = found.get(value, 0) | 1 << number
            self._held[slot] = len(self.states), found
        return found

    # ------------------------------------------------------------------------------------------------------------- steps
    @cached_property
    def narrow(self) -> bool:
        """Whether the steps are so few that all of them can be tried."""
        count = self._count
        return sum(count(a) for a in self.run.instance.actions) <= LIMIT_STEPS

    def _count(self, action: Action) -> int:
        return prod(len(self.run.instance.range(p)) for p in action.parameters)

    def ways(self, pattern: Pattern) -> list[Way]:
        """The steps that an event may have been. Raises TooMany where what was not seen leaves too many of them."""
        if pattern.never:
            return []
        ranges = [self.run.instance.range(p) for p in pattern.action.parameters]
        choices: list[list[int] | range] = [
            r if values is None else sorted(v for v in values if v in r)
            for r, values in zip(ranges, pattern.allowed, strict=True)
        ]
        if prod(map(len, choices)) > LIMIT_STEPS:
            raise TooMany(f"more than {LIMIT_STEPS} choices of what was not seen of {pattern.action.name}")
        return [self.way(pattern.action, arguments) for arguments in product(*choices)]

    def ways_of(self, names: Iterable[str]) -> list[Way]:
        """Every step of these actions. Raises TooMany."""
        chosen = set(names)
        actions = [a for a in self.run.instance.actions if a.name in chosen]
        if sum(map(self._count, actions)) > LIMIT_STEPS:
            raise TooMany(f"more than {LIMIT_STEPS} steps that are not observed")
        return [self.way(a, arguments) for a in actions for arguments in self.run.instance.arguments(a)]

    def way(self, action: Action, arguments: Arguments) -> Way:
        """One step, by its action and its arguments."""
        key = action.name, arguments
        if key not in self._ways:
            self._ways[key] = Way(action, arguments, *self._code(action, arguments))
        return self._ways[key]

    def follow(self, number: int, way: Way) -> int | None:
        """The number of the state that a step leads to from here; None where it cannot be taken. Raises TooMany."""
        if way.tried >> number & 1:
            return way.target.get(number)
        way.tried |= 1 << number
        state = self.states[number]
        if not way.guard(state):
            return None
        way.taken |= 1 << number
        found = way.target[number] = self.number(way.effect(state))
        return found

    def try_from(self, number: int, ways: Iterable[Way]) -> Iterator[tuple[Way, int]]:
        """The steps that can be taken from here, with where each leads."""
        for way in ways:
            found = self.follow(number, way)
            if found is not None:
                yield way, found

    # -------------------------------------------------------------------------------------------------------------- code
    def _code(self, action: Action, arguments: Arguments) -> tuple[Guard, Effect]:
        run = self.run
        if self.narrow:
            try:
                return guard(self._grounder, action, arguments), effect(self._grounder, action, arguments)
            except ModelError:
                pass  # a term that cannot be spelled out: the interpreter knows all of them
        return (
            lambda state: not run.broken(state, action, arguments),
            lambda state: run.effect(state, action, arguments),
        )
