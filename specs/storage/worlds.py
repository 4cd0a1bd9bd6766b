"""Small worlds of suspension to storage: the order in which copies are made, checked and given up, and every fault.

What moves VMs into the host VM and out of it is asked about elsewhere, so here it seldom fails.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...model.language import Entity
from ...model.storage import Image, Store
from ..case import Case
from ..full_machines import FULL_OF_THREE, TAKEN_ONCE
from ..full_machines import THREE as THREE_GUESTS
from ..hosts import GuestPages, HostPages, Release, bounds, machine, resident
from ..moves.worlds import EITHER, NEWER, NO_POST_COPY, NO_REMAP, between
from ..questions import CLEAN, NEWER_FORMAT, ONCE, ONE, STILL, active, because, case, host

PARTS = ("storage",)
TWO, THREE = Release(footprint=2), Release(footprint=3)
STORED_ONCE = {"image_torn": 1, "load_torn": 1, "storage_full": 1, "power_lost": 1}
STORED_TWICE = dict.fromkeys(STORED_ONCE, 2)

BY_MAP = (
    *("suspend", "build_map", "seal_map", "launch_new", "pass_map", "validate_map", "tear_down_old"),
    *("resume", "roll_back", "format_unreadable"),
)
NOT_BY_MAP = because("nothing is suspended in memory here: stored-or-preserved asks about both", *BY_MAP)
UNDISTURBED = because(
    "migrations go well here: every-fault asks about theirs", "migration_aborted", "destination_killed"
)
AS_PLANNED = because("nothing goes wrong here: stored-every-fault asks about that", "boot_failed", *STORED_ONCE)
GOES_ON = because("no migration is given up or undone here: every-fault asks about that", "cancel", "withdraw")
ROOMY_STORE = because("the store has pages to spare", "store_full")
NEVER_WRONG = because("nothing goes wrong here", "torn_and_durable", "loaded_wrongly", "stored_in_spite_of_faults")


def image(box: HostPages, store: str = "store", *, bridged: bool = True) -> Image:
    """The image of a machine's host VM."""
    return Image(f"{box.name}.image", machine=box.name, store=store, size=box.host_vm_size, bridged=bridged)


def stored(box: HostPages, *vms: GuestPages, store: int, **faults: int) -> list[Entity]:
    """One machine with a battery, these VMs on its old hypervisor, and so many pages of storage for its image."""
    kept = [Store("store", capacity=store), image(box)]
    return [*machine(box), *resident(box, vms), *kept, *bounds(**faults)]


def without_battery() -> list[Entity]:
    """One machine with a VM, on which nothing but a loss of power can go wrong."""
    box = host(5, 2)
    kept = [Store("store", capacity=2), image(box, bridged=False)]
    return [*machine(box), *resident(box, [active("vm", 1)]), *kept, *bounds(power_lost=1)]


def sharing(store: int, pairs: Iterable[tuple[HostPages, GuestPages]], *empty: HostPages) -> list[Entity]:
    """Machines with one VM each, machines without any, and one store for the images of all."""
    members: list[Entity] = [Store("store", capacity=store)]
    for box, vm in pairs:
        members += [*machine(box), *resident(box, [vm]), image(box)]
    for box in empty:
        members += [*machine(box), image(box)]
    return [*members, *bounds()]


