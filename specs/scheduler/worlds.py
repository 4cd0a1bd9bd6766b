"""Small worlds in which the memory scheduler sets the targets."""

from __future__ import annotations

from ..case import Case
from ..hosts import GuestPages
from ..questions import CLEAN, FAULTLESS, SWAPPING, because, case, host
from .questions import (
    DATA_ONLY,
    DRIVERS_WORK,
    EXACT,
    EXCHANGE_ALONGSIDE,
    INTO_HOST_VM_ONLY,
    MEMORY_ONLY,
    NEVER_LOW,
    NO_DEAD_BALLOON,
    NO_EXCHANGE_SEEN,
    NO_PINNING,
    NO_SLOTS,
    NOBODY_INSIDE,
    ONE_VM,
    PARTS,
    POLICY_SETS,
    QUIET,
    Due,
    Lines,
    scheduled,
)

LOW = case(
    "low-and-blocked",
    "A guest grows until memory is low, and is blocked until pages of it are swapped.",
    scheduled(
        host(5, 0, limit=16, swap=2),
        [Due(GuestPages("vm", 4, {"active_anonymous": 1, "inactive_anonymous": 1}, hot_peak=2), entitlement=2)],
        Lines(clear=3),
    ),
    bounded={
        "1 VM of 4 pages": "two are there, and two more fill the machine",
        "5 frames": "the hypervisor and all four pages: not one more",
        "lines at 0, 1, 2 and 3 frames": "every memory state is reached, and a margin of a frame keeps each a little longer",
        "2 swap slots, an entitlement of 2 pages": "two of four pages can be taken in the end, so it can be low no longer",
        "no more than 2 pages hot": "of what it has beyond what it is due, some is idle (A3)",
    },
    leave_out={**MEMORY_ONLY, **DATA_ONLY, **DRIVERS_WORK}
    | because("what the balloon holds is never due here: one-gives-one-gets asks about that", "deflate"),
    unseen={**NO_DEAD_BALLOON, **ONE_VM, **NO_EXCHANGE_SEEN},
    parts=PARTS,
    asks=PARTS,
)
GIVES_AND_GETS = case(
    "one-gives-one-gets",
    "Two VMs on a machine without room for what both would like: one gets what the other gives.",
    scheduled(
        host(7, 0),
        [
            Due(GuestPages("gold", 3, {"active_anonymous": 1, "inactive_anonymous": 1}, ballooned=1), shares=2),
            Due(GuestPages("iron", 3, {"active_anonymous": 1, "inactive_anonymous": 2}, hot_peak=2), entitlement=2),
        ],
        Lines(0, 0, 0, 0),
    ),
    bounded={
        "2 VMs of 3 pages": "one page is in the balloon of the one, while the other has one that it can spare",
        "7 frames": "the hypervisor, five pages, and the frame that keeps the machine out of Low",
        "an entitlement of 2 pages for the one that gives": "together the VMs are due what there is room for",
        "no more than 2 of its pages hot": "whatever it does there is an idle one (A3)",
        "lines at 0": "memory is never scarce: what is asked for is asked for the other VM",
    },
    leave_out={**MEMORY_ONLY, **DATA_ONLY, **DRIVERS_WORK}
    | because("nothing is swapped here: low-and-blocked asks about that", *SWAPPING, "ask_swap")
    | because("memory is never scarce here", "worsen", "ease", "block", "unblock")
    | because(
        "the one that gives always has an idle page, and has touched every page", "ask_less", "inflate_untouched"
    ),
    unseen={**NO_DEAD_BALLOON, **NO_EXCHANGE_SEEN, **NOBODY_INSIDE, **NEVER_LOW, **NO_SLOTS}
    | because("memory is never scarce here", "nothing_left_to_spare"),
    parts=PARTS,
    asks=PARTS,
)
RESTS = case(
    "comes-to-rest",
    "The same machine with guests that are still: one gets what the other gives, and then nothing more is asked or given.",
    scheduled(
        host(8, 0),
        [
            Due(GuestPages("gold", 3, {"active_anonymous": 2}, ballooned=1), shares=2),
            Due(GuestPages("iron", 4, {"active_anonymous": 1, "inactive_anonymous": 3})),
        ],
        Lines(0, 0, 0, 0),
    ),
    bounded={
        "2 VMs, of 3 and 4 pages": "the one is due a page more than it has, the other could spare two",
        "8 frames": "the hypervisor, six pages, and the frame that keeps the machine out of Low",
    },
    leave_out={**MEMORY_ONLY, **DATA_ONLY, **DRIVERS_WORK, **QUIET}
    | because("nothing is swapped here: low-and-blocked asks about that", *SWAPPING, "ask_swap")
    | because("memory is never scarce here", "worsen", "ease", "block", "unblock")
    | because("what was idle stays idle, and every page has been touched", "ask_less", "inflate_untouched"),
    unseen={**NO_DEAD_BALLOON, **NO_EXCHANGE_SEEN, **NOBODY_INSIDE, **NEVER_LOW, **NO_SLOTS}
    | because("memory is never scarce here", "nothing_left_to_spare")
    | because("guests are still here", "estimate_is_stale"),
    parts=PARTS,
    asks=PARTS,
)
PAYING = (("iron", 1), ("tin", 2), ("gold", 3))
"""VMs and their shares."""

