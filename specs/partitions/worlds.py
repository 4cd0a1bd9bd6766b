"""Small worlds of partition migration: what passes between two partitions, and what goes wrong meanwhile.

What moves VMs into the host VM and out of it is asked about elsewhere, so here it seldom fails.
"""

from __future__ import annotations

from ...model.language import Entity
from ...model.partitions import Device, Processor, Split
from ...model.storage import Store
from ..case import Case
from ..full_machines import FULL_OF_THREE, TAKEN_ONCE
from ..full_machines import THREE as THREE_GUESTS
from ..hosts import GuestPages, HostPages, Release, bounds, machine, resident
from ..moves.worlds import NO_POST_COPY, NO_REMAP, NO_TRANSFER, between
from ..questions import CLEAN, FROZEN, NEWER_FORMAT, STILL, UNSCHEDULED, active, because, case, host
from ..storage.worlds import STORED_ONCE, image

PARTS = ("partitions",)
SPLIT_ONCE = {"boot_failed": 1, "boot_hung": 1, "old_hung": 1, "old_ended_early": 1, "dma_outlasts": 1}
SPLIT_TWICE = {**SPLIT_ONCE, "boot_failed": 2, "boot_hung": 2, "dma_outlasts": 2}

NOT_BY_MAP = because(
    "nothing is suspended in memory here: any-of-three-ways asks about both",
    *("suspend", "build_map", "seal_map", "launch_new", "pass_map", "validate_map", "tear_down_old"),
    *("resume", "roll_back", "format_unreadable"),
)
UNDISTURBED = because(
    "migrations go well here: every-fault asks about theirs", "migration_aborted", "destination_killed"
)
GATHERED = because("no migration is given up or undone here: every-fault asks about that", "cancel", "withdraw")
QUIET = {**STILL, **NOT_BY_MAP, **UNDISTURBED, **CLEAN}
LAST_TWO = because(
    "each partition keeps its only processor: split-smallest asks about one that changes hands",
    *("give_processor", "take_processor"),
)
NO_THIRD = because("no processor changes hands before the end", "processor_on_its_way")
AS_PLANNED = because("nothing goes wrong here: split-every-fault asks about that", *SPLIT_ONCE, "dma_ends")
NEVER_WRONG = because(
    "nothing goes wrong here", "quiesced_with_dma_in_flight", "hangs_with_an_alarm", "split_done_in_spite_of_faults"
)
NO_VM = because("there is no VM", "consolidate", "disassociate", "copy", "stop", "commit", "activate", *GATHERED)
NO_DEVICE = because(
    "there is no device", "quiesce_device", "dma_ends", "detach_device", "attach_device", "restart_device"
)
FORWARD = because(
    "nobody gives up here: what ends, ends by itself",
    *("turn_back", "return_pages", "take_pages_back", "return_home", "end_new", "join_old", "take_back_processor"),
)


def divided(box: HostPages, given: int, processors: int, devices: int) -> list[Entity]:
    """What a machine has to be split."""
    name = box.name
    s = Split(f"{name}.split", machine=name, given=given, capacity=box.capacity)
    some = [Processor(f"{name}.cpu{n}", split=s) for n in range(processors)]
    return [s, *some, *(Device(f"{name}.nic{n}", split=s) for n in range(devices))]


def _each(*machines: tuple[HostPages, int, int]) -> list[Entity]:
    """Machines without a VM; the new partition of each is given so many frames, and there are so many processors."""
    return [m for box, given, processors in machines for m in (*machine(box), *divided(box, given, processors, 1))]


def on_split(
    box: HostPages,
    *vms: GuestPages,
    given: int = 1,
    processors: int = 2,
    devices: int = 1,
    most: int = 1,
    **faults: int,
) -> list[Entity]:
    """One machine that can be split, with these VMs on its old hypervisor."""
    return [
        *machine(box),
        *resident(box, vms),
        *divided(box, given, processors, devices),
        *bounds(most=most, **faults),
    ]


