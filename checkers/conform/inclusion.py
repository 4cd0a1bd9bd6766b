"""Whether a log is included in the behaviours of a run: complete, with events dropped, or of several processes.

- *One order* (the log's own): the set of states is followed event by event, which takes time linear in the log's length.
- *Any events dropped*: the hidden actions are all there are, and component by component the log is matched as far as it
  goes (`interleaving.py`). That goes for one process as well as for several.
- *Several processes*, each in its own order: orders between them are searched.

What is `Excluded` cannot be a behaviour, whatever was not observed. Where a limit ended the search, the answer is
`Undecided`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...model.language import State
from ..interpret import Run
from .closure import ones
from .diagnosis import Diagnosis, diagnose, explained
from .frontier import Frontier
from .interleaving import LIMIT_NODES, in_order, through_components
from .lanes import Lanes, Moves, Reached, lanes_of
from .observation import Observed
from .space import LIMIT_STATES, TooMany


@dataclass(frozen=True)
class Included:
    """The log is a behaviour. `events` is how many there were; `states`, in how many states that may have left the
    implementation (None: at least in one, and they were not counted)."""

    events: int
    states: int | None


@dataclass(frozen=True)
class Excluded:
    """The log is no behaviour: how far it was matched at most, and the first event that nobody could take then.

    `matched` counts events for each process (None: the only one), `event` is `number` in the log, from 0.
    """

    matched: Mapping[str | None, int]
    number: int
    event: Observed
    diagnosis: Diagnosis


@dataclass(frozen=True)
class Undecided:
    """A limit ended the search: which, and how far the log had been matched by then."""

    why: str
    matched: Mapping[str | None, int]


Inclusion: TypeAlias = Included | Excluded | Undecided


class Acceptor:
    """Judges logs of one run. What is worked out for one log is known for the next."""

    def __init__(
        self,
        run: Run,
        hidden: Iterable[str] = (),
        *,
        states: Iterable[State] | None = None,
        limit: int = LIMIT_STATES,
        nodes: int = LIMIT_NODES,
    ) -> None:
        """`hidden` actions may happen unobserved. The run began in one of `states` (None: any initial one).

        `limit` bounds how many states, `nodes` how many pairs of a state and positions in the log are looked at.
        """
        self.run, self._limit, self._nodes = run, limit, nodes
        self._start = run.initial() if states is None else list(states)
        names = frozenset(a.name for a in run.instance.actions)
        self.hidden = frozenset(hidden) & names
        self.everything_hidden = self.hidden == names

    def judge(self, log: Sequence[Observed], *, by_process: bool = False, instead: bool = True) -> Inclusion:
        """The verdict on a log. `by_process`: events of different processes may have come in any order.

        `instead`: where it is excluded, also what could have been done instead of the event that could not be taken.

        Raises ModelError for an action, argument, field or value that the run does not know.
        """
        lanes = lanes_of(self.run, log, by_process=by_process)
        try:
            return self._judged(lanes, instead=instead)
        except TooMany as error:
            return Undecided(str(error), {})

    @property
    def frontier(self) -> Frontier:
        """Where every log begins."""
        if not hasattr(self, "_frontier"):
            self._frontier = Frontier(self.run, self._start, self.hidden, limit=self._limit)
        return self._frontier

    def _judged(self, lanes: Lanes, *, instead: bool) -> Inclusion:
        reached = self.reach(lanes)
        if reached.at == lanes.end:
            return Included(len(lanes.log), len(reached.before))
        if reached.ended:
            return Undecided(reached.ended, lanes.named(reached.at))
        number = self._to_blame(lanes, reached)
        event = lanes.log[number]
        states = [self.frontier.space.states[n] for n in sorted(reached.before)]
        diagnosis = diagnose(self.frontier.space, states, event, self.hidden, instead=instead)
        if instead:
            diagnosis = explained(self.run, states, event, diagnosis)
        return Excluded(lanes.named(reached.at), number, event, diagnosis)

    def reach(self, lanes: Lanes) -> Reached:
        """How far the log can be matched. Raises TooMany."""
        frontier = self.frontier
        if len(lanes.lanes) == 1 and not self.everything_hidden:
            return _followed(frontier, lanes)
        moves = Moves(frontier.closure, lanes.patterns)
        if self.everything_hidden:
            return through_components(frontier.closure, moves, lanes, frontier.numbers)
        return in_order(frontier.closure, moves, lanes, frontier.numbers, self._nodes)

    def _to_blame(self, lanes: Lanes, reached: Reached) -> int:
        """Of the events that could not be taken, that without which most of the log can be matched; else the first."""
        heads = [event for _, event in lanes.heads(reached.at)]
        if len(heads) == 1:
            return heads[0]
        got = {event: sum(self.reach(lanes.without(event)).at) for event in heads}
        return max(heads, key=lambda event: (got[event], -event))


def _followed(frontier: Frontier, lanes: Lanes) -> Reached:
    """One lane: the set of states after each event, until none is left."""
    for position, event in enumerate(lanes.lanes[0]):
        after = frontier.follow(lanes.patterns[lanes.pattern[event]])
        if not after:
            return Reached((position,), frozenset(ones(frontier.closure.of(frontier.numbers))))
        frontier = after
    return Reached(lanes.end, frontier.numbers)


def judge(run: Run, log: Sequence[Observed], hidden: Iterable[str] = (), *, by_process: bool = False) -> Inclusion:
    """The verdict on one log. Raises ModelError for what the run does not know."""
    return Acceptor(run, hidden).judge(log, by_process=by_process)
