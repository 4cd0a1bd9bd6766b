"""The exchange of the old hypervisor for a new one under the host VM, by suspending it in memory (US10963290).

Create the host VM; consolidate (migration.py); suspend; build and seal the hand-off map; launch the new hypervisor beside
the old one; pass the map and validate it; tear the old one down, which is the point of no return; resume; disassociate;
destroy the host VM. Before the point of no return everything can be rolled back.
"""

from __future__ import annotations

from .actors import HYPERVISOR, OPERATOR
from .inventory import HostVmState, Hypervisor, Machine, Map, Power, Vm
from .language import Truth, action, all_of, implies, require


def readable(machine: Machine) -> Truth:
    """The new hypervisor reads what the old one writes (S18)."""
    written = machine.old.writes_format
    return (machine.new.reads_from <= written) & (written <= machine.new.reads_upto)


def offers(hypervisor: Hypervisor, vm: Vm) -> Truth:
    """The hypervisor offers the virtual hardware that the VM needs."""
    return (hypervisor.hardware_from <= vm.hardware) & (vm.hardware <= hypervisor.hardware_upto)


def _suspended(machine: Machine) -> None:
    require(machine.host_vm.state == HostVmState.SUSPENDED, "the host VM is suspended")


def _old_runs(machine: Machine) -> None:
    require(machine.old.power == Power.RUNNING, "the old hypervisor runs")


def start_host_vm(machine: Machine) -> None:
    """The host VM with the guest hypervisor in it starts on the old hypervisor, whatever room it was given."""
    host_vm = machine.host_vm
    need = host_vm.overhead + host_vm.guest.footprint
    require(host_vm.state == HostVmState.ABSENT, "there is no host VM yet")
    _old_runs(machine)
    require(host_vm.guest.footprint <= host_vm.size, "the host VM has room for the guest hypervisor")
    require(machine.committed + need <= machine.commit_limit, "the machine may promise the guest hypervisor's frames")
    host_vm.state = HostVmState.RUNNING
    host_vm.carrier = machine.old
    host_vm.guest.power = Power.RUNNING


@action(by=OPERATOR, until=lambda machine: machine.host_vm.state == HostVmState.RUNNING)
def create_host_vm(machine: Machine) -> None:
    """Start the host VM with the guest hypervisor in it, on the old hypervisor."""
    need = machine.host_vm.overhead + machine.host_vm.guest.footprint
    require(machine.expected + need <= machine.capacity, "the machine has room for the guest hypervisor")
    start_host_vm(machine)


def gathered_for_new(machine: Machine) -> None:
    """Whatever way the host VM is to go: every VM of the machine is in it, and can go on over the new hypervisor."""
    require(~machine.split, "the machine is one partition")
    require(
        all_of(implies(vm.on, ~vm.in_flight & (vm.source == vm.guest)) for vm in Vm.where(machine=machine)),
        "every VM of the machine is in the guest hypervisor, and none is in flight",
    )
    require(machine.set_aside == 0, "no VM is on its way here from another machine")
    require(readable(machine), "the new hypervisor reads the old one's hand-off format")
    require(
        all_of(offers(machine.new, vm) for vm in Vm.where(machine=machine)),
        "the new hypervisor offers the virtual hardware of every VM",
    )


@action(by=OPERATOR, until=lambda machine: machine.host_vm.state == HostVmState.SUSPENDED)
def suspend(machine: Machine) -> None:
    """Suspend the host VM in memory, with every VM in it. What would make the exchange fail is refused here."""
    require(machine.host_vm.state == HostVmState.RUNNING, "the guest hypervisor runs")
    require(machine.host_vm.carrier == machine.old, "the old hypervisor carries the host VM")
    gathered_for_new(machine)
    need = machine.new.footprint
    require(machine.used + need <= machine.capacity, "the machine has room for the new hypervisor")
    require(machine.committed + need <= machine.commit_limit, "the machine may promise the new hypervisor's frames")
    machine.host_vm.state = HostVmState.SUSPENDED