# ------------------------------------------------------------------------------------------------ one VM
SMALLEST = case(
    "stored-smallest",
    "The whole exchange by way of storage, as small as it can be, with every fault of storage and power.",
    stored(host(5, 2), active("vm", 1), store=2, boot_failed=1, **STORED_ONCE),
    bounded={
        "1 VM of 1 page": "an image of two pages: it can be half written",
        "5 frames": "both copies of the VM, hypervisors and host VM: not one more",
        "2 pages of storage": "the image, and not a page more",
        "each fault once": "after one fault the exchange must still come to its end",
        "a battery": "power is lost for good only once the image can be relied on (A14)",
    },
    leave_out={**STILL, **NOT_BY_MAP, **UNDISTURBED, **CLEAN},
    parts=PARTS,
    asks=PARTS,
)
EITHER_WAY = case(
    "stored-or-preserved",
    "The host VM is suspended in memory or to storage, whichever the operator likes, and again after a roll-back.",
    stored(host(5, 2), active("vm", 1), store=4),
    bounded={
        "1 VM of 1 page": "what is asked about is which of the two ways leads where",
        "4 pages of storage": "room for the image of an earlier attempt that was not deleted yet, and for another one",
        "a battery": "power is not lost here",
    },
    leave_out={**STILL, **AS_PLANNED, **UNDISTURBED, **CLEAN, **because("no map is unreadable", "format_unreadable")},
    unseen={**NEVER_WRONG, **ROOMY_STORE},
    parts=PARTS,
    asks=PARTS,
)
LARGER_SUCCESSOR = case(
    "stored-larger-successor",
    "The new hypervisor takes so much that there is no room for it beside the old one: storage is the only way.",
    stored(
        HostPages("host", 7, old=TWO, new=THREE, guest=ONE, host_vm_size=2, host_vm_overhead=1),
        active("vm", 1),
        store=2,
        boot_failed=1,
        power_lost=1,
    ),
    bounded={
        "7 frames, of which the old takes 2 and the new 3": "either fits with the host VM and a second copy, not both",
        "each fault once": "the machine is found with and without the new hypervisor",
    },
    leave_out={
        **STILL,
        **NOT_BY_MAP,
        **UNDISTURBED,
        **CLEAN,
        **GOES_ON,
        **because("nothing else goes wrong here", "image_torn", "load_torn", "storage_full"),
    },
    unseen=NEVER_WRONG,
    parts=PARTS,
    asks=PARTS,
)

# ------------------------------------------------------------------------------------------- several VMs
EVERY_FAULT = case(
    "stored-every-fault",
    "Two VMs, and every fault of storage and power twice, wherever it strikes.",
    stored(host(9, 4), active("small", 1), active("large", 2), store=4, boot_failed=2, **STORED_TWICE),
    bounded={
        "2 VMs, of 1 and 2 pages": "an image of four pages, at any of which it can be torn",
        "each fault twice": "the same fault can strike again where it struck before",
        "a battery": "power is lost for good only once the image can be relied on (A14)",
    },
    leave_out={**STILL, **NOT_BY_MAP, **UNDISTURBED, **CLEAN},
    parts=PARTS,
    asks=PARTS,
)
THREE_VMS = case(
    "stored-three-vms-reclaimed",
    "Three VMs on a full machine: pages are taken from one before anything fits, it is stored so, and every fault strikes.",
    stored(host(7, 4, limit=16, swap=1), *THREE_GUESTS, store=4, **{**STORED_ONCE, "boot_failed": 1, "image_torn": 2}),
    bounded={
        **FULL_OF_THREE,
        "4 pages of storage": "the image once a page was taken: the whole would not fit",
        "each fault once, a torn image twice": "faults meet one another, and one meets itself",
    },
    leave_out={**TAKEN_ONCE, **NOT_BY_MAP, **UNDISTURBED, **CLEAN, **GOES_ON},
    parts=PARTS,
    asks=PARTS,
)

