"""What exists: machines, hypervisors, the host VM of each machine, and the VMs with their pages by usage class.

Memory is charged where it lies. A page of a VM is charged once to its machine, wherever the VM runs; while a copying
migration runs, the arriving copy is charged beside it (X2). The host VM is elastic: it holds what is inside it.
"""

from __future__ import annotations

from enum import Enum

from .actors import formats, pages, versions
from .language import (
    Entity,
    Quantity,
    Truth,
    constant,
    derived,
    implies,
    total,
    varying,
    where,
)


class Power(Enum):
    """A hypervisor: not there, booting, running, or hung: there, but it does nothing any more, and does not end."""

    ABSENT = "absent"
    BOOTING = "booting"
    RUNNING = "running"
    HUNG = "hung"


class HostVmState(Enum):
    """The host VM: not there, running, suspended in memory to be handed over, halted to be stored, in storage only, or
    stopped on its way between two partitions."""

    ABSENT = "absent"
    RUNNING = "running"
    SUSPENDED = "suspended"
    HALTED = "halted"
    STORED = "stored"
    CROSSING = "crossing"


class Map(Enum):
    """The hand-off map, which tells the new hypervisor where the preserved pages are."""

    NONE = "none"
    BUILT = "built"
    SEALED = "sealed"
    PASSED = "passed"
    VALIDATED = "validated"


class Stage(Enum):
    """A VM's migration: none, pre-copy, stop-and-copy, or committed but not yet activated."""

    SETTLED = "settled"
    COPYING = "copying"
    STOPPED = "stopped"
    COMMITTED = "committed"


class Hypervisor(Entity):
    """A hypervisor that can run on a machine: directly, or (the guest hypervisor) inside its host VM."""

    machine = constant(lambda: Machine)
    nested = constant(bool)
    footprint = constant(pages)
    vm_overhead = constant(pages)
    writes_format = constant(formats)
    reads_from = constant(formats)
    reads_upto = constant(formats)
    hardware_from = constant(versions, default=0)
    hardware_upto = constant(versions, default=0)
    power = varying(Power, start=Power.ABSENT)

    @derived
    def needs(self) -> Quantity:
        """The frames that it takes itself, wherever it is in memory."""
        return where(self.power == Power.ABSENT, 0, self.footprint)

    @derived
    def held(self) -> Quantity:
        """The frames that it takes itself: none while it is in a host VM that is in storage only."""
        return where(self.nested & ~self.machine.host_vm.in_memory, 0, self.needs)

    @derived
    def executes(self) -> Truth:
        """Whether the VMs that it carries can run."""
        inside_running = self.machine.host_vm.state == HostVmState.RUNNING
        return (self.power == Power.RUNNING) & implies(self.nested, inside_running)

    @derived
    def gone(self) -> Truth:
        """Whether what it carried is lost: it is not there, or (nested) its host VM or the host VM's carrier is not."""
        host_vm = self.machine.host_vm
        uncarried = host_vm.in_memory & (host_vm.carrier.power == Power.ABSENT)
        host_vm_gone = (host_vm.state == HostVmState.ABSENT) | ~host_vm.whole | uncarried
        return (self.power == Power.ABSENT) | (self.nested & host_vm_gone)


class HostVm(Entity):
    """The virtual machine that carries the guest hypervisor. It has at most `size`, and holds what is inside it.

    It is `whole` as long as everything that is inside it lies somewhere, in memory or in storage, as it should be.
    """

    guest = constant(Hypervisor)
    size = constant(pages)
    overhead = constant(pages)
    carrier = varying(Hypervisor)
    state = varying(HostVmState, start=HostVmState.ABSENT)
    whole = varying(bool, start=True)

    @derived
    def suspended(self) -> Truth:
        """Whether what is in it stands still, in memory or in storage."""
        return ~self.state.one_of(HostVmState.ABSENT, HostVmState.RUNNING)

    @derived
    def in_memory(self) -> Truth:
        """Whether it needs frames, and a hypervisor to hold them: it is not in storage only."""
        return self.state != HostVmState.STORED

    @derived
    def stored(self) -> Quantity:
        """The frames that it would need, which are free because it is in storage only."""
        own = where(self.in_memory, 0, self.needs + self.guest.needs)
        return own + total(vm.stored for vm in Vm.where(host_vm=self))

    @derived
    def used(self) -> Quantity:
        """The pages inside it: the guest hypervisor, its VMs, and what has arrived of those that move in."""
        return self.guest.needs + total(vm.inside for vm in Vm.where(host_vm=self))

    @derived
    def promised(self) -> Quantity:
        """What it has reserved for the guest hypervisor and the VMs in it or on their way in (X6)."""
        return self.guest.needs + total(vm.reserved_inside for vm in Vm.where(host_vm=self))

    @derived
    def expected(self) -> Quantity:
        """The frames inside it once every copy under way is complete."""
        return self.used + total(vm.still_to_arrive_inside for vm in Vm.where(host_vm=self))

    @derived
    def needs(self) -> Quantity:
        """The frames that its carrier needs for it, beside what is inside, wherever it is in memory."""
        return where(self.state == HostVmState.ABSENT, 0, self.overhead)

    @derived
    def held(self) -> Quantity:
        """The frames that its carrier takes for it, beside what is inside."""
        return where(self.in_memory, self.needs, 0)


