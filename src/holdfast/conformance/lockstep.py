"""Lock step: an implementation is asked for what a walk attempts, and the model states that it may be in are kept beside it.

What is expected of an answer is never what the walk says, but what those states say, so a walk goes on where the
implementation chose otherwise than the walk had planned.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from time import perf_counter
from typing import Any

from ..checkers.conform.accounts import Accounts, same
from ..checkers.conform.consequences import at_once, if_seen, if_taken
from ..checkers.conform.coverage import Tally
from ..checkers.conform.diagnosis import LOOKED_AT, diagnose
from ..checkers.conform.frontier import Frontier
from ..checkers.conform.observation import Observed, resolve, seen
from ..checkers.conform.walks import Walk
from ..checkers.interpret import Run
from ..model.language import ModelError, Requirement, State, Step
from .adapter import Adapter, Answer, Did, Done, Greeting, Refused, Unsupported
from .process import Broken
from .verdicts import Deviation, Kind, Note, Walked
from .weighing import Weighing

POSSIBLE_MOST = 12
"""So many legal events are named where something illegal happened."""


@dataclass(frozen=True)
class Rules:
    """`careful`: an implementation may refuse what the model allows; that is noted, and costs coverage."""

    careful: bool = False


class Deviated(Exception):
    """What happened is no behaviour of the model."""

    def __init__(self, deviation: Deviation) -> None:
        """The deviation."""
        super().__init__(deviation.sentence)
        self.deviation = deviation


@dataclass(frozen=True)
class Pending:
    """A deviation after which a walk goes on, since nothing has gone wrong yet; and what had happened until then."""

    deviation: Deviation
    events: tuple[Observed, ...]
    attempts: int


class Lockstep:
    """One implementation, walked along one walk after the other. `tally` and `notes` grow."""

    def __init__(
        self, run: Run, adapter: Adapter, greeting: Greeting, rules: Rules, tally: Tally | None = None
    ) -> None:
        """Raises ModelError where the greeting names what is no action of the run."""
        for name in greeting.unsupported | greeting.hidden:
            run.system.action(name)
        self.run, self.adapter, self.greeting, self.rules, self.tally = run, adapter, greeting, rules, tally
        self.notes: dict[Note, None] = {}
        self._initials, self._start = _start(run, greeting.hidden)
        self._accounts, self._weighing = _accounts(run), Weighing(run)
        self._pending: Pending | None = None
        self._attempts = 0
        self.now = self._before = self._start
        self.events: list[Observed] = []
        self._walk = ""

    # ----------------------------------------------------------------------------------------------------- walking
    def walk(self, walk: Walk) -> Walked:
        """Reset, and everything that the walk attempts, to its end or the first deviation that is more than a refusal."""
        began = perf_counter()
        self._walk, deviation = walk.name, None
        try:
            self.begin(walk.initial)
            for attempt in walk.attempts:
                self.attempt(attempt.step)
        except Deviated as found:
            deviation = found.deviation
        attempts, events = self._attempts, tuple(self.events)
        if deviation is None and self._pending is not None:
            deviation, events, attempts = self._pending.deviation, self._pending.events, self._pending.attempts
        seconds = perf_counter() - began
        return Walked(walk.name, walk.initial, attempts, events, deviation, seconds=seconds)

    def begin(self, initial: int) -> None:
        """Begin in an initial state. Raises Deviated."""
        state = self._initials[initial]
        self.events.clear()
        self._pending, self._attempts = None, 0
        self.now = self._before = self._start.at(self._start.space.numbers([state]))
        with _answering("reset", ""):
            self.adapter.reset(self.run.shown(state))
        self._look("reset")

    def settle(self) -> None:
        """No more is attempted. Raises Deviated for what was left pending."""
        if self._pending is not None:
            raise Deviated(self._pending.deviation)

    def _suspect(self, found: Deviation) -> None:
        """It deviates, and goes on: what comes of it says more. Of several the first counts, or the first that matters."""
        if self._pending is None or (found.consequences and not self._pending.deviation.consequences):
            self._pending = Pending(found, tuple(self.events), self._attempts)

    def attempt(self, step: Step) -> bool:
        """Ask for a step; whether it was taken. Raises Deviated."""
        self._attempts += 1
        if step.action in self.greeting.unsupported:
            return False
        asked = seen(self.run, step.action, step.arguments)
        with _answering(str(asked), step.action):
            answer = self.adapter.attempt(asked.action, asked.arguments)
        self._heard(step, asked, answer)
        self._look(str(asked))
        return isinstance(answer, Done)

    def _heard(self, step: Step, asked: Observed, answer: Answer) -> None:
        match answer:
            case Done(after):
                self._happened(replace(asked, after=after), done=True)
            case Did(events):
                for one in events:
                    self._happened(Observed(one.action, one.arguments, one.after))
            case Refused(reason):
                self._refused(step, asked, reason)
            case Unsupported():
                self._note(f"{step.action} is not supported by the adapter")

    # ----------------------------------------------------------------------------------------------------- judging
    def _happened(self, observed: Observed, *, done: bool = False) -> None:
        """It did something: the states that it may be in now. Raises Deviated where there is none.

        `done`: nothing has happened since, so that what can be seen is what came of it.
        """
        with _meaning(str(observed), observed.action):
            after = self.now.after(observed)
        if not after:
            raise Deviated(self._not_taken(observed, done=done))
        if self.tally is not None and not self.now.closure.ways:  # else what is hidden may have come between
            self.tally.taken(self.now.states, observed.action)
        self._before, self.now = self.now, after
        self.events.append(observed)

    def _refused(self, step: Step, asked: Observed, reason: str) -> None:
        refusal = self.now.refuses(step.action, step.arguments)
        if refusal.somewhere:
            if self.tally is not None and not self.now.closure.ways:
                self.tally.refused(self.now.states, step)
            if not self.rules.careful:  # then it is in a state that refuses
                closed = self.now.closed()
                refusing = (n for n in closed.numbers if self._broken(closed.space.states[n], step))
                self.now = closed.at(refusing)
            return
        said = f"it says: {reason}" if reason else "it gives no reason"
        if not self.rules.careful:
            self._suspect(Deviation(Kind.REFUSED, str(asked), step.action, possible=self._possible(), why=said))
            return
        self._note(f"{asked} is refused, which the model allows; {said}")

    def _look(self, when: str) -> None:
        """What can be seen now. Raises Deviated where it fits no state."""
        with _answering(when, ""):
            shown = self.adapter.observe()
        if not shown:
            return
        fields, accounts = self._accounts.apart(shown)
        observed = Observed(self.run.instance.actions[0].name, {}, fields)
        with _meaning(f"what is seen after {when}", ""):
            pattern = resolve(self.run, observed)
        left = self.now.at(()) if pattern.never else self.now.seeing(pattern)
        if not left:
            raise Deviated(self._not_seen(fields, when, pattern.never))
        self.now = left
        if accounts:
            self._audit(accounts, when)

    def _audit(self, shown: Mapping[str, Any], when: str) -> None:
        """Compare accounts, which are wrong where no state has them so."""
        states = sorted(self.now.states)
        wrong = {state: self._accounts.wrong(state, shown) for state in states}
        nearest = min(states, key=lambda state: len(wrong[state]))
        if not wrong[nearest]:
            return
        differs = tuple(f"{key} is {shown[key]}, not {held}" for key, held in wrong[nearest].items())
        believed = self._accounts.believed(nearest, {key: shown[key] for key in wrong[nearest]})
        comes = at_once(self.run, min(self._before.states, default=nearest), nearest, believed)
        found = Deviation(Kind.SEEN, f"what is seen after {when}", "", consequences=comes, differs=differs)
        self._suspect(found)

    def _not_taken(self, observed: Observed, *, done: bool) -> Deviation:
        """Why an event has no place here: the requirements that refuse it, or what was seen and cannot be."""
        states = sorted(self.now.closed().states)
        found = diagnose(self.now.space, states, observed)
        near = tuple(" then ".join(map(str, one.steps)) + f" ({one.why})" for one in found.nearest)
        differs = tuple(f"{d.key} is {d.seen}, not {' or '.join(map(str, d.possible))}" for d in found.differs)
        kind = Kind.SEEN if differs else Kind.TAKEN
        deviation = Deviation(
            kind, str(observed), observed.action, found.refused, differs=differs, possible=near, why=found.never
        )
        before, after = self._leads(states, observed, done=done)
        return self._weighing.weighed(deviation, before, after)

    def _leads(self, states: list[State], observed: Observed, *, done: bool) -> tuple[State, State | None]:
        """The state that comes nearest, and where the event leads from there all the same, as far as that can be seen."""
        steps = [way.step for way in self.now.space.ways(resolve(self.run, replace(observed, after={})))]
        tried = ((len(self._broken(state, step)), state, step) for state in states for step in steps)
        nearest = min(islice(tried, LOOKED_AT), key=lambda t: t[0], default=None)
        if nearest is None:
            return states[0], None
        _, state, step = nearest
        after = if_taken(self.run, state, step)
        shown = {**observed.after, **(self._seen_now() if done else {})}
        return state, after if after is None else if_seen(self.run, after, shown)

    def _seen_now(self) -> Mapping[str, Any]:
        """What can be seen after something that cannot be, to say what came of it: nothing where it stopped answering."""
        try:
            return self._accounts.apart(self.adapter.observe())[0]
        except Broken:
            return {}

    def _broken(self, state: State, step: Step) -> tuple[Requirement, ...]:
        return self.run.broken(state, self.run.system.action(step.action), step.arguments)

    def _not_seen(self, shown: Mapping[str, Any], when: str, never: str) -> Deviation:
        """What is seen, and cannot be: the values that the nearest state does not have."""
        states = sorted(self.now.closed().states)
        nearest = min(states, key=lambda state: (len(self._wrong(shown, state)), state))
        differs = (never,) if never else tuple(self._wrong(shown, nearest))
        before = min(self._before.states, default=nearest)
        found = Deviation(Kind.SEEN, f"what is seen after {when}", "", differs=differs)
        return self._weighing.weighed(found, before, if_seen(self.run, nearest, shown))

    def _wrong(self, shown: Mapping[str, Any], state: State) -> list[str]:
        holds = self.run.shown(state)
        pairs = ((key, value, holds[key]) for key, value in shown.items() if key in holds)
        return [f"{key} is {value}, not {held}" for key, value, held in pairs if not same(value, held)]

    def _possible(self) -> tuple[str, ...]:
        """Legal events of the states that it may be in; of each action with its first arguments."""
        found: dict[str, str] = {}
        for state in sorted(self.now.closed().states):
            for step, _ in self.run.successors(state):
                found.setdefault(step.action, str(seen(self.run, step.action, step.arguments)))
        return tuple(found.values())[:POSSIBLE_MOST]

    def _note(self, text: str) -> None:
        self.notes[Note(self._walk, text)] = None


@lru_cache(maxsize=8)
def _start(run: Run, hidden: frozenset[str]) -> tuple[list[State], Frontier]:
    """The initial states of a run, and the frontier of all of them: what it works out serves every walk."""
    initials = run.initial()
    return initials, Frontier(run, initials, hidden)


@lru_cache(maxsize=8)
def _accounts(run: Run) -> Accounts:
    return Accounts(run)


@contextmanager
def _answering(event: str, action: str) -> Generator[None]:
    """What fails while it is asked has stopped answering. Raises Deviated."""
    try:
        yield
    except Broken as broken:
        raise Deviated(Deviation(Kind.FAILED, event, action, why=str(broken))) from None


@contextmanager
def _meaning(event: str, action: str) -> Generator[None]:
    """What names something that the world does not have fits no state. Raises Deviated."""
    try:
        yield
    except ModelError as error:
        raise Deviated(Deviation(Kind.SEEN, event, action, differs=(str(error),))) from None
