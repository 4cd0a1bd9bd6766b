"""What may go wrong while a machine is split, as often as a world tolerates it; that a boot fails is in faults.py."""

from __future__ import annotations

from .actors import FAULT
from .inventory import Machine, Power
from .language import action, require
from .partitions import Bequest, Device, Split
from .tolerance import Tolerated


@action(by=FAULT)
def boot_hung(machine: Machine, tolerated: Tolerated) -> None:
    """The new hypervisor does not come up, and does not end either: it keeps its frames."""
    require(tolerated.boot_hung > 0, "one more boot that hangs is tolerated")
    require(machine.new.power == Power.BOOTING, "the new hypervisor boots")
    tolerated.boot_hung -= 1
    machine.new.power = Power.HUNG


@action(by=FAULT)
def old_hung(s: Split, tolerated: Tolerated) -> None:
    """The old hypervisor hangs in its teardown: it never terminates."""
    require(tolerated.old_hung > 0, "one more teardown that hangs is tolerated")
    require(s.bequest != Bequest.NONE, "the old hypervisor has bequeathed what it has")
    require(s.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    tolerated.old_hung -= 1
    s.machine.old.power = Power.HUNG


@action(by=FAULT)
def old_ended_early(s: Split, tolerated: Tolerated) -> None:
    """The old hypervisor terminates before its time, bequest or not; nothing of the host VM is with it (A22)."""
    require(tolerated.old_ended_early > 0, "one more end before its time is tolerated")
    beside = s.machine.split & (s.machine.old.power == Power.RUNNING)
    require(beside & s.runs_on_new, "the old hypervisor runs beside the new one, which carries the host VM")
    tolerated.old_ended_early -= 1
    s.machine.old.power = Power.ABSENT


@action(by=FAULT)
def dma_outlasts(device: Device, tolerated: Tolerated) -> None:
    """A device has started DMA that will still be in flight when it is quiesced."""
    require(tolerated.dma_outlasts > 0, "one more such DMA is tolerated")
    require(device.split.machine.split & ~device.quiesced, "the machine is split, and the device is not quiesced")
    tolerated.dma_outlasts -= 1
    device.dma = True
