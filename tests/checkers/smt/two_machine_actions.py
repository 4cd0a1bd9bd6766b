"""What exists and what happens in the model of two_machines.py."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from holdfast.model.language import (
    Actor,
    Entity,
    Quantity,
    Role,
    Truth,
    Unit,
    action,
    all_of,
    between,
    budget,
    constant,
    derived,
    implies,
    require,
    total,
    varying,
    where,
)

pages, count = Unit("pages"), Unit("count")
GUEST, SCHEDULER = Actor("guest", Role.ENVIRONMENT), Actor("scheduler", Role.ENVIRONMENT)
OPERATOR, HYPERVISOR = Actor("operator", Role.PLANNED), Actor("hypervisor", Role.AUTOMATIC)
FAULT = Actor("fault", Role.FAULT)


class HostState(Enum):
    ABSENT = "absent"
    RUNNING = "running"
    SUSPENDED = "suspended"


class Hypervisor(Enum):
    OLD = "old"
    NONE = "none"
    NEW = "new"


class Map(Enum):
    NONE = "none"
    BUILT = "built"
    SEALED = "sealed"
    PASSED = "passed"
    CONSUMED = "consumed"


class Stage(Enum):
    ON_OLD = "on the old hypervisor"
    ENTERING = "entering"
    NESTED = "nested"
    LEAVING = "leaving"
    ON_NEW = "on the new hypervisor"


class Carrier(Entity):
    """The virtual machine that carries the guest hypervisor."""

    size = constant(pages)
    overhead = constant(pages)
    state = varying(HostState, start=HostState.ABSENT)

    @derived
    def used(self) -> Quantity:
        return self.overhead + total(vm.inside for vm in Vm.where(carrier=self))

    @derived
    def has_room(self) -> Truth:
        return self.used < self.size

    @derived
    def charged(self) -> Quantity:
        charged: Quantity = where(self.state == HostState.ABSENT, 0, self.overhead)
        return charged


class Machine(Entity):
    capacity = constant(pages)
    carrier = constant(Carrier)
    hypervisor = varying(Hypervisor, start=Hypervisor.OLD)
    map = varying(Map, start=Map.NONE)

    @derived
    def used(self) -> Quantity:
        return self.carrier.charged + total(vm.resident + vm.copied for vm in Vm.where(machine=self))

    @derived
    def has_room(self) -> Truth:
        return self.used < self.capacity


class Vm(Entity):
    machine = varying(Machine)
    size = constant(pages)
    unreclaimable = varying(pages, upto=size)
    active_anon = varying(pages, upto=size, start=size)
    active_buffer = varying(pages, upto=size)
    inactive_anon = varying(pages, upto=size)
    inactive_buffer = varying(pages, upto=size)
    free = varying(pages, upto=size)
    ballooned = varying(pages, upto=size)
    swapped = varying(pages, upto=size)
    stage = varying(Stage, start=Stage.ON_OLD)
    copied = varying(pages, upto=size)

    @derived
    def carrier(self) -> Carrier:
        return self.machine.carrier

    @derived
    def resident(self) -> Quantity:
        active = self.unreclaimable + self.active_anon + self.active_buffer
        return active + self.inactive_anon + self.inactive_buffer + self.free

    @derived
    def nested(self) -> Truth:
        return self.stage.one_of(Stage.NESTED, Stage.LEAVING)

    @derived
    def inside(self) -> Quantity:
        """What the VM takes of its carrier."""
        taken: Quantity = where(self.stage == Stage.ENTERING, self.copied, where(self.nested, self.resident, 0))
        return taken

    @derived
    def runs(self) -> Truth:
        return ~(self.nested & (self.carrier.state == HostState.SUSPENDED))

    @derived
    def may_grow(self) -> Truth:
        return self.machine.has_room & implies(self.nested, self.carrier.has_room)


class Assumptions(Entity):
    """How much may still go wrong, and how much a guest gives up at once."""

    aborts = budget(count, upto=2)
    burst = constant(pages)


@action(by=GUEST)
def touch_anonymous(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.inactive_anon > 0, "an anonymous page is inactive")
    vm.inactive_anon -= 1
    vm.active_anon += 1


@action(by=GUEST)
def age_anonymous(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.active_anon > 0, "an anonymous page is active")
    vm.active_anon -= 1
    vm.inactive_anon += 1


@action(by=GUEST)
def age_buffer(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.active_buffer > 0, "a buffer page is active")
    vm.active_buffer -= 1
    vm.inactive_buffer += 1


@action(by=GUEST)
def read_file(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.free > 0, "a page is free")
    vm.free -= 1
    vm.active_buffer += 1


@action(by=GUEST)
def pin(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.active_anon > 0, "an anonymous page is active")
    vm.active_anon -= 1
    vm.unreclaimable += 1


@action(by=GUEST)
def release(vm: Vm, amount: Annotated[Quantity, between(pages, 1, Assumptions.burst)]) -> None:
    require(vm.runs, "the VM runs")
    require(amount <= vm.inactive_buffer, "so many buffer pages are inactive")
    vm.inactive_buffer -= amount
    vm.free += amount


@action(by=SCHEDULER)
def inflate(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.copied == 0, "the VM is not in flight")
    require(vm.free > 0, "a page is free")
    vm.free -= 1
    vm.ballooned += 1


@action(by=SCHEDULER)
def deflate(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.ballooned > 0, "the balloon holds a page")
    require(vm.may_grow, "the machine, and the carrier if the VM is in it, have a free frame")
    vm.ballooned -= 1
    vm.free += 1


@action(by=SCHEDULER)
def swap_out(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.copied == 0, "the VM is not in flight")
    require(vm.inactive_anon > 0, "an anonymous page is inactive")
    vm.inactive_anon -= 1
    vm.swapped += 1


@action(by=SCHEDULER)
def swap_in(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(vm.swapped > 0, "a page is swapped")
    require(vm.may_grow, "the machine, and the carrier if the VM is in it, have a free frame")
    vm.swapped -= 1
    vm.active_anon += 1


@action(by=OPERATOR, until=lambda vm: vm.stage == Stage.NESTED)
def consolidate(vm: Vm) -> None:
    require(vm.stage == Stage.ON_OLD, "the VM runs on the old hypervisor")
    require(vm.carrier.state == HostState.RUNNING, "the guest hypervisor runs")
    require(vm.machine.hypervisor == Hypervisor.OLD, "the old hypervisor has not been replaced")
    vm.stage = Stage.ENTERING


@action(by=HYPERVISOR)
def copy_in(vm: Vm) -> None:
    require(vm.stage == Stage.ENTERING, "the VM is entering")
    require(vm.copied < vm.resident, "a page remains to be copied")
    require(vm.machine.has_room, "the machine has a free frame")
    require(vm.carrier.has_room, "the carrier has a free frame")
    vm.copied += 1


@action(by=HYPERVISOR)
def enter(vm: Vm) -> None:
    require(vm.stage == Stage.ENTERING, "the VM is entering")
    require(vm.copied == vm.resident, "every page has been copied")
    vm.stage = Stage.NESTED
    vm.copied = 0


@action(by=OPERATOR, until=lambda vm: vm.stage == Stage.ON_NEW)
def disassociate(vm: Vm) -> None:
    require(vm.stage == Stage.NESTED, "the VM runs in the guest hypervisor")
    require(vm.carrier.state == HostState.RUNNING, "the guest hypervisor runs")
    require(vm.machine.hypervisor == Hypervisor.NEW, "the new hypervisor runs")
    vm.stage = Stage.LEAVING


@action(by=HYPERVISOR)
def copy_out(vm: Vm) -> None:
    require(vm.stage == Stage.LEAVING, "the VM is leaving")
    require(vm.runs, "the VM runs")
    require(vm.copied < vm.resident, "a page remains to be copied")
    require(vm.machine.has_room, "the machine has a free frame")
    vm.copied += 1


@action(by=HYPERVISOR)
def leave(vm: Vm) -> None:
    require(vm.stage == Stage.LEAVING, "the VM is leaving")
    require(vm.runs, "the VM runs")
    require(vm.copied == vm.resident, "every page has been copied")
    vm.stage = Stage.ON_NEW
    vm.copied = 0


@action(by=FAULT)
def migration_aborts(vm: Vm, bounds: Assumptions) -> None:
    require(bounds.aborts > 0, "the assumptions tolerate one more abort")
    require(vm.stage.one_of(Stage.ENTERING, Stage.LEAVING), "the VM is in flight")
    bounds.aborts -= 1
    vm.stage = where(vm.stage == Stage.ENTERING, Stage.ON_OLD, Stage.NESTED)
    vm.copied = 0


@action(by=OPERATOR)
def move(vm: Vm, to: Machine) -> None:
    """Move a VM that cannot take part to another machine."""
    require(vm.machine != to, "the VM is elsewhere")
    require(vm.stage == Stage.ON_OLD, "the VM runs on the old hypervisor")
    require(to.hypervisor == Hypervisor.OLD, "the other machine runs the old hypervisor")
    require(to.carrier.state != HostState.SUSPENDED, "the other machine's exchange has not started")
    require(to.used + vm.resident <= to.capacity, "the other machine has room for the whole VM")
    vm.machine = to


@action(by=OPERATOR)
def create_carrier(machine: Machine) -> None:
    require(machine.carrier.state == HostState.ABSENT, "there is no carrier yet")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    require(machine.used + machine.carrier.overhead <= machine.capacity, "there is room for the guest hypervisor")
    machine.carrier.state = HostState.RUNNING


@action(by=OPERATOR)
def suspend(machine: Machine) -> None:
    require(machine.carrier.state == HostState.RUNNING, "the guest hypervisor runs")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    require(all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=machine)), "every VM is inside the carrier")
    machine.carrier.state = HostState.SUSPENDED


@action(by=HYPERVISOR)
def build_map(machine: Machine) -> None:
    require(machine.carrier.state == HostState.SUSPENDED, "the carrier is suspended")
    require(machine.map == Map.NONE, "there is no map yet")
    machine.map = Map.BUILT


@action(by=HYPERVISOR)
def seal_map(machine: Machine) -> None:
    require(machine.map == Map.BUILT, "the map has been built")
    machine.map = Map.SEALED


@action(by=OPERATOR)
def tear_down_old(machine: Machine) -> None:
    require(machine.map == Map.SEALED, "the map is sealed")
    require(machine.hypervisor == Hypervisor.OLD, "the old hypervisor runs")
    machine.map = Map.PASSED
    machine.hypervisor = Hypervisor.NONE


@action(by=OPERATOR)
def launch_new(machine: Machine) -> None:
    require(machine.hypervisor == Hypervisor.NONE, "no hypervisor runs")
    machine.hypervisor = Hypervisor.NEW


@action(by=OPERATOR)
def resume(machine: Machine) -> None:
    require(machine.map == Map.PASSED, "the new hypervisor was given the map")
    require(machine.hypervisor == Hypervisor.NEW, "the new hypervisor runs")
    machine.map = Map.CONSUMED
    machine.carrier.state = HostState.RUNNING


@action(by=OPERATOR)
def destroy_carrier(machine: Machine) -> None:
    require(machine.carrier.state == HostState.RUNNING, "the guest hypervisor runs")
    require(machine.hypervisor == Hypervisor.NEW, "the new hypervisor runs")
    require(all_of(vm.stage == Stage.ON_NEW for vm in Vm.where(machine=machine)), "every VM is on the new hypervisor")
    machine.carrier.state = HostState.ABSENT
