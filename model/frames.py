"""Frames by identity: each frame of a machine with what is in it, who has it, and whether the hand-off map lists it.

The rest of the model counts pages. Here a page of a VM is a thing that was written some version ago, a frame holds some
version of some page, and an entry of a page table says which frame a hypervisor has for which page. So a page can be
lost, shown to the wrong VM, counted twice, or overwritten by a hypervisor that boots. One page of a VM may stand for the
state of its processors and devices: it is written as they go on, and saved and sent as the others are.
"""

from __future__ import annotations

from enum import Enum

from .actors import pages
from .inventory import HostVmState, Hypervisor, Machine, Power, Vm
from .language import Choice, Entity, Quantity, Truth, Unit, any_of, constant, derived, quantity, total, varying, where

versions = Unit("versions")
"""What was written to a page: 0 is nothing, a zeroed page; 1 and 2 take turns."""


class Kernel(Enum):
    """Which hypervisor has a frame for itself since before the exchange: none, the old one, or the guest hypervisor."""

    NONE = "none"
    OLD = "old"
    GUEST = "guest"


class Owner(Enum):
    """Who owns a frame."""

    FREE = "free"
    OLD = "old hypervisor"
    NEW = "new hypervisor"
    BOOT = "boot footprint of the new hypervisor, beside the old one"
    GUEST = "guest hypervisor"
    HOST_VM = "host VM, for a VM inside it"
    VM = "VM"
    SHARED = "several VMs"
    PRESERVED = "preserved for the new hypervisor"


class FramePool(Entity):
    """A machine's pool of frames: how many there are, and how many it has counted as taken."""

    machine = constant(Machine)
    frames = constant(pages)
    taken = varying(pages, upto=frames)


class Page(Entity):
    """A page of a VM: what the guest last wrote there, and whether it did so since the page was sent to the other end."""

    vm = constant(Vm)
    written = varying(versions, upto=2)
    dirty = varying(bool)


class Frame(Entity):
    """A frame: the version of a page that is in it, and where it is recorded.

    The free list and the page tables are those of whoever has the machine; the boot allocator of the new hypervisor keeps
    its own record, and so does the hand-off map.
    """

    pool = constant(FramePool)
    author = varying(Page)
    version = varying(versions, upto=2)
    free = varying(bool)
    kernel = varying(Kernel, start=Kernel.NONE)
    boot = varying(bool)
    listed = varying(bool)

    @derived
    def machine(self) -> Machine:
        """Where it is."""
        return self.pool.machine

    @derived
    def references(self) -> Quantity:
        """How many pages it is the frame of, at some hypervisor."""
        return total(where(e.present, quantity(1, pages), 0) for e in Entry.where(frame=self))

    @derived
    def inside(self) -> Truth:
        """It is in the host VM: the guest hypervisor's own, or that of a page of a VM in there."""
        guest = self.machine.host_vm.guest
        return (self.kernel == Kernel.GUEST) | any_of(e.present for e in Entry.where(frame=self, at=guest))

    @derived
    def unconsumed(self) -> Truth:
        """The new hypervisor has resumed what was in it, and has not yet taken it off the list."""
        host_vm = self.machine.host_vm
        return self.listed & (host_vm.carrier == self.machine.new) & (host_vm.state != HostVmState.SUSPENDED)

    @derived
    def preserved(self) -> Truth:
        """It must be left alone: it is in a suspended host VM, or was, and is still on the list."""
        return (self.inside & (self.machine.host_vm.state == HostVmState.SUSPENDED)) | self.unconsumed

    @derived
    def orphaned(self) -> Truth:
        """The hypervisor that has it for itself is gone."""
        machine = self.machine
        old = (self.kernel == Kernel.OLD) & (machine.old.power == Power.ABSENT)
        guest = (self.kernel == Kernel.GUEST) & (machine.host_vm.guest.power == Power.ABSENT)
        return old | guest | (self.boot & (machine.new.power == Power.ABSENT))

    @derived
    def idle(self) -> Truth:
        """Nothing needs it: it is free, or about to be freed."""
        needed = any_of(e.present & ~e.left_behind for e in Entry.where(frame=self))
        return ~needed & (self.orphaned | ((self.kernel == Kernel.NONE) & ~self.boot))

    @derived
    def owner(self) -> Choice[Owner]:
        """Who owns it."""
        booted = where(self.machine.old.power == Power.ABSENT, Owner.NEW, Owner.BOOT)
        kernel = where(self.kernel == Kernel.OLD, Owner.OLD, Owner.GUEST)
        tenant = where(self.references > 1, Owner.SHARED, where(self.inside, Owner.HOST_VM, Owner.VM))
        taken = where(self.boot, booted, where(self.kernel == Kernel.NONE, tenant, kernel))
        return where(self.free, Owner.FREE, where(self.preserved, Owner.PRESERVED, taken))


class Entry(Entity):
    """What the page table of one hypervisor says of one page of a VM: its frame there, if it has one.

    `nowhere` is what an entry that is not present says.
    """

    page = constant(Page)
    at = constant(Hypervisor)
    nowhere = constant(Frame)
    frame = varying(Frame, start=nowhere)
    present = varying(bool)

    @derived
    def vm(self) -> Vm:
        """Whose page it is."""
        return self.page.vm

    @derived
    def machine(self) -> Machine:
        """Where it is."""
        return self.at.machine

    @derived
    def arriving(self) -> Truth:
        """It is at the end that its VM moves to, and belongs to this migration: none does before its first page is sent."""
        return ~self.vm.settled & (self.at == self.vm.target) & (self.vm.copied > 0)

    @derived
    def left_behind(self) -> Truth:
        """It is at an end where its VM neither is nor is arriving."""
        return (self.at != self.vm.source) & ~self.arriving

    @derived
    def whole(self) -> Truth:
        """The frame holds what the guest last wrote to the page."""
        frame, page = self.frame, self.page
        return (frame.version == page.written) & ((page.written == 0) | (frame.author == page))
