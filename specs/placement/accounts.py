"""What worlds of placement are made of: machines with pools, VMs with accounts; and what they leave out, with why."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.inventory import Vm
from ...model.language import Entity
from ...model.placement import Account, Pool, Request
from ..hosts import GuestPages, HostPages, machine, resident
from ..questions import because

PARTS = ("placement",)
BY_TARGETS = because("targets are set by placement here: everything asks about the operator's", "reclaim")
BY_GATE = because("the host VM passes through the gate here: smallest asks about the other way", "create_host_vm")
MOVING = ("consolidate", "withdraw", "disassociate", "cancel", "copy", "stop", "commit", "activate")
NO_EXCHANGE = because(
    "nothing is exchanged here: placed-in-exchange asks about that",
    *("admit_host_vm", "host_vm_after_reclaim", *MOVING, "suspend", "build_map", "seal_map", "launch_new"),
    *("finish_boot", "pass_map", "validate_map", "tear_down_old", "resume", "roll_back", "destroy_host_vm"),
)
NO_RECLAIM = because(
    "no VM has a page to spare here: placed-after-reclaim asks about that",
    *("sample", "make_room", "give_back", "admit_after_reclaim", "host_vm_after_reclaim"),
)
NOBODY_WAITS = because(
    "no VM has a page to spare here",
    *("waits_for_pages", "host_vm_waits_for_pages", "came_after_reclaim", "down_to_its_reservation"),
    "two_wait_for_pages",
)
ANSWERS = ("rejected_for_reservation", "rejected_for_swap", "rejected_for_memory")
IN_MID_EXCHANGE = ("came_in_mid_exchange", "exchanged_without_it", "waits_for_the_exchange")
ONE_WAITS = because("no VM can spare pages for two", "two_wait_for_pages")
UNRESERVED = because("nothing is reserved by the VM that gives pages", "down_to_its_reservation")
NOT_EXCHANGED = because(
    "nothing is exchanged here",
    *("host_vm_waits_for_pages", *IN_MID_EXCHANGE),
)
NO_LIMIT = because("every VM may have all its size", "at_its_limit")
NO_SWAP_ROOM = because("there are slots to spare", "rejected_for_swap", "swap_reserved_to_the_last")
UNSWAPPED = because(
    "nothing is swapped here: reclaim-first asks about that", "swap_out", "swap_out_blindly", "fault_in"
)


@dataclass(frozen=True)
class Placed:
    """A VM and its account. One that is off has no page yet, and `expected` says what it will start with."""

    pages: GuestPages
    on: bool = True
    comes_and_goes: bool = False
    limit: int | None = None
    expected: int = 0
    error: int = 0
    found: int = 0


def newcomer(name: str, size: int, reservation: int, expected: int, limit: int | None = None) -> Placed:
    """A VM that is off at first."""
    peak = size if limit is None else limit
    pages = GuestPages(name, size, reservation=reservation, resident_peak=peak, hot_peak=peak)
    return Placed(pages, on=False, comes_and_goes=True, limit=limit, expected=expected)


def _vm(box: HostPages, vm: Placed) -> list[Entity]:
    (there,) = resident(box, [vm.pages])
    return [there if vm.on else Vm(there.label, **{**there.values, "on": False, "running": False})]


def _account(box: HostPages, vm: Placed) -> Account:
    size = vm.pages.size
    return Account(
        f"{vm.pages.name}.account",
        vm=vm.pages.name,
        pool=f"{box.name}.pool",
        comes_and_goes=vm.comes_and_goes,
        limit=size if vm.limit is None else vm.limit,
        expected=vm.expected,
        most=size + vm.error,
        error=vm.error,
        found=vm.found,
        request=Request.ADMITTED if vm.on else Request.NONE,
    )


def placed(box: HostPages, *vms: Placed, retained: int = 0) -> list[Entity]:
    """A machine with its pool, and VMs with their accounts."""
    there = [sum(vm.pages.classes.values()) + box.old.vm_overhead for vm in vms if vm.on]
    pool = Pool(
        f"{box.name}.pool",
        machine=box.name,
        retained=retained,
        free_at_first=box.capacity - box.old.footprint - sum(there),
        theirs_at_first=sum(there),
    )
    return [*machine(box), pool, *(member for vm in vms for member in (*_vm(box, vm), _account(box, vm)))]
