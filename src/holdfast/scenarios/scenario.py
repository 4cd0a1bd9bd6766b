"""A scenario: one counterexample, with the run that it is of and all that is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..checkers.interpret import Run
from ..checkers.scenarios import Counterexample
from ..model.language import Kind
from .origin import Origin
from .play import Player, line_of, shown_as
from .text import Outcome

LIVENESS = (Kind.LEADS_TO, Kind.RECOVERABLE)


@dataclass(frozen=True)
class Scenario:
    """A counterexample in a run that `origin` can make again."""

    origin: Origin
    run: Run
    counterexample: Counterexample

    @property
    def name(self) -> str:
        """What it breaks first and by which action, as a part of a file's name."""
        cause = self.counterexample.cause
        return "-".join(
            [cause.properties[0], *([cause.last] if cause.last else []), *sorted(cause.faults - {cause.last})]
        )

    @property
    def liveness(self) -> str | None:
        """The liveness property that it breaks; None where it breaks one of safety."""
        name = self.counterexample.cause.properties[0]
        return name if self.run.system.property(name).kind in LIVENESS else None

    @property
    def what(self) -> str:
        """`commit breaks one_authority`, and after which faults."""
        cause = self.counterexample.cause
        faults = sorted(cause.faults - {cause.last})
        after = f", after {' and '.join(faults)}" if faults else ""
        return f"{cause.last or 'the initial state'} breaks {', '.join(cause.properties)}{after}"

    @property
    def cost(self) -> str:
        """How light it is, in words."""
        cost = self.counterexample.cost
        return (
            f"{_many(cost.faults, 'fault')}, {_many(cost.changes, 'change')} of actor, {_many(cost.members, 'VM')}, "
            f"{_many(cost.steps, 'step')}"
        )

    @property
    def sentences(self) -> list[str]:
        """What is not so in the end."""
        return [self.run.system.property(name).sentence for name in self.counterexample.cause.properties]

    def lines(self, *, outcomes: bool) -> Iterator[str]:
        """The steps as text, with what came of each and what it changed, or without."""
        one = self.counterexample
        player = Player(self.run, self.run.initial()[one.initial])
        written = [line_of(self.run, step) for step in one.steps]
        width = max(map(len, written), default=0)
        for text, step in zip(written, one.steps, strict=True):
            before = self.run.shown(player.state)
            names = player.take(step)
            after = self.run.shown(player.state)
            seen = tuple((key, shown_as(after[key])) for key in after if after[key] != before[key])
            outcome = Outcome("breaks" if names else "done", names, seen)
            yield f"{text:<{width}} => {outcome}" if outcomes else text
        if self.liveness is not None:
            decided = f"decide {self.liveness}"
            yield f"{decided:<{width}} => violated" if outcomes else decided


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
