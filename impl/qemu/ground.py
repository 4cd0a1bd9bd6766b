"""What a driver stands on: the processes that a keeper keeps, found again after a crash, and the host VM among them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from ..driver import Place
from .copies import Copy, RunRecord, resume
from .host_vm import HostVm, Slot
from .keeper import KeptNursery, alive
from .monitor import MonitorLost
from .process import Qemu
from .provision import Build, Supply
from .sight import STANDS_STILL, SUSPENDED, UNDER_WAY, Seen, look
from .site import Site

SLOT_TIMEOUT_S, POLL_S = 60.0, 0.1
CARRIERS = "host.carriers"
"""The processes that have carried the host VM, in order: written before one runs it."""


class Ground:
    """Everything on the machine, as far as its processes and files tell."""

    def __init__(self, folder: Path, supply: Supply) -> None:
        """Raises OSError or ValueError if no machine is described there. Nothing is connected yet."""
        self.folder = folder
        self.supply = supply
        self.site = Site.read(folder)
        self.nursery = KeptNursery(folder, RunRecord())
        self.host: HostVm | None = None
        self.entered = False

    def build(self, place: Place) -> Build:
        """The QEMU that is the hypervisor there."""
        return self.supply.new if place is Place.NEW else self.supply.old

    def balloon(self, vm: str) -> bool:
        """Whether a VM has a balloon."""
        return self.site.residents[vm].balloon

    def direct(self, vm: str, place: Place) -> Qemu | None:
        """The process of a VM, or of the host VM, at a hypervisor."""
        return alive(self.nursery.all, f"{vm}@{place.value}.")

    @property
    def carrier(self) -> Place | None:
        """Which hypervisor has the host VM: the old one as long as it has, even beside a new one that has loaded it."""
        if self.host is None:
            return None
        return next((place for place in (Place.OLD, Place.NEW) if self.direct("host", place)), None)

    async def connect(self) -> None:
        """Find what is there, and put right what a crash left half done. Raises OSError, Died, MonitorLost, TimeoutError."""
        await self.nursery.find(self.site.lines())
        names = self._carriers().read_text().split() if self._carriers().exists() else []
        for place in (Place.OLD, Place.NEW):
            half_made = self.direct("host", place)
            if half_made and not names:
                await half_made.end()
        if names:
            self.host = HostVm(self.nursery, self.site.host_board, len(self.site.residents))
            self.host.ready_unheard = 1
            for name in names:
                await self._carried(name)
            await self.enter()
        for vm in self.site.residents:
            await self.tidy(vm)

    async def _carried(self, name: str) -> None:
        assert self.host
        there = next((q for q in self.nursery.all if q.name == name), None)
        if there:
            await self.host.carried_by(there)
        else:
            self.host.heard_before(self.folder / f"{name}.line0")

    async def enter(self) -> None:
        """Connect to the slots, if the host VM runs."""
        if self.host is None or self.entered or not await self.host_runs():
            return
        for slot, vm in zip(self.host.slots, self.site.residents, strict=True):
            await slot.expect(vm)
        self.entered = True

    async def leave(self) -> None:
        """Disconnect from the slots: the host VM is about to stand still."""
        if self.host and self.entered:
            await self.host.leave_slots()
        self.entered = False

    async def host_runs(self) -> bool:
        """Whether the host VM runs now."""
        qemu = self.direct("host", self.carrier) if self.carrier else None
        return qemu is not None and await qemu.monitor.status() == "running"

    def note_carrier(self, name: str | None) -> None:
        """Write down which process carries the host VM from now on; None when it is no more."""
        if name is None:
            self._carriers().unlink(missing_ok=True)
        else:
            with self._carriers().open("a") as file:
                file.write(f"{name}\n")

    def _carriers(self) -> Path:
        return self.folder / CARRIERS

    async def copies(self, vm: str) -> dict[Place, tuple[Copy, Seen]]:
        """A VM's copies, each asked just now; one that does not answer has ended, or is ended."""
        found: dict[Place, tuple[Copy, Seen]] = {}
        for place in (Place.OLD, Place.NEW):
            qemu = self.direct(vm, place)
            if qemu:
                try:
                    found[place] = (qemu, await look(qemu, self.ran(vm, place).exists(), self.balloon(vm)))
                except MonitorLost:
                    await qemu.end()
        await self._inside(vm, found)
        return found

    async def _inside(self, vm: str, found: dict[Place, tuple[Copy, Seen]]) -> None:
        if self.host is None or self.carrier is None:
            return
        slot = self.host.slots[self.site.slot(vm)]
        if await self.host_runs():
            await self.enter()
            if slot.gone:
                return
            found[Place.GUEST] = (slot, await self._looked_inside(slot, vm))
        elif all(seen.empty for _, seen in found.values()):
            found[Place.GUEST] = (slot, SUSPENDED)

    async def _looked_inside(self, slot: Slot, vm: str) -> Seen:
        """What a nested QEMU says of itself. One that ends takes its connection along, and another one comes in its place:
        until then there is nobody to ask."""
        ran, balloon = self.ran(vm, Place.GUEST).exists(), self.balloon(vm)
        until_s = time.monotonic() + SLOT_TIMEOUT_S
        lost = False
        while True:
            try:
                if lost:
                    await slot.expect(vm)
                return await look(slot, ran, balloon)
            except MonitorLost:
                if time.monotonic() > until_s:
                    raise
                lost = True
                await asyncio.sleep(POLL_S)

    def lines(self, vm: str) -> list[Path]:
        """What a VM wrote in every process that carried it, in the order in which they did: a process that has handed it
        over writes nothing more. Raises OSError."""
        inside = self.folder.glob(f"host@*.line{1 + self.site.slot(vm)}")
        written = [path for path in (*self.folder.glob(f"{vm}@*.line0"), *inside) if path.stat().st_size]
        return sorted(written, key=lambda path: path.stat().st_mtime_ns)

    def ran(self, vm: str, place: Place) -> Path:
        """A file that is there once a VM was let run where it has arrived."""
        return self.folder / f"{vm}@{place.value}.ran"

    async def tidy(self, vm: str) -> None:
        """A receiver that nobody sends to is ended; a source that was stunned for nothing goes on."""
        copies = await self.copies(vm)
        holders = [(copy, seen) for copy, seen in copies.values() if not seen.empty]
        if len(holders) != 1 or holders[0][1].migration in (*UNDER_WAY, *STANDS_STILL):
            return
        for place, (copy, seen) in copies.items():
            if seen.empty and place is not Place.GUEST:
                await copy.end()
        copy, seen = holders[0]
        if seen.status == "paused" and (seen.ran or seen.migration in ("failed", "cancelled", "none")):
            await resume(copy)
