"""Two levels of memory and VMs that move between machines: `Vm.machine` changes, and sums are taken over it."""

from __future__ import annotations

import sys

from holdfast.model.language import (
    ANYTHING,
    System,
    Truth,
    World,
    all_of,
    always,
    assume,
    implies,
    initially,
    sometimes,
    total,
)

from . import two_machine_actions
from .two_machine_actions import Assumptions, Carrier, HostState, Hypervisor, Machine, Map, Stage, Vm


@always()
def within_capacity() -> Truth:
    """No machine holds more frames than it has, transient double copies included."""
    return all_of(machine.used <= machine.capacity for machine in Machine)


@always()
def within_carrier() -> Truth:
    """What is inside a carrier fits in it."""
    return all_of(carrier.used <= carrier.size for carrier in Carrier)


@always()
def consolidated_before_exchange() -> Truth:
    """While no hypervisor runs, the carrier is suspended with every VM inside it, and the map has been passed."""
    return all_of(
        implies(
            m.hypervisor == Hypervisor.NONE,
            all_of(
                m.carrier.state == HostState.SUSPENDED,
                m.map == Map.PASSED,
                all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=m)),
            ),
        )
        for m in Machine
    )


@always()
def pages_conserved() -> Truth:
    """Every page of a VM is resident, in the balloon, or swapped."""
    return all_of(vm.resident + vm.ballooned + vm.swapped == vm.size for vm in Vm)


@always()
def copies_in_flight_only() -> Truth:
    """Only a VM in flight has a second copy, and no more is copied than there is."""
    in_flight = (implies(vm.copied > 0, vm.stage.one_of(Stage.ENTERING, Stage.LEAVING)) for vm in Vm)
    return all_of(vm.copied <= vm.resident for vm in Vm) & all_of(in_flight)


@always()
def suspended_means_nested() -> Truth:
    """While a carrier is suspended, every VM of its machine is inside it."""
    return all_of(
        implies(
            m.carrier.state == HostState.SUSPENDED,
            all_of(vm.stage == Stage.NESTED for vm in Vm.where(machine=m)),
        )
        for m in Machine
    )


@always()
def map_only_while_suspended() -> Truth:
    """A map that is built, sealed or passed belongs to a suspended carrier."""
    return all_of(
        implies(m.map.one_of(Map.BUILT, Map.SEALED, Map.PASSED), m.carrier.state == HostState.SUSPENDED)
        for m in Machine
    )


@always()
def no_gap_without_map() -> Truth:
    """The machine is without a hypervisor only between passing the map and launching the new one."""
    return all_of(implies(m.hypervisor == Hypervisor.NONE, m.map == Map.PASSED) for m in Machine)


@assume
def own_carrier() -> Truth:
    """Every machine has its own carrier, no smaller than what the guest hypervisor itself takes."""
    own = all_of((a == b) | (a.carrier != b.carrier) for a in Machine for b in Machine)
    return own & all_of(carrier.overhead <= carrier.size for carrier in Carrier)


@initially
def fits_at_first() -> Truth:
    """The VMs fit in their machines at first."""
    return all_of(total(vm.size for vm in Vm.where(machine=m)) <= m.capacity for m in Machine)


@sometimes()
def done() -> Truth:
    """Every machine runs the new hypervisor, and its carrier is gone."""
    return all_of((m.hypervisor == Hypervisor.NEW) & (m.carrier.state == HostState.ABSENT) for m in Machine)


SYSTEM = System.of(two_machine_actions, sys.modules[__name__])


def world(vms: tuple[int, ...] = (0, 0, 1), size: int = 2, capacity: int = 7, open_start: bool = False) -> World:
    """Two machines and VMs that start on them (anywhere, if `open_start`)."""
    carriers = [Carrier(n, size=6, overhead=1) for n in ("c0", "c1")]
    machines = [Machine(n, capacity=capacity, carrier=c) for n, c in zip(("alpha", "beta"), carriers, strict=True)]
    where_from = [ANYTHING if open_start else machines[m] for m in vms]
    members = [Vm(f"vm{i}", machine=m, size=size) for i, m in enumerate(where_from)]
    return World("two machines", *carriers, *machines, Assumptions("bounds", aborts=1, burst=2), *members)
