"""What kills a removal: the first property that fails without the requirement, in the cheapest world where one does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ..checkers.verdict import Violated
from ..model.language import Kind
from ..specs.ledger import Ledger, RemovalRow
from ..specs.removals import IN_RANGE, Removal
from ..specs.worlds import MODEL_WORLDS

if TYPE_CHECKING:
    from ..model.language import System, World

IN_PYTHON = 30_000
"""Worlds with no more transitions are explored without compiling: each removal is a system of its own."""


def kill(removal: Removal, ledger: Ledger) -> RemovalRow:
    """The row of a removal. A lemma counts only where no property of the catalogue fails in any world."""
    by_lemma: RemovalRow | None = None
    for world in removal.worlds(ledger):
        small = ledger.worlds[world].transitions <= IN_PYTHON
        found = _broken(*_sound(removal, world), small)
        if found is None:
            continue
        cited = found if found.killer in _named(removal, world) else _broken(*_sound(removal, world, cited=True), small)
        if cited is not None:
            return cited
        by_lemma = by_lemma or found
    return _stuck(removal, ledger) or by_lemma or RemovalRow()


def _sound(removal: Removal, world: str, *, cited: bool = False) -> tuple[System, World]:
    """What is asked of a removal in a world, less all that fails there without it."""
    system, members = removal.safe(world, cited=cited)
    kept = tuple(p for p in system.properties if p.name not in _failing_anyway(world))
    return replace(system, properties=kept), members


@cache
def _failing_anyway(world: str) -> frozenset[str]:
    """What fails, sooner or later, in a world that is there to fail, once what failed before is not asked any more."""
    from ..checkers.explore import explore
    from ..checkers.interpret import Run

    failing: set[str] = set()
    system, members = MODEL_WORLDS[world].build()
    while MODEL_WORLDS[world].breaks is not None:
        kept = (p for p in system.properties if p.name not in failing and p.kind is not Kind.SOMETIMES)
        verdict = explore(Run(replace(system, properties=tuple(kept)), members), engine="python")
        if not isinstance(verdict, Violated):
            break
        failing.add(verdict.property)
    return frozenset(failing)


def _named(removal: Removal, world: str) -> frozenset[str]:
    """What counts at once: the properties that the catalogue names, and that quantities stay in range."""
    return frozenset((*(p.name for p in removal.safe(world, cited=True)[0].properties), IN_RANGE))


def _broken(system: System, world: World, small: bool) -> RemovalRow | None:
    """The first safety property that fails, if one does."""
    from ..checkers.explore import explore
    from ..checkers.interpret import OutOfRange, Run

    try:
        verdict = explore(Run(system, world), engine="python" if small else "auto")
    except OutOfRange as error:
        return RemovalRow(IN_RANGE, world.name, len(error.steps) + 1)
    return RemovalRow(verdict.property, world.name, len(verdict.steps)) if isinstance(verdict, Violated) else None


def _stuck(removal: Removal, ledger: Ledger) -> RemovalRow | None:
    """The first liveness property that fails, if one does."""
    from ..checkers import graph
    from ..checkers.interpret import OutOfRange, Run

    for system, world in removal.live(ledger):
        try:
            verdict = graph.check(Run(system, world))
        except OutOfRange:
            continue  # it was found by exploring
        if isinstance(verdict, Violated):
            return RemovalRow(verdict.property, world.name, len(verdict.steps))
    return None
