"""Small worlds in which VMs move to other machines, or are remapped."""

from __future__ import annotations

from collections.abc import Iterable

from ...model.language import Entity
from ...model.moves import Network, Transfer
from ..case import Case
from ..hosts import GuestPages, HostPages, Release, bounds, machine, resident
from ..questions import CLEAN, FAULTLESS, ONE, STILL, active, because, case, host, on_one

PARTS = ("moves",)
EITHER = Release(footprint=1, hardware_from=0, hardware_upto=1)
NEWER = Release(footprint=1, hardware_from=1, hardware_upto=1)
OLDER = Release(footprint=1)
HEAVY = Release(footprint=1, vm_overhead=2)

NO_REMAP = because("frames are not remapped here: remapped asks about that", "remap_in", "remap_out", "pass_frames")
NO_POST_COPY = because(
    "a VM is whole before it runs elsewhere here: post-copy asks about the other way",
    *("switch_early", "fetch", "finish_fetching", "end_lost_while_fetching"),
)
NO_TRANSFER = because(
    "no VM leaves its machine here: one-cannot-stay asks about that",
    *("transfer", "send", "send_again", "write_sent", "stun", "hand_over", "call_off", "transfer_failed"),
)
NO_EXCHANGE = because(
    "nothing is exchanged here: what is asked about is between machines",
    *("create_host_vm", "consolidate", "disassociate", "withdraw", "copy", "stop", "commit", "activate", "cancel"),
    *("suspend", "build_map", "seal_map", "launch_new", "finish_boot", "pass_map", "validate_map", "tear_down_old"),
    *("resume", "roll_back", "destroy_host_vm"),
)
NO_PART_FAULT = because("no transfer fails by itself here: one-cannot-stay asks about that", "transfer_failed")


def between(
    left: HostPages,
    right: HostPages,
    vms: Iterable[GuestPages],
    *,
    allowed: int,
    **faults: int,
) -> list[Entity]:
    """Two machines; the VMs are on the left one, and each may be transferred to the old hypervisor of the right one."""
    guests = list(vms)
    ways = [
        Transfer(f"{vm.name} to {right.name}", vm=vm.name, origin=left.name, to=f"{right.name}.old", most=vm.size)
        for vm in guests
    ]
    box = [*machine(left), *machine(right), *resident(left, guests)]
    return [*box, *bounds(**faults), *ways, Network("network", allowed=allowed)]


def _cannot_stay() -> list[Entity]:
    left = HostPages("left", 6, EITHER, NEWER, EITHER, 3, 1)
    right = HostPages("right", 3, OLDER, NEWER, EITHER, 0, 1)
    stays = GuestPages("stays", 1, {"active_anonymous": 1}, reservation=1, hardware=1)
    goes = GuestPages("goes", 1, {"active_anonymous": 1}, reservation=1, hardware=0)
    return between(left, right, [stays, goes], allowed=3, transfer_failed=1)


