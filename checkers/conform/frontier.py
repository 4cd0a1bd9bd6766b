"""The model states that an implementation may be in: a set, since what was not observed is never guessed.

`Frontier.after` takes an event as far as it was observed. Before the event, any number of hidden steps may have happened.
All frontiers that come of one share what was worked out about the run's states (`space.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...model.language import Arguments, Requirement, State
from ..interpret import Run
from .closure import Closure, ones
from .observation import Observed, Pattern, resolve
from .space import LIMIT_STATES, Space, Way


@dataclass(frozen=True)
class Refusal:
    """How far an action is refused. `everywhere`: in every state that the implementation may be in.

    `by` are the requirements that refuse it somewhere, those of the states that come nearest (fewest broken) first.
    """

    everywhere: bool
    somewhere: bool
    by: tuple[Requirement, ...]


class Frontier:
    """The states after what was observed so far, before anything hidden has happened since."""

    def __init__(
        self, run: Run, states: Iterable[State], hidden: Iterable[str] = (), *, limit: int = LIMIT_STATES
    ) -> None:
        """`hidden` names the actions that may happen unobserved; `limit` is how many states may be looked at in all."""
        space = Space(run, limit)
        self._set(space, Closure(space, hidden), space.numbers(states))

    def _set(self, space: Space, closure: Closure, numbers: frozenset[int]) -> None:
        self.space, self.closure, self.numbers = space, closure, numbers

    def at(self, numbers: Iterable[int]) -> Frontier:
        """Another frontier of the same run, by the numbers of its states."""
        other = object.__new__(Frontier)
        other._set(self.space, self.closure, frozenset(numbers))
        return other

    @property
    def run(self) -> Run:
        """The run."""
        return self.space.run

    @property
    def states(self) -> frozenset[State]:
        """The states themselves."""
        return frozenset(self.space.states[n] for n in self.numbers)

    def __bool__(self) -> bool:
        """Whether there is any state left: if not, the model cannot do what was observed."""
        return bool(self.numbers)

    def closed(self) -> Frontier:
        """The same once hidden steps may have happened. Raises TooMany."""
        return self.at(ones(self.closure.of(self.numbers)))

    def after(self, observed: Observed) -> Frontier:
        """The states after the event; none where nobody could take it. Raises ModelError, TooMany."""
        return self.follow(resolve(self.run, observed))

    def follow(self, pattern: Pattern) -> Frontier:
        """The same for an event that was resolved before."""
        ways = self.space.ways(pattern)
        before = self.closure.of(self.numbers)
        targets = {t for way in ways for t in self._images(way, before)}
        shown = self.space.showing(pattern.after)
        return self.at(t for t in targets if shown >> t & 1)

    def _images(self, way: Way, before: int) -> Iterator[int]:
        for number in ones(before & ~way.tried):
            self.space.follow(number, way)
        return (way.target[number] for number in ones(before & way.taken))

    def seeing(self, pattern: Pattern) -> Frontier:
        """Those states, hidden steps included, that are as the pattern's `after` says: an observation without an event."""
        before = self.closure.of(self.numbers)
        return self.at(ones(before & self.space.showing(pattern.after)))

    def refuses(self, action: str, arguments: Arguments) -> Refusal:
        """Whether an action is refused in every state, or in some, and by which requirements. Raises TooMany."""
        asked, run = self.run.system.action(action), self.run
        broken = [run.broken(self.space.states[n], asked, arguments) for n in ones(self.closure.of(self.numbers))]
        refusing = sorted((b for b in broken if b), key=len)
        by = dict.fromkeys(r for requirements in refusing for r in requirements)
        return Refusal(len(refusing) == len(broken), bool(refusing), tuple(by))


def initial(run: Run, hidden: Iterable[str] = (), *, limit: int = LIMIT_STATES) -> Frontier:
    """Every initial state of the run. Raises TooMany where the hidden steps are too many to be tried."""
    return Frontier(run, run.initial(), hidden, limit=limit)
