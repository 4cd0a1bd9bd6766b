"""Who keeps QEMU processes while controllers come and go: the part of a machine that does not crash with its controller.

A keeper starts processes for whoever asks on its socket, one request a connection, one JSON object each way, and tells
which ones there are. It ends them all when it ends itself. Otherwise whoever decides to kill one does so itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from .copies import FENCE_TIMEOUT_S, RunRecord
from .process import Handle, Nursery, Qemu

SOCKET = "keeper"
REQUEST_TIMEOUT_S = 60.0
REQUEST_BYTES_MOST = 1 << 20


class Keeper:
    """Serves the processes of one folder."""

    def __init__(self, nursery: Nursery) -> None:
        """Keep what is started through the nursery."""
        self._nursery = nursery
        self.kept: dict[str, Handle] = {}
        self.dismissed = asyncio.Event()
        """Set once it was told to end what it keeps, and has."""

    async def serve(self) -> asyncio.Server:
        """Begin to answer."""
        address = self._nursery.folder / SOCKET
        return await asyncio.start_unix_server(self._answer, address, limit=REQUEST_BYTES_MOST)

    async def take(self, qemu: Qemu) -> None:
        """Keep a process that was launched through the nursery; who wants to talk to it can connect from now on."""
        await qemu.monitor.leave()
        self.kept[qemu.name] = qemu.handle

    async def end_all(self) -> None:
        """End every process that it keeps. Raises TimeoutError."""
        for handle in self.kept.values():
            if handle.returncode is None:
                handle.kill()
            await asyncio.wait_for(handle.wait(), FENCE_TIMEOUT_S)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if request := await reader.readline():
                writer.write(json.dumps(await self._do(json.loads(request))).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # whoever asked is gone; what was started is kept
        finally:
            writer.close()

    async def _do(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if "spawn" in request:
            name = request["spawn"]
            self.kept[name] = await self._nursery.spawn(name, request["command"], request["environment"])
        if "end" in request:
            await self.end_all()
            self.dismissed.set()
        alive = {name: h.pid for name, h in self.kept.items() if h.returncode is None}
        return {"alive": alive, "ended": [name for name in self.kept if name not in alive], "keeper": os.getpid()}


async def ask(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """What the keeper of a folder answers: `{"spawn": ...}` starts a process, `{"end": true}` ends them all, and `{}` only
    asks which ones there are. Raises OSError, TimeoutError."""
    async with asyncio.timeout(REQUEST_TIMEOUT_S):
        reader, writer = await asyncio.open_unix_connection(folder / SOCKET, limit=REQUEST_BYTES_MOST)
        writer.write(json.dumps(request).encode() + b"\n")
        try:
            answer = await reader.readline()
        finally:
            writer.close()
    if not answer:
        raise ConnectionResetError("the keeper did not answer")
    return cast("dict[str, Any]", json.loads(answer))


async def dismiss(folder: Path) -> list[str]:
    """Have the keeper of a folder end all that it keeps, and itself; which processes those were. Raises OSError,
    TimeoutError."""
    answer = await ask(folder, {"end": True})
    with contextlib.suppress(ProcessLookupError):  # it is gone already
        await asyncio.wait_for(Watched(answer["keeper"]).wait(), REQUEST_TIMEOUT_S)
    return list(answer["ended"])


class Watched:
    """A process that somebody else started."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError if there is none of that number."""
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def __del__(self) -> None:
        """Let go of it."""
        if descriptor := getattr(self, "_descriptor", None):
            os.close(descriptor)

    @property
    def returncode(self) -> int | None:
        """None as long as it has not ended; how it ended is not known."""
        ended = select.poll()
        ended.register(self._descriptor, select.POLLIN)
        return -signal.SIGKILL if ended.poll(0) else None

    def kill(self) -> None:
        """Send the signal that nothing survives. Raises ProcessLookupError if it has ended."""
        signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            loop.remove_reader(self._descriptor)
            ended.set_result(None)

        loop.add_reader(self._descriptor, readable)
        try:
            await ended
        finally:
            loop.remove_reader(self._descriptor)
        return -signal.SIGKILL


class KeptNursery(Nursery):
    """Processes that a keeper keeps: they outlive the one who uses them."""

    def __init__(self, folder: Path, record: RunRecord) -> None:
        """Where a keeper serves."""
        super().__init__(folder, record)
        self.gone_before: list[str] = []
        """Names of processes that had ended before this nursery was there."""

    async def find(self, lines: Mapping[str, int]) -> None:
        """Connect to every process that is there; `lines` says how many files each VM writes to. Raises OSError."""
        answer = await ask(self.folder, {})
        self.gone_before = [name for name in answer["ended"] if not any(q.name == name for q in self.all)]
        for name, pid in answer["alive"].items():
            if not any(q.name == name for q in self.all):
                vm = name.partition("@")[0]
                qemu = self.adopt(vm, name, Watched(pid), lines[vm])
                await qemu.connect(self.address(name))

    @property
    def names(self) -> list[str]:
        """The names that processes have, or had, those that others started included."""
        return [*self.gone_before, *super().names]

    async def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Handle:
        """Have the keeper start a process. Raises OSError, TimeoutError."""
        request = {"spawn": name, "command": list(command), "environment": dict(environment)}
        return Watched((await ask(self.folder, request))["alive"][name])

    async def end_all(self) -> None:
        """Leave: the processes stay."""
        for monitor in (*(q.monitor for q in self.all), *self.inside):
            await monitor.leave()


def alive(qemus: Sequence[Qemu], prefix: str) -> Qemu | None:
    """The last of the processes whose name begins so that has not ended."""
    there = [q for q in qemus if q.name.startswith(prefix) and not q.gone]
    return there[-1] if there else None
