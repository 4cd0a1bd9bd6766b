"""Verdicts as rows of the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..checkers import graph
from ..checkers.verdict import Unknown, Vacuous, Verdict, Violated
from ..model.language import Kind, Property
from ..specs.ledger import LivenessRow, MutantRow, WorldRow

if TYPE_CHECKING:
    from ..checkers.graph import Graph


class NoRow(Exception):
    """The verdict is none that the ledger has a row for; it says why."""


class Undecided(NoRow):
    """The search ended before it could say."""


def world_row(verdict: Verdict) -> WorldRow:
    """What the ledger says of a world that came to this verdict. Raises Undecided where it came to none."""
    if isinstance(verdict, Unknown):
        raise Undecided(verdict.why)
    f = verdict.figures
    row = WorldRow(type(verdict).__name__, f.states, f.transitions, f.depth, dict(f.firings))
    if isinstance(verdict, Violated):
        return replace(row, broke=verdict.property, steps=len(verdict.steps))
    if isinstance(verdict, Vacuous):
        return replace(row, never=(*verdict.never_fired, *verdict.never_witnessed))
    return replace(row, witnesses={name: len(steps) for name, steps in verdict.witnesses.items()})


def mutant_row(first: Verdict, alone: Verdict) -> MutantRow:
    """What the ledger says of a mutant: with all properties, and with the one that it names.

    Raises NoRow where that one does not catch it.
    """
    if not isinstance(first, Violated) or not isinstance(alone, Violated):
        raise NoRow(f"nothing catches it: {type(alone).__name__}")
    return MutantRow(first.property, len(first.steps), len(alone.steps))


def liveness_row(seen: Graph, p: Property) -> LivenessRow:
    """What the ledger says of a liveness property on a graph."""
    verdict = graph.recoverable(seen, p) if p.kind is Kind.RECOVERABLE else graph.leads_to(seen, p)
    steps = len(verdict.steps) if isinstance(verdict, Violated) else None
    return LivenessRow(type(verdict).__name__, len(seen.states), len(seen.where(p.term)), steps)
