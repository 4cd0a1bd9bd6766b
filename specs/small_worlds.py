"""Small worlds of the model: each asks one thing, and is explored to the end.

A bound is as small as its question allows. What a question does not need is left out with the reason: actions in the
world (`leave_out`), witnesses in the case (`unseen`). Together these worlds fire every action and show every witness.
Numbers A1, A2 … are those of assumptions.md.
"""

from __future__ import annotations

from .case import Case
from .hosts import GuestPages, Release
from .questions import (
    BALLOONING,
    CLEAN,
    FAULTLESS,
    FROZEN,
    NEWER_FORMAT,
    NO_FAULT_SEEN,
    NO_GROWTH,
    NOT_RECLAIMED,
    ONCE,
    REFUSED,
    ROOMY,
    ROOMY_MACHINE,
    STILL,
    SWAPPING,
    TWICE,
    UNSCHEDULED,
    active,
    because,
    case,
    host,
    on_each,
    on_one,
)

# ------------------------------------------------------------------------------------------------ one VM
SMALLEST = case(
    "smallest",
    "The whole exchange with every fault, as small as it can be, and every size exactly met.",
    on_one(host(5, 2), active("vm", 1), **ONCE),
    bounded={
        "1 VM of 1 page": "control is all that is asked about",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "each fault once": "after one fault the exchange must still come to its end",
    },
    leave_out=STILL,
    unseen=NOT_RECLAIMED,
)
SIX_CLASSES = case(
    "six-classes",
    "A guest moves its pages through all six classes while it is consolidated, suspended, resumed and disassociated.",
    on_one(host(9, 4), active("vm", 3, 1, resident_peak=3, hot_peak=2)),
    bounded={
        "1 VM of 3 pages": "three classes at once; two pages are not touched yet",
        "hot peak of 2 pages": "the guest is held to its assumed working set (A3)",
        "9 frames": "both copies of all three pages: nothing is ever refused for room",
    },
    leave_out={**UNSCHEDULED, **FAULTLESS},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN},
)
EVERYTHING = case(
    "everything",
    "Every action of the model in one world, with every witness.",
    on_one(host(7, 4, swap=1), active("vm", 3, 1), **ONCE),
    bounded={
        "1 VM of 3 pages": "one can be in the balloon and one swapped while one is copied",
        "7 frames": "both copies of two of the three pages: the balloon must hold a page first",
        "1 swap slot": "one slot can be short",
        "each fault once": "after one fault the exchange must still come to its end",
    },
)
RECLAIM_FIRST = case(
    "reclaim-first",
    "A machine that has no room for the guest hypervisor, or for a second copy, before pages are taken from the VM.",
    on_one(
        host(5, 4, limit=16, swap=1),
        GuestPages("vm", 3, {"active_anonymous": 1, "inactive_anonymous": 1, "free": 1}, reservation=3),
        most=2,
    ),
    bounded={
        "1 VM of 3 pages": "one page is given up for the guest hypervisor, one more for the copy",
        "5 frames": "hypervisors, host VM and both copies of one page",
        "targets up to 2": "two pages of three are taken, one stays",
        "1 swap slot": "swapping alone is not enough",
    },
    leave_out={
        **FROZEN,
        **FAULTLESS,
        **CLEAN,
        **because("guests touch nothing that was taken from them (A3): they could overcommit", "touch", "fault_in"),
        **because("the guest has no such pages, and none change their class", "squeeze_buffer", "inflate_untouched"),
    },
    unseen={
        **NO_FAULT_SEEN,
        **because("it may promise more than it has", "promised_to_the_limit"),
        **because("it is as large as the whole VM, of which one page is left", "host_vm_full"),
    },
)
GROWTH = case(
    "growth-in-flight",
    "A guest grows while it is in flight, on a machine that promises more than it has: its assumed peaks keep it safe.",
    on_one(host(8, 7, limit=16), active("vm", 6, 1, resident_peak=2, hot_peak=1)),
    bounded={
        "peaks of 2 and 1 pages": "the guest grows by one page, and only once another has gone cold (A3)",
        "a size of 6 pages": "what it never touches is promised all the same",
        "8 frames": "both copies at the peak, and one to spare",
    },
    leave_out={
        **UNSCHEDULED,
        **FAULTLESS,
        **because(
            "six-classes asks about these",
            *("allocate", "read_file", "reuse_buffer", "age_buffer", "release", "drop_buffer", "pin", "unpin"),
        ),
    },
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN, **ROOMY_MACHINE, **because("peaks are below it", "host_vm_full")},
)
BURSTS = case(
    "bursts",
    "Several pages move at once: by the guest, and by the copy.",
    on_one(host(9, 4), active("vm", 3), burst=3),
    bounded={"bursts of up to 3 pages": "all pages of the VM at once", "9 frames": "both copies of all three pages"},
    leave_out={**UNSCHEDULED, **FAULTLESS, **NO_GROWTH},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN},
)