HANGS = Due(GuestPages("hangs", 3, {"active_anonymous": 1, "inactive_anonymous": 1}, swapped=1, hot_peak=2))
HANGS_ANYWAY = Due(
    GuestPages("hangs", 4, {"active_anonymous": 1, "inactive_anonymous": 1, "free": 1, "inactive_buffer": 1})
)
NO_DRIVER = Due(GuestPages("none", 2, {"active_anonymous": 1, "inactive_anonymous": 1}, hot_peak=1), has_agent=False)
TOUCHED = because(
    "every page has been touched, and what a balloon took stays in it", *("touch", "inflate_untouched", "deflate")
)

DEAD = case(
    "dead-balloon",
    "A balloon's driver hangs at any point, and another guest has none at all: pages are swapped instead.",
    scheduled(host(8, 0, limit=16, swap=2), [HANGS_ANYWAY, NO_DRIVER], Lines(0, 0, 2, 2), driver_stuck=1),
    bounded={
        "2 VMs, of 4 and 2 pages": "one whose driver hangs, with an idle page of each class, and one without a driver",
        "8 frames": "one is available, and four are to be",
        "2 swap slots": "one fewer than pages that are to be taken",
        "one driver that hangs": "before, while or after its balloon is to grow",
    },
    leave_out={**MEMORY_ONLY, **EXACT, **NO_PINNING, **TOUCHED}
    | because(
        "the guests are still",
        *("read_file", "reuse_buffer", "age_buffer", "drop_buffer", "allocate", "release"),
    )
    | because(
        "the guests are still, and nothing is due that was taken: dead-balloon-and-due asks about that",
        *("fault_in", "reuse_anonymous", "age_anonymous", "grant", "ask_less"),
    )
    | because("memory is never low here", "block", "unblock"),
    unseen={**NO_EXCHANGE_SEEN, **NOBODY_INSIDE, **NEVER_LOW}
    | because("the slots are as many as the pages that are wanted", "every_slot_promised")
    | because("the guests are still", "estimate_is_stale", "short_of_what_was_taken", "waits_for_another_to_give"),
    parts=PARTS,
    asks=PARTS,
)
DEAD_AND_DUE = case(
    "dead-balloon-and-due",
    "The same machine with guests that change what they use: what was taken may be due while a balloon is dead.",
    scheduled(host(6, 0, limit=16, swap=2), [HANGS, NO_DRIVER], Lines(0, 0, 1, 1), driver_stuck=1),
    bounded={
        "2 VMs, of 3 and 2 pages": "one whose driver hangs and of which a page is swapped, and one without a driver",
        "6 frames": "one is available, and three are to be",
        "2 swap slots": "one of them is taken: one fewer than pages that are to be taken",
        "one driver that hangs": "before, while or after its balloon is to grow",
        "2 hot pages of the one, 1 of the other": "it may come to use all that it has left, and be short (A3)",
    },
    leave_out={**MEMORY_ONLY, **DATA_ONLY, **TOUCHED}
    | because("all but one page is idle, whatever the guests do", "ask_less")
    | because("memory is never low here", "block", "unblock"),
    unseen={**NO_EXCHANGE_SEEN, **NOBODY_INSIDE, **NEVER_LOW},
    parts=PARTS,
    asks=PARTS,
)
PINNED = case(
    "pinned-and-freed",
    "A guest moves its pages through all classes, and estimates are off by a page.",
    scheduled(
        host(5, 0, limit=16, swap=1),
        [Due(GuestPages("vm", 3, {"active_anonymous": 2, "free": 1}, reservation=1), limit=2, error=1)],
        Lines(),
    ),
    bounded={
        "1 VM of 3 pages": "three classes at once",
        "an error of 1 page": "what is active may be found idle, and the other way round (A24)",
        "a reservation of 1 page, a limit of 2": "one page is left, and a third one is never given back",
        "5 frames, 1 swap slot": "memory is scarce from the start, and one slot is too few",
    },
    leave_out={**MEMORY_ONLY, **DRIVERS_WORK}
    | because("memory is never low here", "block", "unblock")
    | because(
        "a third page is never given back, and the others have been touched", "touch", "inflate_untouched", "deflate"
    ),
    unseen={**NO_DEAD_BALLOON, **ONE_VM, **NO_EXCHANGE_SEEN, **NEVER_LOW},
    parts=PARTS,
    asks=PARTS,
)
FULL = case(
    "exchanged-when-full",
    "A machine without a free frame is exchanged: three of four pages are swapped first, which makes room for guest "
    "hypervisor, host VM and second copy (D6).",
    scheduled(
        host(5, 3, limit=16, swap=3),
        [Due(GuestPages("vm", 4, {"active_anonymous": 1, "inactive_anonymous": 3}), entitlement=1)],
        Lines(0, 0, 1, 1),
        inside=Lines(0, 0, 0, 0),
    ),
    bounded={
        "1 VM of 4 pages": "with the old hypervisor it fills the machine",
        "three frames to be available": "guest hypervisor, host VM, and a second copy of the page that stays (D6)",
        "an entitlement of 1 page": "three of four may be taken",
    },
    leave_out={**EXCHANGE_ALONGSIDE, **QUIET}
    | because(
        "no more is available than the Hard line says: all is swapped, and nothing is due",
        *("ask_balloon", "inflate_untouched", "squeeze_anonymous", "deflate", "ask_less", "grant"),
    ),
    unseen={**NO_DEAD_BALLOON, **ONE_VM}
    | because("guests are still here", "estimate_is_stale")
    | because("all is swapped, and nothing is due", "balloon_and_swap_asked", "short_of_what_was_taken"),
    parts=PARTS,
    asks=PARTS,
)
IDLE_HALF = {"active_anonymous": 1, "inactive_anonymous": 1}
"""One page in use, one idle."""

