"""A host VM that was booted once, and a scene in which residents move into it and out again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from holdfast.impl.qemu.board import Board, floppy, machine_type
from holdfast.impl.qemu.copies import RunRecord, resume, stop
from holdfast.impl.qemu.guest import Guest, breaks, heartbeats
from holdfast.impl.qemu.host_vm import MEMORY_MIB, HostVm, Slot, host_board
from holdfast.impl.qemu.nested import consolidate, move_out
from holdfast.impl.qemu.process import Nursery, Qemu
from holdfast.impl.qemu.provision import Build, Supply
from holdfast.impl.qemu.serial import SerialLog
from holdfast.impl.qemu.state import State

SLOTS = 3
TIMEOUT_S = 240.0
GUEST = Guest()


@dataclass(frozen=True)
class HostImage:
    """A booted host VM, stopped and written to a file, and the boards that belong to it."""

    supply: Supply
    resident: Board
    board: Board
    state: State


def build_image(supply: Supply, folder: Path) -> HostImage:
    """Boot the host VM from scratch, and write it to a file."""
    floppy_image = folder / "guest.img"
    floppy_image.write_bytes(GUEST.floppy())
    resident = Board(machine_type(supply.old), GUEST.memory_mib, floppy(floppy_image))
    board = host_board(supply, folder, [(resident, [floppy_image])] * SLOTS)

    async def boot() -> State:
        async with Nursery(folder, RunRecord()) as nursery:
            host = HostVm(nursery, replace(board, shared=nursery.shared_memory("host", MEMORY_MIB)), SLOTS)
            await host.boot(supply.old)
            return await host.image(folder / "host.image")

    return HostImage(supply, resident, board, asyncio.run(boot()))


@dataclass
class Nest:
    """The host VM, and for each resident the lines on which it counted, in the order in which they carried it."""

    image: HostImage
    nursery: Nursery
    hosts: list[HostVm] = field(default_factory=list[HostVm])
    lines: dict[str, list[SerialLog]] = field(default_factory=dict[str, list[SerialLog]])

    @property
    def supply(self) -> Supply:
        """Where programs come from."""
        return self.image.supply

    async def host(self) -> HostVm:
        """A host VM on the old hypervisor, with empty slots; its memory is in a file of its own."""
        board = replace(self.image.board, shared=self.nursery.shared_memory("host", MEMORY_MIB))
        host = HostVm(self.nursery, board, SLOTS)
        await host.load(self.supply.old, self.image.state)
        self.hosts.append(host)
        return host

    async def resident(self, vm: str) -> Qemu:
        """A VM that counts, on the old hypervisor."""
        qemu = await self.nursery.launch(vm, self.supply.old, self.image.resident)
        self.lines[vm] = [qemu.serial[0]]
        await resume(qemu)
        await qemu.serial[0].counted(5, TIMEOUT_S)
        return qemu

    async def move_in(self, vm: str, source: Qemu, slot: Slot) -> None:
        """Consolidate it, and see it count there."""
        await consolidate(vm, source, slot)
        await self.counts_in(vm, slot)

    async def counts_in(self, vm: str, slot: Slot) -> None:
        """See it count on inside the host VM."""
        await self.counts_on(vm, slot.host.carrier.serial[1 + slot.number])

    async def counts_on(self, vm: str, line: SerialLog) -> None:
        """See it count on this line, which follows those before."""
        lines = self.lines[vm]
        if line not in lines:
            lines.append(line)
        await line.counted(max(other.heartbeat() for other in lines) + 5, TIMEOUT_S)

    async def move_out(self, slot: Slot, build: Build) -> Qemu:
        """Disassociate the VM, and see it count outside."""
        qemu, _ = await move_out(self.nursery, slot, build, self.image.resident)
        await self.counts_on(slot.vm, qemu.serial[0])
        return qemu

    async def assert_unharmed(self, vm: str, qemu: Qemu) -> None:
        """It has missed no count on any line, every page is as the count says, and it never ran twice."""
        await stop(qemu)
        dump = self.nursery.folder / "dump"
        await qemu.monitor.ask("pmemsave", val=0, size=GUEST.memory_mib << 20, filename=str(dump))

        assert GUEST.faults(dump.read_bytes()) == []
        assert breaks(heartbeats(line.read() for line in self.lines[vm])) == []
        assert self.nursery.record.overlaps() == []


def play_nested(image: HostImage, folder: Path, act: Callable[[Nest], Awaitable[None]]) -> RunRecord:
    """Set the scene, act, and end all processes."""
    record = RunRecord()

    async def whole() -> None:
        async with Nursery(folder, record) as nursery:
            await act(Nest(image, nursery))

    asyncio.run(whole())
    return record
