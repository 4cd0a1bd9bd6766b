"""A QEMU process as one talks to it: its monitor (QMP), with a time-out on every wait, and its events, recorded.

Events are kept from the moment of connection, so that waiting for one that has already come returns at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from qemu.qmp import EventListener, ExecuteError, QMPClient, QMPError, Runstate
from qemu.qmp.message import Message

COMMAND_TIMEOUT_S = 30.0
Address: TypeAlias = "Path | tuple[str, int]"
Answer: TypeAlias = "dict[str, Any]"


class MonitorLost(Exception):
    """The connection ended: the process is gone, or what carries it is."""


class Refused(Exception):
    """QEMU refused a command; the text is its own."""


@dataclass(frozen=True)
class Event:
    """Something that QEMU reported, and when that arrived here (monotonic clock)."""

    name: str
    data: Mapping[str, Any]
    arrived_ns: int


class Monitor(EventListener):
    """One connection to one QEMU."""

    def __init__(self, name: str) -> None:
        """Not connected; `name` is for messages."""
        super().__init__()
        self.name = name
        self.events: list[Event] = []
        self.on_event: Callable[[Event], None] = lambda _: None
        self._client = QMPClient(name)
        self._client.logger.disabled = True  # a peer that was killed is expected here, and reported by MonitorLost
        self._client.register_listener(self)
        self._changed = asyncio.Condition()
        self._watch: asyncio.Task[None] | None = None

    async def put(self, event: Message) -> None:
        """Record an event; the library calls this."""
        data = cast("Mapping[str, Any]", event.get("data", {}))
        seen = Event(str(event["event"]), data, time.monotonic_ns())
        self.events.append(seen)
        self.on_event(seen)
        async with self._changed:
            self._changed.notify_all()

    async def connect(self, address: Address, timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        """Connect and negotiate. Raises MonitorLost if nobody answers as QEMU does, TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._client.connect(str(address) if isinstance(address, Path) else address)
        except (QMPError, OSError) as e:
            raise MonitorLost(f"{self.name}: {e}") from e
        self._watch = asyncio.create_task(self._ended())

    async def _ended(self) -> None:
        while self._client.runstate is Runstate.RUNNING:
            await self._client.runstate_changed()
        async with self._changed:
            self._changed.notify_all()

    @property
    def lost(self) -> bool:
        """Whether the connection has ended."""
        return self._client.runstate is not Runstate.RUNNING

    async def ask(self, command: str, timeout_s: float = COMMAND_TIMEOUT_S, **arguments: object) -> Answer:
        """Execute a command; `_` in an argument's name stands for `-`. Raises Refused, MonitorLost, TimeoutError."""
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.execute(command, named)
        except ExecuteError as e:
            raise Refused(f"{self.name}: {command}: {e}") from e
        except (QMPError, OSError) as e:
            raise MonitorLost(f"{self.name}: {command}: {e}") from e
        return cast("Answer", answer) if isinstance(answer, dict) else {"return": answer}

    async def status(self) -> str:
        """`running`, `paused`, `prelaunch`, `inmigrate`, `postmigrate` and so on."""
        return str((await self.ask("query-status"))["status"])

    async def until(self, name: str, fits: Callable[[Event], bool], timeout_s: float, since: int = 0) -> Event:
        """Wait for an event, counting those from number `since`. Raises MonitorLost, TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            while True:
                for event in self.events[since:]:
                    if event.name == name and fits(event):
                        return event
                if self.lost:
                    raise MonitorLost(f"{self.name}: gone before it reported {name}")
                await self._changed.wait()

    async def leave(self) -> None:
        """Disconnect, whatever state the connection is in."""
        with contextlib.suppress(QMPError, OSError, EOFError, TimeoutError):
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                await self._client.disconnect()
        if self._watch:
            await self._watch
