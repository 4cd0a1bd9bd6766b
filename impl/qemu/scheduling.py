"""The memory scheduler's world on a testbed: snapshots of real guests, and their real balloons (`Effects` of its rounds).

Guests tell their page classes themselves; what their kernel has on none of its lists is unreclaimable. A sample is whole:
every page is in one class, so nothing is estimated but what has changed since the guest said it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ..driver import Effect, Ending, MachineView, VmView, World
from ..plan import Sizes
from ..scheduler.estimates import Sample
from ..scheduler.rounds import Effects
from ..scheduler.snapshot import MachineMemory, Memory, Settings, Snapshot, VmMemory
from .driver import QemuDriver
from .linux_guest import page_classes

SHARES = 1000


class NotDone(Exception):
    """An effect on a guest was refused; the text says why."""


@dataclass
class RealMemory:
    """What the scheduler sees and does through a driver. It keeps when balloons moved, which nobody else tells."""

    driver: QemuDriver
    settings: Settings = field(default_factory=Settings)
    _moved_at_s: dict[str, int] = field(default_factory=dict[str, int])
    _ballooned_pages: dict[str, int] = field(default_factory=dict[str, int])
    _seen_at_s: int = 0

    def snapshot(self) -> Snapshot:
        """The machine and its VMs, at a later second than the last one. Raises DriverLost, ValueError."""
        time.sleep(max(0.0, self._seen_at_s + 1 - time.monotonic()))  # its clock counts whole seconds
        self._seen_at_s = now_s = int(time.monotonic())
        world = self.driver.observe()
        vms = tuple(self._vm(vm, now_s) for vm in world.vms.values())
        return Snapshot(now_s, _machine(world, self.driver.site.sizes), vms, Memory(), self.settings)

    def effects(self) -> Effects:
        """What can be done. Blocking is not: a testbed has no use for it."""
        return Effects(self._set_balloon, self._swap, self._swap, self._refuse, self._refuse, _nothing, self.snapshot)

    def _vm(self, vm: VmView, now_s: int) -> VmMemory:
        if self._ballooned_pages.get(vm.name) != vm.ballooned_pages:
            self._ballooned_pages[vm.name] = vm.ballooned_pages
            self._moved_at_s[vm.name] = now_s
        size_pages = self.driver.site.size_pages(vm.name)
        return VmMemory(
            vm.name,
            size_pages,
            reservation_pages=0,
            limit_pages=size_pages,
            shares=SHARES,
            resident_pages=vm.resident_pages,
            ballooned_pages=vm.ballooned_pages,
            swapped_pages=vm.swapped_pages,
            balloon_target_pages=vm.balloon_target_pages,
            swap_target_pages=vm.swap_target_pages,
            overhead_pages=self.driver.site.sizes.per_vm(vm.source),
            has_balloon=self.driver.site.residents[vm.name].balloon,
            owing_since_s=self._moved_at_s[vm.name],
            progress_at_s=self._moved_at_s[vm.name],
            sample=self._sample(vm, now_s),
        )

    def _sample(self, vm: VmView, now_s: int) -> Sample | None:
        told = page_classes(self.driver.written(vm.name))
        if told is None:
            return None
        listed_pages = told.total - told.unreclaimable
        seen = replace(told, unreclaimable=max(0, vm.resident_pages - listed_pages))
        return Sample(vm.resident_pages, seen, now_s) if seen.total <= vm.resident_pages else None

    def _set_balloon(self, vm: str, pages: int) -> None:
        """A balloon that stops short is no error here: the next snapshot shows how far it came."""
        now = self.driver.observe(vm).vms[vm]
        self._do(Effect("reclaim", self.driver.site.machine, vm, pages, now.swap_target_pages))
        way = "inflate" if pages > now.ballooned_pages else "deflate"
        outcome = self.driver.perform(Effect(way, self.driver.site.machine, vm))
        if outcome.ending is Ending.REFUSED:
            raise NotDone(outcome.reason)

    def _swap(self, vm: str, pages: int) -> None:
        now = self.driver.observe(vm).vms[vm]
        self._do(Effect("reclaim", self.driver.site.machine, vm, now.balloon_target_pages, pages))
        if pages > now.swapped_pages:
            self._do(Effect("swap_out", self.driver.site.machine, vm))

    def _do(self, effect: Effect) -> None:
        outcome = self.driver.perform(effect)
        if outcome.ending is not Ending.DONE:
            raise NotDone(outcome.reason)

    def _refuse(self, vm: str) -> None:
        raise NotDone(f"{vm} is not blocked, nor let go, on a testbed")


def _nothing(_: str) -> None:
    """Guests tell their classes without being asked."""


def _machine(world: World, sizes: Sizes) -> MachineMemory:
    machine: MachineView = world.machine
    theirs = sum(vm.resident_pages + sizes.per_vm(vm.source) for vm in world.vms.values())
    return MachineMemory(
        machine.capacity_pages,
        machine.used_pages,
        hypervisor_pages=max(0, machine.used_pages - theirs),
        swap_pages=machine.swap_pages,
    )
