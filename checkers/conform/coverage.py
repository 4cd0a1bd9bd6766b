"""Coverage as a value: how much of what a run's graph can show has been shown, and what has not."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from ...model.language import State, Step
from .obligations import Obligation, Obligations, Pair, Refusal, Taken


@dataclass(frozen=True)
class Share:
    """So many of so many; `missing` names the rest."""

    met: int
    of: int
    missing: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """In percent, rounded down, so that 100 means all; of nothing, all is met."""
        return 100 * self.met // self.of if self.of else 100

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.percent} % ({self.met} of {self.of})"


@dataclass(frozen=True)
class Coverage:
    """Shares of the actions, faults, refusals and pairs that are reachable."""

    actions: Share
    faults: Share
    refusals: Share
    pairs: Share

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not any(share.missing for share in (self.actions, self.faults, self.refusals, self.pairs))


class Tally:
    """What has been shown so far. An attempt is only counted where every state that may be says the same of it."""

    def __init__(self, obligations: Obligations) -> None:
        """Nothing yet."""
        self.obligations = obligations
        self.met: set[Obligation] = set()

    def taken(self, before: Set[State], action: str) -> None:
        """An action was taken in one of these states."""
        self._count([set(self.obligations.taken(state, action)) for state in before])

    def refused(self, before: Set[State], step: Step) -> None:
        """A step was refused in one of these states."""
        action = self.obligations.run.system.action(step.action)
        self._count([set(self.obligations.refused(state, action, step.arguments)) for state in before])

    def _count(self, shown: list[set[Obligation]]) -> None:
        if shown:
            self.met |= set[Obligation].intersection(*shown)

    def coverage(self) -> Coverage:
        """What that comes to."""
        o = self.obligations
        return Coverage(
            _share({Taken(name) for name in o.actions}, self.met),
            _share({Taken(name) for name in o.faults}, self.met),
            _share(o.refusals, self.met),
            _share(o.pairs | o.denials, self.met),
        )


def _share(wanted: Set[Obligation], met: Set[Obligation]) -> Share:
    return Share(len(wanted & met), len(wanted), tuple(sorted(map(named, wanted - met))))


def named(obligation: Obligation) -> str:
    """An obligation in words."""
    match obligation:
        case Taken():
            return obligation.action
        case Refusal():
            return f"{obligation.action}: {obligation.sentence}"
        case Pair():
            refused = f", refused since it is not so that {obligation.sentence}" if obligation.sentence else ""
            return f"{obligation.action} in control state {', '.join(map(str, obligation.control))}{refused}"