THREE = case(
    "three-exchanged-when-full",
    "Three VMs fill a machine, which is exchanged in spite of faults: each gives its idle page first, the cheapest before "
    "the others, and each moves into the guest hypervisor and out again.",
    scheduled(
        host(7, 4, limit=32, swap=3),
        [Due(GuestPages(name, 2, IDLE_HALF), shares=shares, entitlement=1) for name, shares in PAYING],
        Lines(0, 0, 1, 1),
        inside=Lines(0, 0, 0, 0),
        migration_aborted=1,
        boot_failed=1,
    ),
    bounded={
        "3 VMs of 2 pages, of 1, 2 and 3 shares": "they fill the machine, and what they pay puts them in an order",
        "3 swap slots, an entitlement of 1 page": "the idle page of each may be taken",
        "three frames to be available": "guest hypervisor, host VM, and a second copy of a page",
        "a host VM of 4 pages": "the guest hypervisor and what each VM has left",
        "a migration and a boot that fail": "once while pages are being taken or moved, once while all are suspended",
    },
    leave_out={**POLICY_SETS, **DATA_ONLY, **DRIVERS_WORK, **CLEAN, **QUIET}
    | because(
        "two faults are enough here: every-fault asks about the others", "destination_killed", "format_unreadable"
    )
    | because(
        "no more is available than the Hard line says: all is swapped, and nothing is due",
        *("ask_balloon", "inflate_untouched", "squeeze_anonymous", "deflate", "ask_less", "grant"),
    )
    | because("nobody has yet to give where memory is low: low-and-blocked asks about that", "block", "unblock"),
    unseen={
        **NO_DEAD_BALLOON,
        **NOBODY_INSIDE,
    }
    | because(
        "all is swapped, and nothing is due",
        *("balloon_and_swap_asked", "short_of_what_was_taken", "waits_for_another_to_give"),
    )
    | because("guests are still here", "estimate_is_stale")
    | because("nobody is blocked here", "blocked_in_low"),
    parts=PARTS,
    asks=PARTS,
)
INSIDE = case(
    "scheduled-inside",
    "Two VMs move into a host VM that has a scheduler of its own, whose capacity is the host VM's size (X6).",
    scheduled(
        host(14, 5, limit=16, swap=1),
        [
            Due(GuestPages("one", 2, {"active_anonymous": 1}, ballooned=1), shares=2),
            Due(GuestPages("two", 2, {"active_anonymous": 1, "inactive_anonymous": 1})),
        ],
        Lines(0, 0, 0, 0),
        inside=Lines(0, 0, 0, 0),
    ),
    bounded={
        "2 VMs of 2 pages": "one gets what the other gives",
        "a host VM of 5 pages": "the guest hypervisor and all four pages: inside, memory can be low",
        "14 frames": "outside it never is",
        "1 swap slot": "one page can be swapped where memory is low",
    },
    leave_out={**EXCHANGE_ALONGSIDE, **INTO_HOST_VM_ONLY}
    | because("a page that was given back is used before it can be asked for again", "inflate_untouched"),
    unseen={**NO_DEAD_BALLOON}
    | because("nothing is exchanged here", "exchanged_for_what_was_taken")
    | because("one page of each VM can be taken at most", "balloon_and_swap_asked"),
    parts=PARTS,
    asks=PARTS,
)
IN_FLIGHT = case(
    "two-phases-in-flight",
    "One VM is to give a page to another, and may be on its way into the guest hypervisor before it has: the other waits.",
    scheduled(
        host(8, 3, limit=32, swap=2),
        [
            Due(GuestPages("gets", 3, {"active_anonymous": 1}, swapped=1, ballooned=1, reservation=2), limit=2),
            Due(GuestPages("gives", 2, {"active_anonymous": 1, "inactive_anonymous": 1}, reservation=1), entitlement=0),
        ],
        Lines(3, 3, 3, 3, 0),
        inside=Lines(0, 0, 0, 0),
    ),
    bounded={
        "2 VMs, of 3 and 2 pages": "one is due a page that was swapped, the other can spare one",
        "8 frames, the lowest line at 3": "Low is what guest hypervisor, host VM and a second copy may need (D6)",
        "a host VM of 3 pages, reservations of 2 and 1": "the host VM cannot reserve for both: one VM at a time",
        "an entitlement of no page": "the one that gives is due its reservation only",
        "a limit of 2 pages": "the one that gets is never to have its third page",
    },
    leave_out={**EXCHANGE_ALONGSIDE, **INTO_HOST_VM_ONLY}
    | because(
        "what the balloon holds is never due, and every other page has been touched",
        *("deflate", "touch", "inflate_untouched"),
    )
    | because("once the host VM is there, memory stays low", "ease"),
    unseen={**NO_DEAD_BALLOON, **NO_EXCHANGE_SEEN, **NOBODY_INSIDE},
    parts=PARTS,
    asks=PARTS,
)

