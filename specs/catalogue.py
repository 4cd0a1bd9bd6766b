"""The catalogue: each requirement with what says it, where it holds, what shows that it is not idle, what exposes it.

Rows come from the model's properties, those of liveness included, the ledger, and the mutants; nothing in them is by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from ..model.language import Kind, Property, System
from .decided import LIVENESS, Asked, asked
from .ledger import Ledger, read
from .model import PARTS, full, live
from .mutants import MUTANTS
from .worlds import MODEL_WORLDS

REQUIREMENTS = (
    *(f"S{n}" for n in range(1, 19)),
    *(f"M{n}" for n in range(1, 15)),
    "O",
    *(f"X{n}" for n in range(1, 8)),
    *(f"L{n}" for n in range(1, 8)),
    *(f"F{n}" for n in range(1, 6)),
)
"""The names that properties cite: all of the catalogue of requirements, in its order; "O" is *never overcommitted*."""


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


def missing(listed: Iterable[Row]) -> tuple[str, ...]:
    """The names that no property cites."""
    found = {row.id for row in listed}
    return tuple(name for name in REQUIREMENTS if name not in found)


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
        mutants=_caught_by(p, ledger),
        violated_in=tuple(world for world, case in MODEL_WORLDS.items() if case.breaks == p.name),
    )


def _live_row(name: str, p: Property, ledger: Ledger) -> Row:
    worlds = tuple(one.world for one in asked() if one.named == p.name)
    pinned = {w: ledger.liveness[one] for w in worlds if (one := Asked(p.name, w).row) in ledger.liveness}
    verdicts = {pinned[world].verdict if world in pinned else "Unknown" for world in worlds}
    begun = tuple(Shown(p.name, world, states=row.first) for world, row in pinned.items() if row.first)
    return Row(name, p.name, p.sentence, worlds, ", ".join(sorted(verdicts)), begun, _caught_by(p, ledger))


def _caught_by(p: Property, ledger: Ledger) -> tuple[str, ...]:
    """The mutants that name this property, as far as the ledger has seen them caught."""
    return tuple(m.name for m in MUTANTS.values() if m.breaks == p.name and m.name in ledger.mutants)


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
