"""What a transfer does: a VM's pages and swap slots cross to another machine, and then its authority does, at once.

Both machines are charged meanwhile (X2): the one for what the VM has, the other for all that it could come to hold. Each
effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..driver import LEAVING, Effect, Place, Stage
from .guests import Heard, check, write
from .migrations import VmEffect
from .network import NOT_THERE, Missing, Parcel
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
    _runs_there(goal, vm, place)
    write(goal, vm, goal.executing(vm), heard)
    return ""


def _runs_there(goal: Reality, vm: Guest, place: Place) -> None:
    """What it is there is what it was."""
    check(goal, vm, place)
    if vm.missing is None and vm.slots != vm.swapped_truth:
        goal.lose(vm, "its swap slots have not come with it", "X4")
    if not goal.machine.offers(place, vm.start.hardware):
        goal.lose(vm, f"{place.value} of {goal.machine.start.name} does not offer its virtual hardware", "S3")


def _switch(world: Reality, vm: Guest, _: Effect, __: Heard) -> str:
    """Post-copy: it runs there, with what has arrived; the rest is held here for it."""
    if vm.parcel is None or vm.stage is not Stage.STUNNED:
        return "the VM is not stunned on its way to another machine"
    assert world.network is not None, "what is on its way is on the network"
    goal, parcel = world.network.machines[vm.parcel.goal], vm.parcel
    if not goal.machine.executes(parcel.place):
        return "the other hypervisor does not run any more"
    missing = Missing(
        world.machine.start.name,
        {i for i, has in enumerate(parcel.blocks) if has != vm.truth[i]},
        {i for i, has in enumerate(parcel.slots) if has != vm.swapped_truth[i]},
    )
    rest_pages = missing.held_pages = missing.pages(vm)
    world.rouse(vm)
    vm.missing = missing
    _cross(world, goal, vm, parcel)
    vm.stage = Stage.FETCHING
    world.take(rest_pages)
    world.crossed += rest_pages
    _runs_there(goal, vm, parcel.place)
    return ""


def fetch(world: Reality, vm: Guest, effect: Effect) -> str:
    """Missing pages arrive where the VM runs, and are freed here."""
    missing, before_pages = vm.missing, vm.missing.pages(vm) if vm.missing else 0
    if missing is None or missing.origin != world.machine.start.name or vm.lost:
        return "the VM does not fetch anything from here"
    wanted_pages = before_pages if effect.amount is None else effect.amount
    while (missing.blocks or missing.slots) and before_pages - missing.pages(vm) < wanted_pages:
        side, has, truth = (
            (missing.blocks, vm.copies[vm.source], vm.truth)
            if missing.blocks
            else (missing.slots, vm.slots, vm.swapped_truth)
        )
        i = side.pop()
        has[i] = truth[i]
    freed_pages = missing.held_pages - min(missing.held_pages, missing.pages(vm))
    missing.held_pages -= freed_pages
    world.take(-freed_pages)
    world.time_us += freed_pages
    return ""


def finish(world: Reality, vm: Guest, _: Effect) -> str:
    """Nothing is missing: the VM is on its new machine, as any VM."""
    if vm.missing is None:
        return ""
    if vm.missing.origin != world.machine.start.name or vm.missing.pages(vm) or vm.lost:
        return "pages are missing, or it fetches nothing from here"
    vm.missing, vm.stage = None, Stage.SETTLED
    return ""


def fetching_from(world: Reality) -> Guest | None:
    """A VM that has still to fetch pages from this machine."""
    every = world.network.machines.values() if world.network else ()
    here, guests = world.machine.start.name, (vm for there in every for vm in there.vms.values())
    return next((vm for vm in guests if vm.missing and vm.missing.origin == here and vm.missing.pages(vm)), None)


def lose_an_end(world: Reality) -> None:
    """Part of a VM is on each of two machines, and one end of it dies: nothing is left, and no controller can help that."""
    vm = fetching_from(world)
    assert vm is not None, "something is being fetched"
    world.forgiven.add(vm.start.name)
    world.lose(vm, "an end of its post-copy has died")


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
    vm = world.network.guest(effect.vm or "") if world.network else None
    if vm is not None and effect.action in ("fetch", "finish_fetching"):
        return (fetch if effect.action == "fetch" else finish)(world, vm, effect)
    arrived = world.network is not None and world.network.where(effect.vm or "") == effect.to is not None
    return (
        ""
        if arrived and effect.action in ("transfer", "hand_over", "switch_early")
        else f"{effect.vm} is not on this machine"
    )


def _not_gone(_: Reality, vm: Guest, __: Effect, ___: Heard) -> str:
    return f"{vm.start.name} is on this machine, and fetches nothing from here"


ON_ITS_WAY: Mapping[str, VmEffect] = {
    "transfer": _begin,
    "send": _send,
    "send_again": _send,
    "stun": _stun,
    "hand_over": _hand_over,
    "switch_early": _switch,
    "fetch": _not_gone,
    "finish_fetching": _not_gone,
    "call_off": _call_off,
}
