"""Worlds in which one thing is missing, so that whoever does not ask for it is seen; and cases to crash in."""

from __future__ import annotations

from dataclasses import replace

from holdfast.impl.plan import Tolerated, VmSizes, whole_exchange
from holdfast.impl.simulator.state import VmStart
from holdfast.model.language import Entity
from holdfast.specs.case import Case as World
from holdfast.specs.hosts import GuestPages, HostPages, Release
from holdfast.specs.questions import CLEAN, FAULTLESS, ONE, STILL, host, on_one
from holdfast.specs.questions import case as world
from holdfast.specs.worlds import WORLDS
from tests.impl.worlds import ONE as WHOLE
from tests.impl.worlds import case

SMALLEST = WORLDS["smallest"]
EMPTY = WORLDS["empty-machine"]
ONE_AT_A_TIME = WORLDS["one-at-a-time"]
NO_LIMIT = 32
"""A commit limit that never binds."""


def _short(name: str, missing: str, members: list[Entity]) -> World:
    return world(name, missing, members, bounded={}, leave_out={**STILL, **FAULTLESS, **CLEAN})


def _in_use(name: str, size: int, reservation: int = 0) -> GuestPages:
    return GuestPages(name, size, {"active_anonymous": size}, reservation=reservation)


NO_NEST = _short("no-nest", "There is no frame for the host VM.", on_one(host(3, 2, limit=NO_LIMIT), _in_use("vm", 1)))
NO_SUCCESSOR = _short(
    "no-successor",
    "There is room for a second copy, and none for the new hypervisor.",
    on_one(host(6, 2, limit=NO_LIMIT, new=Release(footprint=3)), _in_use("vm", 1)),
)
NO_ROOM_INSIDE = _short(
    "no-room-inside", "The host VM is too small for its guest.", on_one(host(14, 2, limit=NO_LIMIT), _in_use("vm", 2))
)
NO_ROOM_FOR_BOTH = _short(
    "no-room-for-both",
    "The host VM has room for one of two VMs.",
    on_one(host(20, 2, limit=NO_LIMIT), _in_use("first", 1), _in_use("second", 1)),
)
NO_RESERVE = _short(
    "no-reserve",
    "The host VM has room for what is there of its guest, and not for what that may claim.",
    on_one(host(14, 2, limit=NO_LIMIT), GuestPages("vm", 2, {"active_anonymous": 1}, reservation=2)),
)
NO_RESERVE_FOR_BOTH = _short(
    "no-reserve-for-both",
    "Two VMs with a page each may claim three between them, and the host VM has two beside its guest hypervisor.",
    on_one(
        host(20, 3, limit=NO_LIMIT),
        _in_use("first", 1, 1),
        GuestPages("second", 2, {"active_anonymous": 1}, reservation=2),
    ),
)
NO_PROMISE_TO_NEST = _short(
    "no-promise-to-nest", "The host VM may not be promised.", on_one(host(9, 2, limit=3), _in_use("vm", 1))
)
NO_PROMISE_TO_COPY = _short(
    "no-promise-to-copy",
    "There are frames for a second copy, and none of them may be promised.",
    on_one(host(9, 2, limit=4), _in_use("vm", 1)),
)
NO_ROOM_FOR_OVERHEAD = _short(
    "no-room-for-overhead",
    "There is room for the pages of a second copy, and not for what the guest hypervisor takes for each VM.",
    on_one(HostPages("host", 5, ONE, ONE, Release(footprint=1, vm_overhead=1), 3, 1, NO_LIMIT), _in_use("vm", 1)),
)

# ---------------------------------------------------------------------------------------------------- cases to crash in
STILL_VMS = tuple(VmStart(name, 3, resident_pages=3, peak_pages=3, hot_pages=1, busy=False) for name in "ab")

TAKING_TURNS = case("taking turns", whole_exchange(("a", "b"), 2), STILL_VMS, capacity_pages=15)
"""A plan for two VMs at once, on a machine that has room for one second copy at a time."""

FAULTLESS_ONLY = replace(WHOLE.tolerating(Tolerated()), name="no fault tolerated", ends="TooManyFaults")
"""A plan that was proved for a world without faults: where one strikes, the run stops."""

UNRESERVED = replace(
    TAKING_TURNS,
    name="unreserved",
    plan=replace(TAKING_TURNS.plan, vms=tuple(VmSizes(vm.name, vm.size_pages, 3) for vm in STILL_VMS)),
    machine=replace(TAKING_TURNS.machine, host_vm_size_pages=9, capacity_pages=30),
)
"""What both VMs reserve fills the host VM."""