class Machine(Entity):
    """A machine: so many frames, a commit limit, room for swapping, and an exchange from `old` to `new`.

    Frames and swap slots are set aside for VMs that come from other machines, or fetch from here what they left behind.
    While it is `split` the old and the new hypervisor are side by side, each in a partition of its own.
    """

    capacity = constant(pages)
    commit_limit = constant(pages)
    swap = constant(pages)
    old = constant(Hypervisor)
    new = constant(Hypervisor)
    host_vm = constant(HostVm)
    map = varying(Map, start=Map.NONE)
    mapped = varying(pages, upto=capacity)
    set_aside = varying(pages, upto=capacity)
    slots_set_aside = varying(pages, upto=swap)
    split = varying(bool)

    @derived
    def footprints(self) -> Quantity:
        """The frames that hypervisors and the host VM take themselves."""
        return self.host_vm.held + total(h.held for h in Hypervisor.where(machine=self))

    @derived
    def used(self) -> Quantity:
        """The frames held, transient double copies included; what is in storage only holds none."""
        return self.footprints + self.set_aside + total(vm.charged for vm in Vm.where(machine=self))

    @derived
    def expected(self) -> Quantity:
        """The frames held once every copy under way is complete, and what is in storage is back."""
        return self.used + self.host_vm.stored + total(vm.still_to_arrive for vm in Vm.where(machine=self))

    @derived
    def committed(self) -> Quantity:
        """The frames promised: all that its VMs could come to hold, transient double copies included.

        What is in storage only keeps its promise: it is to come back.
        """
        itself = self.host_vm.needs + total(h.needs for h in Hypervisor.where(machine=self))
        return itself + self.set_aside + total(vm.promised for vm in Vm.where(machine=self))

    @derived
    def swapped(self) -> Quantity:
        """The swap slots taken."""
        return self.slots_set_aside + total(vm.swapped for vm in Vm.where(machine=self))


