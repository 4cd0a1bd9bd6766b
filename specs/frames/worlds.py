"""Worlds of a few frames: each asks one thing about them, and is explored to the end.

In all of them the host VM is there from the start, and what would count pages without saying which is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...model.frames import Entry, Frame, FramePool, Kernel, Page
from ...model.inventory import HostVm, HostVmState, Hypervisor, Power, Vm
from ...model.language import Entity
from ..case import Case
from ..hosts import GuestPages, HostPages, bounds, machine, resident
from ..questions import FROZEN, NO_GROWTH, ONE, UNSCHEDULED, because, case

ENDS = ("old", "guest", "new")


def changed(one: Entity, **values: object) -> Entity:
    """The same member with other values; it refers to others by their labels, since these may change as well."""
    named = {name: value.label if isinstance(value, Entity) else value for name, value in one.values.items()}
    return type(one)(one.label, **{**named, **values})


def with_host_vm(box: HostPages) -> list[Entity]:
    """The machine, with its host VM running on the old hypervisor."""

    def begun(one: Entity) -> dict[str, object]:
        if isinstance(one, HostVm):
            return {"state": HostVmState.RUNNING}
        return {"power": Power.RUNNING} if isinstance(one, Hypervisor) and one.values["nested"] else {}

    return [changed(one, **begun(one)) for one in machine(box)]


def page_tables(box: HostPages, vms: Iterable[GuestPages], home: str, ends: Iterable[str]) -> Iterator[Entity]:
    """The machine's frames: the hypervisors' first, then those of the VMs' pages, then free ones; and the page tables."""
    frames = [f"frame-{i}" for i in range(box.capacity)]
    own = [Kernel.OLD] * box.old.footprint + [Kernel.GUEST] * box.guest.footprint
    pages = [(vm.name, f"{vm.name}.page-{i}", i < sum(vm.classes.values())) for vm in vms for i in range(vm.size)]
    backed = {page: frames[len(own) + i] for i, page in enumerate(name for _, name, is_there in pages if is_there)}
    tenants = {frame: page for page, frame in backed.items()}
    taken = len(own) + len(backed)
    yield FramePool("pool", machine=box.name, frames=box.capacity, taken=taken)
    yield from (Page(page, vm=vm) for vm, page, _ in pages)
    for i, frame in enumerate(frames):
        kernel = own[i] if i < len(own) else Kernel.NONE
        author = tenants.get(frame, pages[0][1])
        yield Frame(frame, pool="pool", author=author, free=i >= taken, kernel=kernel)
    for _, page, is_there in pages:
        for end in ends:
            at = {"frame": backed[page], "present": True} if is_there and end == home else {}
            yield Entry(f"{page}@{end}", page=page, at=f"{box.name}.{end}", nowhere=frames[0], **at)


def framed(
    capacity: int, *vms: GuestPages, home: str, ends: Iterable[str] = ENDS, size: int = 8, **faults: int
) -> list[Entity]:
    """One machine of so many frames with these VMs in the guest hypervisor, or on the old one."""
    box = HostPages("host", capacity, ONE, ONE, ONE, size, 0, commit_limit=4 * capacity)
    there = f"{box.name}.{home}"
    residents = [changed(vm, source=there, target=there) if isinstance(vm, Vm) else vm for vm in resident(box, vms)]
    return [*with_host_vm(box), *residents, *page_tables(box, vms, home, ends), *bounds(**faults)]


def guest(name: str, size: int, backed: int | None = None) -> GuestPages:
    """A VM of so many pages, of which so many have a frame."""
    return GuestPages(name, size, {"active_anonymous": size if backed is None else backed})


