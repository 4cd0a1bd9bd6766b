"""Small worlds of placement: who may come, when, and what the others give for it; with and without an exchange.

What guests do with their pages is asked about elsewhere; here they keep their class, so estimates stay true (A18).
"""

from __future__ import annotations

from ..case import Case
from ..hosts import GuestPages, Release, bounds
from ..questions import CLEAN, FAULTLESS, FROZEN, NO_GROWTH, STILL, active, because, case, host
from .accounts import (
    ANSWERS,
    BY_GATE,
    BY_TARGETS,
    IN_MID_EXCHANGE,
    MOVING,
    NO_EXCHANGE,
    NO_LIMIT,
    NO_RECLAIM,
    NO_SWAP_ROOM,
    NOBODY_WAITS,
    NOT_EXCHANGED,
    ONE_WAITS,
    PARTS,
    UNRESERVED,
    UNSWAPPED,
    Placed,
    newcomer,
    placed,
)

IN_EXCHANGE = case(
    "placed-in-exchange",
    "Two VMs come and go whenever their tenants like: before, in and after an exchange, on a machine just large enough.",
    [
        *placed(
            host(7, 3),
            Placed(active("first", 1), comes_and_goes=True, expected=1, found=1),
            newcomer("second", 1, 1, 1),
            retained=1,
        ),
        *bounds(),
    ],
    bounded={
        "2 VMs of 1 page": "one is off, in flight, nested or suspended while the other is asked for",
        "7 frames": "hypervisors, host VM, both VMs, and one that stays free: or one second copy",
        "1 page that stays free": "the Soft line",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **BY_GATE, **NO_RECLAIM},
    unseen={**NOBODY_WAITS, **NO_LIMIT, **NO_SWAP_ROOM, **because("reservations fit", "rejected_for_reservation")},
    parts=PARTS,
    asks=PARTS,
)
FAILING = case(
    "placed-in-spite-of-faults",
    "VMs come and go while migrations fail at either end and the new hypervisor does not come up.",
    [
        *placed(
            host(8, 2, swap=5, new=Release(footprint=1, vm_overhead=1)),
            Placed(
                GuestPages("first", 2, {"active_anonymous": 1}, swapped=1, reservation=1, hot_peak=1, resident_peak=1),
                comes_and_goes=True,
                expected=1,
                found=1,
            ),
            newcomer("second", 4, 0, 1),
        ),
        *bounds(migration_aborted=1, destination_killed=1, boot_failed=1, format_unreadable=1),
    ],
    bounded={
        "2 VMs that use 1 page each": "one fails while the other comes or goes",
        "a new hypervisor that needs a page for each VM": "what a VM may come to need later counts when it comes",
        "8 frames, none of them promised twice": "what the VMs may touch leaves no promise for the host VM beside both",
        "each fault once": "on the one or on the other",
    },
    leave_out={**STILL, **CLEAN, **BY_GATE, **NO_RECLAIM, **because("there are frames for both", "reject")},
    unseen={
        **NOBODY_WAITS,
        **NO_LIMIT,
        **because("there are frames, slots and reservations for both", *ANSWERS),
        **because("frames are to spare when promises are not", "at_the_soft_line"),
    },
    parts=PARTS,
    asks=PARTS,
)
AFTER_RECLAIM = case(
    "placed-after-reclaim",
    "A full machine: pages are taken from one VM before another one comes, as many as it can surely spare and no more.",
    [
        *placed(
            host(6, 1, limit=16, swap=7),
            Placed(
                GuestPages("cold", 4, {"active_anonymous": 1, "inactive_anonymous": 2, "free": 1}),
                error=1,
                found=2,
            ),
            newcomer("small", 1, 0, 1),
            newcomer("large", 3, 1, 3),
            retained=1,
        ),
        *bounds(most=3),
    ],
    bounded={
        "a VM of 4 pages, of which 1 is in use": "it can spare three, and for sure at least one",
        "newcomers that need 1 and 3 pages": "either comes after pages are taken; both would take a page in use",
        "an error of 1 page": "what is found is off by one, either way (A18)",
        "6 frames, of which 1 stays free": "full at first",
    },
    leave_out={
        **NO_EXCHANGE,
        **FROZEN,
        **NO_GROWTH,
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **because("no guest has cold file buffers", "squeeze_buffer"),
    },
    unseen={
        **ONE_WAITS,
        **NO_LIMIT,
        **NOT_EXCHANGED,
        **NO_SWAP_ROOM,
        **because("reservations fit", "rejected_for_reservation"),
        **UNRESERVED,
    },
    parts=PARTS,
    asks=PARTS,
)
ONE_NEWCOMER = case(
    "placed-one-newcomer",
    "A VM comes after another one has given a page for it, goes again, and the page is given back: nobody waits for ever.",
    [
        *placed(
            host(5, 1, limit=16, swap=4),
            Placed(
                GuestPages("cold", 3, {"active_anonymous": 1, "inactive_anonymous": 1, "free": 1}, reservation=2),
                found=1,
            ),
            newcomer("small", 1, 0, 1),
            retained=1,
        ),
        *bounds(),
    ],
    bounded={
        "1 VM that comes and goes": "what is asked is whether it is answered in the end, whatever it asks for then",
        "5 frames, of which 1 stays free": "full at first",
        "no error": "an estimate that changes all the time may keep an answer from being given (A18)",
    },
    leave_out={
        **NO_EXCHANGE,
        **FROZEN,
        **NO_GROWTH,
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **because("no guest has cold file buffers, or untouched pages then", "squeeze_buffer", "inflate_untouched"),
        **because("there are slots and pages for one", "reject"),
        **because("an estimate without error never changes", "sample"),
    },
    unseen={
        **ONE_WAITS,
        **NO_LIMIT,
        **NO_SWAP_ROOM,
        **NOT_EXCHANGED,
        **because("there is room for one", "rejected_for_reservation", "rejected_for_memory"),
    },
    parts=PARTS,
    asks=PARTS,
)
HOST_VM_AFTER = case(
    "placed-host-vm-after-reclaim",
    "A full machine is exchanged all the same: what the exchange takes is taken from a VM first, and given back after it.",
    [
        *placed(
            host(8, 3, limit=16, swap=9),
            Placed(
                GuestPages("cold", 5, {"active_anonymous": 1, "inactive_anonymous": 2, "inactive_buffer": 2}),
                found=1,
            ),
            newcomer("reserved", 5, 5, 1),
            newcomer("hungry", 4, 0, 4),
        ),
        *bounds(),
    ],
    bounded={
        "a VM of 5 pages, of which 1 is in use": "it can spare what the exchange takes",
        "8 frames": "what the exchange takes fits once a page is taken, and no other VM is there",
        "newcomers of 5 and 4 pages": "beside the one the reservations do not hold, beside the other there is no memory",
        "no error": "placed-after-reclaim asks about estimates",
    },
    leave_out={
        **FROZEN,
        **NO_GROWTH,
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **because("no guest has free pages", "inflate"),
        **because("an estimate without error never changes", "sample"),
    },
    unseen={
        **ONE_WAITS,
        **NO_LIMIT,
        **because("there are slots to spare", "rejected_for_swap", "swap_reserved_to_the_last"),
        **UNRESERVED,
    },
    parts=PARTS,
    asks=PARTS,
)
HOST_VM_RESERVED = case(
    "placed-host-vm-reserved",
    "A host VM for which there are frames, or pages to reclaim, but which would take what a VM has reserved.",
    [
        *placed(
            host(6, 3, limit=16, swap=4),
            Placed(
                GuestPages("idle", 3, {"active_anonymous": 1}, reservation=3),
                comes_and_goes=True,
                expected=1,
                found=1,
            ),
            Placed(GuestPages("cold", 2, {"inactive_anonymous": 2})),
            newcomer("light", 1, 0, 1),
        ),
        *bounds(),
    ],
    bounded={
        "a VM that uses 1 of the 3 pages it has reserved": "while it is there, there is no host VM",
        "a newcomer of 1 page": "while it is there, pages must be reclaimed first",
        "6 frames": "host VM, guest and new hypervisor fit beside two pages",
    },
    leave_out={
        **{name: why for name, why in NO_EXCHANGE.items() if name not in ("admit_host_vm", "host_vm_after_reclaim")},
        **FROZEN,
        **NO_GROWTH,
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **because("no guest has such pages", "inflate", "inflate_untouched", "squeeze_buffer"),
        **because("an estimate without error never changes", "sample"),
    },
    unseen={
        **NO_LIMIT,
        **because("VMs fit in one way or another", "rejected_for_swap", "rejected_for_memory"),
        **because("other bounds are met first", "at_the_soft_line", "swap_reserved_to_the_last"),
        **because("the host VM is not suspended here", *IN_MID_EXCHANGE),
        **UNRESERVED,
    },
    parts=PARTS,
    asks=PARTS,
)
REJECTED = case(
    "placed-or-rejected",
    "Not every VM can come: one lacks reservation, one swap room, one memory; unused reservations count, frames are there.",
    [
        *placed(
            host(7, 1, limit=16, swap=4),
            Placed(GuestPages("idle", 3, {"active_anonymous": 1}, reservation=3), found=1),
            Placed(GuestPages("cold", 3, {"inactive_anonymous": 3}, reservation=1), comes_and_goes=True, expected=1),
            newcomer("reserved", 3, 3, 0),
            newcomer("swapped", 3, 0, 2),
            newcomer("large", 4, 2, 4),
            newcomer("modest", 2, 2, 0),
            retained=1,
        ),
        *bounds(),
    ],
    bounded={
        "7 frames, of which 1 stays free": "five for VMs",
        "a VM that uses 1 of the 3 pages it has reserved": "frames are free that are not to be had",
        "4 swap slots": "enough for either of two VMs beside the large one, not for both",
        "newcomers of 3, 3 and 4 pages": "each lacks one thing only, while the cold VM is there or when it is gone",
        "a newcomer of 2 pages": "it fits once pages are reclaimed",
    },
    leave_out={
        **NO_EXCHANGE,
        **FROZEN,
        **NO_GROWTH,
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **because("no guest has such pages", "inflate", "inflate_untouched", "squeeze_buffer"),
        **because("an estimate without error never changes", "sample"),
    },
    unseen={
        **ONE_WAITS,
        **NO_LIMIT,
        **NOT_EXCHANGED,
        **because("other bounds are met before these", "at_the_soft_line", "swap_reserved_to_the_last"),
        **UNRESERVED,
    },
    parts=PARTS,
    asks=PARTS,
)
LIMITED = case(
    "placed-within-limit",
    "VMs that may have less than their size: a balloon holds the rest from the start, takes more for others, and lets go.",
    [
        *placed(
            host(6, 1, limit=5, swap=8),
            newcomer("limited", 4, 0, 3, limit=2),
            Placed(GuestPages("cold", 3, {"inactive_anonymous": 1, "free": 1}, ballooned=1), limit=2),
            newcomer("small", 1, 1, 1),
            retained=1,
        ),
        *bounds(),
    ],
    bounded={
        "limits of 2 pages": "less than the size, and less than is expected of the one",
        "6 frames, of which 1 stays free": "two VMs of two pages; the third only once a page is taken",
        "a commit limit of 5 frames": "a page that was given back is promised, though it takes no frame",
    },
    leave_out={
        **NO_EXCHANGE,
        **because(
            "pages go cold here, and nothing else: six-classes asks", *(n for n in FROZEN if n != "age_anonymous")
        ),
        **FAULTLESS,
        **CLEAN,
        **UNSWAPPED,
        **BY_TARGETS,
        **BY_GATE,
        **NO_GROWTH,
        **because("no guest has cold file buffers", "squeeze_buffer"),
        **because("everything that a balloon may take was touched", "inflate_untouched"),
        **because("swap slots and frames are there for whoever waits", "reject"),
        **because("an estimate without error never changes", "sample"),
    },
    unseen={
        **NOT_EXCHANGED,
        **because("nobody is rejected", "rejected_for_reservation", "rejected_for_swap", "rejected_for_memory"),
        **because("there are slots to spare", "swap_reserved_to_the_last"),
        **UNRESERVED,
    },
    parts=PARTS,
    asks=PARTS,
)
TWO_MACHINES = case(
    "placed-on-two-machines",
    "Two machines, the one in an exchange: a VM comes onto its own, and what is free on the other does not count.",
    [
        *placed(host(6, 1, name="left"), newcomer("lvm", 1, 1, 0)),
        *placed(
            host(4, 0, name="right"),
            Placed(active("rvm", 1), comes_and_goes=True, expected=1, found=1),
            newcomer("other", 2, 2, 2),
        ),
        *bounds(),
    ],
    bounded={
        "1 VM that comes and goes on the left, 2 on the right": "what is asked about is between machines",
        "6 and 4 frames": "the right machine is full with two VMs",
        "host VMs of 1 and 0 pages": "the newcomer, without a page yet, does not fit (X6); nothing does",
    },
    leave_out={
        **STILL,
        **FAULTLESS,
        **CLEAN,
        **BY_GATE,
        **NO_RECLAIM,
        **because("every VM fits", "reject"),
        **because("the newcomer does not fit into the host VM, so nothing moves", *MOVING),
    },
    unseen={
        **NOBODY_WAITS,
        **NO_LIMIT,
        **NO_SWAP_ROOM,
        **because("every VM fits onto its machine", "rejected_for_reservation", "rejected_for_memory"),
        **because("the newcomer does not fit into the host VM", "came_in_mid_exchange"),
    },
    parts=PARTS,
    asks=PARTS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
