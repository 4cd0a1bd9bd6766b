"""A whole run of the gate: a suite of walks, random ones beyond it, and the verdict on all of them.

An implementation that stops answering is started again for the next walk only where a baseline knows of that; otherwise
the run ends there, since every further walk would cost a time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from time import perf_counter

from ..checkers.conform.compiled import Compiled
from ..checkers.conform.coverage import Coverage, Tally
from ..checkers.conform.obligations import Obligations, obligations
from ..checkers.conform.walks import LENGTH_MOST, Suite, Walk, random_walks, shortest, suite
from ..checkers.graph import TooLarge
from ..checkers.interpret import Run
from . import baseline, protocol
from .adapter import Adapter
from .baseline import Baseline
from .lockstep import Lockstep, Rules
from .process import Broken
from .verdicts import (
    Conforms,
    Deviates,
    Figures,
    Kind,
    NeverSpoke,
    Note,
    Report,
    Thin,
    Undecided,
    Verdict,
    Walked,
    gravest,
)
from .weighing import together

LIMIT_STATES = 20_000
"""Worlds with more are walked by chance only: their graphs take the interpreter too long."""


@dataclass(frozen=True)
class Settings:
    """`walks` random walks beyond the suite, by `seed`. Below `coverage` percent of the actions, the verdict is Thin.

    After `seconds_max` no further walk is begun, and the verdict is Undecided. `first_only`: nor after one that fails and
    breaks a property, or lets it break.
    """

    rules: Rules = field(default_factory=Rules)
    seed: int = 0
    walks: int = 10
    length: int = LENGTH_MOST
    coverage: int = 100
    seconds_max: float = 600
    states_max: int = LIMIT_STATES
    first_only: bool = False


@dataclass(frozen=True)
class Prepared:
    """A world with its suite; `suite` is None where its graph is too large."""

    run: Run
    suite: Suite | None
    random: tuple[Walk, ...]

    @property
    def walks(self) -> tuple[Walk, ...]:
        """Every walk, those of the suite first."""
        return (*(self.suite.walks if self.suite else ()), *self.random)

    @property
    def obligations(self) -> Obligations | None:
        """What is to be shown, if that is known."""
        return self.suite.obligations if self.suite else None


def prepare(run: Run, settings: Settings) -> Prepared:
    """The walks of a world. Raises OutOfRange where the model is wrong."""
    chance = tuple(random_walks(Compiled(run.instance), settings.seed, settings.walks, settings.length))
    try:
        return Prepared(run, suite(obligations(run, settings.states_max), settings.length), chance)
    except TooLarge:
        return Prepared(run, None, chance)


def conform(
    prepared: Prepared,
    start: Callable[[], Adapter],
    settings: Settings,
    known: Baseline = baseline.NONE,
    told: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Hold an implementation against a world: `start` makes it ready. Raises ModelError where it names unknown actions."""
    return _Session(prepared, start, settings, known, told).verdict()