# ------------------------------------------------------------------------------ what the questions leave out
BY_IDENTITY = {
    **FROZEN,
    **UNSCHEDULED,
    **NO_GROWTH,
    **because(
        "frames are taken and copied one by one here, each known, and not counted",
        *("dirty", "copy", "copy_again", "fault_in", "seal_map", "validate_map"),
    ),
    "create_host_vm": "the host VM is there from the start: the worlds of the exchange ask about creating it",
}
NO_FORMAT_FAULT = because(
    "the new hypervisor rejects a map that it finds corrupted: that is enough", "format_unreadable"
)
NO_BOOT_FAULT = {**NO_FORMAT_FAULT, **because("frames-exchanged asks about a second attempt", "boot_failed")}
NO_DEATH = because("frames-all-the-way asks about a destination that dies", "destination_killed")
NO_ABORT = {**NO_DEATH, **because("migrations are given up in frames-copied", "migration_aborted", "cancel")}
MOVES = (
    "consolidate",
    "disassociate",
    "withdraw",
    "stop",
    "commit",
    "activate",
    "send_frame",
    "send_frame_again",
    "free_copy",
)
STAYS = because("the VM stays in the guest hypervisor: frames-copied asks about moving", *MOVES)
EXCHANGE = (
    *("suspend", "build_map", "list_frame", "seal_list", "launch_new", "finish_boot", "take_for_boot", "pass_map"),
    *("validate_list", "tear_down_old", "resume", "roll_back", "consume", "free_own"),
    *("map_corrupted", "boot_failed", "format_unreadable", "disassociate", "destroy_host_vm"),
)
NOT_EXCHANGED = because("the hypervisor stays: frames-exchanged asks about the exchange", *EXCHANGE)
UNSHARED = because("frames-shared asks about sharing", "share", "unshare")
NO_RELEASE = because("frames-handed-on asks about pages that are given back", "give_frame_back")

ONE_VM = because("there is one VM", "residue_is_free", "shared_to_the_last_frame")
NO_MOVE = because("the VM does not move", "written_and_moved", "copy_is_stale", "both_copies_in_frames")
NO_EXCHANGE = because(
    "there is no exchange here",
    *("booted_beside", "resumed_and_still_listed", "corrupted_list_passed", "list_validated", "new_beneath_host_vm"),
)
ASKS = ("frames",)

