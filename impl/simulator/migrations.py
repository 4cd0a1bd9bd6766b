"""What effects on VMs do: live migration between two hypervisors of the machine, and reclaiming.

Each returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..deviations import ENDS
from ..driver import Effect, Stage
from .guests import Heard, check, grow, move, write
from .network import NOT_THERE
from .state import Guest, Reality

VmEffect = Callable[[Reality, Guest, Effect, Heard], str]


def _begin(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    source, target = ENDS[effect.action]
    if (vm.stage, vm.target) == (Stage.COPYING, target) or (vm.stage, vm.source) == (Stage.SETTLED, target):
        return ""
    if vm.stage is not Stage.SETTLED or vm.source is not source:
        return f"the VM is not settled at {source.value}"
    if not world.machine.executes(target) or source not in world.executing(vm):
        return "both hypervisors have to execute, and so has the VM"
    vm.stage, vm.target, vm.rounds, vm.gave_up = Stage.COPYING, target, 0, None
    vm.copies[target] = [NOT_THERE] * len(vm.truth)
    world.recharge(vm)
    return ""


def _copy(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    if vm.stage not in (Stage.COPYING, Stage.STOPPED) or vm.target is None:
        return "there is no migration whose pages could be sent"
    here, there = vm.copies[vm.source], vm.copies[vm.target]
    again = effect.action == "copy_again"
    due = [i for i, has in enumerate(there) if (has == NOT_THERE) != again and has != here[i]]
    before = vm.arrived
    block_pages = max(1, vm.resident // max(1, len(there)))
    for i in due[: max(1, -(-(effect.amount or vm.resident) // block_pages))]:
        there[i] = here[i]
    sent = min(len(due) * block_pages, vm.resident) if again else vm.arrived - before
    vm.sent += sent
    world.time_us += sent
    vm.rounds += NOT_THERE not in there
    world.recharge(vm)
    return ""


def _stop(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.stage in (Stage.STOPPED, Stage.COMMITTED, Stage.FENCED):
        return ""
    if vm.stage is not Stage.COPYING:
        return "there is no migration in pre-copy"
    vm.stage = Stage.STOPPED
    vm.unpaused.remove(vm.source)
    world.stun(vm)
    return ""


def _commit(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.stage in (Stage.COMMITTED, Stage.FENCED):
        return ""
    if vm.stage is not Stage.STOPPED or vm.target is None:
        return "the VM is not stunned, or there is no receiver"
    if vm.copies[vm.target] != vm.copies[vm.source]:
        return "pages are still to be sent"
    vm.stage = Stage.COMMITTED
    world.recharge(vm)
    return ""


def _fence(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.stage is Stage.FENCED:
        return ""
    if vm.stage is not Stage.COMMITTED:
        return "no receiver is complete and answers"
    if vm.unpaused:
        return "the source runs: what it has written since the commit would be lost"
    vm.copies.pop(vm.source, None)
    vm.stage = Stage.FENCED
    world.recharge(vm)
    return ""


def _activate(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    if vm.stage is Stage.SETTLED:
        return "" if vm.unpaused else "the VM is not there"
    if vm.stage not in (Stage.COMMITTED, Stage.FENCED) or vm.target is None:
        return "the receiver is not complete"
    vm.source, vm.target, vm.stage = vm.target, None, Stage.SETTLED
    vm.unpaused.append(vm.source)
    world.rouse(vm)
    world.recharge(vm)
    check(world, vm, vm.source)
    write(world, vm, (vm.source,), heard)
    return ""


def _cancel(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.stage is Stage.SETTLED:
        return ""
    give_up(world, vm, None)
    if vm.source not in vm.copies:
        world.lose(vm, "its receiver was ended when its source was gone already")
    return ""


def give_up(world: Reality, vm: Guest, why: str | None) -> None:
    """The receiver is gone, and the source goes on if it is there."""
    if vm.target is not None:
        vm.copies.pop(vm.target, None)
    vm.target, vm.stage, vm.gave_up = None, Stage.SETTLED, why
    if vm.source in vm.copies and vm.source not in vm.unpaused:
        vm.unpaused.append(vm.source)
    world.rouse(vm)
    world.recharge(vm)


# --------------------------------------------------------------------------------------------------------- reclaiming
def out_of_reach(world: Reality, vm: Guest) -> str:
    """Why nothing of a VM may be touched (X3); "" where it may."""
    if vm.stage is not Stage.SETTLED or not world.executing(vm):
        return "the VM does not run, or is in flight"
    return ""


def _reclaim(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    balloon, swap = effect.amount or 0, effect.swap_pages or 0
    if why := out_of_reach(world, vm):
        return why
    if balloon + swap + vm.start.hot_pages > vm.start.size_pages:
        return "the targets do not leave what cannot be reclaimed"
    vm.balloon_target, vm.swap_target = balloon, swap
    return ""


def _inflate(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    wanted = vm.balloon_target - vm.ballooned
    if wanted > 0 and (why := out_of_reach(world, vm)):
        return why
    untouched = vm.start.size_pages - vm.resident - vm.ballooned - vm.swapped
    from_untouched = max(0, min(wanted, untouched))
    from_resident = max(0, min(wanted - from_untouched, vm.resident - vm.start.hot_pages))
    if vm.balloon_stuck:
        from_resident //= 2
        vm.balloon_stuck = False
    move(world, vm, resident_pages=-from_resident, ballooned_pages=from_untouched + from_resident)
    _heard_if("inflate_untouched", vm, from_untouched, heard)
    _heard_if("inflate", vm, from_resident, heard)
    world.time_us += from_resident
    return "" if vm.ballooned >= vm.balloon_target else "balloon_stopped_short"


def _deflate(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    given = max(0, vm.ballooned - vm.balloon_target)
    if given and (why := out_of_reach(world, vm)):
        return why
    move(world, vm, ballooned_pages=-given)
    _heard_if("deflate", vm, given, heard)
    grow(world, vm, given, heard)
    return ""


def _swap_out(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    wanted = vm.swap_target - vm.swapped
    if wanted > 0 and (why := out_of_reach(world, vm)):
        return why
    room = world.machine.start.swap_pages - world.swapped
    pages = max(0, min(wanted, vm.resident - vm.start.hot_pages, room))
    move(world, vm, resident_pages=-pages, swapped_pages=pages)
    world.time_us += pages
    _heard_if("swap_out", vm, pages, heard)
    return "" if vm.swapped >= vm.swap_target else "swap_full"


def _heard_if(action: str, vm: Guest, pages: int, heard: Heard) -> None:
    if pages:
        heard(action, vm, pages)


ON_VMS: Mapping[str, VmEffect] = {
    **dict.fromkeys(ENDS, _begin),
    "copy": _copy,
    "copy_again": _copy,
    "stop": _stop,
    "commit": _commit,
    "fence": _fence,
    "activate": _activate,
    "cancel": _cancel,
    "reclaim": _reclaim,
    "inflate": _inflate,
    "deflate": _deflate,
    "swap_out": _swap_out,
}

FAULTS_IN_OUTCOMES = frozenset(
    {"balloon_stopped_short", "swap_full", "boot_failed", "boot_hung", "format_unreadable", "storage_full"}
)
"""Reasons that are names of faults: the effect has failed, rather than been refused."""
