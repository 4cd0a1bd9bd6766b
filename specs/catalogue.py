"""The catalogue: each requirement with what says it, where it holds, what shows that it is not idle, what exposes it.

Rows come from the model's properties, the ledger, and the mutants; nothing in them is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ..model.language import Kind, Property, System
from .ledger import Ledger, read
from .model import full
from .mutants import MUTANTS
from .worlds import MODEL_WORLDS

REQUIREMENTS = (
    *("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S10", "S11", "S17", "S18"),
    *("X2", "X3", "X4", "X6", "M1", "O"),
)
"""The names that properties cite, in the order of the catalogue of requirements."""


@dataclass(frozen=True)
class Shown:
    """A witness, the world in which it is soonest seen, and the steps that lead there."""

    witness: str
    world: str
    steps: int


@dataclass(frozen=True)
class Row:
    """One property under one of the names that it cites.

    `worlds` names those that check it and are expected to hold; `verdict` is Holds only if each of them is pinned so.
    `violated_in` names those that are there to show how it fails.
    """

    id: str
    property: str
    sentence: str
    worlds: tuple[str, ...]
    verdict: str
    witness: tuple[Shown, ...]
    mutants: tuple[str, ...]
    violated_in: tuple[str, ...] = ()


def rows(ledger: Ledger | None = None) -> list[Row]:
    """Every property under every name that it cites, in the order of the names. Raises ValueError for a broken ledger."""
    system, pinned = full(), read() if ledger is None else ledger
    properties = system.of_kind(Kind.ALWAYS, Kind.STEP)
    return [_row(name, p, system, pinned) for name in REQUIREMENTS for p in properties if name in p.cites]


def _row(name: str, p: Property, system: System, ledger: Ledger) -> Row:
    worlds = tuple(world for world, case in MODEL_WORLDS.items() if case.breaks is None and p.name in _kept(world))
    verdicts = {ledger.worlds[world].verdict if world in ledger.worlds else "Unknown" for world in worlds}
    return Row(
        name,
        p.name,
        p.sentence,
        worlds=worlds,
        verdict=", ".join(sorted(verdicts)),
        witness=tuple(_shown(name, system, ledger)),
        mutants=tuple(m.name for m in MUTANTS.values() if m.breaks == p.name),
        violated_in=tuple(world for world, case in MODEL_WORLDS.items() if case.breaks == p.name),
    )


@cache
def _kept(world: str) -> frozenset[str]:
    """The names of the properties of a world."""
    return frozenset(p.name for p in MODEL_WORLDS[world].build()[0].properties)


def _shown(name: str, system: System, ledger: Ledger) -> Iterator[Shown]:
    """The witnesses that cite this name, each where it takes the fewest steps."""
    for p in system.of_kind(Kind.SOMETIMES):
        seen = {world: ledger.worlds[world].witnesses for world in MODEL_WORLDS if world in ledger.worlds}
        steps = [(found[p.name], world) for world, found in seen.items() if p.name in found]
        if name in p.cites and steps:
            fewest, world = min(steps)
            yield Shown(p.name, world, fewest)
