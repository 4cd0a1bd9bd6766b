"""From what processes say of themselves to what the controller is told: where a VM is, and how far its migration has come.

Nothing is remembered here: the same processes give the same view to any controller, before and after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..driver import Place, Stage, VmView
from ..rules import ROUNDS_MOST
from .copies import Copy
from .memory import actual_bytes

UNDER_WAY = ("setup", "active", "postcopy-active")
STANDS_STILL = ("pre-switchover", "device")
TAIL_BYTES = 1536 << 10
"""Pre-copy is held back when so little is left; it goes with the rest, once the VM is stunned."""


@dataclass(frozen=True)
class Seen:
    """One copy of a VM: `status` of its processors, how its last migration stands, and what of that is left to be sent."""

    status: str
    migration: str = "none"
    remaining_bytes: int = 0
    ran: bool = False
    """Whether it was let run since it arrived there. QEMU does not tell one that is stunned from one that never ran."""
    sent_bytes: int = 0
    """By its last migration, as far as it has come."""
    left_bytes: int | None = None
    """What its balloon leaves to the guest; None where there is none, or it was not asked."""

    @property
    def empty(self) -> bool:
        """Whether it waits for a VM to arrive."""
        return self.status == "inmigrate"


SUSPENDED = Seen("suspended")
"""What is in a host VM that is suspended cannot be asked."""


async def look(copy: Copy, ran: bool = False, balloon: bool = False) -> Seen:
    """Ask a copy, and its balloon if it has one. Raises MonitorLost, TimeoutError."""
    told = await copy.monitor.ask("query-migrate")
    status, ram = await copy.monitor.status(), told.get("ram", {})
    left_bytes = await actual_bytes(copy) if balloon and status != "inmigrate" else None
    remaining, sent = ram.get("remaining", 0), ram.get("transferred", 0)
    return Seen(status, told.get("status", "none"), remaining, ran, sent, left_bytes)


def view(name: str, copies: Mapping[Place, Seen], resident_pages: int) -> VmView:
    """A VM, given its copies. A slot that merely waits is no copy of it."""
    holders = {place: seen for place, seen in copies.items() if not seen.empty}
    running = tuple(place for place, seen in holders.items() if seen.status == "running")
    there = VmView(name, Place.OLD, Stage.SETTLED, None, running, tuple(holders), resident_pages=resident_pages)
    if not holders:
        return replace(there, lost=True, resident_pages=0)
    if len(holders) > 1:
        return _with_two(there, holders)
    (place, seen), *_ = holders.items()
    return _with_one(replace(there, source=place), seen, copies)


def _with_two(there: VmView, holders: Mapping[Place, Seen]) -> VmView:
    """Both have the whole VM: the source handed over, or stands still for it while the last of it arrives."""
    handed = [p for p, seen in holders.items() if seen.status in ("postmigrate", "finish-migrate")]
    source = handed[0] if handed else next(iter(holders))
    target = next(p for p in holders if p is not source)
    return replace(there, source=source, target=target, stage=Stage.COMMITTED, copied_pages=there.resident_pages)


def _with_one(there: VmView, seen: Seen, copies: Mapping[Place, Seen]) -> VmView:
    waiting: list[Place] = [place for place, other in copies.items() if other.empty and place is not Place.GUEST]
    waiting += [Place.GUEST] if Place.GUEST in copies and copies[Place.GUEST].empty else []
    if seen.migration in (*UNDER_WAY, *STANDS_STILL) and waiting:
        return _in_flight(there, seen, waiting[0])
    if seen.status == "postmigrate":
        return replace(there, stage=Stage.STOPPED, gave_up="destination_killed")
    if seen.status == "paused" and seen.migration == "completed" and not seen.ran:
        came_from = Place.OLD if there.source is Place.GUEST else Place.GUEST
        arrived = replace(there, stage=Stage.FENCED, copied_pages=there.resident_pages)
        return replace(arrived, source=came_from, target=there.source)
    gave_up = "migration_aborted" if seen.migration in ("failed", "cancelled") else None
    return replace(there, gave_up=gave_up)


def _in_flight(there: VmView, seen: Seen, target: Place) -> VmView:
    """Of the last few pages QEMU does not say which are new and which were written since; they count as written."""
    still = seen.migration in STANDS_STILL
    left_pages = 0 if still else min(there.resident_pages, seen.remaining_bytes >> 12)
    tail = seen.remaining_bytes <= TAIL_BYTES and seen.migration == "active"
    return replace(
        there,
        target=target,
        stage=Stage.STOPPED if still else Stage.COPYING,
        copies_at=(*there.copies_at, target),
        copied_pages=there.resident_pages if still or tail else max(0, there.resident_pages - max(left_pages, 1)),
        dirty_pages=left_pages if tail else 0,
        rounds=ROUNDS_MOST if tail else 0,
    )
