"""What must happen in the end, and what must stay possible; decided on the state graph of a small world.

`leads_to` takes what is planned and what is automatic to be weakly fair (A9): a step that can always be taken is taken.
The predicates speak of all machines at once, so they ask for worlds of one machine.
"""

from __future__ import annotations

from ..model.inventory import HostVmState, Machine, Map, Power, Vm
from ..model.language import Truth, all_of, any_of, leads_to, recoverable
from .properties import suspended


@recoverable("L7")
def can_be_rolled_back() -> tuple[Truth, Truth]:
    """Before the point of no return, everything can be as it was: every VM on the old hypervisor, and nothing else there."""
    before = all_of(m.old.power == Power.RUNNING for m in Machine)
    clean = all_of(
        (m.host_vm.state == HostVmState.ABSENT) & (m.new.power == Power.ABSENT) & (m.map == Map.NONE) for m in Machine
    )
    return before, clean & all_of(vm.settled & (vm.source == vm.machine.old) for vm in Vm)


@recoverable("L2")
def can_be_done() -> tuple[Truth, Truth]:
    """After the point of no return the exchange can be completed: every VM on the new hypervisor, and nothing else there."""
    after_it = all_of(m.old.power == Power.ABSENT for m in Machine)
    done = all_of((m.host_vm.state == HostVmState.ABSENT) & (m.new.power == Power.RUNNING) for m in Machine)
    return after_it, done & all_of(vm.settled & (vm.source == vm.machine.new) for vm in Vm)


@leads_to("L3")
def suspended_resumes() -> tuple[Truth, Truth]:
    """A suspended host VM runs again, whatever faults strike."""
    return any_of(suspended(m) for m in Machine), all_of(m.host_vm.state == HostVmState.RUNNING for m in Machine)


@leads_to("L1", "L4")
def flight_ends() -> tuple[Truth, Truth]:
    """A migration ends, however often the guest writes to what was already copied."""
    return any_of(~vm.settled for vm in Vm), all_of(vm.settled for vm in Vm)
