"""Live migration between two hypervisors of one machine: reserve, pre-copy, stop-and-copy, commit, activate.

Consolidation moves VMs from the old hypervisor into the guest hypervisor (US10445123 claim 1), disassociation from there
to the new one; they differ only in their ends. Room is asked for once, when the copy is reserved, for all of it and for
what other copies under way will still take; after that guests may grow.
"""

from __future__ import annotations

from .actors import HYPERVISOR, OPERATOR
from .guests import Amount
from .inventory import HostVmState, Hypervisor, Stage, Vm
from .language import Truth, action, require


def _fits(vm: Vm, to: Hypervisor) -> None:
    """The machine has room for a second copy, and may promise it."""
    machine, copy = vm.machine, vm.resident + to.vm_overhead
    require(machine.expected + copy <= machine.capacity, "the machine has room for a second copy of the VM")
    promise = vm.size - vm.ballooned + to.vm_overhead
    require(machine.committed + promise <= machine.commit_limit, "the machine may promise a second copy of the VM")


def room_inside(vm: Vm) -> None:
    """The host VM has room for the VM, and for its reservation (X6)."""
    host_vm, overhead = vm.host_vm, vm.guest.vm_overhead
    require(host_vm.expected + vm.resident + overhead <= host_vm.size, "the host VM has room for the VM")
    require(
        host_vm.promised + vm.reservation + overhead <= host_vm.size, "the host VM has room for the VM's reservation"
    )


def _reserve(vm: Vm, to: Hypervisor) -> None:
    vm.target = to
    vm.stage = Stage.COPYING


def _ready(vm: Vm) -> None:
    require(vm.on, "the VM is on")
    require(~vm.in_flight, "the VM is not already moving")
    require(vm.host_vm.state == HostVmState.RUNNING, "the guest hypervisor runs")


def _nested(vm: Vm) -> Truth:
    return vm.settled & (vm.source == vm.guest)


@action(by=OPERATOR, until=_nested)
def consolidate(vm: Vm) -> None:
    """Start moving a VM from the old hypervisor into the guest hypervisor (US10445123 claim 1)."""
    _ready(vm)
    require(vm.source == vm.machine.old, "the VM runs on the old hypervisor")
    _fits(vm, vm.guest)
    room_inside(vm)
    _reserve(vm, vm.guest)


@action(by=OPERATOR, until=lambda vm: vm.settled & (vm.source == vm.machine.new))
def disassociate(vm: Vm) -> None:
    """Start moving a VM from the guest hypervisor to the new hypervisor."""
    _ready(vm)
    require(vm.source == vm.guest, "the VM runs in the guest hypervisor")
    require(vm.host_vm.carrier == vm.machine.new, "the new hypervisor carries the host VM")
    require(~vm.machine.split, "the machine is one partition")
    _fits(vm, vm.machine.new)
    _reserve(vm, vm.machine.new)


@action(by=OPERATOR, until=lambda vm: vm.settled & (vm.source == vm.machine.old))
def withdraw(vm: Vm) -> None:
    """Start moving a VM back to the old hypervisor: roll-back before the exchange."""
    _ready(vm)
    require(vm.source == vm.guest, "the VM runs in the guest hypervisor")
    require(vm.host_vm.carrier == vm.machine.old, "the old hypervisor carries the host VM")
    require(~vm.machine.split, "the machine is one partition")
    _fits(vm, vm.machine.old)
    _reserve(vm, vm.machine.old)


@action(by=HYPERVISOR)
def copy(vm: Vm, amount: Amount) -> None:
    """Send pages: each takes a frame at the other end."""
    require(vm.copying, "the VM's pages are being copied")
    require(vm.copied + amount <= vm.resident, "so many pages remain to be copied")
    vm.copied += amount


@action(by=HYPERVISOR)
def copy_again(vm: Vm, amount: Amount) -> None:
    """Send pages again that were written since."""
    require(amount <= vm.dirty, "so many copied pages are stale")
    vm.dirty -= amount


@action(by=HYPERVISOR)
def stop(vm: Vm) -> None:
    """Stun the VM: stop-and-copy begins."""
    require(vm.stage == Stage.COPYING, "the VM is in pre-copy")
    vm.stage = Stage.STOPPED
    vm.running = False


@action(by=HYPERVISOR)
def commit(vm: Vm) -> None:
    """Authority passes to the other end, at once (S1). The source keeps its copy until the VM runs there."""
    require((vm.stage == Stage.STOPPED) & ~vm.remapped, "the VM is stunned")
    require(vm.copied == vm.resident, "every page has been copied")
    require(vm.dirty == 0, "no copied page is stale")
    vm.stage = Stage.COMMITTED


@action(by=HYPERVISOR)
def activate(vm: Vm) -> None:
    """Run the VM where its authority now is, and free the source's copy."""
    require(vm.stage == Stage.COMMITTED, "authority has passed")
    vm.source = vm.target
    vm.stage = Stage.SETTLED
    vm.running = True
    vm.copied = 0


def give_up(vm: Vm) -> None:
    """The copy is discarded and the source goes on. Its pages are whole unless they were freed too early (S2)."""
    vm.intact = vm.intact & ((vm.stage != Stage.COMMITTED) | (vm.copied == vm.resident))
    vm.target = vm.source
    vm.stage = Stage.SETTLED
    vm.running = True
    vm.remapped = False
    vm.copied = 0
    vm.dirty = 0


@action(by=OPERATOR, until=lambda vm: vm.settled)
def cancel(vm: Vm) -> None:
    """Give a migration up before it commits."""
    require(vm.stage.one_of(Stage.COPYING, Stage.STOPPED), "authority has not passed yet")
    give_up(vm)
