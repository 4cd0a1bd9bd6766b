"""What a guest wrote on its serial line: a file that QEMU appends to, and waiting for something in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .guest import HEARTBEAT

T = TypeVar("T")


class SerialLog:
    """The output of one serial line of one process, from its start."""

    def __init__(self, path: Path) -> None:
        """An empty one."""
        self.path = path
        path.touch()

    def read(self) -> bytes:
        """All that was written until now."""
        return self.path.read_bytes()

    def heartbeat(self) -> int:
        """The latest count; 0 before the first."""
        found = HEARTBEAT.findall(self.read())
        return int(found[-1][0], 16) if found else 0

    async def until(self, seen: Callable[[bytes], T | None], timeout_s: float) -> T:
        """Wait until what was written has something in it, and return that. Raises TimeoutError."""
        from asyncinotify import Inotify, Mask

        async with asyncio.timeout(timeout_s):
            changes: Any
            with Inotify() as changes:
                changes.add_watch(self.path, Mask.MODIFY)  # before the first look, so that nothing falls between
                while (found := seen(self.read())) is None:
                    await changes.get()
                return found

    async def counted(self, count: int, timeout_s: float) -> int:
        """Wait until the guest has counted so far, and return how far it is. Raises TimeoutError."""
        return await self.until(lambda _: now if (now := self.heartbeat()) >= count else None, timeout_s)
