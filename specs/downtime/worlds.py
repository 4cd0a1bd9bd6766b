"""Worlds in which VMs have a budget for their downtime."""

from __future__ import annotations

from ...model.downtime import Downtime
from ..case import Case
from ..questions import (
    FAULTLESS,
    NO_FAULT_SEEN,
    NOT_RECLAIMED,
    ROOMY_MACHINE,
    STILL,
    active,
    because,
    case,
    host,
    on_one,
)

ASKED_FIRST = because("here a VM is stunned only within its budget", "stop")

ONE_PAGE_AT_REST = case(
    "one-page-at-rest",
    "A guest writes to what was already copied, and may be stunned once a single page is left to send.",
    [*on_one(host(9, 4), active("vm", 3)), Downtime("vm.downtime", vm="vm", budget=1)],
    bounded={
        "1 VM of 3 pages": "two pages can be stale at once, one more than the budget",
        "a budget of 1 page": "neither everything before the stun, nor everything after it",
        "9 frames": "both copies of all three pages",
    },
    leave_out={**STILL, **FAULTLESS, **ASKED_FIRST},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN},
    parts=("downtime",),
)
BUDGETS_APART = case(
    "budgets-apart",
    "Two VMs side by side: the one is stunned only when all of it was sent, the other at any time.",
    [
        *on_one(host(11, 5), active("strict", 2), active("lax", 2)),
        Downtime("strict.downtime", vm="strict", budget=0),
        Downtime("lax.downtime", vm="lax", budget=2),
    ],
    bounded={
        "2 VMs of 2 pages": "the budget of the one says nothing of the other",
        "budgets of 0 and 2 pages": "the least and the most that there is to ask",
        "11 frames": "both copies of both VMs, and one to spare",
    },
    leave_out={**STILL, **FAULTLESS, **ASKED_FIRST},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN, **ROOMY_MACHINE},
    parts=("downtime",),
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
