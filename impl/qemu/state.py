"""A suspended VM's state in a file: written and read here rather than by QEMU, so that its hash is of what was sent.

QEMU's own format has no checksum: a state with one flipped byte loads without an error. So the SHA-256 of a state file is
taken while it is written, and compared before a byte of it is given to anybody (S10, S16, S18).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from .copies import Copy
from .migration import UNLIMITED_BYTES_PER_S, capabilities
from .monitor import Event, MonitorLost

CHUNK_BYTES = 1 << 20
STATE_TIMEOUT_S = 240.0


class NotSaved(Exception):
    """The state could not be written whole; the VM is where it was, stopped."""


class Corrupted(Exception):
    """A state file is not what was written. Nothing of it was used."""


class NotLoaded(Exception):
    """A process did not take the state; the text is what it said. The process is of no further use."""


@dataclass(frozen=True)
class State:
    """A state file that was written to its end. With `in_place`, memory is not in it but in the VM's memory file."""

    path: Path
    size_bytes: int
    sha256: str
    in_place: bool

    def check(self) -> None:
        """Raise Corrupted unless the file is what was written."""
        try:
            with self.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as e:
            raise Corrupted(f"{self.path}: {e}") from e
        if digest != self.sha256:
            raise Corrupted(f"{self.path}: its SHA-256 is {digest}, and was {self.sha256} when it was written")


async def save(copy: Copy, path: Path, in_place: bool, timeout_s: float = STATE_TIMEOUT_S) -> State:
    """Write the state of a stopped VM to a file, durably. Raises NotSaved; then there is no file."""
    received: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            received.set_result(await _write(reader, path))
        except OSError as e:
            received.set_exception(e)
        writer.close()

    try:
        async with asyncio.timeout(timeout_s):
            with _meeting_point(path) as socket:
                async with await asyncio.start_unix_server(receive, socket):
                    await _send_all(copy, f"unix:{socket}", in_place, timeout_s)
                    size_bytes, digest = await received
    except (OSError, TimeoutError, MonitorLost) as e:
        received.cancel()
        path.unlink(missing_ok=True)
        raise NotSaved(f"{copy.name}: {e or 'it took too long'}") from e
    return State(path, size_bytes, digest, in_place)


async def _send_all(copy: Copy, uri: str, in_place: bool, timeout_s: float) -> None:
    monitor, since = copy.monitor, len(copy.monitor.events)
    await capabilities(copy, {"events": True, "pause-before-switchover": False, "x-ignore-shared": in_place})
    await monitor.ask("migrate-set-parameters", max_bandwidth=UNLIMITED_BYTES_PER_S)
    await monitor.ask("migrate", uri=uri)
    end = await monitor.until("MIGRATION", _over, timeout_s, since)
    if end.data["status"] != "completed":
        why = (await monitor.ask("query-migrate")).get("error-desc", "QEMU does not say why")
        raise OSError(f"{end.data['status']}: {why}")


async def load(copy: Copy, state: State, timeout_s: float = STATE_TIMEOUT_S) -> None:
    """Give a state to a process that waits for one; the VM is in it then, stopped.

    Raises Corrupted, having given it nothing, or NotLoaded.
    """
    state.check()
    monitor, since = copy.monitor, len(copy.monitor.events)
    try:
        async with asyncio.timeout(timeout_s):
            await capabilities(copy, {"events": True, "x-ignore-shared": state.in_place})
            with _meeting_point(state.path) as socket:
                await monitor.ask("migrate-incoming", uri=f"unix:{socket}")
                digest = await _read_out(state.path, socket)
            end = await monitor.until("MIGRATION", _over, timeout_s, since)
    except (OSError, TimeoutError, MonitorLost) as e:
        raise NotLoaded(f"{copy.name}: {e or 'it took too long'}") from e
    if end.data["status"] != "completed":
        raise NotLoaded(f"{copy.name}: loading {end.data['status']}")
    if digest != state.sha256:
        raise Corrupted(f"{state.path}: it changed while it was read; what was loaded must not run")


def _over(event: Event) -> bool:
    return event.data["status"] in ("completed", "failed", "cancelled")


@contextlib.contextmanager
def _meeting_point(path: Path) -> Generator[Path, None, None]:
    """An address for one transfer, which nobody can meet at before or after it."""
    socket = path.with_name(f"{path.name}.socket")
    socket.unlink(missing_ok=True)
    try:
        yield socket
    finally:
        socket.unlink(missing_ok=True)


async def _write(reader: asyncio.StreamReader, path: Path) -> tuple[int, str]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("wb") as file:
        while chunk := await reader.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size_bytes, digest.hexdigest()


async def _read_out(path: Path, socket: Path) -> str:
    digest = hashlib.sha256()
    _, writer = await asyncio.open_unix_connection(socket)
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                writer.write(chunk)
                await writer.drain()
    except ConnectionError:
        return digest.hexdigest()  # it refused what it read; its end says why
    finally:
        writer.close()
    return digest.hexdigest()
