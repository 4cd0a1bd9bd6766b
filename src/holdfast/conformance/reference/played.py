"""The simulator, in which guests do as they are told: a walk says which page goes where, and when.

A simulated guest has so many pages; which memory usage class each is in is of interest here alone, and kept beside it.
Guests keep within what is assumed of them, and refuse the rest; the balloon and the swap take the pages that the walk says,
as far as their targets go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ...impl.driver import Effect
from ...impl.simulator.driver import Simulator
from ...impl.simulator.guests import move, write_block, write_slot
from ...impl.simulator.migrations import out_of_reach
from ...impl.simulator.network import NOT_THERE
from ...impl.simulator.state import Guest, MachineStart, VmStart, reality
from ...impl.simulator.storage import Store
from ...impl.tap import Tap
from ..adapter import Shown

HOT = ("unreclaimable", "active_anonymous", "active_buffer")
CLASSES = (*HOT, "inactive_anonymous", "inactive_buffer", "free")
ELSEWHERE = ("untouched", "ballooned", "swapped")
"""Where pages are that have no frame."""

BY_GUESTS: Mapping[str, tuple[str, str]] = {
    "touch": ("untouched", "active_anonymous"),
    "fault_in": ("swapped", "active_anonymous"),
    "allocate": ("free", "active_anonymous"),
    "read_file": ("free", "active_buffer"),
    "reuse_anonymous": ("inactive_anonymous", "active_anonymous"),
    "reuse_buffer": ("inactive_buffer", "active_buffer"),
    "age_anonymous": ("active_anonymous", "inactive_anonymous"),
    "age_buffer": ("active_buffer", "inactive_buffer"),
    "release": ("active_anonymous", "free"),
    "drop_buffer": ("inactive_buffer", "free"),
    "pin": ("active_anonymous", "unreclaimable"),
    "unpin": ("unreclaimable", "active_anonymous"),
}
"""What guests do with their pages: from where, to where."""

BY_SCHEDULER: Mapping[str, tuple[str, str]] = {
    "inflate": ("free", "ballooned"),
    "inflate_untouched": ("untouched", "ballooned"),
    "squeeze_buffer": ("inactive_buffer", "ballooned"),
    "squeeze_anonymous": ("inactive_anonymous", "ballooned"),
    "deflate": ("ballooned", "untouched"),
    "swap_out": ("inactive_anonymous", "swapped"),
    "swap_out_blindly": ("active_anonymous", "swapped"),
}
"""What the balloon and the swap take and give, in the same way."""


NONE_SAID: Mapping[str, int] = MappingProxyType({})
"""Versions of virtual hardware, where a world has none."""


@dataclass
class Pages:
    """The pages of a VM by where they are, and what is assumed of its guest."""

    count: dict[str, int]
    resident_peak_pages: int
    hot_peak_pages: int

    @property
    def resident(self) -> int:
        """Those that have a frame."""
        return sum(self.count[name] for name in CLASSES)

    @property
    def hot(self) -> int:
        """The working set and what cannot be reclaimed."""
        return sum(self.count[name] for name in HOT)

    def move(self, way: tuple[str, str], pages: int) -> None:
        """So many pages go from one place to another."""
        self.count[way[0]] -= pages
        self.count[way[1]] += pages

    def beyond(self, way: tuple[str, str], pages: int) -> str:
        """Why the guest would not: it has no such pages, or keeps within what is assumed of it; "" where it would."""
        taken, given = way
        if self.count[taken] < pages:
            return f"not so many pages are {taken}"
        if taken in ELSEWHERE and self.resident + pages > self.resident_peak_pages:
            return "the guest keeps within its assumed residency"
        if given in HOT and taken not in HOT and self.hot + pages > self.hot_peak_pages:
            return "the guest keeps within its assumed working set"
        return ""


def pages_of(vm: str, state: Shown, known: Mapping[str, Any]) -> Pages:
    """The pages of a VM in a state of the world."""
    count = {name: int(state.get(f"{vm}.{name}", known.get(name, 0))) for name in (*CLASSES, *ELSEWHERE)}
    return Pages(count, known["resident_peak"], known["hot_peak"])


class Played(Simulator):
    """A simulated machine that is played: nothing on it happens unless it was asked for."""

    def __init__(
        self,
        machine: MachineStart,
        vms: Mapping[str, tuple[int, Pages]],
        tap: Tap,
        store: Store | None,
        hardware: Mapping[str, int] = NONE_SAID,
    ) -> None:
        """Begin; of each VM its size and its pages. Guests never grow by themselves, since their peak is zero."""
        starts = [_start(name, size, pages, hardware.get(name, 0)) for name, (size, pages) in vms.items()]
        super().__init__(reality(machine, starts, 0, store), tap=tap)
        self.pages = {name: pages for name, (_, pages) in vms.items()}
        self._scheduled = ""

    # ------------------------------------------------------------------------------------------------------- guests
    def guest_does(self, action: str, name: str, amount: int) -> str:
        """A guest acts on so many pages. Why it does not; "" if it did."""
        vm = self.world.vms.get(name)
        if vm is None or not self.world.executing(vm):
            return "the VM does not run"
        if action == "write_sent":
            return self._writes_sent(vm, amount)
        return self._writes(vm, amount) if action == "dirty" else self._moves(vm, action, amount)

    def _writes(self, vm: Guest, amount: int) -> str:
        """It writes pages that were copied, and not written since."""
        there = vm.copies.get(vm.target, []) if vm.target else []
        clean = [i for i, has in enumerate(there) if has == vm.truth[i] != NOT_THERE]
        if amount > len(clean):
            return "not so many copied pages are clean"
        for block in clean[:amount]:
            write_block(vm, block, self.world.executing(vm), self._heard_nothing)
        return ""

    def _writes_sent(self, vm: Guest, amount: int) -> str:
        """It writes pages that were sent to another machine, and not written since: resident ones, or such as are in a slot
        again when it has written them."""
        parcel = vm.parcel
        resident = [i for i, has in enumerate(parcel.blocks if parcel else ()) if has == vm.truth[i] != NOT_THERE]
        swapped = [i for i, has in enumerate(parcel.slots if parcel else ()) if has == vm.swapped_truth[i] != NOT_THERE]
        if amount > len(resident) + len(swapped):
            return "not so many sent pages are as they were"
        for block in resident[:amount]:
            write_block(vm, block, self.world.executing(vm), self._heard_nothing)
        for block in swapped[: max(0, amount - len(resident))]:
            write_slot(vm, block)
        return ""

    def _moves(self, vm: Guest, action: str, amount: int) -> str:
        way, pages = BY_GUESTS[action], self.pages[vm.start.name]
        if action == "fault_in" and vm.swapped - amount < vm.swap_target:
            return "the swap target keeps its pages out"
        why = pages.beyond(way, amount)
        if not why:
            self._move(vm, way, amount)
        return why

    def _move(self, vm: Guest, way: tuple[str, str], amount: int) -> None:
        """In the guest's account, and in the simulated world's."""
        pages, before = self.pages[vm.start.name], self.pages[vm.start.name].resident
        pages.move(way, amount)
        sums = {name: amount * ((way[1] == name) - (way[0] == name)) for name in ("ballooned", "swapped")}
        move(
            self.world,
            vm,
            resident_pages=pages.resident - before,
            ballooned_pages=sums["ballooned"],
            swapped_pages=sums["swapped"],
        )

    # ----------------------------------------------------------------------------------------- the balloon and the swap
    def scheduled(self, action: str) -> None:
        """Which of the model's actions the next effect on a balloon or on the swap is."""
        self._scheduled = action

    def _carry_out(self, effect: Effect) -> str:
        vm = self.world.vms.get(effect.vm or "")
        if vm is not None and effect.action == "reclaim":
            return self._set_targets(vm, effect) or super()._carry_out(effect)
        if vm is not None and effect.action in ("inflate", "deflate", "swap_out"):
            return self._reclaim(vm, self._scheduled or effect.action, effect.amount or 1)
        return super()._carry_out(effect)

    def _set_targets(self, vm: Guest, effect: Effect) -> str:
        stays = self.pages[vm.start.name].count["unreclaimable"]
        if (effect.amount or 0) + (effect.swap_pages or 0) + stays > vm.start.size_pages:
            return "the targets do not leave what cannot be reclaimed"
        return ""

    def _reclaim(self, vm: Guest, action: str, amount: int) -> str:
        way, room = BY_SCHEDULER[action], self.world.machine.start.swap_pages - self.world.swapped
        if why := out_of_reach(self.world, vm):
            return why
        if amount > self.pages[vm.start.name].count[way[0]]:
            return f"not so many pages are {way[0]}"
        beyond = {
            "ballooned": vm.ballooned + amount > vm.balloon_target,
            "untouched": vm.ballooned - amount < vm.balloon_target,
            "swapped": vm.swapped + amount > vm.swap_target or amount > room,
        }
        if beyond[way[1]]:
            return "the target, or the room for swapping, goes not so far"
        self._move(vm, way, amount)
        self._heard(action, vm, amount)
        return ""

    def _heard_nothing(self, _: str, __: Guest, ___: int) -> None:
        """What a guest was told to do is known."""


def _start(name: str, size_pages: int, pages: Pages, hardware: int) -> VmStart:
    count = pages.count
    taken = count["ballooned"], count["swapped"]
    return VmStart(name, size_pages, pages.resident, 0, 0, *taken, busy=False, hardware=hardware)