# ------------------------------------------------------------------------------------------- several VMs
SIDE_BY_SIDE = case(
    "side-by-side",
    "Two VMs are consolidated side by side, and back, and out, while they write to what was already copied.",
    on_one(host(14, 6), active("small", 2), active("large", 3)),
    bounded={
        "2 VMs, of 2 and 3 pages": "the copies are different in length, so that either may end first",
        "14 frames": "both copies of both VMs, and one to spare",
    },
    leave_out={**STILL, **FAULTLESS},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN, **ROOMY_MACHINE},
)
ONE_AT_A_TIME = case(
    "one-at-a-time",
    "A machine with frames for one second copy only, and a host VM that is smaller than its residents may ask for.",
    on_one(
        host(9, 5, limit=16),
        GuestPages("first", 2, {"active_anonymous": 2}),
        GuestPages("second", 2, {"active_anonymous": 2}),
    ),
    bounded={
        "2 VMs of 2 pages": "the second copy of one is all that there is room for",
        "9 frames": "hypervisors, host VM, two VMs and one second copy",
        "commit limit of 16 frames": "promises never decide: frames do",
        "no reservations": "reservations never decide: frames do",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN},
    unseen={
        **NOT_RECLAIMED,
        **NO_FAULT_SEEN,
        **because("the machine may promise more than it has", "promised_to_the_limit"),
        **because("nothing is reserved", "reserved_to_the_limit"),
    },
)
PROMISES = case(
    "promises-to-the-limit",
    "A machine that may promise less than it has: a balloon must hold pages before anything is done, and cannot let go.",
    on_one(
        host(12, 4, limit=5),
        active("first", 1),
        GuestPages("second", 2, {"inactive_anonymous": 1, "free": 1}, reservation=2),
        most=2,
    ),
    bounded={
        "2 VMs, of 1 and 2 pages": "the balloon is in the one while the other is copied",
        "commit limit of 5 frames": "one page in the balloon for the guest hypervisor, two for a second copy",
        "12 frames": "more than twice as many: frames never decide",
    },
    leave_out={
        **FROZEN,
        **FAULTLESS,
        **CLEAN,
        **because("nothing is swapped here: reclaim-first asks about that", *SWAPPING),
        **because("no guest has cold file buffers", "squeeze_buffer"),
    },
    unseen={
        **NO_FAULT_SEEN,
        **because("nothing is swapped here", "swapped_out"),
        **because("it has more than it may promise", "machine_full"),
        **because("a page is always in the balloon", "host_vm_full"),
    },
)
SWAPPED_AND_BACK = case(
    "swapped-and-back",
    "A guest takes its swapped pages back, at any time and in flight, as far as its assumed peaks let it.",
    on_one(
        host(8, 4, limit=16, swap=2),
        GuestPages(
            "vm",
            3,
            {"active_anonymous": 1, "inactive_anonymous": 1},
            swapped=1,
            reservation=2,
            resident_peak=2,
            hot_peak=1,
        ),
        most=2,
    ),
    bounded={
        "peaks of 2 and 1 pages": "one of three pages is always swapped, and one goes cold before another is used (A3)",
        "8 frames": "both copies at the peak, and one to spare",
        "2 swap slots, targets up to 2": "one page is swapped from the start, one more can be",
    },
    leave_out={
        **FAULTLESS,
        **CLEAN,
        **NO_GROWTH,
        **because("six-classes asks about these", *(name for name in FROZEN if "_anonymous" not in name)),
        **because("the balloon stays empty here: reclaim-first asks about it", *BALLOONING[1:]),
    },
    unseen={
        **NO_FAULT_SEEN,
        **ROOMY,
        **because("the balloon stays empty here", "reclaimed_and_moved"),
    },
)
LARGER_SUCCESSOR = case(
    "larger-successor",
    "The new hypervisor takes more than the old one: there is no room for it beside the old one before pages are taken.",
    on_one(
        host(7, 3, limit=16, swap=1, new=Release(footprint=3)),
        GuestPages("vm", 2, {"active_anonymous": 1, "inactive_anonymous": 1}, reservation=2),
    ),
    bounded={
        "1 VM of 2 pages": "one page can be taken, one stays",
        "a new hypervisor of 3 pages": "one more than a second copy needs: room for the copy is not room for it",
        "7 frames": "both copies of both pages; or hypervisors, host VM and one page",
    },
    leave_out={
        **FROZEN,
        **FAULTLESS,
        **CLEAN,
        **because("guests touch nothing that was taken from them (A3): they could overcommit", "touch", "fault_in"),
        **because("the guest has no such pages, and none change their class", "squeeze_buffer", "inflate"),
    },
    unseen={**NO_FAULT_SEEN, **because("it may promise more than it has", "promised_to_the_limit")},
)
SQUEEZED_IN = case(
    "squeezed-in",
    "A host VM that is smaller than its one resident: it fits only after pages were taken from it.",
    on_one(
        host(8, 2, limit=16, swap=1),
        GuestPages("vm", 2, {"active_buffer": 0, "active_anonymous": 1, "inactive_buffer": 1}, reservation=1),
    ),
    bounded={
        "a host VM of 2 pages": "the guest hypervisor and one of the VM's two pages",
        "8 frames": "both copies and one to spare: the machine never decides",
    },
    leave_out={
        **FROZEN,
        **FAULTLESS,
        **CLEAN,
        **because("guests touch nothing that was taken from them (A3): they could overcommit", "touch", "fault_in"),
        **because("the guest has no such pages, and none change their class", *("inflate", "squeeze_anonymous")),
        **because("the guest has no cold data", "swap_out"),
    },
    unseen={**NO_FAULT_SEEN, **ROOMY_MACHINE},
)
EVERY_FAULT = case(
    "every-fault",
    "Two VMs, and every fault twice, wherever it strikes.",
    on_one(host(11, 4), active("small", 1), active("large", 2), **TWICE),
    bounded={
        "2 VMs, of 1 and 2 pages": "one can fail while the other is at any point of its way",
        "each fault twice": "the same fault can strike again where it struck before",
    },
    leave_out={**STILL, **CLEAN},
    unseen={**NOT_RECLAIMED, **because("a frame is spare", *ROOMY_MACHINE)},
)
THREE_VMS = case(
    "three-vms",
    "Three VMs of different sizes, all in flight at once if they like.",
    on_one(host(17, 7), active("one", 1), active("two", 2), active("three", 3)),
    bounded={
        "3 VMs, of 1, 2 and 3 pages": "no two are alike",
        "17 frames": "both copies of all three, and one to spare",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN},
    unseen={**NOT_RECLAIMED, **NO_FAULT_SEEN, **ROOMY_MACHINE},
)
FOUR_VMS = case(
    "four-vms",
    "Four VMs on a machine with frames for two second copies at a time.",
    on_one(host(10, 5), *(active(f"vm{i}", 1) for i in range(4)), migration_aborted=1),
    bounded={
        "4 VMs of 1 page": "two move while two wait",
        "10 frames": "hypervisors, host VM, four VMs and two second copies, less the new hypervisor's before it is there",
        "one abort": "the room of a migration that was given up is there for another one",
    },
    leave_out={**STILL, **CLEAN, **because("one kind of fault is enough here", *list(ONCE)[1:])},
    unseen={**NOT_RECLAIMED},
)

