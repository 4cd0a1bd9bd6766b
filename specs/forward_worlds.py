"""Worlds in which the operator goes forward only: what ends there, ends by itself."""

from __future__ import annotations

from .case import Case
from .questions import CLEAN, NOT_RECLAIMED, ONCE, STILL, active, because, case, host, on_one

FORWARD = because("nobody gives up here: what ends, ends by itself", "cancel", "withdraw", "roll_back")

NEVER_GIVEN_UP = case(
    "never-given-up",
    "The whole exchange with every fault, and an operator who gives nothing up.",
    on_one(host(5, 2), active("vm", 1), **ONCE),
    bounded={
        "1 VM of 1 page": "the guest can write to it again and again",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "each fault once": "after the last fault everything must still end",
    },
    leave_out={**STILL, **FORWARD},
    unseen=NOT_RECLAIMED,
)
NEVER_GIVEN_UP_BY_TWO = case(
    "never-given-up-by-two",
    "Two VMs with room for one second copy, every fault, and an operator who gives nothing up: each waits for the other.",
    on_one(host(7, 3), active("first", 1), active("second", 1), **ONCE),
    bounded={
        "2 VMs of 1 page": "the one waits while the other is copied",
        "7 frames": "hypervisors, host VM, two VMs and one second copy",
        "each fault once": "on the one or on the other",
    },
    leave_out={**STILL, **CLEAN, **FORWARD},
    unseen=NOT_RECLAIMED,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