class Vm(Entity):
    """A VM: its pages by usage class (US9529609 claim 1), where its authority lies, and its migration.

    One that is not `on` has no pages and no home: it is charged nothing, and `source` says where it is registered.

    `resident_peak` and `hot_peak` are assumptions about the guest: how many pages it ever has resident, and how many of
    them active or unreclaimable. While it migrates, `copied` pages lie at the other end too, `dirty` of them stale. It may
    be `leaving` for another machine; or be `remapped`, its frames changing hands where they are. The memory scheduler may
    have it `blocked`; its balloon's driver may be stuck, or not there.
    """

    size = constant(pages)
    reservation = constant(pages)
    resident_peak = constant(pages)
    hot_peak = constant(pages)
    hardware = constant(versions, default=0)

    unreclaimable = varying(pages, upto=size)
    active_anonymous = varying(pages, upto=size)
    active_buffer = varying(pages, upto=size)
    inactive_anonymous = varying(pages, upto=size)
    inactive_buffer = varying(pages, upto=size)
    free = varying(pages, upto=size)
    untouched = varying(pages, upto=size)
    ballooned = varying(pages, upto=size)
    swapped = varying(pages, upto=size)
    balloon_target = varying(pages, upto=size)
    swap_target = varying(pages, upto=size)

    on = varying(bool, start=True)
    source = varying(Hypervisor)
    target = varying(Hypervisor)
    stage = varying(Stage, start=Stage.SETTLED)
    running = varying(bool, start=True)
    intact = varying(bool, start=True)
    leaving = varying(bool)
    remapped = varying(bool)
    blocked = varying(bool)
    driver_stuck = varying(bool)
    copied = varying(pages, upto=size)
    dirty = varying(pages, upto=size)

    @derived
    def machine(self) -> Machine:
        """Where it is; both ends of a migration are on one machine."""
        return self.source.machine

    @derived
    def host_vm(self) -> HostVm:
        """The host VM of its machine."""
        return self.machine.host_vm

    @derived
    def guest(self) -> Hypervisor:
        """The guest hypervisor of its machine."""
        return self.machine.host_vm.guest

    @derived
    def home(self) -> Hypervisor:
        """The authoritative hypervisor (S1)."""
        return where(self.stage == Stage.COMMITTED, self.target, self.source)

    @derived
    def settled(self) -> Truth:
        """Not migrating."""
        return self.stage == Stage.SETTLED

    @derived
    def copying(self) -> Truth:
        """Its pages are being copied, while it runs or is stunned."""
        return self.stage.one_of(Stage.COPYING, Stage.STOPPED) & ~self.remapped

    @derived
    def in_flight(self) -> Truth:
        """Migrating, on its machine or away from it."""
        return ~self.settled | self.leaving

    @derived
    def awake(self) -> Truth:
        """Whether it executes, or would if the scheduler did not block it: it is not stunned, suspended or lost."""
        return self.intact & self.running & self.source.executes

    @derived
    def runs(self) -> Truth:
        """Whether the guest can do anything now."""
        return self.awake & ~self.blocked

    @derived
    def lost(self) -> Truth:
        """Whether the VM is lost: its pages are, or what carries its authority is gone (S2)."""
        return self.on & (~self.intact | self.home.gone)

    @derived
    def hot(self) -> Quantity:
        """The working set and what cannot be reclaimed."""
        return self.unreclaimable + self.active_anonymous + self.active_buffer

    @derived
    def resident(self) -> Quantity:
        """The pages that frames back."""
        return self.hot + self.inactive_anonymous + self.inactive_buffer + self.free

    @derived
    def at_source(self) -> Quantity:
        """The frames at the end that it leaves, or where it is settled."""
        return where(self.stage == Stage.COMMITTED, self.copied, self.resident)

    @derived
    def at_target(self) -> Quantity:
        """The frames at the end that it moves to."""
        return where(self.stage == Stage.COMMITTED, self.resident, self.copied)

    @derived
    def overhead(self) -> Quantity:
        """The frames that hypervisors need to carry it, at both ends while it migrates."""
        return where(self.on, self.source.vm_overhead, 0) + where(self.settled, 0, self.target.vm_overhead)

    @derived
    def in_storage(self) -> Truth:
        """It is in a host VM that is in storage only."""
        return self.inside_source & ~self.host_vm.in_memory

    @derived
    def charged(self) -> Quantity:
        """The frames that its machine charges for it (X2): none while it is in storage only (X1)."""
        return where(self.in_storage, 0, self.at_source + self.at_target + self.overhead)

    @derived
    def still_to_arrive(self) -> Quantity:
        """The frames that its migration will still take."""
        return where(self.settled | self.remapped, 0, self.resident - self.copied)

    @derived
    def promised(self) -> Quantity:
        """What it could come to hold, at both ends while it migrates."""
        demand = where(self.on, self.size - self.ballooned, 0)
        return demand + where(self.settled | self.remapped, 0, demand) + self.overhead

    @derived
    def inside_source(self) -> Truth:
        """It leaves, or is settled in, the guest hypervisor."""
        return self.on & (self.source == self.guest)

    @derived
    def inside_target(self) -> Truth:
        """It moves into the guest hypervisor."""
        return ~self.settled & (self.target == self.guest)

    @derived
    def inside(self) -> Quantity:
        """The frames that it takes of the host VM."""
        return where(self.inside_source, self.at_source + self.guest.vm_overhead, 0) + where(
            self.inside_target, self.at_target + self.guest.vm_overhead, 0
        )

    @derived
    def stored(self) -> Quantity:
        """The frames that it would need, which are free because it is in storage only."""
        return where(self.in_storage, self.resident + self.overhead, 0)

    @derived
    def still_to_arrive_inside(self) -> Quantity:
        """The frames of the host VM that its migration will still take."""
        return where(self.inside_target, self.resident - self.copied, 0)

    @derived
    def reserved_inside(self) -> Quantity:
        """What the host VM has reserved for it."""
        return where(self.inside_source | self.inside_target, self.reservation + self.guest.vm_overhead, 0)


class Grain(Entity):
    """How many pages an action may move at once: one in worlds that are explored, any number in a plan. One per world."""

    burst = constant(pages)
    most = constant(pages)