# ------------------------------------------------------------------------------------------ several machines
SHARED_STORE = case(
    "stored-side-by-side",
    "Two machines, and a store with room for one image at a time: the other is refused before anything is suspended.",
    sharing(3, ((host(5, 2, name="left"), active("lvm", 1)), (host(5, 2, name="right"), active("rvm", 1)))),
    bounded={
        "1 VM of 1 page on each": "what is asked about is between machines",
        "3 pages of storage": "one image, and half of the other",
    },
    leave_out={**STILL, **NOT_BY_MAP, **AS_PLANNED, **UNDISTURBED, **CLEAN, **GOES_ON},
    unseen=NEVER_WRONG,
    parts=PARTS,
    asks=PARTS,
)
REFUSED = case(
    "stored-refused",
    "Four machines: one is stored, and three could not be resumed, for want of frames, promises or a common format (S18).",
    sharing(
        5,
        ((host(5, 2, name="fits"), active("vm", 1)),),
        host(4, 1, name="too-large", limit=9, new=THREE),
        host(9, 1, name="over-promised", limit=4, new=THREE),
        host(9, 1, name="reads-not", new=NEWER_FORMAT),
    ),
    bounded={
        "no VM on three of the machines": "the guest hypervisor alone is too much already",
        "4 frames, of which the new hypervisor takes 3": "one is missing",
        "a limit of 4 frames": "one is missing, though the machine has them",
        "5 pages of storage": "room for the image of every machine: storage never decides",
    },
    leave_out={**STILL, **NOT_BY_MAP, **AS_PLANNED, **UNDISTURBED, **CLEAN, **GOES_ON},
    unseen={**NEVER_WRONG, **ROOMY_STORE},
    parts=PARTS,
    asks=PARTS,
)


def _one_leaves() -> list[Entity]:
    left = HostPages("left", 6, EITHER, NEWER, EITHER, 2, 1)
    right = HostPages("right", 4, EITHER, EITHER, EITHER, 1, 1)
    vms = [
        GuestPages("stays", 1, {"active_anonymous": 1}, reservation=1, hardware=1),
        GuestPages("goes", 1, {"active_anonymous": 1}, reservation=1, hardware=0),
    ]
    return [*between(left, right, vms, allowed=1), Store("store", capacity=3), image(left), image(right)]


ONE_LEAVES = case(
    "stored-once-one-has-left",
    "A VM that the new hypervisor has no hardware for must leave before its machine is stored, and for none that is.",
    _one_leaves(),
    bounded={
        "2 VMs of 1 page": "one that stays and one that cannot",
        "6 and 4 frames": "the exchange of the one VM; and the other machine's, with room for a VM that arrives",
        "a host VM of 1 page on the other machine": "it is stored while nothing is in it but the guest hypervisor",
        "1 page over the network": "one VM, once",
    },
    leave_out={
        **STILL,
        **NOT_BY_MAP,
        **AS_PLANNED,
        **UNDISTURBED,
        **CLEAN,
        **GOES_ON,
        **NO_REMAP,
        **NO_POST_COPY,
        **because("no transfer fails here: one-cannot-stay asks about that", "transfer_failed", "call_off"),
        **because("what was sent stays as it is: one-cannot-stay asks about that", "write_sent", "send_again"),
    },
    unseen=NEVER_WRONG,
    parts=("moves", *PARTS),
    asks=PARTS,
)

# --------------------------------------------------------------------- what goes wrong, and should be found
POWER_LOST_IN_MEMORY = case(
    "power-lost-while-preserved",
    "Violated: power fails while the host VM is suspended in memory, and no battery carries it on (A14).",
    without_battery(),
    bounded={"no battery": "what is in memory only is gone with the power"},
    leave_out={
        **STILL,
        **CLEAN,
        **dict.fromkeys(ONCE, "nothing else goes wrong here"),
        **because("nothing else goes wrong here", "image_torn", "load_torn", "storage_full"),
        **because("the host VM is suspended in memory here", "suspend_to_storage"),
    },
    breaks="no_vm_lost",
    parts=PARTS,
)
POWER_LOST_TOO_SOON = case(
    "power-lost-before-durable",
    "Violated: power fails while the image is being written, and no battery carries the machine on (A14).",
    without_battery(),
    bounded={"no battery": "what is in memory only is gone with the power"},
    leave_out={
        **STILL,
        **CLEAN,
        **NOT_BY_MAP,
        **dict.fromkeys(ONCE, "nothing else goes wrong here"),
        **because("nothing else goes wrong here", "image_torn", "load_torn", "storage_full"),
    },
    breaks="no_vm_lost",
    parts=PARTS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