EXCHANGED = case(
    "frames-exchanged",
    "A VM is suspended, listed frame by frame, and resumed on a hypervisor that booted beside it; an entry may be flipped.",
    framed(4, guest("vm", 2, 1), home="guest", ends=("guest",), map_corrupted=1, boot_failed=1),
    bounded={
        "1 VM of 2 pages": "one has a frame, and one gets it before the suspension, or never",
        "4 frames": "old and guest hypervisor, a page, and the new hypervisor: or the other page in its stead",
        "one corrupted entry, one failed boot": "the exchange starts over, on the frames that the first attempt left",
    },
    leave_out={
        **BY_IDENTITY,
        **NO_FORMAT_FAULT,
        **NO_ABORT,
        **STAYS,
        **UNSHARED,
        "destroy_host_vm": "the VM stays in it",
    },
    unseen={**ONE_VM, **NO_MOVE},
    parts=ASKS,
    asks=ASKS,
)
COPIED = case(
    "frames-copied",
    "A VM is migrated page by page, into the guest hypervisor and back, while it writes; migrations are given up.",
    framed(6, guest("vm", 2), home="old", ends=("old", "guest"), migration_aborted=1),
    bounded={
        "1 VM of 2 pages": "its memory, and the state of its processors and devices: both must match at the commit",
        "6 frames": "old and guest hypervisor, and both copies of both pages",
        "one abort": "copies are left behind, and in the way of the next attempt",
    },
    leave_out={
        **BY_IDENTITY,
        **NOT_EXCHANGED,
        **UNSHARED,
        **NO_RELEASE,
        "give_frame": "frames-grown asks about that",
        **NO_DEATH,
    },
    unseen={**ONE_VM, **NO_EXCHANGE},
    parts=ASKS,
    asks=ASKS,
)
GROWN = case(
    "frames-grown",
    "A VM gets pages and gives them back while it is migrated, into the guest hypervisor and back.",
    framed(6, guest("vm", 2, 1), home="old", ends=("old", "guest"), migration_aborted=1),
    bounded={
        "1 VM of 2 pages": "one stays, the other comes and goes",
        "6 frames": "old and guest hypervisor, and both copies of both pages",
        "one abort": "a copy is left behind at the end that it did not reach",
    },
    leave_out={
        **BY_IDENTITY,
        "send_frame_again": "nothing is written, so no copy is stale",
        **NOT_EXCHANGED,
        **UNSHARED,
        **NO_DEATH,
        "cancel": "an abort is enough",
        "write": "frames-copied asks about what is in the pages",
    },
    unseen={
        **ONE_VM,
        **NO_EXCHANGE,
        **because("nothing is written here", "written_and_moved", "copy_is_stale"),
    },
    parts=ASKS,
    asks=ASKS,
)
HANDED_ON = case(
    "frames-handed-on",
    "Two VMs get and give back pages of a machine that has too few frames for both: what one wrote the other never sees.",
    framed(5, guest("first", 3, 1), guest("second", 2, 1), home="old", ends=("old",)),
    bounded={
        "2 VMs, of 3 and 2 pages": "a frame that the one gave back goes to the other",
        "5 frames": "old and guest hypervisor, and three for five pages",
    },
    leave_out={**BY_IDENTITY, **NOT_EXCHANGED, **NO_ABORT, **STAYS, **UNSHARED},
    unseen={**NO_EXCHANGE, **NO_MOVE, "shared_to_the_last_frame": "frames-shared asks about sharing"},
    parts=ASKS,
    asks=ASKS,
)
SHARED = case(
    "frames-shared",
    "Two VMs share a page of zeroes, and one of them moves: each may need a frame of its own again, at any time.",
    framed(5, guest("first", 1), guest("second", 1), home="old", ends=("old", "guest"), migration_aborted=1),
    bounded={
        "2 VMs of 1 page": "they share one page, or none",
        "5 frames": "old and guest hypervisor, both pages, and one copy: sharing frees a frame that is not to be had",
        "one abort": "the copy is left behind, and its frame still wanted",
    },
    leave_out={
        **BY_IDENTITY,
        **NOT_EXCHANGED,
        **NO_RELEASE,
        "give_frame": "every page has a frame",
        **NO_DEATH,
        "cancel": "an abort is enough",
    },
    unseen={**NO_EXCHANGE, "residue_is_free": "frames-handed-on asks about pages that are given back"},
    parts=ASKS,
    asks=ASKS,
)
UNSHARED_SIZE = case(
    "frames-at-unshared-size",
    "Two VMs that share a page ask for more: what sharing has freed is not given to them, for it may be wanted back (X5).",
    framed(5, guest("first", 2, 1), guest("second", 2, 1), home="old", ends=("old",)),
    bounded={
        "2 VMs of 2 pages": "one has a second page while both share their first",
        "5 frames": "old and guest hypervisor, and three for four pages",
    },
    leave_out={
        **BY_IDENTITY,
        **NOT_EXCHANGED,
        **NO_ABORT,
        **STAYS,
        "write": "frames-shared asks about what is in the pages",
    },
    unseen={**NO_EXCHANGE, **NO_MOVE, "residue_is_free": "nothing is written here"},
    parts=ASKS,
    asks=ASKS,
)
SHARED_AND_EXCHANGED = case(
    "frames-shared-exchanged",
    "Two VMs that share a page, or did, are suspended and resumed on a new hypervisor.",
    framed(5, guest("first", 2, 1), guest("second", 1), home="guest", ends=("guest",)),
    bounded={
        "2 VMs, of 2 and 1 pages": "two share a frame, or none; one has no frame, and may not have what sharing freed",
        "5 frames": "hypervisors and both pages: what sharing frees is wanted if it ends",
    },
    leave_out={
        **BY_IDENTITY,
        **NO_BOOT_FAULT,
        **NO_ABORT,
        **STAYS,
        **NO_RELEASE,
        "write": "frames-shared asks about what is in the pages",
        "map_corrupted": "frames-exchanged asks about that",
        "destroy_host_vm": "the VMs stay in it",
    },
    unseen={
        **NO_MOVE,
        "residue_is_free": "frames-handed-on asks about pages that are given back",
        "booted_beside": "nothing is written here",
        "corrupted_list_passed": "frames-exchanged asks about that",
    },
    parts=ASKS,
    asks=ASKS,
)
ALL_THE_WAY = case(
    "frames-all-the-way",
    "A VM from the old hypervisor to the new one, page by page: its pages change frames twice, and the hypervisors theirs.",
    framed(4, guest("vm", 1), home="old", destination_killed=1),
    bounded={
        "1 VM of 1 page": "where it goes is what is asked about",
        "4 frames": "old and guest hypervisor, and both copies; or the new hypervisor in place of one",
        "one death of a destination": "before the commit, and after it",
    },
    leave_out={
        **BY_IDENTITY,
        **NO_BOOT_FAULT,
        **because("frames-copied asks about these", "migration_aborted", "cancel"),
        **UNSHARED,
        **NO_RELEASE,
        "give_frame": "every page has a frame",
        **because("the map is corrupted in frames-exchanged", "map_corrupted"),
    },
    unseen={**ONE_VM, "corrupted_list_passed": "the map is corrupted in frames-exchanged"},
    parts=ASKS,
    asks=ASKS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
