"""The catalogue: each requirement with what says it, where it holds, what shows that it is not idle, what exposes it.

Rows come from the model's properties, those of liveness included, the ledger, and the mutants; nothing in them is by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ..model.language import Kind, Property, System
from .decided import LIVENESS, Asked, asked
from .ledger import Ledger, read
from .model import PARTS, full, live
from .mutants import MUTANTS
from .worlds import MODEL_WORLDS

REQUIREMENTS = (
    *(
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
        "S6",
        "S7",
        "S8",
        "S9",
        "S10",
        "S11",
        "S17",
        "S18",
        "M1",
        "M3",
        "M12",
        "O",
        "X1",
        "X2",
        "X3",
        "X4",
        "X5",
        "X6",
    ),
    *("L1", "L2", "L3", "L4", "L7"),
)
"""The names that properties cite, in the order of the catalogue of requirements."""


@dataclass(frozen=True)
class Shown:
    """A witness, the world in which it is soonest seen, and the steps that lead there.

    A liveness property is its own witness: where it is decided, in so many `states` it has something to wait for.
    """

    witness: str
    world: str
    steps: int = 0
    states: int = 0


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
    safe, alive = system.of_kind(Kind.ALWAYS, Kind.STEP), live(*PARTS).of_kind(*LIVENESS)
    found: list[Row] = []
    for name in REQUIREMENTS:
        found += [_row(name, p, system, pinned) for p in safe if name in p.cites]
        found += [_live_row(name, p, pinned) for p in alive if name in p.cites]
    return found


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


def _live_row(name: str, p: Property, ledger: Ledger) -> Row:
    worlds = tuple(one.world for one in asked() if one.named == p.name)
    pinned = {w: ledger.liveness[one] for w in worlds if (one := Asked(p.name, w).row) in ledger.liveness}
    verdicts = {pinned[world].verdict if world in pinned else "Unknown" for world in worlds}
    begun = tuple(Shown(p.name, world, states=row.first) for world, row in pinned.items() if row.first)
    caught = tuple(m.name for m in MUTANTS.values() if m.breaks == p.name)
    return Row(name, p.name, p.sentence, worlds, ", ".join(sorted(verdicts)), begun, caught)


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
