"""Placement, what it knows: a machine's memory, each VM's account, and the gate that whoever comes must pass (D7).

Every reservation and its swap room must hold ([W02]), and there must be memory for the working set, counting what others
can surely spare. That rests on estimates of their working sets, so it is counted by its lower confidence bound (A18).
"""

from __future__ import annotations

from enum import Enum

from .actors import pages
from .extremes import larger
from .inventory import HostVmState, Machine, Power, Vm
from .language import Entity, Quantity, Truth, constant, derived, total, varying, where


class Request(Enum):
    """What a tenant waits for, or was told last."""

    NONE = "none"
    ASKED = "asked to be powered on"
    AFTER_RECLAIM = "admitted once pages are reclaimed"
    ADMITTED = "admitted"
    NO_RESERVATION = "rejected: the reservation does not fit"
    NO_SWAP = "rejected: there is not enough room for swapping"
    NO_MEMORY = "rejected: the working set does not fit"
    ENDING = "asked to be powered off"


class Pool(Entity):
    """A machine's memory, as placement sees it: so much stays free (the Soft line), and what there was at first."""

    machine = constant(Machine)
    retained = constant(pages)
    free_at_first = constant(pages)
    theirs_at_first = constant(pages)
    host_vm_waits = varying(bool)

    @derived
    def vm_overhead(self) -> Quantity:
        """The most that any hypervisor of the machine needs to carry a VM: it may come to all of them."""
        m = self.machine
        return larger(larger(m.old.vm_overhead, m.host_vm.guest.vm_overhead), m.new.vm_overhead)

    @derived
    def host_vm_need(self) -> Quantity:
        """What an exchange takes beside its copies: host VM, guest hypervisor, and the new hypervisor beside the old."""
        m = self.machine
        return m.host_vm.overhead + m.host_vm.guest.footprint + m.new.footprint

    @derived
    def to_come(self) -> Quantity:
        """What an exchange that was begun will still take."""
        m = self.machine
        begun = (m.host_vm.state != HostVmState.ABSENT) & (m.new.power == Power.ABSENT)
        return where(begun, m.new.footprint, 0)

    @derived
    def reserved(self) -> Quantity:
        """The frames that are due: to hypervisors, the host VM, and the VMs by their reservations."""
        theirs = total(vm.reservation + self.vm_overhead for vm in Vm.where(machine=self.machine, on=True))
        return self.machine.footprints + self.machine.set_aside + self.to_come + theirs

    @derived
    def swap_reserved(self) -> Quantity:
        """The swap slots that are due: what no reservation covers may have to be swapped."""
        theirs = total(vm.size - vm.reservation for vm in Vm.where(machine=self.machine, on=True))
        return self.machine.slots_set_aside + theirs

    @derived
    def held(self) -> Quantity:
        """The frames held once copies under way are complete and the new hypervisor is there, and those that stay free."""
        return self.machine.expected + self.to_come + self.retained

    @derived
    def reclaimable(self) -> Quantity:
        """What its VMs can surely spare."""
        return total(a.reclaimable for a in Account.where(pool=self))

    @derived
    def wanted(self) -> Quantity:
        """What those wait for who are admitted once pages are reclaimed."""
        theirs = total(a.need for a in Account.where(pool=self, request=Request.AFTER_RECLAIM))
        return theirs + where(self.host_vm_waits, self.host_vm_need, 0)

    @derived
    def host_vm_claim(self) -> Quantity:
        """What must be there for the host VM: what it needs, beside what others wait for."""
        return where(self.host_vm_waits, self.host_vm_need, self.host_vm_need + self.wanted)

    @derived
    def on_the_way(self) -> Quantity:
        """What balloons are still to take."""
        return total(a.still_to_give for a in Account.where(pool=self))


class Account(Entity):
    """A VM, as placement sees it: its limit, the working set expected of it when it starts, and what sampling found.

    `found` is the size of its working set as last estimated, which is off by at most `error` (A18).
    """

    vm = constant(Vm)
    pool = constant(Pool)
    comes_and_goes = constant(bool)
    limit = constant(pages)
    expected = constant(pages)
    most = constant(pages)
    error = constant(pages)
    found = varying(pages, upto=most)
    request = varying(Request, start=Request.NONE)

    @derived
    def starts_with(self) -> Quantity:
        """The frames that it has when it has started."""
        return where(self.expected < self.limit, self.expected, self.limit)

    @derived
    def need(self) -> Quantity:
        """What it must be able to get (D7)."""
        return larger(self.vm.reservation, self.starts_with) + self.pool.vm_overhead

    @derived
    def claim(self) -> Quantity:
        """What must be there for it: what it needs, beside what others wait for, which is promised to them (X1)."""
        return where(self.request == Request.AFTER_RECLAIM, self.need, self.need + self.pool.wanted)

    @derived
    def reclaimable(self) -> Quantity:
        """What it can surely spare: beyond its reservation (M5), and its working set at the most. Nothing in flight (X3)."""
        keeps = larger(self.vm.reservation, self.found + self.error)
        spares = self.vm.runs & self.vm.settled & (keeps < self.vm.resident)
        return where(spares, self.vm.resident - keeps, 0)

    @derived
    def still_to_give(self) -> Quantity:
        """What its balloon is still to take."""
        vm = self.vm
        return where(vm.ballooned < vm.balloon_target, vm.balloon_target - vm.ballooned, 0)


# ------------------------------------------------------------------------------------------------------ the gate
def reservable(pool: Pool, need: Quantity) -> Truth:
    """Every reservation holds, with this one (W02)."""
    return pool.reserved + need <= pool.machine.capacity


def swappable(account: Account) -> Truth:
    """All that no reservation covers can be swapped (W02)."""
    return account.pool.swap_reserved + account.vm.size - account.vm.reservation <= account.pool.machine.swap


def free_for(pool: Pool, need: Quantity) -> Truth:
    """There is so much free, beyond what stays free (D7)."""
    return pool.held + need <= pool.machine.capacity


def reclaimable_for(pool: Pool, need: Quantity) -> Truth:
    """There is so much free or surely reclaimable (D7)."""
    return pool.held + need <= pool.machine.capacity + pool.reclaimable


def reserves(account: Account) -> Truth:
    """Every reservation holds, with that of this VM."""
    return reservable(account.pool, account.vm.reservation + account.pool.vm_overhead)
