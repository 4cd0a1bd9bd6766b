"""What a transfer does: a VM's pages and swap slots cross to another machine, and then its authority does, at once.

Both machines are charged meanwhile (X2): the one for what the VM has, the other for all that it could come to hold. Each
effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..driver import LEAVING, Effect, Place, Stage
from .guests import Heard, check, write
from .migrations import VmEffect
from .network import NOT_THERE, Parcel
from .state import Guest, Reality


def _begin(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    goal, place = world.network.machines.get(effect.to or "") if world.network else None, effect.place_there
    if vm.parcel is not None and (vm.parcel.goal, vm.parcel.place) == (effect.to, place):
        return ""
    if vm.stage is not Stage.SETTLED or vm.source is Place.GUEST:
        return "the VM is not settled on a hypervisor of the machine itself"
    if goal is None or goal is world or not goal.machine.executes(place):
        return "no such hypervisor runs on another machine"
    frames_pages = vm.start.size_pages - vm.ballooned + goal.machine.overhead(place)
    there, slots = [NOT_THERE] * len(vm.truth), [NOT_THERE] * len(vm.swapped_truth)
    vm.parcel = Parcel(goal.machine.start.name, place, frames_pages, vm.swapped, there, slots)
    vm.stage, vm.rounds, vm.gave_up = Stage.SENDING, 0, None
    goal.set_aside(frames_pages, vm.swapped)
    return ""


def _send(world: Reality, vm: Guest, effect: Effect, _: Heard) -> str:
    if vm.parcel is None:
        return "the VM is not on its way to another machine"
    again, pages = effect.action == "send_again", 0
    for has, i, content, block_pages in list(vm.parcel.due(vm, again=again)):
        if pages >= (effect.amount or vm.resident + vm.swapped):
            break
        has[i] = content
        pages += block_pages
    vm.sent += pages
    world.crossed += pages
    world.time_us += pages
    vm.rounds += NOT_THERE not in (*vm.parcel.blocks, *vm.parcel.slots)
    return ""


def _stun(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.stage is Stage.STUNNED:
        return ""
    if vm.stage is not Stage.SENDING:
        return "the VM's pages are not being sent"
    vm.stage = Stage.STUNNED
    vm.unpaused.remove(vm.source)
    world.stun(vm)
    return ""


def _hand_over(world: Reality, vm: Guest, _: Effect, heard: Heard) -> str:
    if vm.parcel is None or vm.stage is not Stage.STUNNED:
        return "the VM is not stunned on its way to another machine"
    assert world.network is not None, "what is on its way is on the network"
    goal, place = world.network.machines[vm.parcel.goal], vm.parcel.place
    if not vm.parcel.complete(vm):
        return "pages are still to be sent"
    if not goal.machine.executes(place):
        return "the other hypervisor does not run any more"
    world.rouse(vm)
    _cross(world, goal, vm, vm.parcel)
    check(goal, vm, place)
    if vm.slots != vm.swapped_truth:
        goal.lose(vm, "its swap slots have not come with it", "X4")
    if not goal.machine.offers(place, vm.start.hardware):
        goal.lose(vm, f"{place.value} of {goal.machine.start.name} does not offer its virtual hardware", "S3")
    write(goal, vm, goal.executing(vm), heard)
    return ""


def _cross(world: Reality, goal: Reality, vm: Guest, parcel: Parcel) -> None:
    """What was set aside is the VM's own; where it came from, nothing of it is left."""
    world.depart(vm)
    goal.set_aside(-parcel.frames_pages, -parcel.slots_pages)
    vm.copies, vm.slots, vm.unpaused = {parcel.place: parcel.blocks}, parcel.slots, [parcel.place]
    vm.source, vm.stage, vm.parcel = parcel.place, Stage.SETTLED, None
    goal.arrive(vm)


def _call_off(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    if vm.parcel is None:
        return ""
    turn_back(world, vm, None)
    return ""


def turn_back(world: Reality, vm: Guest, why: str | None) -> None:
    """What has arrived is dropped, what was set aside is free, and the VM goes on where it is."""
    world.drop_parcel(vm)
    vm.stage, vm.gave_up = Stage.SETTLED, why
    if vm.source in vm.copies and vm.source not in vm.unpaused:
        vm.unpaused.append(vm.source)
    world.rouse(vm)


def leaves(vm: Guest) -> bool:
    """Whether it is on its way, and authority has not passed."""
    return vm.stage in LEAVING


def has_gone(world: Reality, effect: Effect) -> str:
    """Why nothing is done with a VM that is not here; "" where the effect had brought it to the other machine before."""
    arrived = world.network is not None and world.network.where(effect.vm or "") == effect.to is not None
    return "" if arrived and effect.action in ("transfer", "hand_over") else f"{effect.vm} is not on this machine"


ON_ITS_WAY: Mapping[str, VmEffect] = {
    "transfer": _begin,
    "send": _send,
    "send_again": _send,
    "stun": _stun,
    "hand_over": _hand_over,
    "call_off": _call_off,
}