# ------------------------------------------------------------------------------------------------ one VM
SMALLEST = case(
    "split-smallest",
    "The whole exchange by partition migration, as small as it can be, with every fault of its own.",
    on_split(host(5, 2), active("vm", 1), processors=3, **SPLIT_ONCE),
    bounded={
        "1 VM of 1 page": "the host VM has three pages: one can be with each partition, and one with none",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "1 frame for the new partition": "the new hypervisor's footprint",
        "3 processors": "each partition has its last one, and one changes hands",
        "1 device": "it is with one, with the other, or with none",
        "each fault once": "after one fault the exchange must still come to its end",
    },
    leave_out={**QUIET, **because("no migration is given up here: every-fault asks about that", "cancel")},
    parts=PARTS,
    asks=PARTS,
)
ANY_WAY = case(
    "any-of-three-ways",
    "The host VM is suspended in memory, or to storage, or taken to a partition, and otherwise after a roll-back.",
    [*on_split(host(5, 2), active("vm", 1)), Store("store", capacity=2), image(host(5, 2))],
    bounded={
        "1 VM of 1 page": "what is asked about is which of the three ways leads where",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "2 pages of storage": "the image, and not a page more",
        "2 processors and 1 device": "no processor changes hands before the end",
        "a battery": "power is not lost here",
    },
    leave_out={**STILL, **UNDISTURBED, **CLEAN, **AS_PLANNED, **GATHERED, **LAST_TWO}
    | because("nothing goes wrong here", "format_unreadable", *STORED_ONCE),
    unseen={**NEVER_WRONG, **NO_THIRD},
    parts=("storage", *PARTS),
    asks=PARTS,
)
NEVER_GIVEN_UP = case(
    "split-never-given-up",
    "The whole exchange by partition migration, with every fault that can be gone on from, and nobody gives up.",
    on_split(host(5, 2), active("vm", 1), processors=3, boot_failed=1, old_hung=1, old_ended_early=1, dma_outlasts=1),
    bounded={
        "1 VM of 1 page": "the host VM has three pages",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "3 processors": "each partition has its last one, and one changes hands",
        "each fault once": "after the last fault everything must still end",
    },
    leave_out={
        **QUIET,
        **GATHERED,
        **FORWARD,
        **because("a new hypervisor that hangs has to be ended: split-smallest asks about that", "boot_hung"),
    },
    parts=PARTS,
    asks=PARTS,
)
GIVEN_UP = case(
    "split-given-up",
    "Partition migration without faults, which can be given up anywhere: what must stay possible is decided here.",
    on_split(host(5, 2), active("vm", 1)),
    bounded={
        "1 VM of 1 page": "the host VM has three pages",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "2 processors": "each partition has its last one: split-smallest asks about a third",
    },
    leave_out={
        **QUIET,
        **AS_PLANNED,
        **LAST_TWO,
        **because("no migration is given up here: every-fault asks about that", "cancel"),
    },
    unseen={**NEVER_WRONG, **NO_THIRD},
    parts=PARTS,
    asks=PARTS,
)
GOES_ON = case(
    "split-goes-on",
    "Partition migration with an old hypervisor that may hang, and nobody gives up: what must come is decided here.",
    on_split(host(5, 2), active("vm", 1), old_hung=1, dma_outlasts=1),
    bounded={
        "1 VM of 1 page": "the host VM has three pages",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "2 processors": "each partition has its last one: split-never-given-up asks about a third",
        "one hang, one DMA": "what may hold up the end, and the crossing",
    },
    leave_out={
        **QUIET,
        **GATHERED,
        **FORWARD,
        **LAST_TWO,
        **because("split-never-given-up asks about these", "boot_failed", "boot_hung", "old_ended_early"),
    },
    unseen={**NO_THIRD, **because("two of the faults do not strike here", "split_done_in_spite_of_faults")},
    parts=PARTS,
    asks=PARTS,
)

