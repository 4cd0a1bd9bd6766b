"""What proofs for any number of VMs and any sizes rest on: invariants that no catalogue names, and assumptions on worlds."""

from __future__ import annotations

from ..model.inventory import HostVm, HostVmState, Hypervisor, Machine, Map, Power, Stage, Vm
from ..model.language import Truth, all_of, always, assume, implies
from .properties import nested, preserved, suspended


@assume
def built_properly() -> Truth:
    """Every machine has its own host VM with its own guest hypervisor, and three different hypervisors."""
    own = all_of((a == b) | (a.host_vm != b.host_vm) for a in Machine for b in Machine)
    whose = all_of(
        (m.old.machine == m) & (m.new.machine == m) & (m.host_vm.guest.machine == m) & (m.old != m.new) for m in Machine
    )
    nesting = all_of(m.host_vm.guest.nested & ~m.old.nested & ~m.new.nested for m in Machine)
    theirs = all_of((h == h.machine.old) | (h == h.machine.new) | (h == h.machine.host_vm.guest) for h in Hypervisor)
    return own & whose & nesting & theirs & all_of(h.guest.machine.host_vm == h for h in HostVm)


@assume
def guests_fit_their_assumption() -> Truth:
    """A guest is assumed to have no more resident than its size, and no more hot than resident."""
    return all_of((vm.hot_peak <= vm.resident_peak) & (vm.resident_peak <= vm.size) for vm in Vm)


@always()
def guests_keep_their_word() -> Truth:
    """No guest has more pages resident, or hot, than it is assumed to have."""
    return all_of((vm.resident <= vm.resident_peak) & (vm.hot <= vm.hot_peak) for vm in Vm)


@always()
def copies_only_in_flight() -> Truth:
    """Only a VM in flight has a second copy; no more is copied than there is, and no more stale than copied."""
    return all_of(
        implies(vm.settled, (vm.copied == 0) & (vm.target == vm.source))
        & (vm.copied <= vm.resident)
        & (vm.dirty <= vm.copied)
        & implies(vm.stage == Stage.COMMITTED, (vm.copied == vm.resident) & (vm.dirty == 0))
        & implies(vm.leaving, vm.settled & vm.on)
        & (vm.leaving | (vm.running == (vm.on & (vm.settled | (vm.stage == Stage.COPYING)))))
        & implies(~vm.on, vm.settled)
        for vm in Vm
    )


@always()
def at_home_on_its_machine() -> Truth:
    """A VM that is on is at a hypervisor of its machine that is there; one end of a migration is the guest hypervisor."""
    return all_of(
        (vm.source.machine == vm.target.machine)
        & implies(vm.on, (vm.source.power == Power.RUNNING) & (vm.target.power == Power.RUNNING))
        & implies(
            ~vm.settled,
            (vm.host_vm.state == HostVmState.RUNNING)
            & (vm.source != vm.target)
            & ((vm.source == vm.guest) | (vm.target == vm.guest)),
        )
        for vm in Vm
    )


@always()
def old_then_new() -> Truth:
    """The old hypervisor carries the host VM until it ends; the new one is beside it only while the host VM is suspended.

    While the machine is split either carries it, and both are there.
    """
    return all_of(
        (m.old.power != Power.BOOTING)
        & ((m.host_vm.carrier == m.old) | (m.host_vm.carrier == m.new))
        & implies(m.old.power == Power.RUNNING, m.split | (m.host_vm.carrier == m.old))
        & implies(m.old.power == Power.RUNNING, m.split | (m.new.power == Power.ABSENT) | suspended(m))
        & implies(m.old.power == Power.HUNG, m.split & (m.host_vm.carrier == m.new))
        & implies(
            m.old.power == Power.ABSENT,
            (m.host_vm.carrier == m.new) & implies(m.host_vm.in_memory, m.new.power == Power.RUNNING),
        )
        & implies(m.split, m.host_vm.state.one_of(HostVmState.RUNNING, HostVmState.CROSSING))
        & implies(m.host_vm.state == HostVmState.CROSSING, m.split)
        for m in Machine
    )


@always()
def map_states() -> Truth:
    """A map that was passed has a new hypervisor to read it; without a map nothing is mapped."""
    return all_of(
        implies(m.map.one_of(Map.PASSED, Map.VALIDATED), m.new.power == Power.RUNNING)
        & implies((m.new.power == Power.BOOTING) & m.host_vm.in_memory & ~m.split, m.map == Map.SEALED)
        & implies(m.map == Map.NONE, m.mapped == 0)
        & implies(m.map != Map.NONE, preserved(m))
        & implies((m.map == Map.NONE) & preserved(m), m.new.power == Power.ABSENT)
        for m in Machine
    )


@always()
def intact() -> Truth:
    """Every VM's pages are whole, and so is every host VM; what is in a suspended host VM is settled there."""
    return all_of(vm.intact & implies(vm.on & suspended(vm.machine), nested(vm)) for vm in Vm) & all_of(
        h.whole for h in HostVm
    )
