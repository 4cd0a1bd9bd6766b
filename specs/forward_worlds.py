"""Worlds in which the operator goes forward only: what ends there, ends by itself. And the world without a VM."""

from __future__ import annotations

from .case import Case
from .questions import (
    BALLOONING,
    CLEAN,
    FROZEN,
    NOT_RECLAIMED,
    ONCE,
    STILL,
    SWAPPING,
    active,
    because,
    case,
    host,
    on_one,
)

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

EMPTY_MACHINE = case(
    "empty-machine",
    "A machine without a VM is exchanged like any other: what asks for every VM asks for nothing here.",
    on_one(host(4, 1), boot_failed=1, format_unreadable=1),
    bounded={
        "no VM": "the order of the steps rests on nothing else",
        "4 frames": "old, new and guest hypervisor, and host VM: not one more",
        "each fault of the exchange once": "those of migrations have nothing to strike",
    },
    leave_out=because(
        "there is no VM",
        *("dirty", "touch", *FROZEN, *BALLOONING, *SWAPPING, "consolidate", "disassociate", "withdraw", "copy"),
        *("copy_again", "stop", "commit", "activate", "cancel", "migration_aborted", "destination_killed"),
    ),
    unseen=because(
        "there is no VM",
        *("authority_has_passed", "all_suspended", "nested_on_new", "moving_out", "two_copies"),
        *("reclaimed_and_moved", "swapped_out"),
    ),
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
