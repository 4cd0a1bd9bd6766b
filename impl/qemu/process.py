"""QEMU processes: started stopped, killed with their parent, ended only when that was observed."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
from pathlib import Path

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


class Qemu:
    """One QEMU process, with its monitor and its serial lines. Make it by `launch`."""

    def __init__(self, name: str, build: Build, folder: Path) -> None:
        """Not started."""
        self.name = name
        self.build = build
        self.monitor = Monitor(name)
        self.serial: list[SerialLog] = []
        self.ceased: tuple[RunRecord, str] | None = None
        self._said = folder / f"{name}.said"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def gone(self) -> bool:
        """Whether its end was observed."""
        return self._process is not None and self._process.returncode is not None

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process
        return self._process.pid

    @property
    def said(self) -> str:
        """What it wrote to its error output."""
        return self._said.read_text(errors="replace").strip()

    async def ended(self, timeout_s: float = FENCE_TIMEOUT_S) -> str:
        """Wait for its end, and return what it said. Raises TimeoutError."""
        assert self._process
        await asyncio.wait_for(self._process.wait(), timeout_s)
        if self.ceased:
            record, vm = self.ceased
            record.note(vm, self.name, False)
            self.ceased = None
        await self.monitor.leave()
        return self.said

    def kill(self) -> None:
        """Send the signal that nothing survives; `ended` says when it did its work."""
        assert self._process
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self, timeout_s: float = FENCE_TIMEOUT_S) -> None:
        """Kill it, and wait until it is gone. Raises TimeoutError."""
        self.kill()
        await self.ended(timeout_s)

    async def start(self, arguments: list[str], inherited: tuple[int, ...], listening: socket.socket) -> None:
        """Run the program and connect to its monitor. Raises Died with its words, TimeoutError."""
        monitor = ("-chardev", f"socket,id=monitor,fd={listening.fileno()},server=on,wait=off")
        parent = os.getpid()
        with self._said.open("w") as said:
            self._process = await asyncio.create_subprocess_exec(
                *(*self.build.qemu, *arguments, *monitor, "-mon", "chardev=monitor,mode=control"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=self.build.environment,
                pass_fds=(listening.fileno(), *inherited),
                preexec_fn=lambda: _die_with(parent),
            )
        address = Path(listening.getsockname())
        listening.close()  # so that a connection breaks if the process does not come up
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
        name = f"{vm}.{sum(q.name.startswith(f'{vm}.') for q in self.all)}"
        qemu = Qemu(name, build, self.folder)
        qemu.serial = [SerialLog(self.folder / f"{name}.line{i}") for i in range(board.lines)]
        arguments = board.arguments([log.path for log in qemu.serial])
        incoming = ("-incoming", "defer") if start.incoming else ()
        self.record.watch(vm, name, qemu.monitor)
        qemu.ceased = (self.record, vm)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.folder / f"{name}.monitor"))
            listening.listen()
            self.all.append(qemu)
            await qemu.start([*arguments, *incoming, *start.extra], start.descriptors, listening)
        return qemu
