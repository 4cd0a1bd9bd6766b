"""The one switch, `HOLDFAST_REWRITE=1`, that writes rows of the ledger instead of comparing with them."""

from __future__ import annotations

import os
from dataclasses import replace

from holdfast.specs import ledger
from holdfast.specs.ledger import LivenessRow, MutantRow, RemovalRow, WorldRow

REWRITE = os.environ.get("HOLDFAST_REWRITE") == "1"


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
