"""Verdicts: a closed type. Nothing is a bool, and only `Holds` is green."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..model.language import Step


@dataclass(frozen=True)
class Figures:
    """What a search went through.

    `transitions` leaves out the initial states; `depth` counts the levels of the breadth-first search, the initial
    states being the first (as TLC does); `firings` counts the transitions of each action.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    firings: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0


@dataclass(frozen=True)
class Holds:
    """Every property holds. `how` says by what argument; the figures say how much was looked at.

    A witness starts in the initial state whose number `initials` gives, which is 0 where it gives none.
    """

    world: str
    how: str
    properties: tuple[str, ...]
    figures: Figures
    assumptions: tuple[str, ...] = ()
    witnesses: dict[str, tuple[Step, ...]] = field(default_factory=dict[str, "tuple[Step, ...]"])
    initials: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Violated:
    """A property fails (or a plan cannot go on), with the shortest steps that lead there from the initial state.

    `initial` is the number of the initial state in `Run.initial()`. For a `step` property the last step breaks it; for
    a `leads_to` the steps from `cycle_from` on repeat for ever (or end in a state that nothing leaves).
    """

    world: str
    property: str
    sentence: str
    steps: tuple[Step, ...]
    figures: Figures
    initial: int = 0
    cycle_from: int | None = None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vacuous:
    """Nothing is violated, but something that should happen never did: the verdict would be worth nothing."""

    world: str
    never_fired: tuple[str, ...]
    never_witnessed: tuple[str, ...]
    figures: Figures


@dataclass(frozen=True)
class Unknown:
    """The search ended before it could say: what ended it, and how far it got."""

    world: str
    why: str
    figures: Figures


Verdict: TypeAlias = Holds | Violated | Vacuous | Unknown

EXIT_CODE = {Holds: 0, Violated: 1, Vacuous: 3, Unknown: 3}


def exit_code(verdict: Verdict) -> int:
    """0 holds, 1 violated, 3 unknown or vacuous (2 is bad input, which is no verdict)."""
    return EXIT_CODE[type(verdict)]