TWO_OF_EVERYTHING = case(
    "two-of-everything",
    "Two VMs, and every action of the model between them.",
    on_one(host(8, 4, swap=1), active("small", 1), active("large", 2, 1), **ONCE),
    bounded={
        "2 VMs, of 1 and 2 pages": "pages are taken from one while the other is in flight",
        "8 frames": "both copies, and the new hypervisor's footprint before it is there",
        "1 swap slot": "the two compete for it",
        "each fault once": "on the one or on the other",
    },
)

# ------------------------------------------------------------------------------------------ two machines
TWO_MACHINES = case(
    "two-machines",
    "Two machines are exchanged at once, sharing the faults: neither changes the other.",
    on_each((host(5, 2, name="left"), active("lvm", 1)), (host(7, 3, name="right"), active("rvm", 2)), **ONCE),
    bounded={
        "1 VM on each": "what is asked about is between machines",
        "each fault once": "on the one or on the other",
    },
    leave_out={**STILL, **CLEAN},
    unseen=NOT_RECLAIMED,
)
FORMAT_MISMATCH = case(
    "format-mismatch",
    "Two machines; the new hypervisor of the one cannot read what its old one writes: it is never suspended (S18).",
    on_each(
        (host(5, 2, name="reads"), active("rvm", 1)),
        (host(5, 2, name="reads-not", new=NEWER_FORMAT), active("nvm", 1)),
    ),
    bounded={"1 VM of 1 page on each": "the one machine is exchanged, the other refused: formats are all that differs"},
    leave_out={**STILL, **FAULTLESS, **CLEAN},
    unseen={**NOT_RECLAIMED, **REFUSED},
)
HOST_VM_TOO_SMALL = case(
    "host-vm-too-small",
    "Three machines: a host VM that is large enough, one that cannot reserve what its VM is due (X6), and one that cannot "
    "even hold the guest hypervisor.",
    on_each(
        (host(5, 2, name="enough"), active("evm", 1)),
        (host(8, 2, name="narrow"), GuestPages("nvm", 2, {"active_anonymous": 1}, reservation=2)),
        (host(5, 0, name="none"), active("zvm", 1)),
    ),
    bounded={
        "1 VM on each": "only one of the machines is ever exchanged",
        "host VMs of 2, 2 and 0 pages": "what is inside fits, but not what is reserved; or nothing does",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN},
    unseen={**NOT_RECLAIMED, **REFUSED},
)

