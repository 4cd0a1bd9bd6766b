"""What a search goes through: the states that it has met, by number, and from each the steps that can happen there.

Everything is worked out when it is first asked for, and kept. A step that leaves the range of a field is no step: the
system is wrong there, whatever its properties say, which is for the explorer to tell; `out_of_range` counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...model.language import Kind, State, Step
from ..conform.compiled import Compiled
from ..interpret import OutOfRange, Run


class TooLarge(Exception):
    """More states than the limit."""


@dataclass(frozen=True)
class Edge:
    """A step, the number of the state that it leads to, and the properties that it is the first to break."""

    step: Step
    after: int
    broken: tuple[str, ...]


class Places(Protocol):
    """What is searched: a state graph whose states and steps say what they break."""

    initial: list[int]
    out_of_range: int

    @property
    def states(self) -> Sequence[State]:
        """Those met so far."""
        ...

    def broken(self, at: int) -> tuple[str, ...]:
        """What an initial state breaks."""
        ...

    def edges(self, at: int) -> tuple[Edge, ...]:
        """Every step that can happen in a state. Raises TooLarge."""
        ...


class Steps:
    """The state graph of a run, as far as somebody has looked."""

    def __init__(self, run: Run, limit_states: int) -> None:
        """Nothing is met yet but the initial states, which have the numbers that `Run.initial()` gives them."""
        self.run, self.limit_states, self.out_of_range = Compiled(run.instance), limit_states, 0
        self.always = run.system.of_kind(Kind.ALWAYS)
        self.over_steps = run.system.of_kind(Kind.STEP)
        self._states: list[State] = []
        self._number: dict[State, int] = {}
        self._broken: dict[int, tuple[str, ...]] = {}
        self._edges: dict[int, tuple[Edge, ...]] = {}
        self.initial = [self.number(state) for state in run.initial()]

    @property
    def states(self) -> Sequence[State]:
        """Those met so far, by number."""
        return self._states

    def number(self, state: State) -> int:
        """The number of a state. Raises TooLarge."""
        if state not in self._number:
            if len(self._states) >= self.limit_states:
                raise TooLarge
            self._number[state] = len(self._states)
            self._states.append(state)
        return self._number[state]

    def broken(self, at: int) -> tuple[str, ...]:
        """The `always` properties that do not hold in a state."""
        if at not in self._broken:
            state = self._states[at]
            self._broken[at] = tuple(p.name for p in self.always if not self.run.holds(p, state))
        return self._broken[at]

    def edges(self, at: int) -> tuple[Edge, ...]:
        """Every step that can happen in a state. Raises TooLarge."""
        if at not in self._edges:
            self._edges[at] = tuple(self._out(at))
        return self._edges[at]

    def _out(self, at: int) -> list[Edge]:
        run, state, found = self.run, self._states[at], list[Edge]()
        for action, arguments in run.every_step:
            if run.broken(state, action, arguments):
                continue
            try:
                later = run.effect(state, action, arguments)
            except OutOfRange:
                self.out_of_range += 1
                continue
            after = self.number(later)
            over = tuple(p.name for p in self.over_steps if not run.holds(p, state, later))
            found.append(Edge(Step(action.name, arguments), after, (*self.broken(after), *over)))
        return found
