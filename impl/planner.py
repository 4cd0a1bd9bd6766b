"""From a goal to steps in a sensible order. Nobody trusts what comes out: it is verified like any plan.

The largest VMs go first where the guest hypervisor takes more for a VM than the old one, last where it takes less; that
takes least. Where the machine has too little room for the second copies, pages are taken first: of the VM with the most
cold ones, down to what may be hot in it, and no further than its reservation and what a balloon can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .plan import Entry, Sizes

BALLOON_PERCENT_MOST = 65
"""What a balloon holds at most of a VM (M5)."""


@dataclass(frozen=True)
class Resident:
    """A VM on the machine, in pages: its peaks are the most that it may ever have resident, and hot."""

    name: str
    size_pages: int
    resident_peak_pages: int
    hot_peak_pages: int
    reservation_pages: int = 0
    ballooned_pages: int = 0
    swapped_pages: int = 0
    balloon: bool = True

    @property
    def bound_pages(self) -> int:
        """The most that it may have resident now."""
        return min(self.resident_peak_pages, self.size_pages - self.ballooned_pages - self.swapped_pages)

    @property
    def least_pages(self) -> int:
        """What cannot be taken from it by its balloon."""
        if not self.balloon:
            return self.bound_pages
        in_balloon_pages = self.size_pages * BALLOON_PERCENT_MOST // 100
        least_pages = max(self.hot_peak_pages, self.reservation_pages)
        return min(self.bound_pages, max(least_pages, self.size_pages - self.swapped_pages - in_balloon_pages))


@dataclass(frozen=True)
class Goal:
    """An exchange on one machine by suspending in memory, at most so many VMs in flight at once."""

    capacity_pages: int
    sizes: Sizes
    vms: tuple[Resident, ...]
    at_most: int = 1


@dataclass(frozen=True)
class Proposal:
    """Steps in order, how large the host VM has to be, and by how much the machine is too small all the same."""

    entries: tuple[Entry, ...]
    host_vm_size_pages: int
    short_pages: int = 0


def propose(goal: Goal) -> Proposal:
    """Steps that look right: reclaim what is missing, then the exchange."""
    vms, entries = _with_room(goal)
    into = _ordered(vms, grows=goal.sizes.guest_vm_pages >= goal.sizes.old_vm_pages)
    out = _ordered(vms, grows=goal.sizes.new_vm_pages >= goal.sizes.guest_vm_pages)
    exchange = [Entry("create_host_vm"), Entry("consolidate", into, goal.at_most)]
    exchange += [Entry(verb) for verb in ("suspend", "launch_new", "tear_down_old", "resume")]
    exchange += [Entry("disassociate", out, goal.at_most), Entry("destroy_host_vm")]
    entries += [entry for entry in exchange if entry.vms or entry.verb not in ("consolidate", "disassociate")]
    return Proposal(tuple(entries), _host_vm_pages(goal, vms), max(0, needed_pages(goal, vms) - goal.capacity_pages))


def _ordered(vms: Sequence[Resident], *, grows: bool) -> tuple[str, ...]:
    return tuple(vm.name for vm in sorted(vms, key=lambda vm: vm.bound_pages, reverse=grows))


def needed_pages(goal: Goal, vms: Sequence[Resident]) -> int:
    """The frames of a machine that certainly suffice: entering, with both hypervisors, and leaving."""
    sizes = goal.sizes
    nested_pages = sizes.guest_pages + sizes.host_vm_pages
    all_pages = sum(vm.bound_pages for vm in vms)
    largest = sorted((vm.bound_pages for vm in vms), reverse=True)[: goal.at_most]

    def copying(here_pages: int, there_pages: int) -> int:
        twice_pages = sum(largest) + len(largest) * min(here_pages, there_pages)
        return all_pages + len(vms) * max(here_pages, there_pages) + twice_pages + nested_pages

    entering = sizes.old_pages + copying(sizes.old_vm_pages, sizes.guest_vm_pages)
    beside = sizes.old_pages + sizes.new_pages + nested_pages + all_pages + len(vms) * sizes.guest_vm_pages
    leaving = sizes.new_pages + copying(sizes.guest_vm_pages, sizes.new_vm_pages)
    return max(entering, beside, leaving)


def _with_room(goal: Goal) -> tuple[list[Resident], list[Entry]]:
    """The VMs as they are once enough was taken from them, or all that can be; and the steps that take it."""
    vms = {vm.name: vm for vm in goal.vms}
    taken: dict[str, Entry] = {}
    while (short := needed_pages(goal, list(vms.values())) - goal.capacity_pages) > 0:
        coldest = max(vms.values(), key=lambda vm: vm.bound_pages - vm.least_pages, default=None)
        if coldest is None or coldest.bound_pages == coldest.least_pages:
            break
        bound_pages = max(coldest.least_pages, coldest.bound_pages - short)
        balloon_pages = coldest.size_pages - coldest.swapped_pages - bound_pages
        vms[coldest.name] = replace(coldest, ballooned_pages=balloon_pages)
        taken[coldest.name] = Entry("reclaim", (coldest.name,), balloon_pages=balloon_pages)
    return list(vms.values()), list(taken.values())


def _host_vm_pages(goal: Goal, vms: Sequence[Resident]) -> int:
    """Room for every VM at its peak or its reservation, whichever is more, and for the guest hypervisor."""
    inside_pages = sum(max(vm.bound_pages, vm.reservation_pages) + goal.sizes.guest_vm_pages for vm in vms)
    return goal.sizes.guest_pages + inside_pages
