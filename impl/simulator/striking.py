"""What strikes a machine that is split: devices that go on, and an old hypervisor that hangs or ends before its time."""

from __future__ import annotations

from ..driver import Place, Power
from ..partitions import Bequest, Part
from .dividing import runs_on
from .exchange import end_old
from .state import Reality


def start_dma(world: Reality, name: str | None = None) -> bool:
    """A device, or the first that can, has started DMA that outlasts its being quiesced; whether there was one."""
    parts = world.machine.partitions
    chosen = next((device for device in _busy(world) if name in (None, device.name)), None)
    if parts is None or chosen is None:
        return False
    if chosen.name not in parts.dma:
        parts.dma.append(chosen.name)
    return True


def _busy(world: Reality) -> list[Part]:
    parts = world.machine.partitions
    if parts is None or not parts.division.split:
        return []
    return [device for device in parts.division.devices if not device.quiesced]


def last_to_start(world: Reality, fault: str) -> str | None:
    """The device that this fault has struck, if it is one that strikes devices."""
    parts = world.machine.partitions
    return parts.dma[-1] if fault == "dma_outlasts" and parts is not None else None


def can_start_dma(world: Reality) -> bool:
    """Whether a device of a split machine is not quiesced."""
    return bool(_busy(world))


def is_split(world: Reality) -> bool:
    """Whether the machine is two partitions."""
    parts = world.machine.partitions
    return parts is not None and parts.division.split


def can_hang(world: Reality) -> bool:
    """Whether the old hypervisor is on its way to its end."""
    parts = world.machine.partitions
    bequeathed = parts is not None and parts.division.bequest is not Bequest.NONE
    return bequeathed and world.machine.old is Power.RUNNING


def hang_old(world: Reality) -> None:
    """The old hypervisor never terminates."""
    world.machine.old = Power.HUNG
    world.machine.faults.append("old_hung")


def can_end_early(world: Reality) -> bool:
    """Whether the old hypervisor runs beside the new one, which carries the host VM (A22)."""
    return is_split(world) and world.machine.old is Power.RUNNING and runs_on(world.machine, Place.NEW)


def end_old_early(world: Reality) -> None:
    """The old hypervisor terminates before its time."""
    end_old(world)
    world.machine.faults.append("old_ended_early")


def let_pass(world: Reality) -> None:
    """Time passes: timers expire, and what devices have in flight ends."""
    parts = world.machine.partitions
    if parts is not None:
        parts.dma.clear()
        if parts.division.bequest is Bequest.PUBLISHED:
            parts.division = parts.division._replace(bequest=Bequest.EXPIRED)
