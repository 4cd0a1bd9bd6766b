"""What there is to derive again, and how each of it is derived: one task for each world, mutant, graph and removal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..specs.decided import asked, deciding
from ..specs.ledger import Ledger, LivenessRow, MutantRow, RemovalRow, WorldRow
from ..specs.mutants import MUTANTS
from ..specs.removals import removals
from ..specs.worlds import MODEL_WORLDS
from .rows import NoRow, Undecided, liveness_row, mutant_row, world_row

Section: TypeAlias = Literal["worlds", "mutants", "liveness", "removals"]
Row: TypeAlias = WorldRow | MutantRow | LivenessRow | RemovalRow


@dataclass(frozen=True)
class Task:
    """Rows of a section of the ledger to derive: those of a world, mutant or removal; for liveness, of a world's graph."""

    section: Section
    name: str


@dataclass(frozen=True)
class Outcome:
    """The rows that a task came to; without any, why it failed, or why it is undecided."""

    task: Task
    rows: Mapping[str, Row] = field(default_factory=dict[str, Row])
    failed: str = ""
    undecided: str = ""


def tasks(ledger: Ledger, *, with_removals: bool) -> list[Task]:
    """All that the catalogue rests on, the longest first: so that no processor waits for another at the end."""
    pinned = ledger.worlds
    worlds = sorted(MODEL_WORLDS, key=lambda name: -pinned[name].transitions if name in pinned else 0)
    found = [Task("worlds", name) for name in worlds]
    found += [Task("liveness", name) for name in dict.fromkeys(one.world for one in asked())]
    if with_removals:
        found += [Task("removals", removal.name) for removal in removals()]
    return found + [Task("mutants", name) for name in MUTANTS]


def derive(task: Task, ledger: Ledger, until: float) -> Outcome:
    """Do a task; a search that is not over by then (`time.time()`) is undecided."""
    from ..checkers.graph import TooLarge
    from ..checkers.interpret import OutOfRange

    if time.time() >= until:
        return Outcome(task, undecided="no time was left for it")
    try:
        return Outcome(task, _DERIVES[task.section](task.name, ledger, until))
    except (Undecided, TooLarge) as error:
        return Outcome(task, undecided=str(error))
    except (NoRow, OutOfRange) as error:
        return Outcome(task, failed=str(error))


def _world(name: str, _: Ledger, until: float) -> dict[str, Row]:
    from ..checkers.explore import Limits, explore
    from ..checkers.interpret import Run

    limits = Limits(seconds=until - time.time())
    return {name: world_row(explore(Run(*MODEL_WORLDS[name].build()), limits=limits))}


def _mutant(name: str, _ledger: Ledger, _until: float) -> dict[str, Row]:
    from ..checkers.interpret import Run
    from .deciding import decide

    mutant = MUTANTS[name]
    return {name: mutant_row(decide(Run(*mutant.build())), decide(Run(*mutant.alone())))}


def _liveness(world: str, _ledger: Ledger, _until: float) -> dict[str, Row]:
    from ..checkers import graph
    from ..checkers.interpret import Run

    run = Run(*deciding(world))
    seen = graph.explicit(run)
    here = [one for one in asked() if one.world == world]
    return {one.row: liveness_row(seen, run.system.property(one.named)) for one in here}


def _removal(name: str, ledger: Ledger, _until: float) -> dict[str, Row]:
    from .killing import kill

    return {name: kill(next(r for r in removals() if r.name == name), ledger)}


_DERIVES: Mapping[Section, Callable[[str, Ledger, float], dict[str, Row]]] = {
    "worlds": _world,
    "mutants": _mutant,
    "liveness": _liveness,
    "removals": _removal,
}
