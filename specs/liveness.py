"""What must stay possible, whatever the operator does; decided on the state graph of small worlds.

The predicates speak of all machines at once, so they ask for worlds of one machine. What must come in the end, if nobody
gives up, is in endings.py.
"""

from __future__ import annotations

from ..model.inventory import HostVmState, Machine, Map, Power, Vm
from ..model.language import Truth, all_of, recoverable

WORLDS = ("smallest", "growth-in-flight", "one-at-a-time", "controller-crashes")
"""The worlds in which they are decided: one VM with every fault, one that grows in flight, two in each other's way, and one
whose controller crashes."""


def as_before() -> Truth:
    """Everything is as it was: every VM on the old hypervisor, and nothing else there."""
    clean = all_of(
        (m.host_vm.state == HostVmState.ABSENT) & (m.new.power == Power.ABSENT) & (m.map == Map.NONE) for m in Machine
    )
    return clean & all_of(vm.settled & (vm.source == vm.machine.old) for vm in Vm)


@recoverable("L7")
def can_be_rolled_back() -> tuple[Truth, Truth]:
    """Before the point of no return, everything can be as it was: every VM on the old hypervisor, and nothing else there.

    A possibility: it takes nobody to be fair, and may need any step, also one that nobody is obliged to take.
    """
    return all_of(m.old.power == Power.RUNNING for m in Machine), as_before()


@recoverable("L2")
def can_be_done() -> tuple[Truth, Truth]:
    """After the point of no return the exchange can be completed: every VM on the new hypervisor, and nothing else there.

    A possibility, like the one before.
    """
    after_it = all_of(m.old.power == Power.ABSENT for m in Machine)
    done = all_of((m.host_vm.state == HostVmState.ABSENT) & (m.new.power == Power.RUNNING) for m in Machine)
    return after_it, done & all_of(vm.settled & (vm.source == vm.machine.new) for vm in Vm)
