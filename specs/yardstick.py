"""Exchange-N, the yardstick: a simplified hypervisor exchange, small enough to count by other people's tools.

One machine of C frames; N VMs of S pages each, whose pages are active, inactive, free, ballooned or swapped. The VMs
are copied page by page into a host VM; the host VM is suspended, the old hypervisor killed, the new one booted; the
host VM resumes, and the VMs are copied out. Every copy can be aborted at any time.

Its worlds' states, transitions and depths are published; SPIN, TLC and Murphi agree on them. The model is in model/.
"""

from __future__ import annotations

import sys
from enum import Enum

from ..model.language import (
    Actor,
    Entity,
    Quantity,
    Role,
    System,
    Truth,
    Unit,
    World,
    action,
    all_of,
    always,
    assume,
    constant,
    derived,
    implies,
    quantity,
    require,
    sometimes,
    total,
    varying,
    where,
)

pages = Unit("pages")

OPERATOR = Actor("operator", Role.PLANNED)
HYPERVISOR = Actor("hypervisor", Role.AUTOMATIC)
SCHEDULER = Actor("scheduler", Role.ENVIRONMENT)
GUEST = Actor("guest", Role.ENVIRONMENT)
FAULT = Actor("fault", Role.FAULT)


class HostVm(Enum):
    """The VM into which the others are consolidated."""

    ABSENT = "absent"
    RUNNING = "running"
    SUSPENDED = "suspended"


class Hypervisor(Enum):
    """The hypervisor that runs on the machine itself."""

    OLD = "old"
    NONE = "none"
    NEW = "new"


class Stage(Enum):
    """Where a VM is on its way from the old hypervisor through the host VM to the new one."""

    ON_OLD = "on the old hypervisor"
    COPYING_IN = "being copied into the host VM"
    NESTED = "inside the host VM"
    COPYING_OUT = "being copied out of the host VM"
    ON_NEW = "on the new hypervisor"


class Machine(Entity):
    """A host with `capacity` frames, one page each; the host VM itself takes one."""

    capacity = constant(pages)
    host_vm = varying(HostVm, start=HostVm.ABSENT)
    hypervisor = varying(Hypervisor, start=Hypervisor.OLD)

    @derived
    def used(self) -> Quantity:
        """Frames in use: every resident page, every page of an unfinished copy, and the host VM's own."""
        own: Quantity = where(self.host_vm == HostVm.ABSENT, 0, quantity(1, pages))
        return total(vm.resident + vm.copied for vm in Vm.where(machine=self)) + own

    @derived
    def has_room(self) -> Truth:
        """Whether a frame is free."""
        return self.used < self.capacity


class Vm(Entity):
    """A VM of `size` pages, each of one class; `copied` pages of a copy that is under way."""

    machine = constant(Machine)
    size = constant(pages)
    active = varying(pages, upto=size, start=size)
    inactive = varying(pages, upto=size)
    free = varying(pages, upto=size)
    ballooned = varying(pages, upto=size)
    swapped = varying(pages, upto=size)
    stage = varying(Stage, start=Stage.ON_OLD)
    copied = varying(pages, upto=size)

    @derived
    def resident(self) -> Quantity:
        """Pages that hold a frame."""
        return self.active + self.inactive + self.free

    @derived
    def runs(self) -> Truth:
        """Whether the VM can do anything: it cannot while the host VM is suspended."""
        return self.machine.host_vm != HostVm.SUSPENDED


# ------------------------------------------------------------------------------- what guests and the scheduler do
@action(by=GUEST)
def touch(vm: Vm) -> None:
    """The guest uses a page that it had not used for a while."""
    require(vm.runs, "the VM runs")
    require(vm.inactive > 0, "a page is inactive")
    vm.inactive -= 1
    vm.active += 1


@action(by=GUEST)
def age(vm: Vm) -> None:
    """A page goes unused for a while."""
    require(vm.runs, "the VM runs")
    require(vm.active > 0, "a page is active")
    vm.active -= 1
    vm.inactive += 1


@action(by=GUEST)
def allocate(vm: Vm) -> None:
    """The guest takes a page that it has free."""
    require(vm.runs, "the VM runs")
    require(vm.free > 0, "a page is free")
    vm.free -= 1
    vm.active += 1


@action(by=GUEST)
def release(vm: Vm) -> None:
    """The guest gives a page back to itself."""
    require(vm.runs, "the VM runs")
    require(vm.active > 0, "a page is active")
    vm.active -= 1
    vm.free += 1