@action(by=HYPERVISOR)
def build_map(machine: Machine) -> None:
    """The old hypervisor writes down where every page of the host VM is."""
    _suspended(machine)
    require(machine.map == Map.NONE, "there is no map yet")
    machine.map = Map.BUILT
    machine.mapped = machine.host_vm.used


@action(by=HYPERVISOR)
def seal_map(machine: Machine) -> None:
    """Nothing more is added to the map."""
    require(machine.map == Map.BUILT, "the map has been built")
    machine.map = Map.SEALED


def _takes_over(machine: Machine) -> Truth:
    return (machine.new.power == Power.RUNNING) & (machine.map == Map.VALIDATED)


@action(by=OPERATOR, until=_takes_over)
def launch_new(machine: Machine) -> None:
    """Boot the new hypervisor beside the old one, outside the preserved pages; suspending asked for room for it."""
    require(machine.map == Map.SEALED, "the map is sealed")
    require(machine.new.power == Power.ABSENT, "the new hypervisor is not there yet")
    machine.new.power = Power.BOOTING


@action(by=HYPERVISOR)
def finish_boot(machine: Machine) -> None:
    """The new hypervisor is up."""
    require(machine.new.power == Power.BOOTING, "the new hypervisor boots")
    machine.new.power = Power.RUNNING


@action(by=HYPERVISOR)
def pass_map(machine: Machine) -> None:
    """The old hypervisor gives the map to the new one."""
    require(machine.map == Map.SEALED, "the map is sealed")
    require(machine.new.power == Power.RUNNING, "the new hypervisor runs")
    machine.map = Map.PASSED


@action(by=HYPERVISOR)
def validate_map(machine: Machine) -> None:
    """The new hypervisor checks the map before it is used."""
    require(machine.map == Map.PASSED, "the map was passed")
    require(machine.mapped == machine.host_vm.used, "the map covers every page of the host VM")
    machine.map = Map.VALIDATED


@action(by=OPERATOR, until=lambda machine: machine.old.power == Power.ABSENT)
def tear_down_old(machine: Machine) -> None:
    """End the old hypervisor; the new one carries the suspended host VM. The point of no return."""
    _old_runs(machine)
    require(machine.map == Map.VALIDATED, "the new hypervisor has validated the map")
    machine.old.power = Power.ABSENT
    machine.host_vm.carrier = machine.new


def _resumed(machine: Machine) -> Truth:
    return (machine.host_vm.state == HostVmState.RUNNING) & (machine.host_vm.carrier == machine.new)


@action(by=OPERATOR, until=_resumed)
def resume(machine: Machine) -> None:
    """Resume the host VM on the new hypervisor: the full nested stack executes (S5)."""
    _suspended(machine)
    require(machine.host_vm.carrier == machine.new, "the new hypervisor carries the host VM")
    machine.host_vm.state = HostVmState.RUNNING
    machine.map = Map.NONE
    machine.mapped = 0


@action(by=OPERATOR, until=lambda machine: machine.host_vm.state == HostVmState.RUNNING)
def roll_back(machine: Machine) -> None:
    """Give the exchange up before the point of no return: the host VM goes on, on the old hypervisor."""
    _suspended(machine)
    require(machine.host_vm.carrier == machine.old, "the old hypervisor carries the host VM")
    machine.host_vm.state = HostVmState.RUNNING
    machine.new.power = Power.ABSENT
    machine.map = Map.NONE
    machine.mapped = 0


@action(by=OPERATOR, until=lambda machine: machine.host_vm.state == HostVmState.ABSENT)
def destroy_host_vm(machine: Machine) -> None:
    """End the guest hypervisor and the host VM, once nothing is in it or moves into or out of it."""
    guest = machine.host_vm.guest
    require(machine.host_vm.state == HostVmState.RUNNING, "the guest hypervisor runs")
    require(~machine.split, "the machine is one partition")
    require(
        all_of(vm.settled & ~vm.inside_source for vm in Vm.where(machine=machine)),
        "no VM is in the guest hypervisor, and none is in flight",
    )
    machine.host_vm.state = HostVmState.ABSENT
    guest.power = Power.ABSENT
