"""A VM that changes hands where it is: its frames pass to the other hypervisor, and no page is copied (D6: metadata only).

Two effects: the VM is stunned, and then its frames and its authority pass at once. In between it is `PASSING`: its frames
are the source's, and all that the receiver has is its metadata. Nothing else comes between, since the VM runs nowhere.

There is no remapping back: a VM goes back to the old hypervisor as a copy, for which there may be no room. So before a run
turns back it is asked whether there is; else it would stand between both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .driver import Effect, MachineView, Place, Power, Stage, VmView
from .gate import Occupancy, short_of
from .plan import Plan

STUNNED_BY = frozenset({"fence", "remap_in", "remap_out"})
"""Effects after which a VM runs nowhere until the next one."""


def runs_nowhere(effect: Effect, vm: VmView | None) -> bool:
    """Whether the effect has left its VM with nobody that runs it, so that the next one of its step must not wait."""
    return effect.action in STUNNED_BY and vm is not None and vm.stage in (Stage.FENCED, Stage.PASSING)


def no_way_back(plan: Plan, machine: MachineView, vms: Mapping[str, VmView]) -> str:
    """Which of the VMs that were remapped could not be withdrawn now, and why; "" where all could, one at a time.

    What the new hypervisor takes is free by then, and so is the metadata of those whose frames have not passed.
    """
    remapped = {step.vm for step in plan.steps if step.verb == "remap_in"}
    freed_pages = 0 if machine.new is Power.ABSENT else plan.sizes.new_pages
    freed_pages += sum(plan.sizes.per_vm(vm.target) for vm in vms.values() if vm.target and vm.stage is Stage.PASSING)
    there = replace(
        machine, used_pages=machine.used_pages - freed_pages, committed_pages=machine.committed_pages - freed_pages
    )
    inside = [vm for vm in vms.values() if vm.name in remapped and not vm.lost and vm.authority is Place.GUEST]
    whys = [short_of(plan, Effect("withdraw", plan.machine, vm.name), Occupancy(there, vm, (), 0)) for vm in inside]
    return next(filter(None, whys), "")