@action(by=SCHEDULER)
def inflate(vm: Vm) -> None:
    """The balloon takes a free page, whose frame becomes free; a page already copied stays."""
    require(vm.runs, "the VM runs")
    require(vm.free > 0, "a page is free")
    require(vm.copied < vm.resident, "a page has not been copied")
    vm.free -= 1
    vm.ballooned += 1


@action(by=SCHEDULER)
def deflate(vm: Vm) -> None:
    """The balloon gives a page back, which needs a frame."""
    require(vm.runs, "the VM runs")
    require(vm.ballooned > 0, "the balloon holds a page")
    require(vm.machine.has_room, "the machine has a free frame")
    vm.ballooned -= 1
    vm.free += 1


@action(by=SCHEDULER)
def swap_out(vm: Vm) -> None:
    """An inactive page goes to disk, and its frame becomes free; a page already copied stays."""
    require(vm.runs, "the VM runs")
    require(vm.inactive > 0, "a page is inactive")
    require(vm.copied < vm.resident, "a page has not been copied")
    vm.inactive -= 1
    vm.swapped += 1


@action(by=SCHEDULER)
def swap_in(vm: Vm) -> None:
    """A page comes back from disk, which needs a frame."""
    require(vm.runs, "the VM runs")
    require(vm.swapped > 0, "a page is swapped")
    require(vm.machine.has_room, "the machine has a free frame")
    vm.swapped -= 1
    vm.active += 1


# --------------------------------------------------------- how VMs move: in and out differ only in where they pass
def begin(vm: Vm, leaving: Stage, copying: Stage) -> None:
    """Start to copy a VM from one side to the other."""
    require(vm.stage == leaving, "the VM is where it should leave from, and is not moving")
    require(vm.machine.host_vm == HostVm.RUNNING, "the host VM runs")
    vm.stage = copying
    vm.copied = 0


def copy(vm: Vm, copying: Stage) -> None:
    """Copy one page, into a frame of its own."""
    require(vm.runs, "the VM runs")
    require(vm.stage == copying, "the VM is being copied")
    require(vm.copied < vm.resident, "a page remains to be copied")
    require(vm.machine.has_room, "the machine has a free frame")
    vm.copied += 1


def finish(vm: Vm, copying: Stage, arrived: Stage) -> None:
    """The copy takes over, and the frames of the original are free."""
    require(vm.runs, "the VM runs")
    require(vm.stage == copying, "the VM is being copied")
    require(vm.copied == vm.resident, "every page has been copied")
    vm.stage = arrived
    vm.copied = 0


def abort(vm: Vm, copying: Stage, back: Stage) -> None:
    """The copy is given up; the VM stays where it was."""
    require(vm.runs, "the VM runs")
    require(vm.stage == copying, "the VM is being copied")
    vm.stage = back
    vm.copied = 0


def is_inside(vm: Vm) -> Truth:
    """The VM has been consolidated."""
    return vm.stage == Stage.NESTED


def is_out(vm: Vm) -> Truth:
    """The VM has arrived on the new hypervisor."""
    return vm.stage == Stage.ON_NEW


@action(by=OPERATOR, until=is_inside)
def begin_in(vm: Vm) -> None:
    """Start to consolidate a VM into the host VM."""
    require(vm.machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    begin(vm, Stage.ON_OLD, Stage.COPYING_IN)


@action(by=HYPERVISOR)
def copy_in(vm: Vm) -> None:
    """Copy a page of a VM into the host VM."""
    copy(vm, Stage.COPYING_IN)


@action(by=HYPERVISOR)
def finish_in(vm: Vm) -> None:
    """The VM runs inside the host VM."""
    finish(vm, Stage.COPYING_IN, Stage.NESTED)


@action(by=FAULT)
def abort_in(vm: Vm) -> None:
    """The migration into the host VM fails."""
    abort(vm, Stage.COPYING_IN, Stage.ON_OLD)


@action(by=OPERATOR, until=is_out)
def begin_out(vm: Vm) -> None:
    """Start to move a VM out of the host VM onto the new hypervisor."""
    require(vm.machine.hypervisor == Hypervisor.NEW, "the new hypervisor runs")
    begin(vm, Stage.NESTED, Stage.COPYING_OUT)


@action(by=HYPERVISOR)
def copy_out(vm: Vm) -> None:
    """Copy a page of a VM out of the host VM."""
    copy(vm, Stage.COPYING_OUT)


@action(by=HYPERVISOR)
def finish_out(vm: Vm) -> None:
    """The VM runs on the new hypervisor."""
    finish(vm, Stage.COPYING_OUT, Stage.ON_NEW)


@action(by=FAULT)
def abort_out(vm: Vm) -> None:
    """The migration out of the host VM fails."""
    abort(vm, Stage.COPYING_OUT, Stage.NESTED)


# ------------------------------------------------------------------------------------------- the exchange itself
@action(by=OPERATOR)
def create_host_vm(machine: Machine) -> None:
    """Start the host VM, whose guest hypervisor will take the VMs in."""
    require(machine.host_vm == HostVm.ABSENT, "there is no host VM")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    require(machine.has_room, "the machine has a free frame")
    machine.host_vm = HostVm.RUNNING


@action(by=OPERATOR)
def suspend_host_vm(machine: Machine) -> None:
    """Suspend the host VM, and every VM in it, in memory."""
    require(machine.host_vm == HostVm.RUNNING, "the host VM runs")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    require(all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=machine)), "every VM is inside the host VM")
    machine.host_vm = HostVm.SUSPENDED


