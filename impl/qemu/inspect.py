"""Whether the VMs of a testbed came through unharmed: by what they counted, and by what is in their memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..driver import Place, Stage
from .board import MIB
from .copies import Copy, resume, stop
from .ground import Ground
from .guest import breaks, errors_seen, heartbeats
from .linux_guest import CHECKED_EVERY
from .observe import see
from .process import Qemu
from .provision import Supply
from .serial import SerialLog
from .testbed import small_guest

MORE = 5
"""So many heartbeats more show that a VM runs."""
MORE_OF_LINUX = 2 * CHECKED_EVERY
"""So many, that a Linux guest has looked at its memory since."""
TIMEOUT_S = 240.0


class Memory(Enum):
    """By what a VM's memory was judged."""

    EXACT = "exact"
    """Every page of it was read, and held against how far the guest has counted."""
    BY_ITSELF = "checked by itself"
    """The guest, a Linux, looks at some of it again and again, and has said what errors it saw."""
    UNSEEN = "not looked at"


@dataclass(frozen=True)
class Condition:
    """One VM: where it is, its last heartbeat, by what its memory was judged, and what is wrong with it."""

    vm: str
    place: Place
    heartbeat: int
    memory: Memory
    faults: tuple[str, ...]


async def inspect(folder: Path, supply: Supply) -> list[Condition]:
    """Every VM of the testbed in a folder. Raises OSError, ValueError, MonitorLost, TimeoutError."""
    ground = Ground(folder, supply)
    try:
        await ground.connect()
        return [await _condition(ground, vm) for vm in ground.site.residents]
    finally:
        await ground.nursery.end_all()


async def _condition(ground: Ground, vm: str) -> Condition:
    view, copies = await see(ground, vm)
    if view.lost or view.stage is not Stage.SETTLED or not view.running_at:
        what = "it is lost" if view.lost else "it does not run" if view.stage is Stage.SETTLED else "it is in flight"
        return Condition(vm, view.source, last_heartbeat(ground, vm), Memory.UNSEEN, (what,))
    copy = copies[view.source]
    found = await _standing_still(ground, vm)
    linux = ground.site.residents[vm].balloon
    memory = Memory.BY_ITSELF if linux else Memory.EXACT if isinstance(copy, Qemu) else Memory.UNSEEN
    if memory is Memory.EXACT and isinstance(copy, Qemu):
        found += await _memory_faults(ground, vm, copy)
    written = [path.read_bytes() for path in ground.lines(vm)]
    found += tuple(breaks(heartbeats(written)))
    if errors := errors_seen(written):
        found += (f"the guest saw {errors} errors in its memory",)
    return Condition(vm, view.source, last_heartbeat(ground, vm), memory, found)


async def _standing_still(ground: Ground, vm: str) -> tuple[str, ...]:
    more = MORE_OF_LINUX if ground.site.residents[vm].balloon else MORE
    line = SerialLog(ground.lines(vm)[-1])
    try:
        await line.counted(last_heartbeat(ground, vm) + more, TIMEOUT_S)
    except TimeoutError:
        return (f"it has not counted for {TIMEOUT_S:.0f} s",)
    return ()


async def _memory_faults(ground: Ground, vm: str, copy: Copy) -> tuple[str, ...]:
    """What is wrong with its memory, for which it has to stand still a moment."""
    dump, memory_mib = ground.folder / f"{vm}.dump", ground.site.residents[vm].memory_mib
    await stop(copy)
    try:
        await copy.monitor.ask("pmemsave", val=0, size=memory_mib * MIB, filename=str(dump))
        return tuple(small_guest(memory_mib).faults(dump.read_bytes()))
    finally:
        dump.unlink(missing_ok=True)
        await resume(copy)


def last_heartbeat(ground: Ground, vm: str) -> int:
    """How far it has counted."""
    return max(heartbeats(path.read_bytes() for path in ground.lines(vm)), default=0)