class _Session:
    """One implementation and what is known of it so far."""

    def __init__(
        self,
        prepared: Prepared,
        start: Callable[[], Adapter],
        settings: Settings,
        known: Baseline,
        told: Callable[[int, int], None] | None,
    ) -> None:
        self.prepared, self.start, self.settings, self.known, self.told = prepared, start, settings, known, told
        self.tally = Tally(prepared.obligations) if prepared.obligations else None
        self.walked: list[Walked] = []
        self.notes: dict[Note, None] = {}
        self.name = ""
        self.lockstep: Lockstep | None = None
        self.began = perf_counter()

    def verdict(self) -> Verdict:
        try:
            why = self._walks(self.prepared.walks)
            shortest = self._shortest()
        except Broken as broken:
            return NeverSpoke(self.name, self.prepared.run.world.name, str(broken))
        finally:
            self._close()
        report = self._report(shortest)
        if report.failing:
            return Deviates(report)
        return Undecided(report, why) if why else self._enough(report)

    # ----------------------------------------------------------------------------------------------------- walking
    def _walks(self, walks: Iterable[Walk]) -> str:
        """Go along the walks; why that ended early, if it did."""
        every = tuple(walks)
        for done, walk in enumerate(every):
            if self.told is not None:
                self.told(done, len(every))
            if perf_counter() - self.began > self.settings.seconds_max:
                return f"after {self.settings.seconds_max:g} s, {done} of {len(every)} walks were done"
            found = self._walk(walk)
            self.walked.append(found)
            if found.deviation is not None and found.deviation.kind is Kind.FAILED:
                self._close()
                if found.fails:
                    return ""
            if self.settings.first_only and found.fails and found.deviation and found.deviation.consequences:
                return ""
        return ""

    def _walk(self, walk: Walk) -> Walked:
        found = self._ready().walk(walk)
        known = self.known.known.get(found.deviation.identity) if found.deviation else None
        return replace(found, known=known)

    def _ready(self) -> Lockstep:
        """The implementation, started and greeted. Raises Broken where it does not speak the protocol."""
        if self.lockstep is None:
            adapter = self.start()
            try:
                greeting = adapter.hello(protocol.world_record(self.prepared.run))
            except Broken:
                adapter.close()
                raise
            self.name = greeting.name
            self.lockstep = Lockstep(self.prepared.run, adapter, greeting, self.settings.rules, self.tally)
        return self.lockstep

    def _close(self) -> None:
        if self.lockstep is not None:
            self.notes |= self.lockstep.notes
            self.lockstep.adapter.close()
            self.lockstep = None

    def _shortest(self) -> Walked | None:
        """The first deviation by the fewest steps: the shortest way to the state before it, and the event."""
        failing = next(iter(gravest(self.walked)), None)
        if failing is None or failing.deviation is None or self.prepared.suite is None:
            return None
        if failing.deviation.kind is Kind.FAILED:
            return None
        walk = next(w for w in self.prepared.walks if w.name == failing.walk)
        shorter = _shorter(self.prepared.suite, walk, failing.attempts)
        if shorter is None:
            return None
        tally = self._ready().tally
        self._ready().tally = None
        found = self._ready().walk(shorter)
        self._ready().tally = tally
        same = found.deviation is not None and found.deviation.identity == failing.deviation.identity
        return replace(found, known=failing.known) if same and found.attempts < failing.attempts else None

    # ----------------------------------------------------------------------------------------------------- telling
    def _report(self, shortest: Walked | None) -> Report:
        suited, settings = self.prepared.suite, self.settings
        figures = Figures(
            len(self.prepared.walks) - len(self.prepared.random),
            suited.attempts if suited else 0,
            suited.at_least if suited else None,
            len(self.prepared.random),
            settings.seed,
            perf_counter() - self.began,
        )
        seen = {w.deviation.identity for w in self.walked if w.deviation}
        told = together([*self.walked, *([shortest] if shortest else [])])
        walked, shortest = told[: len(self.walked)], next(iter(told[len(self.walked) :]), None)
        unseen = tuple(known for name, known in self.known.known.items() if name not in seen)
        return Report(
            self.name,
            self.prepared.run.world.name,
            walked,
            self.tally.coverage() if self.tally else None,
            figures,
            tuple(self.notes),
            suited.obligations.unreachable if suited else (),
            unseen,
            shortest,
        )

    def _enough(self, report: Report) -> Verdict:
        """Whether enough was shown for the verdict to be worth something."""
        coverage: Coverage | None = report.coverage
        if coverage is not None and coverage.actions.percent < self.settings.coverage:
            missing = ", ".join(coverage.actions.missing)
            return Thin(report, f"{coverage.actions} of the actions were taken; not {missing}")
        if not any(w.events for w in report.walked):
            return Thin(report, "nothing was ever done")
        return Conforms(report)


def _shorter(suited: Suite, walk: Walk, attempts: int) -> Walk | None:
    """The shortest way to the state in which the last of these attempts was made, and that attempt."""
    if attempts == 0:
        return None
    before = tuple(a.step for a in walk.attempts[: attempts - 1] if a.allowed)
    end = suited.obligations.run.replay(before, walk.initial)[-1]
    return shortest(suited.obligations.graph, end, walk.attempts[attempts - 1], f"{walk.name}, shortest")