@action(by=OPERATOR)
def kill_old(machine: Machine) -> None:
    """The old hypervisor ends; the memory of the host VM stays."""
    require(machine.host_vm == HostVm.SUSPENDED, "the host VM is suspended")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    machine.hypervisor = Hypervisor.NONE


@action(by=OPERATOR)
def boot_new(machine: Machine) -> None:
    """The new hypervisor starts around the suspended host VM."""
    require(machine.hypervisor == Hypervisor.NONE, "no hypervisor runs")
    machine.hypervisor = Hypervisor.NEW


@action(by=OPERATOR)
def resume_host_vm(machine: Machine) -> None:
    """The host VM goes on, under the new hypervisor."""
    require(machine.host_vm == HostVm.SUSPENDED, "the host VM is suspended")
    require(machine.hypervisor == Hypervisor.NEW, "the new hypervisor runs")
    machine.host_vm = HostVm.RUNNING


@action(by=OPERATOR)
def destroy_host_vm(machine: Machine) -> None:
    """Remove the emptied host VM."""
    require(machine.host_vm == HostVm.RUNNING, "the host VM runs")
    require(all_of(vm.stage == Stage.ON_NEW for vm in Vm.where(machine=machine)), "every VM is on the new hypervisor")
    machine.host_vm = HostVm.ABSENT


# ------------------------------------------------------------------------------------------------- what must hold
@assume
def vms_fit() -> Truth:
    """The VMs of a machine fit in it, at their full size."""
    return all_of(total(vm.size for vm in Vm.where(machine=m)) <= m.capacity for m in Machine)


@always()
def within_capacity() -> Truth:
    """No machine holds more frames than it has."""
    return all_of(machine.used <= machine.capacity for machine in Machine)


@always()
def consolidated_before_exchange() -> Truth:
    """While no hypervisor runs, the host VM is suspended with every VM inside it."""
    return all_of(
        implies(
            machine.hypervisor == Hypervisor.NONE,
            (machine.host_vm == HostVm.SUSPENDED)
            & all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=machine)),
        )
        for machine in Machine
    )


@always()
def pages_conserved() -> Truth:
    """Every page of a VM is resident, in the balloon or swapped, and no more is copied than is resident."""
    return all_of((vm.resident + vm.ballooned + vm.swapped == vm.size) & (vm.copied <= vm.resident) for vm in Vm)


@always()
def suspended_means_nested() -> Truth:
    """While the host VM is suspended, every VM of its machine is inside it."""
    return all_of(
        implies(
            machine.host_vm == HostVm.SUSPENDED,
            all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=machine)),
        )
        for machine in Machine
    )


@always()
def copies_only_in_flight() -> Truth:
    """Only a VM that is being copied has pages in a second place."""
    return all_of(implies(vm.copied > 0, vm.stage.one_of(Stage.COPYING_IN, Stage.COPYING_OUT)) for vm in Vm)


@sometimes()
def done() -> Truth:
    """The exchange completes: every machine runs the new hypervisor, and no host VM is left."""
    return all_of((machine.hypervisor == Hypervisor.NEW) & (machine.host_vm == HostVm.ABSENT) for machine in Machine)


def exchange(n: int, size: int, capacity: int) -> tuple[System, World]:
    """The system, and its world of `n` VMs of `size` pages each on one machine of `capacity` frames."""
    host = Machine("host", capacity=capacity)
    vms = [Vm(f"vm{i}", machine=host, size=size) for i in range(n)]
    world = World(f"exchange-{n}-{size}-{capacity}", host, *vms, reason="a published count to hold engines against")
    return System.of(sys.modules[__name__]), world
