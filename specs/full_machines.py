"""Worlds of several VMs on a machine that is full: nothing can begin before pages are taken from one of them."""

from __future__ import annotations

from .case import Case
from .hosts import GuestPages
from .questions import CLEAN, FROZEN, ONCE, active, because, case, host, on_one

THREE = (
    active("first", 1),
    active("second", 1),
    GuestPages("cold", 2, {"inactive_anonymous": 1, "free": 1}, reservation=1),
)
FULL_OF_THREE = {
    "3 VMs, of 1, 1 and 2 pages": "two have hot pages only, one has a free and a cold one",
    "7 frames": "full once the host VM is there: the balloon or the swap must take a page before a copy fits",
    "1 swap slot": "the one cold page",
}
TAKEN_ONCE = {
    **FROZEN,
    **because("guests touch nothing that was taken from them (A3): they could overcommit", "touch", "fault_in"),
    **because(
        "no guest has such pages, and none change their class",
        *("squeeze_buffer", "inflate_untouched", "swap_out_blindly"),
    ),
    **because("what was taken stays taken here: reclaim-first asks about that", "deflate", "squeeze_anonymous"),
}

THREE_RECLAIMED = case(
    "three-vms-reclaimed",
    "Three VMs on a full machine: pages are taken from one of them before anything fits, and faults strike meanwhile.",
    on_one(host(7, 4, limit=16, swap=1), *THREE, **ONCE),
    bounded={
        **FULL_OF_THREE,
        "reservations of 1 page each": "the host VM's size is reserved to the last page",
        "each fault once": "four faults, of which any two may meet",
    },
    leave_out={**TAKEN_ONCE, **CLEAN},
    unseen=because("it may promise more than it has", "promised_to_the_limit"),
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
