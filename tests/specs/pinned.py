"""Verdicts as rows of the ledger; and the one switch, `HOLDFAST_REWRITE=1`, that writes rows instead of comparing them."""

from __future__ import annotations

import os
from dataclasses import replace

from holdfast.checkers import graph
from holdfast.checkers.graph import Graph
from holdfast.checkers.verdict import Unknown, Vacuous, Verdict, Violated
from holdfast.model.language import Kind, Property
from holdfast.specs import ledger
from holdfast.specs.ledger import LivenessRow, MutantRow, RemovalRow, WorldRow

REWRITE = os.environ.get("HOLDFAST_REWRITE") == "1"


def world_row(verdict: Verdict) -> WorldRow:
    """What the ledger says of a world that came to this verdict."""
    assert not isinstance(verdict, Unknown), verdict.why
    f = verdict.figures
    row = WorldRow(type(verdict).__name__, f.states, f.transitions, f.depth, dict(f.firings))
    if isinstance(verdict, Violated):
        return replace(row, broke=verdict.property, steps=len(verdict.steps))
    if isinstance(verdict, Vacuous):
        return replace(row, never=(*verdict.never_fired, *verdict.never_witnessed))
    return replace(row, witnesses={name: len(steps) for name, steps in verdict.witnesses.items()})


def mutant_row(first: Verdict, alone: Verdict) -> MutantRow:
    """What the ledger says of a mutant: with all properties, and with the one that it names."""
    assert isinstance(first, Violated), first
    assert isinstance(alone, Violated), alone
    return MutantRow(first.property, len(first.steps), len(alone.steps))


def pin_world(name: str, row: WorldRow) -> None:
    """Compare with the ledger, or write it there."""
    known = ledger.read()
    if REWRITE:
        ledger.write(replace(known, worlds={**known.worlds, name: row}))
    else:
        assert row == known.worlds.get(name)


def pin_mutant(name: str, row: MutantRow) -> None:
    """Compare with the ledger, or write it there."""
    known = ledger.read()
    if REWRITE:
        ledger.write(replace(known, mutants={**known.mutants, name: row}))
    else:
        assert row == known.mutants.get(name)


def liveness_row(seen: Graph, p: Property) -> LivenessRow:
    """What the ledger says of a liveness property on a graph."""
    verdict = graph.recoverable(seen, p) if p.kind is Kind.RECOVERABLE else graph.leads_to(seen, p)
    steps = len(verdict.steps) if isinstance(verdict, Violated) else None
    return LivenessRow(type(verdict).__name__, len(seen.states), len(seen.where(p.term)), steps)


def pin_liveness(name: str, row: LivenessRow) -> None:
    """Compare with the ledger, or write it there."""
    known = ledger.read()
    if REWRITE:
        ledger.write(replace(known, liveness={**known.liveness, name: row}))
    else:
        assert row == known.liveness.get(name)


def pin_removal(name: str, row: RemovalRow) -> None:
    """Compare with the ledger, or write it there."""
    known = ledger.read()
    if REWRITE:
        ledger.write(replace(known, removals={**known.removals, name: row}))
    else:
        assert row == known.removals.get(name)