# --------------------------------------------------------------------------------------- room, and want of it
GROWS = case(
    "split-while-a-guest-grows",
    "A guest touches a page at any time: each partition has room for it.",
    on_split(host(7, 3), active("vm", 2, 1), given=2),
    bounded={
        "1 VM of 2 pages, one of them untouched": "it grows once, in either partition",
        "7 frames": "the old partition has room for both pages beside the frames that it has given",
        "2 frames for the new partition": "the new hypervisor, and the page that may be touched there",
    },
    leave_out={**FROZEN, **UNSCHEDULED, **NOT_BY_MAP, **UNDISTURBED, **CLEAN, **GATHERED, **AS_PLANNED, **LAST_TWO},
    unseen={**NEVER_WRONG, **NO_THIRD},
    parts=PARTS,
    asks=PARTS,
)
OUTGROWN = case(
    "guest-outgrows-partition",
    "Violated: a guest touches a page in the new partition, which was given no frame for it.",
    on_split(host(7, 3), active("vm", 2, 1)),
    bounded={"1 frame for the new partition": "the new hypervisor's footprint only"},
    leave_out={**FROZEN, **UNSCHEDULED, **NOT_BY_MAP, **UNDISTURBED, **CLEAN, **GATHERED, **AS_PLANNED, **LAST_TWO},
    breaks="partition_not_overcommitted",
    parts=PARTS,
)
REFUSED = case(
    "split-refused",
    "Six machines without a VM: one is exchanged; others lack frames, promises, a processor, a format, or get too little.",
    [
        *_each(
            (host(4, 1, name="fits"), 1, 2),
            (host(4, 1, name="crowded"), 2, 2),
            (host(5, 1, name="narrow", new=Release(footprint=2)), 1, 2),
            (host(9, 1, name="over-promised", limit=3), 1, 2),
            (host(4, 1, name="one-processor"), 1, 1),
            (host(4, 1, name="reads-not", new=NEWER_FORMAT), 1, 2),
        ),
        *bounds(),
    ],
    bounded={
        "no VM": "the guest hypervisor alone is too much already",
        "4 frames": "old, new and guest hypervisor, and host VM: not one more",
        "2 frames given, of 4": "one is not free",
        "1 frame given, to a hypervisor of 2": "one is missing",
        "a limit of 3 frames": "the new hypervisor's is not promised, though the machine has it",
        "1 processor": "it cannot be with both",
    },
    leave_out={**QUIET, **NO_VM, **FORWARD, **AS_PLANNED, **LAST_TWO},
    unseen={
        **NEVER_WRONG,
        **NO_THIRD,
        **because("a host VM of two pages is in two places at most", "in_both_partitions"),
    },
    parts=PARTS,
    asks=PARTS,
)


def _arrives() -> list[Entity]:
    left, right = host(2, 0, name="left"), host(5, 2, name="right")
    return [*between(left, right, [active("vm", 1)], allowed=1), *divided(right, 1, 2, 0)]


ARRIVES = case(
    "arrives-before-the-split",
    "A VM may move to a machine that is about to be split, and to one that is one partition again, but not in between.",
    _arrives(),
    bounded={
        "1 VM of 1 page": "it comes to an empty machine, whose exchange goes on with it",
        "2 and 5 frames": "nothing but the VM and its hypervisor; and everything of an exchange, not one frame more",
        "1 page over the network": "exactly what it has",
        "no device": "what is asked about is who comes to the machine",
    },
    leave_out={
        **QUIET,
        **GATHERED,
        **AS_PLANNED,
        **LAST_TWO,
        **NO_POST_COPY,
        **NO_DEVICE,
        **because("what was sent stays as it is: one-cannot-stay asks about that", "write_sent", "send_again"),
        **because("no transfer fails here: one-cannot-stay asks about that", "transfer_failed"),
        **because("a VM that is remapped in is stunned: remapped asks about that", "remap_in"),
    },
    unseen={**NEVER_WRONG, **NO_THIRD, **because("there is no device", "device_on_its_way")},
    parts=("moves", *PARTS),
    asks=PARTS,
)