CANNOT_STAY = case(
    "one-cannot-stay",
    "The new hypervisor does not offer the virtual hardware of one VM, which moves away first; then the other's machine is "
    "exchanged.",
    _cannot_stay(),
    bounded={
        "2 VMs of 1 page": "one that stays and one that cannot",
        "6 frames": "hypervisors, host VM, both VMs and one second copy",
        "3 frames on the other machine": "room for both VMs: what it does not offer is all that refuses the one",
        "a host VM of no page on the other machine": "only one machine is exchanged",
        "3 pages over the network": "sent, sent again after a write, and once more after a failure",
        "one failed transfer": "what was set aside is free again",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_REMAP, **NO_POST_COPY},
    unseen=because("nothing is swapped, fetched or remapped here", "swapped_on_its_way", "fetched_in_the_end")
    | because("nothing is remapped here", "remapped_without_room_for_a_copy")
    | because("the machine is exchanged only once a VM has gone", "exchange_done_in_place"),
    parts=PARTS,
    asks=PARTS,
)
BOTH_WAYS = case(
    "arrives-between-exchanges",
    "A VM may move to a machine whose own exchange is at any point: it is let in before and after, and never in the middle.",
    between(
        host(4, 2, name="left"),
        host(5, 2, name="right"),
        [active("vm", 1)],
        allowed=1,
    ),
    bounded={
        "1 VM of 1 page": "it comes to an empty machine, whose exchange goes on with it",
        "4 and 5 frames": "the VM and everything of an exchange, and not one frame more",
        "1 page over the network": "exactly what it has",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_REMAP, **NO_POST_COPY, **NO_PART_FAULT}
    | because("a page that was sent stays as it was here", "write_sent", "send_again"),
    unseen=because("nothing is swapped, fetched or remapped here", "swapped_on_its_way", "fetched_in_the_end")
    | because("nothing is remapped here", "remapped_without_room_for_a_copy"),
    parts=PARTS,
    asks=PARTS,
)
SWAPPED_AWAY = case(
    "swapped-away",
    "A VM with a swapped page moves to another machine: its slot goes with it (X4).",
    between(
        host(4, 0, name="left", swap=2, limit=16),
        host(3, 0, name="right", swap=1, limit=16),
        [
            GuestPages("both", 2, {"active_anonymous": 1}, swapped=1, reservation=1),
            GuestPages("slot", 1, swapped=1),
            GuestPages("frame", 1, {"active_anonymous": 1}),
        ],
        allowed=4,
        transfer_failed=1,
    ),
    bounded={
        "3 VMs, of 2, 1 and 1 pages": "one has a page in memory and one in a slot; one only a slot; one only a frame",
        "3 frames and 1 swap slot on the other machine": "frames for two of them, or a slot for one",
        "4 pages over the network": "two of them, and a page again",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_REMAP, **NO_POST_COPY, **NO_EXCHANGE},
    unseen=because("nothing is exchanged here", "moved_away_and_exchanged", "exchange_done_in_place")
    | because("nothing is fetched or remapped here", "fetched_in_the_end", "remapped_without_room_for_a_copy"),
    parts=PARTS,
    asks=PARTS,
)
POST_COPY = case(
    "post-copy",
    "A VM runs on the other machine before its pages are there, and fetches them.",
    between(
        host(4, 0, name="left"), host(8, 0, name="right", limit=3), [active("vm", 2), active("other", 1)], allowed=4
    ),
    bounded={
        "2 VMs, of 2 and 1 pages": "one page is sent before the VM passes, and one after it; the other VM may be first",
        "3 frames that the other machine may promise": "its hypervisor and the larger VM",
        "4 pages over the network": "all of them, and one again",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_REMAP, **NO_EXCHANGE, **NO_PART_FAULT}
    | because("no end dies here: post-copy-end-lost shows what happens if one does", "end_lost_while_fetching"),
    unseen=because("nothing is exchanged here", "moved_away_and_exchanged", "exchange_done_in_place")
    | because("nothing is swapped or remapped here", "swapped_on_its_way", "remapped_without_room_for_a_copy"),
    parts=PARTS,
    asks=PARTS,
)
POST_COPY_END_LOST = case(
    "post-copy-end-lost",
    "Violated: one end dies while a VM fetches its pages; part of it is on each, so it is lost.",
    between(host(4, 0, name="left"), host(4, 0, name="right"), [active("vm", 2)], allowed=2, end_lost=1),
    bounded={"1 VM of 2 pages": "one page here and one there", "one death": "of either end"},
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_REMAP, **NO_EXCHANGE, **NO_PART_FAULT},
    breaks="no_vm_lost",
    parts=PARTS,
    asks=PARTS,
)
REMAPPED = case(
    "remapped",
    "A machine that has no room for a second copy of anything: frames change hands where they are, in and out (D6).",
    [*on_one(host(6, 3), active("vm", 2)), Network("network", allowed=0)],
    bounded={
        "1 VM of 2 pages": "a copy of it would need two frames more than there are",
        "6 frames": "hypervisors, host VM and VM, the new hypervisor beside the old one: not one more",
        "no page over the network": "the exchange is in place (S17)",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_TRANSFER, **NO_POST_COPY}
    | because("there is no room for a copy", "consolidate", "disassociate", "copy", "commit", "activate")
    | because("a VM that was remapped in stays until the exchange: smallest asks about going back", "withdraw", "stop"),
    unseen=because("no VM leaves its machine here", "moved_away_and_exchanged", "swapped_on_its_way")
    | because("no VM leaves its machine here", "stunned_on_its_way", "fetched_in_the_end", "network_spent"),
    parts=PARTS,
    asks=PARTS,
)

