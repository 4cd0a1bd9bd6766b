"""What is between machines: a network that knows them all, and what of a VM has arrived on the machine that it goes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..driver import Place

if TYPE_CHECKING:
    from .state import Guest, Reality

NOT_THERE = -1
"""The generation of a block that has not arrived."""


@dataclass(slots=True)
class Parcel:
    """A VM on its way: where it goes, what is set aside there for it, and what of its memory and its swap has arrived."""

    goal: str
    place: Place
    frames_pages: int
    slots_pages: int
    blocks: list[int]
    slots: list[int]

    def sent_pages(self, vm: Guest) -> int:
        """How many of its pages have arrived, resident and swapped ones."""
        return sum(pages * (len(has) - has.count(NOT_THERE)) // len(has) for pages, has, _ in self._sides(vm) if has)

    def stale_pages(self, vm: Guest) -> int:
        """How many of those were written since."""
        return sum(_stale(pages, has, truth) for pages, has, truth in self._sides(vm))

    def due(self, vm: Guest, *, again: bool) -> Iterator[tuple[list[int], int, int, int]]:
        """What is to be sent, or to be sent again: which block, what is in it, how many pages it stands for."""
        for pages, has, truth in self._sides(vm):
            for i, (there, here) in enumerate(zip(has, truth, strict=True)):
                if there != here and (there != NOT_THERE) == again:
                    yield has, i, here, max(1, pages // len(has))

    def complete(self, vm: Guest) -> bool:
        """Whether all of the VM has arrived, as it is."""
        return self.blocks == vm.truth and self.slots == vm.swapped_truth

    def _sides(self, vm: Guest) -> Sequence[tuple[int, list[int], list[int]]]:
        return ((vm.resident, self.blocks, vm.truth), (vm.swapped, self.slots, vm.swapped_truth))


def _stale(pages: int, has: list[int], truth: list[int]) -> int:
    old = sum(there not in (NOT_THERE, here) for there, here in zip(has, truth, strict=True))
    return max(1, pages * old // len(has)) if old else 0


@dataclass(slots=True)
class Missing:
    """What a VM that runs on another machine has still to fetch: which blocks of its memory, and which of its swap."""

    origin: str
    blocks: set[int]
    slots: set[int]
    held_pages: int = 0
    """What is charged for it where it lies."""

    def pages(self, vm: Guest) -> int:
        """How many pages that is."""
        of = ((vm.resident, self.blocks, vm.truth), (vm.swapped, self.slots, vm.swapped_truth))
        return sum(max(1, pages * len(lacks) // len(every)) for pages, lacks, every in of if lacks)


@dataclass(slots=True, eq=False)
class Network:
    """Machines that reach each other, by name."""

    machines: dict[str, Reality] = field(default_factory=dict[str, "Reality"], repr=False)

    def join(self, world: Reality, *coming: str) -> None:
        """A machine is reached from now on; of these VMs it knows that they may come to it."""
        self.machines[world.machine.start.name] = world
        world.network = self
        world.away.extend(coming)

    def where(self, vm: str) -> str | None:
        """The machine on which a VM is."""
        return next((name for name, world in self.machines.items() if vm in world.vms), None)

    def guest(self, vm: str) -> Guest | None:
        """A VM, on whatever machine it is."""
        return next((world.vms[vm] for world in self.machines.values() if vm in world.vms), None)

    def left_on(self, machine: str) -> int:
        """How many pages there are still to be fetched from other machines."""
        every = [vm for world in self.machines.values() for vm in world.vms.values()]
        return sum(vm.missing.held_pages for vm in every if vm.missing and vm.missing.origin == machine)

    def on_the_way_to(self, machine: str) -> list[Parcel]:
        """What is on its way there, from whatever machine."""
        every = (vm.parcel for world in self.machines.values() for vm in world.vms.values())
        return [parcel for parcel in every if parcel is not None and parcel.goal == machine]
