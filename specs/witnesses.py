"""What must be seen to happen: without its witnesses an `always` says little."""

from __future__ import annotations

from ..model.inventory import HostVm, HostVmState, Machine, Map, Power, Stage, Vm
from ..model.language import Truth, all_of, any_of, sometimes
from ..model.tolerance import Tolerated
from .properties import exchanged, nested, suspended


@sometimes("S7")
def exchange_done() -> Truth:
    """Every machine runs the new hypervisor only, and every VM is on it."""
    return all_of(exchanged(m) for m in Machine)


@sometimes("S1")
def authority_has_passed() -> Truth:
    """A VM is committed, and not yet activated."""
    return any_of(vm.stage == Stage.COMMITTED for vm in Vm)


@sometimes("S2")
def done_in_spite_of_faults() -> Truth:
    """Every tolerated fault has struck, and the exchange is done all the same."""
    spent = all_of(
        (t.migration_aborted == 0) & (t.destination_killed == 0) & (t.boot_failed == 0) & (t.format_unreadable == 0)
        for t in Tolerated
    )
    return spent & all_of(exchanged(m) for m in Machine)


@sometimes("S3", "S4", "S11", "S18")
def all_suspended() -> Truth:
    """A host VM is suspended with a VM in it."""
    return any_of(vm.host_vm.state == HostVmState.SUSPENDED for vm in Vm)


@sometimes("S5")
def nested_on_new() -> Truth:
    """A VM runs in the guest hypervisor, in the host VM, on the new hypervisor."""
    return any_of(vm.runs & nested(vm) & (vm.host_vm.carrier == vm.machine.new) for vm in Vm)


@sometimes("S6")
def moving_out() -> Truth:
    """A VM moves toward the new hypervisor while another is still in the guest hypervisor or is itself the only one."""
    return any_of(~vm.settled & (vm.target == vm.machine.new) for vm in Vm)


@sometimes("S10")
def map_validated_beside_old() -> Truth:
    """The new hypervisor has validated the map while the old one is still there: roll-back is still possible."""
    return any_of((m.map == Map.VALIDATED) & (m.old.power == Power.RUNNING) & suspended(m) for m in Machine)


@sometimes("X2")
def two_copies() -> Truth:
    """A VM in flight has all its pages at both ends."""
    return any_of(~vm.settled & (vm.copied == vm.resident) & (vm.copied > 0) for vm in Vm)


@sometimes("X3", "M1")
def reclaimed_and_moved() -> Truth:
    """A VM with a page in the balloon is in flight."""
    return any_of(~vm.settled & (vm.ballooned > 0) for vm in Vm)


@sometimes("M1", "M3", "O")
def swapped_out() -> Truth:
    """A page is swapped."""
    return any_of(vm.swapped > 0 for vm in Vm)


@sometimes("O")
def machine_full() -> Truth:
    """A machine has not one frame left."""
    return any_of(m.used == m.capacity for m in Machine)


@sometimes("O")
def promised_to_the_limit() -> Truth:
    """A machine has promised all that it may."""
    return any_of(m.committed == m.commit_limit for m in Machine)


@sometimes("O", "X6")
def host_vm_full() -> Truth:
    """A host VM has not one frame left."""
    return any_of((h.state != HostVmState.ABSENT) & (h.used == h.size) for h in HostVm)


@sometimes("X6")
def reserved_to_the_limit() -> Truth:
    """A host VM's size is reserved to the last page."""
    return any_of((h.state != HostVmState.ABSENT) & (h.promised == h.size) for h in HostVm)
