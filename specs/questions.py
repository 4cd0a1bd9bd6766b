"""What small worlds are made of: machines and VMs of a few pages, and the reasons for what a question leaves out.

Numbers A1, A2 … are those of assumptions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model.language import Entity, World
from .case import Case, seeing
from .hosts import GuestPages, HostPages, Release, bounds, machine, resident
from .model import EXCHANGE, PARTS, system

ONE = Release(footprint=1)
NEWER_FORMAT = Release(footprint=1, writes_format=2, reads_from=2, reads_upto=2)
ONCE = {"migration_aborted": 1, "destination_killed": 1, "boot_failed": 1, "format_unreadable": 1}
TWICE = dict.fromkeys(ONCE, 2)


def because(reason: str, *names: str) -> dict[str, str]:
    """The same reason for each of these."""
    return dict.fromkeys(names, reason)


# --------------------------------------------------------------------------------- what a question does not need
FROZEN = because(
    "pages keep their class here: six-classes asks about that",
    *("allocate", "read_file", "reuse_anonymous", "reuse_buffer", "age_anonymous", "age_buffer"),
    *("release", "drop_buffer", "pin", "unpin"),
)
SWAPPING = ("swap_out", "swap_out_blindly", "fault_in")
BALLOONING = ("reclaim", "inflate", "inflate_untouched", "squeeze_buffer", "squeeze_anonymous", "deflate")
UNSCHEDULED = because("nothing is reclaimed here: reclaim-first asks about that", *BALLOONING, *SWAPPING)
NO_GROWTH = because("no page is touched for the first time here: growth-in-flight asks about that", "touch")
STILL = {**FROZEN, **UNSCHEDULED, **NO_GROWTH}
FAULTLESS = because("nothing fails here (A1): every-fault asks about that", *ONCE)
CLEAN = because("a copied page stays clean here: side-by-side asks about that", "dirty", "copy_again")

NOT_RECLAIMED = because("nothing is reclaimed here", "reclaimed_and_moved", "swapped_out")
NO_FAULT_SEEN = because("no fault strikes here", "done_in_spite_of_faults")
ROOMY_MACHINE = because("the machine has frames and promises to spare", "machine_full", "promised_to_the_limit")
ROOMY_HOST_VM = because("the host VM has frames and reservations to spare", "host_vm_full", "reserved_to_the_limit")
ROOMY = {**ROOMY_MACHINE, **ROOMY_HOST_VM}
REFUSED = because("one of the machines can never be exchanged", "exchange_done", "done_in_spite_of_faults")


def case(
    name: str,
    reason: str,
    members: Iterable[Entity],
    *,
    bounded: Mapping[str, str],
    leave_out: Mapping[str, str] | None = None,
    unseen: Mapping[str, str] | None = None,
    breaks: str | None = None,
    parts: tuple[str, ...] = (),
    asks: tuple[str, ...] = (),
) -> Case:
    """A small world of the exchange and these parts, which keeps every `always` and `step` property of theirs.

    It shows the witnesses of the parts that it asks about: those in `asks`, or else all that it has.
    """
    world = World(name, *members, reason=reason, leave_out=leave_out)
    left, seen = unseen or {}, asks or (EXCHANGE.name, *parts)
    assert {*parts, *seen} <= set(PARTS), f"{name} names a part that the model does not have"
    return Case(name, reason, lambda: (seeing(system(parts, seen), left), world), bounded, left, breaks, parts)


def host(
    capacity: int,
    host_vm_size: int,
    *,
    name: str = "host",
    limit: int | None = None,
    swap: int = 0,
    new: Release = ONE,
) -> HostPages:
    """A machine whose hypervisors take one page each, and whose host VM takes one beside what is in it."""
    return HostPages(name, capacity, ONE, new, ONE, host_vm_size, 1, limit, swap)


def active(name: str, size: int, active_anonymous: int | None = None, **given: int) -> GuestPages:
    """A VM with active data; it has all its size reserved."""
    pages = size if active_anonymous is None else active_anonymous
    return GuestPages(name, size, {"active_anonymous": pages}, reservation=size, **given)


def on_one(box: HostPages, *vms: GuestPages, burst: int = 1, most: int = 1, **faults: int) -> list[Entity]:
    """One machine with these VMs on its old hypervisor."""
    return [*machine(box), *resident(box, vms), *bounds(burst=burst, most=most, **faults)]


def on_each(*machines: tuple[HostPages, GuestPages], **faults: int) -> list[Entity]:
    """Several machines, with one VM on the old hypervisor of each."""
    members = [m for box, vm in machines for m in (*machine(box), *resident(box, [vm]))]
    return [*members, *bounds(**faults)]
