"""QEMU processes: started stopped, killed with their parent, ended only when that was observed."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from .board import Board, Start
from .copies import FENCE_TIMEOUT_S, RunRecord
from .monitor import Monitor, MonitorLost
from .provision import Build
from .serial import SerialLog

START_TIMEOUT_S = 60.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Died(Exception):
    """A process ended by itself; the text is what it said."""


def _die_with(parent: int) -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before the kernel was asked
        os._exit(1)


class Handle(Protocol):
    """A process, wherever it was started."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def returncode(self) -> int | None:
        """None as long as its end was not observed."""
        ...

    def kill(self) -> None:
        """Send the signal that nothing survives. Raises ProcessLookupError if it has ended."""
        ...

    async def wait(self) -> int:
        """Wait for its end."""
        ...


class Qemu:
    """One QEMU process, with its monitor and its serial lines."""

    def __init__(self, name: str, handle: Handle, folder: Path, lines: int) -> None:
        """A process that was started under this name, with so many lines of output; not connected."""
        self.name = name
        self.monitor = Monitor(name)
        self.serial = [SerialLog(folder / f"{name}.line{i}") for i in range(lines)]
        self.ceased: tuple[RunRecord, str] | None = None
        self._said = folder / f"{name}.said"
        self.handle = handle

    @property
    def gone(self) -> bool:
        """Whether its end was observed."""
        return self.handle.returncode is not None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.handle.pid

    @property
    def said(self) -> str:
        """What it wrote to its error output."""
        return self._said.read_text(errors="replace").strip()

    async def ended(self, timeout_s: float = FENCE_TIMEOUT_S) -> str:
        """Wait for its end, and return what it said. Raises TimeoutError."""
        await asyncio.wait_for(self.handle.wait(), timeout_s)
        if self.ceased:
            record, vm = self.ceased
            record.note(vm, self.name, False)
            self.ceased = None
        await self.monitor.leave()
        return self.said

    def kill(self) -> None:
        """Send the signal that nothing survives; `ended` says when it did its work."""
        with contextlib.suppress(ProcessLookupError):
            self.handle.kill()

    async def end(self, timeout_s: float = FENCE_TIMEOUT_S) -> None:
        """Kill it, and wait until it is gone. Raises TimeoutError."""
        self.kill()
        await self.ended(timeout_s)

    async def connect(self, address: Path) -> None:
        """Connect to its monitor. Raises Died with its words if it did not come up, TimeoutError."""
        try:
            await self.monitor.connect(address, START_TIMEOUT_S)
        except MonitorLost as e:
            raise Died(f"{self.name} did not start: {await self.ended()}") from e


class Nursery:
    """The processes of one folder: each of them ends when the nursery is left, or its process dies."""

    def __init__(self, folder: Path, record: RunRecord) -> None:
        """An empty one; what its processes leave behind lies in the folder."""
        self.folder = folder
        self.record = record
        self.all: list[Qemu] = []
        self.inside: list[Monitor] = []
        """Monitors of what runs inside these processes: connections that end with them."""
        self._memory: list[int] = []

    async def __aenter__(self) -> Nursery:
        """Nothing runs yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what still runs."""
        await self.end_all()

    async def end_all(self) -> None:
        """End every process. Raises TimeoutError for the first that does not end."""
        for qemu in self.all:
            await qemu.end()
        for monitor in self.inside:
            await monitor.leave()
        while self._memory:
            os.close(self._memory.pop())

    def shared_memory(self, vm: str, size_mib: int) -> Path:
        """A memory file for processes to share: it has no name that could stay behind, and ends with this process."""
        descriptor = os.memfd_create(vm)
        self._memory.append(descriptor)
        os.ftruncate(descriptor, size_mib << 20)
        return Path(f"/proc/{os.getpid()}/fd/{descriptor}")

    async def launch(self, vm: str, build: Build, board: Board, start: Start | None = None) -> Qemu:
        """Start a process that has a VM, or is to get it; it does not run. Raises Died, TimeoutError."""
        start = start or Start()
        name = f"{vm}{start.mark}.{sum(taken.startswith(f'{vm}{start.mark}.') for taken in self.names)}"
        lines = [self.folder / f"{name}.line{i}" for i in range(board.lines)]
        arguments = board.arguments(lines, self.memory_of(name))
        incoming = ["-incoming", "defer"] if start.incoming else []
        handle = await self.spawn(name, [*build.qemu, *arguments, *incoming], build.environment)
        qemu = self.adopt(vm, name, handle, board.lines)
        await qemu.connect(self.address(name))
        return qemu

    @property
    def names(self) -> list[str]:
        """The names that processes have, or had."""
        return [q.name for q in self.all]

    def adopt(self, vm: str, name: str, handle: Handle, lines: int) -> Qemu:
        """Take a process that was started into the record; not connected."""
        qemu = Qemu(name, handle, self.folder, lines)
        self.record.watch(vm, name, qemu.monitor)
        qemu.ceased = (self.record, vm)
        self.all.append(qemu)
        return qemu

    def memory_of(self, name: str) -> Path:
        """The file that a process has its memory in, if that is in one of its own."""
        return self.folder / f"{name}.ram"

    def address(self, name: str) -> Path:
        """Where a process's monitor listens."""
        return self.folder / f"{name}.monitor"

    async def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Handle:
        """Start a process, without connecting to it. Its monitor listens already, so that nothing is waited for here.

        Where the process does not come up, a connection breaks. Raises OSError.
        """
        parent = os.getpid()
        with socket.socket(socket.AF_UNIX) as listening, (self.folder / f"{name}.said").open("w") as said:
            listening.bind(str(self.address(name)))
            listening.listen()
            monitor = ("-chardev", f"socket,id=monitor,fd={listening.fileno()},server=on,wait=off")
            return await asyncio.create_subprocess_exec(
                *(*command, *monitor, "-mon", "chardev=monitor,mode=control"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment,
                pass_fds=(listening.fileno(),),
                preexec_fn=lambda: _die_with(parent),
            )
