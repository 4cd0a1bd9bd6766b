"""What must come in the end, whatever guests and faults do: decided where the operator goes forward only.

Where the operator may give up what was begun, everything ends by being given up; so the worlds leave that out, and what
ends, ends by itself. Fairness (A9) is weak and per step: a step of the operator, a hypervisor or the scheduler
that can be taken from some point on for ever is taken. Guests and faults owe nothing. The predicates speak of all
machines at once, so they ask for worlds of one machine.
"""

from __future__ import annotations

from ..model.inventory import HostVmState, Machine, Vm
from ..model.language import Truth, all_of, any_of, leads_to
from .liveness import as_before
from .properties import all_on_new, exchanged, needed, suspended

WORLDS = ("never-given-up", "never-given-up-by-two", "controller-goes-on")
"""The worlds in which they are decided: every fault, crashes of the controller too, and nobody gives up."""


def moving_in(vm: Vm) -> Truth:
    """The VM is on its way into the guest hypervisor."""
    return ~vm.settled & (vm.target == vm.guest)


def all_done() -> Truth:
    """The exchange of every machine is over, and so is every migration."""
    return all_of(exchanged(m) & all_on_new(m) for m in Machine)


@leads_to("L1")
def consolidation_ends() -> tuple[Truth, Truth]:
    """Consolidation terminates: no VM stays on its way in, however often the guest writes to what was already copied.

    Fair: the steps of its migration, of which the stun is one.
    """
    return any_of(moving_in(vm) for vm in Vm), all_of(~moving_in(vm) for vm in Vm)


@leads_to("L2")
def exchange_ends() -> tuple[Truth, Truth]:
    """An exchange that was started ends: it is done or, before the point of no return, everything is as it was.

    Fair: every step of the exchange, those of the operator included; that it can be rolled back at all is L7.
    """
    return any_of(m.host_vm.state != HostVmState.ABSENT for m in Machine), all_done() | as_before()


@leads_to("L3")
def suspended_resumes() -> tuple[Truth, Truth]:
    """A suspended host VM, and with it every VM, runs again: on the new hypervisor, without being rolled back.

    Fair: hypervisors from the map to its validation; the operator who launches, tears down and resumes.
    """
    running = all_of((m.host_vm.state == HostVmState.RUNNING) & (m.host_vm.carrier == m.new) for m in Machine)
    return any_of(suspended(m) for m in Machine), running


@leads_to("L4")
def disassociation_ends() -> tuple[Truth, Truth]:
    """Disassociation terminates and the memory comes back: the machine holds the new hypervisor and its VMs, no page more.

    Fair: the steps of each migration; the operator who begins the next one, and who ends the host VM.
    """
    leaving = any_of(~vm.settled & (vm.target == vm.machine.new) for vm in Vm)
    return leaving, all_done() & all_of(m.used == needed(m) for m in Machine)