# --------------------------------------------------------------------- what goes wrong, and should be found
OUTGROWS_MACHINE = case(
    "guest-outgrows-machine",
    "Violated: a machine that promises more than it has, and a guest that is trusted too much, in flight (A3).",
    on_one(host(8, 7, limit=16), active("vm", 6, 1)),
    bounded={"no peaks": "the guest may touch all that it was promised"},
    leave_out={**FROZEN, **UNSCHEDULED, **FAULTLESS, **CLEAN},
    breaks="machine_not_overcommitted",
)
OUTGROWS_HOST_VM = case(
    "guest-outgrows-host-vm",
    "Violated: a host VM that holds what is resident and what is reserved, but not what its guests may touch (A3).",
    on_one(host(16, 3), *(GuestPages(name, 2, {"active_anonymous": 1}) for name in ("first", "second"))),
    bounded={"a host VM of 3 pages": "the guest hypervisor and one page of each VM"},
    leave_out={**FROZEN, **UNSCHEDULED, **FAULTLESS, **CLEAN},
    breaks="host_vm_not_overcommitted",
)
SWAP_GIVEN_BACK = case(
    "swap-target-lowered-first",
    "Violated: a VM that was swapped to make room, whose target is lowered before it moves: it faults in while it moves.",
    on_one(host(8, 4, limit=16, swap=1), active("vm", 3)),
    bounded={"8 frames": "both copies of two of the three pages, and one to spare"},
    leave_out={
        **FROZEN,
        **FAULTLESS,
        **CLEAN,
        **NO_GROWTH,
        **because("only swapping is asked about", "inflate", "inflate_untouched", "squeeze_buffer", "deflate"),
    },
    breaks="machine_not_overcommitted",
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