REMAPPED_OR_COPIED = case(
    "remapped-or-copied",
    "Frames may change hands where they are or be copied, as the operator likes, and either may be given up.",
    [*on_one(host(7, 6), active("vm", 2), migration_aborted=1), Network("network", allowed=0)],
    bounded={
        "1 VM of 2 pages": "a copy can be half done",
        "7 frames": "room for a second copy",
        "one abort": "of either",
    },
    leave_out={**STILL, **CLEAN, **NO_TRANSFER, **NO_POST_COPY}
    | because("one kind of fault is enough here", "destination_killed", "boot_failed", "format_unreadable"),
    unseen=because("no VM leaves its machine here", "moved_away_and_exchanged", "swapped_on_its_way")
    | because("no VM leaves its machine here", "stunned_on_its_way", "fetched_in_the_end", "network_spent")
    | because("there is room for a second copy", "remapped_without_room_for_a_copy"),
    parts=PARTS,
    asks=PARTS,
)

NO_COPYING = because(
    "nothing is copied here, and nothing goes back: remapped-or-copied asks about that",
    *("consolidate", "disassociate", "copy", "commit", "activate", "withdraw", "stop", "cancel"),
)
NOWHERE = because(
    "no VM leaves its machine here",
    *("moved_away_and_exchanged", "swapped_on_its_way", "stunned_on_its_way", "fetched_in_the_end", "network_spent"),
)


def _each(*machines: tuple[str, int, int, int, Release, GuestPages]) -> list[Entity]:
    """Machines by name, with capacity, commit limit, the host VM's size, and the new hypervisor; a VM on each."""
    found: list[Entity] = [*bounds(), Network("network", allowed=0)]
    for name, capacity, limit, inside, new, vm in machines:
        box = HostPages(name, capacity, ONE, new, Release(1, 1), inside, 1, limit)
        found += [*machine(box), *resident(box, [vm])]
    return found


def _one_page(name: str) -> GuestPages:
    return GuestPages(name, 1, {"active_anonymous": 1})


REMAP_REFUSED = case(
    "remap-refused",
    "Machines of which each lacks one thing that remapping a VM into the guest hypervisor needs, and one that lacks none.",
    _each(
        ("roomy", 6, 16, 3, ONE, _one_page("rvm")),
        ("frames", 4, 16, 3, ONE, _one_page("fvm")),
        ("promises", 6, 4, 3, ONE, _one_page("pvm")),
        ("narrow", 6, 16, 2, ONE, _one_page("nvm")),
        ("reserved", 6, 16, 3, ONE, GuestPages("svm", 2, {"active_anonymous": 1}, reservation=2)),
    ),
    bounded={
        "1 VM on each of 5 machines": "a frame, a promise, room in the host VM, or a reservation is lacking, or nothing is",
        "an overhead of 1 page": "the metadata that remapping needs",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_TRANSFER, **NO_POST_COPY, **NO_COPYING}
    | because(
        "only the way in is asked about: remap-out-refused asks about the way out",
        *("suspend", "build_map", "seal_map", "launch_new", "finish_boot", "pass_map", "validate_map"),
        *("tear_down_old", "resume", "roll_back", "destroy_host_vm", "remap_out"),
    ),
    unseen=NOWHERE
    | because("nothing is exchanged here", "exchange_done_in_place")
    | because("where it is done there is room for a second copy", "remapped_without_room_for_a_copy"),
    parts=PARTS,
    asks=PARTS,
)
REMAP_OUT_REFUSED = case(
    "remap-out-refused",
    "The new hypervisor needs more for a VM than the guest hypervisor: one machine lacks a frame for it, one a promise.",
    _each(
        ("roomy", 7, 16, 3, HEAVY, _one_page("rvm")),
        ("frames", 6, 16, 3, HEAVY, _one_page("fvm")),
        ("promises", 7, 6, 3, HEAVY, _one_page("pvm")),
    ),
    bounded={
        "1 VM on each of 3 machines": "a frame or a promise is lacking, or neither is",
        "an overhead of 2 pages": "one more than in the guest hypervisor",
    },
    leave_out={**STILL, **FAULTLESS, **CLEAN, **NO_TRANSFER, **NO_POST_COPY, **NO_COPYING}
    | because("remapped asks about that", "roll_back"),
    unseen=NOWHERE,
    parts=PARTS,
    asks=PARTS,
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
