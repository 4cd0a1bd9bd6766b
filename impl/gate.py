"""The memory gate: before each effect, whether the machine and the host VM have room for it.

Room is asked for once, when a copy is reserved, for all of it and for what other copies under way will still take. The
gate reckons with what was observed, not with what the plan expects: a balloon that stopped short leaves no room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .deviations import ENDS, REMAPS
from .driver import Effect, MachineView, OtherMachine, Place, Power, Stage, VmView
from .plan import Plan


@dataclass(frozen=True)
class Occupancy:
    """What the gate reckons with: the machine and the VM of the effect as observed, and what is under way."""

    machine: MachineView
    vm: VmView | None
    in_flight: tuple[VmView, ...]
    reserved_inside_pages: int
    """Reservations and overheads of the VMs that are in the host VM or on their way in."""
    others: Mapping[str, OtherMachine] = field(default_factory=dict[str, OtherMachine])
    """The other machines, as they say they are."""


def short_of(plan: Plan, effect: Effect, there: Occupancy) -> str:
    """What is missing for the effect; "" where nothing is."""
    if effect.action in ENDS and there.vm is not None:
        return _for_copy(plan, ENDS[effect.action][1], there.vm, there)
    if effect.action in REMAPS and there.vm is not None:
        return _for_metadata(plan, REMAPS[effect.action][1], there.vm, there)
    if effect.action == "transfer" and there.vm is not None:
        return _for_transfer(plan, effect, there.vm, there.others)
    if effect.action == "switch_early" and there.vm is not None:
        rest_pages = there.vm.content_pages - there.vm.copied_pages + there.vm.dirty_pages
        return over_the_network(plan, replace(effect, amount=rest_pages), there.machine)
    if effect.action in ("send", "send_again"):
        return over_the_network(plan, effect, there.machine)
    if effect.action == "suspend_to_storage":
        return _for_storing(plan, there)
    if effect.action == "load_image":
        need_pages = there.machine.host_vm_used_pages + plan.sizes.host_vm_pages
        return _on_machine(need_pages, 0, there, what="the host VM")  # what is in storage keeps its promise
    if effect.action == "split_machine":
        return _for_split(plan, there)
    need_pages = _itself(plan, effect, there)
    if effect.action == "create_host_vm":
        size_pages = there.machine.host_vm_size_pages
        if short := _over("the host VM", plan.sizes.guest_pages, 0, size_pages, "the guest hypervisor"):
            return short
    if effect.action == "boot_beside":  # its frames are its partition's
        return _on_machine(0, plan.sizes.new_pages, there, what="the new hypervisor")
    if need_pages:
        return _on_machine(need_pages, need_pages, there, what=effect.action)
    if effect.action == "deflate" and there.vm is not None:
        above_pages = there.vm.ballooned_pages - there.vm.balloon_target_pages
        given_pages = above_pages if effect.amount is None else min(effect.amount, above_pages)
        return _on_machine(0, given_pages, there, what="what the balloon gives back")
    if effect.action in ("copy", "copy_again") and there.vm is not None:
        new_pages = there.vm.resident_pages - there.vm.copied_pages if effect.action == "copy" else 0
        return _over("the machine", new_pages, there.machine.used_pages, there.machine.capacity_pages, effect.action)
    return ""


def _itself(plan: Plan, effect: Effect, there: Occupancy) -> int:
    """What a hypervisor takes itself, where the effect starts one or asks for its room."""
    if effect.action == "create_host_vm":
        return plan.sizes.guest_pages + plan.sizes.host_vm_pages
    starts = effect.action in ("suspend", "launch_new", "boot_new") and there.machine.new is Power.ABSENT
    return plan.sizes.new_pages if starts else 0


def _for_split(plan: Plan, there: Occupancy) -> str:
    """Free frames for the new partition, and room in it for the new hypervisor (S14)."""
    partitions = there.machine.partitions
    given_pages = partitions.given_pages if partitions else 0
    return _over("the new partition", plan.sizes.new_pages, 0, given_pages, "the new hypervisor") or _on_machine(
        given_pages, 0, there, what="the new partition"
    )


def _for_storing(plan: Plan, there: Occupancy) -> str:
    """Room in the store for the image (D6), and on the machine for the new hypervisor in the old one's place (S18)."""
    machine, more_pages = there.machine, plan.sizes.new_pages - plan.sizes.old_pages
    image_pages = machine.host_vm_used_pages
    return _over(
        "the store", image_pages, machine.store_promised_pages, machine.store_pages, "the image of the host VM"
    ) or _on_machine(more_pages, more_pages, there, what="the new hypervisor in the old one's place")


