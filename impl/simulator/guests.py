"""What guests do by their own will: they write, and touch pages that they never had, up to their peak."""

from __future__ import annotations

from collections.abc import Callable

from ..driver import Place
from .network import NOT_THERE
from .state import Guest, Reality

Heard = Callable[[str, Guest, int], None]
"""Hears what a guest did: the action, the VM, how many pages."""


def act(world: Reality, vm: Guest, heard: Heard) -> None:
    """One VM gets some time. Wherever it executes, that copy of its memory is what it reads and writes."""
    places = world.executing(vm)
    if not places or vm.lost:
        return
    if len(places) > 1:
        world.broke(f"{vm.start.name} runs twice: at {' and at '.join(p.value for p in places)} (S1)")
    for place in places:
        check(world, vm, place)
    if vm.start.busy or len(places) > 1:
        write(world, vm, places, heard)
    grow(world, vm, 1, heard)


def write(world: Reality, vm: Guest, places: tuple[Place, ...], heard: Heard) -> None:
    """The guest writes a block that chance has chosen, wherever it executes."""
    if vm.truth and vm.missing is None:  # what is missing cannot be written, and it waits for that
        write_block(vm, world.draw(len(vm.truth)), places, heard)


def write_block(vm: Guest, block: int, places: tuple[Place, ...], heard: Heard) -> None:
    """The guest writes this block, wherever it executes."""
    there = vm.copies.get(vm.target) if vm.target else None
    was_clean = there is not None and there[block] == vm.truth[block] != NOT_THERE
    vm.truth[block] += 1
    for place in vm.copies.keys() & set(places):
        vm.copies[place][block] = vm.truth[block]
    if there is not None and was_clean and there[block] != vm.truth[block]:
        heard("dirty", vm, max(1, vm.resident // len(vm.truth)))
    if vm.parcel is not None and vm.parcel.blocks[block] == vm.truth[block] - 1:
        heard("write_sent", vm, max(1, vm.resident // len(vm.truth)))


def write_slot(vm: Guest, block: int) -> None:
    """The guest writes a page that is swapped, which is in its slot again afterwards."""
    vm.swapped_truth[block] += 1
    vm.slots[block] = vm.swapped_truth[block]


def check(world: Reality, vm: Guest, place: Place) -> None:
    """A VM that executes proves that its memory is what it wrote (S3)."""
    copy, missing = vm.copies.get(place), vm.missing.blocks if vm.missing else ()
    there = copy is not None and all(copy[i] == wrote for i, wrote in enumerate(vm.truth) if i not in missing)
    if copy is None or len(copy) != len(vm.truth) or not there:
        world.lose(vm, f"it runs at {place.value} with pages that are stale, lost or overwritten", "S3")


def grow(world: Reality, vm: Guest, pages: int, heard: Heard) -> None:
    """The guest touches pages that it never had, as far as its peak allows: each takes a frame at once."""
    untouched = vm.start.size_pages - vm.resident - vm.ballooned - vm.swapped
    pages = min(pages, untouched, vm.start.peak_pages - vm.resident)
    if pages > 0:
        move(world, vm, resident_pages=pages)
        heard("touch", vm, pages)


def move(
    world: Reality, vm: Guest, *, resident_pages: int = 0, ballooned_pages: int = 0, swapped_pages: int = 0
) -> None:
    """So many pages more, or fewer, have a frame, are in the balloon, or are swapped; the rest was never touched."""
    vm.resident += resident_pages
    vm.ballooned += ballooned_pages
    vm.swapped += swapped_pages
    world.swapped += swapped_pages
    vm.fit_blocks()
    world.recharge(vm)