SUSPENDED = case(
    "suspended-with-targets",
    "A VM with targets is consolidated, and suspended or withdrawn, at any point of what the scheduler does: meanwhile its "
    "targets are frozen (X3).",
    scheduled(
        host(14, 5, limit=16, swap=1),
        [Due(GuestPages("vm", 3, {"active_anonymous": 1, "inactive_anonymous": 1}, ballooned=1))],
        Lines(0, 0, 0, 0),
        inside=Lines(0, 0, 2, 2),
        driver_stuck=1,
    ),
    bounded={
        "1 VM of 3 pages": "one in use, one idle, one in the balloon: it may be short, or have one to spare",
        "14 frames": "outside, memory is never scarce",
        "a host VM of 5 pages": "inside, memory is soft as soon as the VM is there",
        "a driver that hangs": "what is asked of the balloon may still be owed when the VM is suspended",
    },
    leave_out={**POLICY_SETS, **DATA_ONLY, **FAULTLESS, **CLEAN}
    | because(
        "what comes after suspending is asked about by exchanged-when-full",
        *("disassociate", "cancel", "build_map", "seal_map", "launch_new", "finish_boot"),
        *("pass_map", "validate_map", "tear_down_old", "resume", "destroy_host_vm"),
    )
    | because("memory is never low here, and once the VM is inside it stays scarce", "ease", "block", "unblock"),
    unseen={**ONE_VM, **NO_EXCHANGE_SEEN, **NEVER_LOW},
    parts=PARTS,
    asks=PARTS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
