"""What remapping does: a VM is stunned, and its frames pass to the other hypervisor where they are; there is no second copy.

Each effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..deviations import REMAPS
from ..driver import Effect, Stage
from .guests import Heard, check, write
from .migrations import VmEffect
from .state import Guest, Reality


def _begin(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    source, target = REMAPS[effect.action]
    if (vm.stage, vm.target) == (Stage.PASSING, target) or (vm.stage, vm.source) == (Stage.SETTLED, target):
        return ""
    if vm.stage is not Stage.SETTLED or vm.source is not source:
        return f"the VM is not settled at {source.value}"
    if not world.machine.executes(target) or source not in world.executing(vm):
        return "both hypervisors have to execute, and so has the VM"
    vm.stage, vm.target, vm.gave_up = Stage.PASSING, target, None
    vm.unpaused.remove(source)
    world.stun(vm)
    world.recharge(vm)
    return ""


def _pass(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    """Frames and authority at once: what was the source's memory is the receiver's."""
    if vm.stage is Stage.SETTLED:
        return "" if vm.unpaused else "the VM is not there"
    if vm.stage is not Stage.PASSING or vm.target is None:
        return "the VM is not being remapped"
    if not world.machine.executes(vm.target):
        return "the hypervisor that is to have the frames does not execute"
    _change_hands(vm)
    vm.unpaused.append(vm.source)
    world.rouse(vm)
    world.recharge(vm)
    check(world, vm, vm.source)
    write(world, vm, (vm.source,), heard)
    return ""


def _change_hands(vm: Guest) -> None:
    assert vm.target is not None, "there is somebody to have them"
    vm.copies[vm.target] = vm.copies.pop(vm.source)
    vm.source, vm.target, vm.stage = vm.target, None, Stage.SETTLED


ON_REMAPPED: Mapping[str, VmEffect] = {**dict.fromkeys(REMAPS, _begin), "pass_frames": _pass}
