"""From a plan's records to what the implementation takes: the controller's plan, the planner's goal, a simulated world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .impl import plan as controller
from .impl.planner import Goal, Resident
from .impl.simulator.driver import Simulator
from .impl.simulator.faults import Fault
from .impl.simulator.state import MachineStart, VmStart
from .impl.tap import Tap
from .inputs.records import Cluster, HostVm, Plan, VirtualMachine

if TYPE_CHECKING:
    from .impl.qemu.testbed import Wanted


def controller_plan(plan: Plan) -> controller.Plan:
    """The plan as the controller carries it out."""
    faults = plan.faults
    return controller.Plan(
        plan.name,
        plan.host,
        tuple(
            controller.Step(s.name, s.verb, s.target, s.after, s.balloon_target_pages, s.swap_target_pages)
            for s in plan.steps
        ),
        tuple(controller.VmSizes(vm.name, vm.size_pages, vm.reservation_pages) for vm in plan.residents),
        sizes_of(plan.cluster, plan.host, plan.to_release, plan.host_vm),
        controller.Tolerated(
            faults.migration_aborted, faults.destination_killed, faults.boot_failed, faults.format_unreadable
        ),
        _formats(plan),
    )


def _formats(plan: Plan) -> controller.Formats:
    old = plan.cluster.release_named[plan.cluster.host_named[plan.host].release]
    new = plan.cluster.release_named[plan.to_release]
    return controller.Formats(old.writes_format, new.reads_formats)


def sizes_of(cluster: Cluster, host: str, to_release: str, host_vm: HostVm) -> controller.Sizes:
    """What hypervisors and the host VM take."""
    old = cluster.release_named[cluster.host_named[host].release]
    new = cluster.release_named[to_release]
    return controller.Sizes(
        old_pages=old.footprint_pages,
        guest_pages=host_vm.guest_footprint_pages,
        new_pages=new.footprint_pages,
        old_vm_pages=old.vm_overhead_pages,
        guest_vm_pages=host_vm.vm_overhead_pages,
        new_vm_pages=new.vm_overhead_pages,
        host_vm_pages=host_vm.overhead_pages,
    )


def goal_of(cluster: Cluster, host: str, to_release: str, host_vm: HostVm, at_most: int) -> Goal:
    """What the planner is asked for; the size of the host VM is for it to say."""
    residents = tuple(_resident(vm) for vm in cluster.vms_on(host))
    sizes = sizes_of(cluster, host, to_release, host_vm)
    return Goal(cluster.host_named[host].memory_pages, sizes, residents, at_most)


def _resident(vm: VirtualMachine) -> Resident:
    return Resident(
        vm.name,
        vm.size_pages,
        vm.resident_peak_pages,
        vm.hot_peak_pages,
        vm.reservation_pages,
        vm.ballooned_pages,
        vm.swapped_pages,
        vm.balloon,
    )


def simulated(plan: Plan, *, seed: int, faults: Sequence[Fault], tap: Tap | None = None) -> Simulator:
    """The plan's machine and its VMs, simulated at their real sizes."""
    host = plan.cluster.host_named[plan.host]
    sizes = sizes_of(plan.cluster, plan.host, plan.to_release, plan.host_vm)
    machine = MachineStart(
        host.name,
        host.memory_pages,
        host.memory_pages * host.commit_limit_percent // 100,
        plan.host_vm.size_pages,
        sizes,
        host.swap_pages,
    )
    return Simulator.begin(machine, [_start(vm) for vm in plan.residents], seed=seed, faults=faults, tap=tap)


def wanted_testbed(plan: Plan) -> Wanted:
    """The plan's machine and its VMs as a testbed of real hypervisors. Raises ValueError for sizes that are no whole MiB."""
    from .impl.qemu.testbed import Wanted

    host = plan.cluster.host_named[plan.host]
    return Wanted(
        host.name,
        {vm.name: _whole_mib(vm.name, vm.size_pages) for vm in plan.residents},
        tuple(vm.name for vm in plan.residents if vm.balloon),
        _whole_mib("the host VM", plan.host_vm.size_pages),
        sizes_of(plan.cluster, plan.host, plan.to_release, plan.host_vm),
        host.memory_pages,
        host.memory_pages * host.commit_limit_percent // 100,
        host.swap_pages,
    )


def _whole_mib(what: str, pages: int) -> int:
    from .impl.qemu.board import PAGES_PER_MIB

    if pages % PAGES_PER_MIB:
        raise ValueError(f"{what} has {pages} pages, which are no whole number of MiB")
    return pages // PAGES_PER_MIB


def _start(vm: VirtualMachine) -> VmStart:
    classes = vm.classes
    return VmStart(
        vm.name,
        vm.size_pages,
        classes.resident_pages,
        vm.resident_peak_pages,
        classes.hot_pages,
        vm.ballooned_pages,
        vm.swapped_pages,
    )
