"""Mistakes with the budget for downtime: nobody looks at it, or not at all that is left to send."""

from __future__ import annotations

from dataclasses import replace

from holdfast.impl import downtime
from holdfast.impl.driver import VmView
from holdfast.impl.safeguards import Safeguards
from holdfast.specs.worlds import WORLDS
from tests.impl.crashes import Mechanism
from tests.impl.worlds import AT_REST, NEVER_AT_REST

from .breaking import function
from .mutant import Mutant

WITHIN = "what is left to send is within the VM's budget"
BUDGETS = WORLDS["one-page-at-rest"]


def _at_any_time(_: VmView, __: int | None) -> bool:
    return True


def _never(_: VmView, budget_pages: int | None) -> bool:
    return budget_pages is None


def _unsent_only(vm: VmView) -> int:
    """What was written since is forgotten."""
    return vm.resident_pages - vm.copied_pages


MUTANTS = (
    Mutant(
        "stunned whatever is left to send",
        "safeguards",
        (WITHIN, "L6"),
        world=BUDGETS,
        parts=Mechanism(replace(Safeguards(), within_budget=_at_any_time)),
    ),
    Mutant(
        "stale pages not counted as left",
        "safeguards",
        ("L6",),
        function(downtime.left_pages, _unsent_only),
        case=NEVER_AT_REST,
    ),
    Mutant(
        "never stunned within a budget",
        "safeguards",
        ("L2", "L6"),
        case=AT_REST,
        parts=Mechanism(replace(Safeguards(), within_budget=_never)),
    ),
)
