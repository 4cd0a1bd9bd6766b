"""A scene: processes, guests that were booted, and the proof that one of them came through unharmed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.impl.qemu.board import Board, floppy, machine_type
from holdfast.impl.qemu.copies import RunRecord, resume, stop
from holdfast.impl.qemu.guest import Guest, breaks, heartbeats
from holdfast.impl.qemu.migration import Migration, Route
from holdfast.impl.qemu.process import Nursery, Qemu
from holdfast.impl.qemu.provision import Build, Supply

BOOT_TIMEOUT_S = 120.0
SLOW_BYTES_PER_S = 4 << 20
"""So slow that the pre-copy of a large guest takes many seconds: time for a fault to strike in its midst."""


@dataclass
class Scene:
    """One VM, `r`, and the processes that carried it."""

    supply: Supply
    nursery: Nursery
    guest: Guest
    board: Board
    carriers: list[Qemu] = field(default_factory=list[Qemu])

    @property
    def record(self) -> RunRecord:
        """Which copy ran when."""
        return self.nursery.record

    async def boot(self, build: Build | None = None) -> Qemu:
        """Start the VM, and wait until it counts."""
        qemu = await self.nursery.launch("r", build or self.supply.old, self.board)
        await resume(qemu)
        await qemu.serial[0].counted(5, BOOT_TIMEOUT_S)
        self.carriers.append(qemu)
        return qemu

    def migration(self, source: Qemu, target: Qemu, in_place: bool = False) -> Migration:
        """A migration between two processes on this machine."""
        meeting = f"unix:{self.nursery.folder}/{target.name}.meeting"
        return Migration(source, target, Route(meeting, meeting), in_place)

    async def ticks(self, qemu: Qemu, more: int = 5) -> None:
        """Wait until the VM has counted on in this process, from wherever it is."""
        now = max(q.serial[0].heartbeat() for q in self.carriers)
        await qemu.serial[0].counted(now + more, BOOT_TIMEOUT_S)

    async def assert_unharmed(self, qemu: Qemu) -> None:
        """It runs here and nowhere else, has missed no count in any process, and every page is as the count says."""
        if qemu not in self.carriers:
            self.carriers.append(qemu)
        await self.ticks(qemu)
        await stop(qemu)
        dump = self.nursery.folder / "dump"
        await qemu.monitor.ask("pmemsave", val=0, size=self.guest.memory_mib << 20, filename=str(dump))

        assert self.guest.faults(dump.read_bytes()) == []
        assert breaks(heartbeats(q.serial[0].read() for q in self.carriers)) == []
        assert self.record.overlaps() == []
        assert [q.name for q in self.nursery.all if not q.gone] == [qemu.name]


def play(
    supply: Supply, folder: Path, act: Callable[[Scene], Awaitable[None]], memory_mib: int = 4, shared: bool = False
) -> RunRecord:
    """Set the scene, act, and end all processes."""
    record = RunRecord()
    guest = Guest(memory_mib, pages=(memory_mib - 1) * 256)
    (folder / "guest.img").write_bytes(guest.floppy())

    async def whole() -> None:
        async with Nursery(folder, record) as nursery:
            memory = nursery.shared_memory("r", memory_mib) if shared else None
            board = Board(machine_type(supply.old), memory_mib, floppy(folder / "guest.img"), shared=memory)
            await act(Scene(supply, nursery, guest, board))

    asyncio.run(whole())
    return record
