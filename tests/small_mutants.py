"""Which mutants are looked for in the default tests: those in worlds that the interpreter goes through in a moment."""

from __future__ import annotations

from holdfast.specs import ledger
from holdfast.specs.decided import is_liveness
from holdfast.specs.mutants import MUTANTS

STATES = {name: row.states for name, row in ledger.read().worlds.items()}
SMALL_STATES = 310
SMALLEST = "smallest"
"""The world of the whole exchange: it has more states, of which counterexamples to safety need few."""


def is_small(name: str) -> bool:
    """Whether a mutant lives in a small world; the slow tests have the others."""
    mutant = MUTANTS[name]
    return STATES[mutant.world] <= SMALL_STATES or (mutant.world == SMALLEST and not is_liveness(mutant.breaks))