def _for_copy(plan: Plan, to: Place, vm: VmView, there: Occupancy) -> str:
    """Room for a second copy of a VM: on the machine, by what it has and may promise, and in the host VM."""
    overhead_pages = plan.sizes.per_vm(to)
    copy_pages = vm.resident_pages + overhead_pages
    promise_pages = plan.vm_named[vm.name].size_pages - vm.ballooned_pages + overhead_pages
    return _on_machine(copy_pages, promise_pages, there, what=f"a second copy of {vm.name}") or _inside(
        plan, to, vm, there
    )


def _for_metadata(plan: Plan, to: Place, vm: VmView, there: Occupancy) -> str:
    """Room for a VM whose frames change hands: only its metadata is beside them on the machine (D6); in the host VM, all."""
    overhead_pages = plan.sizes.per_vm(to)
    return _on_machine(overhead_pages, overhead_pages, there, what=f"the metadata of {vm.name}") or _inside(
        plan, to, vm, there
    )


def _for_transfer(plan: Plan, effect: Effect, vm: VmView, others: Mapping[str, OtherMachine]) -> str:
    """Room for a VM on another machine: for all that it could come to hold there, and for its swap slots (X2, X4)."""
    other = others[effect.to or ""]
    goal, arriving_pages = other.machine, other.still_to_arrive_pages
    need_pages = plan.vm_named[vm.name].size_pages - vm.ballooned_pages + other.offer(effect.place_there).vm_pages
    return (
        _over(goal.name, need_pages, goal.used_pages + arriving_pages, goal.capacity_pages, vm.name)
        or _over(f"{goal.name}'s commit limit", need_pages, goal.committed_pages, goal.commit_limit_pages, vm.name)
        or _over(f"{goal.name}'s swap", vm.swapped_pages, goal.swapped_pages, goal.swap_pages, vm.name)
    )


def over_the_network(plan: Plan, effect: Effect, machine: MachineView) -> str:
    """By how much sending exceeds what the plan lets cross between machines (S17); "" where it does not."""
    pages = effect.amount or 0
    return _over("what may cross the network", pages, machine.crossed_pages, plan.network_pages, effect.action)


def _inside(plan: Plan, to: Place, vm: VmView, there: Occupancy) -> str:
    """Room in the host VM, by what the VM has and by what it was promised (X6), where it moves in."""
    if to is not Place.GUEST:
        return ""
    promised, overhead_pages = plan.vm_named[vm.name], plan.sizes.per_vm(to)
    copy_pages = vm.resident_pages + overhead_pages
    size_pages = there.machine.host_vm_size_pages
    inside_pages = there.machine.host_vm_used_pages + still_to_arrive_pages(there.in_flight, Place.GUEST)
    reserved_pages = plan.sizes.guest_pages + there.reserved_inside_pages
    return _over("the host VM", copy_pages, inside_pages, size_pages, vm.name) or _over(
        "the host VM",
        promised.reservation_pages + overhead_pages,
        reserved_pages,
        size_pages,
        f"what {vm.name} reserves",
    )


def _on_machine(need_pages: int, promise_pages: int, there: Occupancy, what: str) -> str:
    machine = there.machine
    expected_pages = machine.used_pages + still_to_arrive_pages(there.in_flight)
    return _over("the machine", need_pages, expected_pages, machine.capacity_pages, what) or _over(
        "the machine's commit limit", promise_pages, machine.committed_pages, machine.commit_limit_pages, what
    )


def _over(where: str, need_pages: int, taken_pages: int, limit_pages: int, what: str) -> str:
    short_pages = taken_pages + need_pages - limit_pages
    if need_pages <= 0 or short_pages <= 0:
        return ""
    return (
        f"{where} is short by {short_pages} pages for {what}: {need_pages} needed, {taken_pages} of {limit_pages} taken"
    )


def still_to_arrive_pages(in_flight: Iterable[VmView], to: Place | None = None) -> int:
    """What copies under way will still take: all of them, or those toward one hypervisor, to which frames pass as well."""
    stages = (Stage.COPYING, Stage.STOPPED) if to is None else (Stage.COPYING, Stage.STOPPED, Stage.PASSING)
    return sum(
        vm.resident_pages - vm.copied_pages
        for vm in in_flight
        if vm.stage in stages and vm.target is not None and to in (None, vm.target)
    )
