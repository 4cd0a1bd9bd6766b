"""What must be seen to happen while a machine is split."""

from __future__ import annotations

from ...model.inventory import Power
from ...model.language import Truth, all_of, any_of, sometimes
from ...model.partitions import Bequest, Device, Processor, Split
from ...model.tolerance import Tolerated
from ..properties import exchanged


@sometimes("S12", "S3", "S2")
def in_both_partitions() -> Truth:
    """Pages of one host VM are in the old partition, in the new one, and in neither."""
    return any_of((s.with_old > 0) & (s.with_new > 0) & (s.released > 0) for s in Split)


@sometimes("S12", "S14", "S15")
def processor_on_its_way() -> Truth:
    """A processor is used by nobody, while both hypervisors run."""
    return any_of(
        ~p.with_old
        & ~p.with_new
        & (p.split.machine.old.power == Power.RUNNING)
        & (p.split.machine.new.power == Power.RUNNING)
        for p in Processor
    )


@sometimes("S15")
def side_by_side() -> Truth:
    """Both hypervisors run, and so does the host VM."""
    return any_of(
        s.runs_on_old & (s.machine.old.power == Power.RUNNING) & (s.machine.new.power == Power.RUNNING) for s in Split
    )


@sometimes("S14", "S12")
def device_on_its_way() -> Truth:
    """A device is driven by nobody."""
    return any_of(~d.with_old & ~d.with_new for d in Device)


@sometimes("S14", "S15")
def quiesced_with_dma_in_flight() -> Truth:
    """A device is quiesced, and what it had started is still in flight."""
    return any_of(d.quiesced & d.dma for d in Device)


@sometimes("S13")
def expired_and_not_terminated() -> Truth:
    """The timer has expired, and the old hypervisor runs."""
    return any_of((s.bequest == Bequest.EXPIRED) & (s.machine.old.power == Power.RUNNING) for s in Split)


@sometimes("S13")
def terminated_and_not_expired() -> Truth:
    """The old hypervisor was observed to have terminated, and the timer runs."""
    return any_of((s.bequest == Bequest.PUBLISHED) & s.end_observed for s in Split)


@sometimes("O")
def partition_full() -> Truth:
    """A partition holds all the frames that it has."""
    return any_of((s.machine.new.needs > 0) & (s.machine.new.needs + s.with_new == s.new_frames) for s in Split)


@sometimes("S7", "S5")
def nested_in_new_partition() -> Truth:
    """The host VM runs on the new hypervisor, and the old one is still there."""
    return any_of(s.runs_on_new & (s.machine.old.power == Power.RUNNING) for s in Split)


@sometimes("L5")
def hangs_with_an_alarm() -> Truth:
    """The old hypervisor hangs, and an alarm has been raised."""
    return any_of((s.machine.old.power == Power.HUNG) & s.alarm for s in Split)


@sometimes("S2", "S13")
def split_done_in_spite_of_faults() -> Truth:
    """Every tolerated fault of a split machine, but a teardown that hangs, has struck, and the exchange is done."""
    spent = all_of(
        (t.boot_hung == 0) & (t.old_ended_early == 0) & (t.dma_outlasts == 0) & (t.boot_failed == 0) for t in Tolerated
    )
    return spent & all_of(exchanged(s.machine) for s in Split)