HARDWARE = case(
    "split-hardware-refused",
    "Two machines with a VM: one new hypervisor offers what the VM needs, and the machine is split; the other does not.",
    [
        *bounds(),
        *(
            m
            for name, new in (("offers", Release(1)), ("offers-not", Release(1, hardware_from=1, hardware_upto=1)))
            for box in [HostPages(name, 6, Release(1), new, Release(1), 2, 1)]
            for m in (*machine(box), *resident(box, [active(f"{name}-vm", 1)]), *divided(box, 1, 2, 0))
        ),
    ],
    bounded={
        "1 VM of 1 page on each": "what the new hypervisor offers is all that differs",
        "6 frames": "everything of an exchange, and one to give",
        "no device": "what is asked about is whether the machine is split",
    },
    leave_out={
        **QUIET,
        **GATHERED,
        **AS_PLANNED,
        **LAST_TWO,
        **NO_DEVICE,
        **FORWARD,
        **NO_TRANSFER,
        **NO_REMAP,
        **NO_POST_COPY,
    },
    unseen={**NEVER_WRONG, **NO_THIRD, **because("there is no device", "device_on_its_way")},
    parts=("moves", *PARTS),
    asks=PARTS,
)

SIDE_BY_SIDE = case(
    "split-side-by-side",
    "Two machines without a VM share the faults of the old hypervisor: what has struck one does not strike the other.",
    [
        *_each((host(4, 1, name="left"), 1, 2), (host(4, 1, name="right"), 1, 2)),
        *bounds(old_hung=1, old_ended_early=1),
    ],
    bounded={
        "no VM": "what is asked about is the old hypervisors",
        "4 frames": "hypervisors and host VM: not one more",
        "each fault once": "on the one or on the other",
    },
    leave_out={
        **QUIET,
        **NO_VM,
        **LAST_TWO,
        **FORWARD,
        **because("split-every-fault asks about these", "boot_failed", "boot_hung", "dma_outlasts", "dma_ends"),
    },
    unseen={
        **NO_THIRD,
        **because(
            "no boot fails and no DMA outlasts here", "quiesced_with_dma_in_flight", "split_done_in_spite_of_faults"
        ),
        **because("a host VM of two pages is in two places at most", "in_both_partitions"),
    },
    parts=PARTS,
    asks=PARTS,
)

# ------------------------------------------------------------------------------------------- several VMs
EVERY_FAULT = case(
    "split-every-fault",
    "Two VMs, two devices, and every fault of a split machine that can strike twice, twice.",
    on_split(host(7, 3), active("first", 1), active("second", 1), devices=2, **SPLIT_TWICE),
    bounded={
        "2 VMs of 1 page": "the host VM has four pages",
        "2 devices": "one is on its way while the other still has DMA in flight",
        "each fault twice, but those that end the old hypervisor": "the same fault can strike again where it struck before",
        "2 processors": "split-smallest asks about a third",
    },
    leave_out={**QUIET, **GATHERED, **LAST_TWO},
    unseen=NO_THIRD,
    parts=PARTS,
    asks=PARTS,
)
THREE_VMS = case(
    "split-three-vms-reclaimed",
    "Three VMs on a full machine: pages are taken from one before anything fits, it is split so, and faults strike.",
    on_split(host(7, 4, limit=16, swap=1), *THREE_GUESTS, **SPLIT_ONCE),
    bounded={
        **FULL_OF_THREE,
        "2 processors and 1 device": "one of each kind is on its way while others are where they were",
        "each fault once": "five faults, of which any two may meet",
    },
    leave_out={**TAKEN_ONCE, **NOT_BY_MAP, **UNDISTURBED, **CLEAN, **GATHERED, **LAST_TWO},
    unseen=NO_THIRD,
    parts=PARTS,
    asks=PARTS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
