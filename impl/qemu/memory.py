"""A guest's memory, from outside and from inside: the balloon and its statistics, and pages by usage class."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from ..scheduler.estimates import ClassPages
from .copies import Copy

BALLOON = "/machine/peripheral/balloon"
PAGE_KIB = 4
STATISTICS_TIMEOUT_S = 30.0
POLL_S = 0.05
IDLE_S = 5.0
"""Without progress for so long, a balloon is inactive (D8)."""
GIVE_UP_S = 20.0
"""After so long, it is uncooperative (D8)."""


@dataclass(frozen=True)
class Inflation:
    """How far a balloon came: what the guest was to keep and what it has, in bytes."""

    wanted_bytes: int
    actual_bytes: int

    @property
    def reached(self) -> bool:
        """Whether it came all the way."""
        return self.wanted_bytes == self.actual_bytes

    @property
    def short_bytes(self) -> int:
        """How much more the balloon was to take from the guest, or to give back to it."""
        return abs(self.actual_bytes - self.wanted_bytes)


async def leave_to_guest(
    copy: Copy, wanted_bytes: int, idle_s: float = IDLE_S, give_up_s: float = GIVE_UP_S
) -> Inflation:
    """Inflate or deflate the balloon until the guest has so much memory.

    A balloon that stops short is no error: what it has then is returned, once it made no progress for `idle_s`, or after
    `give_up_s` in all. Its target is set to that, so that it does not go on later; a guest that gave all that it could is
    starved, and whoever asked too much should give some back. Raises Refused, MonitorLost, TimeoutError.
    """
    began = len(copy.monitor.events)
    deadline = asyncio.get_running_loop().time() + give_up_s
    await copy.monitor.ask("balloon", value=wanted_bytes)
    while (actual := await actual_bytes(copy)) != wanted_bytes:
        left_s = min(idle_s, deadline - asyncio.get_running_loop().time())
        since = len(copy.monitor.events)
        try:
            await copy.monitor.until("BALLOON_CHANGE", lambda _: True, max(left_s, 0), max(since, began))
        except TimeoutError:
            if (now := await actual_bytes(copy)) == actual or left_s <= 0:
                await copy.monitor.ask("balloon", value=now)
                return Inflation(wanted_bytes, now)
    return Inflation(wanted_bytes, actual)


async def actual_bytes(copy: Copy) -> int:
    """How much memory the balloon leaves to the guest."""
    return int((await copy.monitor.ask("query-balloon"))["actual"])


async def statistics(copy: Copy, timeout_s: float = STATISTICS_TIMEOUT_S) -> dict[str, int]:
    """What the guest's balloon driver says about its memory, in bytes or counts; fresh. Raises TimeoutError.

    QEMU reports no event for it, so it is asked until an answer is newer than the last one.
    """
    ask = copy.monitor.ask
    before = await ask("qom-get", path=BALLOON, property="guest-stats")
    await ask("qom-set", path=BALLOON, property="guest-stats-polling-interval", value=1)
    async with asyncio.timeout(timeout_s):
        while (now := await ask("qom-get", path=BALLOON, property="guest-stats"))["last-update"] == before[
            "last-update"
        ]:
            await asyncio.sleep(POLL_S)
    await ask("qom-set", path=BALLOON, property="guest-stats-polling-interval", value=0)
    return {name.removeprefix("stat-"): amount for name, amount in now["stats"].items() if amount < 1 << 63}


def classes(meminfo: str) -> ClassPages:
    """The classes in a Linux guest's /proc/meminfo (D9). Raises ValueError if it is none.

    What is on none of Linux's lists (its own tables, slabs, stacks, locked pages) is unreclaimable.
    """
    kib = {name: int(size) for name, size in re.findall(r"^([^:\s]+):\s+(\d+) kB\r?$", meminfo, re.MULTILINE)}
    listed = ("Active(anon)", "Active(file)", "Inactive(anon)", "Inactive(file)", "MemFree")
    if missing := [name for name in ("MemTotal", *listed) if name not in kib]:
        raise ValueError(f"a guest's meminfo has no {', '.join(missing)}")
    pages = [kib[name] // PAGE_KIB for name in listed]
    active_anonymous, active_buffer, inactive_anonymous, inactive_buffer, free = pages
    rest = max(0, kib["MemTotal"] // PAGE_KIB - sum(pages))
    return ClassPages(rest, active_anonymous, active_buffer, inactive_anonymous, inactive_buffer, free)


def resident_kib(pid: int) -> int:
    """How much of a process lies in the machine's memory. Raises OSError if there is no such process."""
    found = re.search(r"^Rss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


class Shell:
    """A line that a Linux guest listens on: a command in, its output out. For guests that were made so (`listener`)."""

    def __init__(self, address: Path) -> None:
        """Not connected."""
        self.address = address

    async def run(self, command: str, timeout_s: float = 120.0) -> str:
        """What a command prints, errors included. Raises OSError, TimeoutError."""
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(self.address)
            try:
                writer.write(f"{command}\n".encode())
                output = await reader.readuntil(b"\n.\n")
            finally:
                writer.close()
        return output.decode(errors="replace").removesuffix("\n.\n").removesuffix("\n")


SCRIPT = """
exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty raw -echo
echo LISTENS >/dev/console
while read -r line; do eval "$line"; echo; echo .; done
"""
"""What such a guest does, once its drivers are there."""


def listener(address: Path) -> tuple[str, ...]:
    """The device on which it listens."""
    return ("-chardev", f"socket,id=shell,path={address},server=on,wait=off", "-serial", "chardev:shell")
