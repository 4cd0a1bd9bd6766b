"""What must hold while a machine is split: who has what, when it passes, and what the old hypervisor leaves.

Partitions are held to the two hypervisors' own accounts, which nothing but the order of the steps keeps apart.
"""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine, Power
from ...model.language import Truth, after, all_of, always, any_of, assume, implies, step, where
from ...model.partitions import Bequest, Device, Processor, Split
from ..properties import exchanged


@assume
def a_split_is_of_its_machine() -> Truth:
    """The frames that a split divides are those of its machine, and a machine has one split."""
    whole = all_of(s.capacity == s.machine.capacity for s in Split)
    return whole & all_of((a == b) | (a.machine != b.machine) for a in Split for b in Split)


def both_stay(s: Split) -> Truth:
    """The machine is split before the step, and after it."""
    return s.machine.split & after(s.machine.split)


def given_up_at_last(s: Split) -> Truth:
    """The time-out has passed, and the old hypervisor has terminated and was observed to."""
    return (s.bequest == Bequest.EXPIRED) & s.end_observed & (s.machine.old.power == Power.ABSENT)


# ------------------------------------------------------------------------------------------ exclusive, conserved
@always("S12")
def frames_have_one_owner() -> Truth:
    """Every frame of a split machine is in one partition, or released and not yet claimed; otherwise nothing is divided."""
    return all_of(
        where(
            s.machine.split,
            s.old_frames + s.new_frames + s.released == s.machine.capacity,
            s.old_frames + s.new_frames + s.released + s.claimed == 0,
        )
        for s in Split
    )


@always("S12", "S15")
def processors_have_one_user() -> Truth:
    """No processor is used by both hypervisors, and none is lost: where the machine is one partition, one of them has it."""
    return all_of(~(p.with_old & p.with_new) & (p.split.machine.split | p.with_old | p.with_new) for p in Processor)


@always("S12", "S15")
def devices_have_one_driver() -> Truth:
    """No device is driven by both hypervisors; and only while the host VM is stopped is one driven by neither."""
    return all_of(~(d.with_old & d.with_new) & (d.split.crossing | d.with_old | d.with_new) for d in Device)


@always("S12", "S3")
def runs_with_all_that_it_has() -> Truth:
    """While the host VM runs, all of its pages and devices are in the partition where it runs."""
    pages = all_of(s.crossing | (s.released + s.claimed == 0) for s in Split)
    devices = all_of(
        implies(d.split.machine.split & d.split.runs_on_old, d.with_old)
        & implies(d.split.machine.split & d.split.runs_on_new, d.with_new)
        for d in Device
    )
    return pages & devices


# ------------------------------------------------------------------------------------------------ claim and release
@step("S13")
def claimed_only_when_released() -> Truth:
    """A partition gains frames only from those that were released, unless what the old one leaves has fallen to the new."""
    return all_of(
        implies(
            both_stay(s) & (after(s.new_frames) > s.new_frames) & ~given_up_at_last(s),
            after(s.new_frames) + after(s.released) == s.new_frames + s.released,
        )
        & implies(
            both_stay(s) & (after(s.old_frames) > s.old_frames),
            after(s.old_frames) + after(s.released) == s.old_frames + s.released,
        )
        for s in Split
    )


@step("S13")
def last_memory_waits_for_both() -> Truth:
    """What the old hypervisor has not released leaves it only once the timer has expired and its end was observed."""
    frames = all_of(
        implies(
            both_stay(s) & (after(s.old_frames) < s.old_frames) & ~given_up_at_last(s),
            after(s.old_frames) + after(s.released) == s.old_frames + s.released,
        )
        for s in Split
    )
    processors = all_of(
        implies(
            p.with_old & ~after(p.with_old) & p.split.machine.split,
            (p.split.machine.old.power == Power.RUNNING) | given_up_at_last(p.split),
        )
        for p in Processor
    )
    return frames & processors


@always("S13")
def last_memory_claimed_in_the_end() -> Truth:
    """Whatever the old hypervisor needs for itself is gone only once the timer has expired and its end was observed."""
    return all_of(
        implies(s.machine.split & (s.old_frames < s.machine.old.footprint), given_up_at_last(s)) for s in Split
    )


@always("S2", "S7")
def nothing_left_with_the_ended() -> Truth:
    """No page of the host VM is in the partition of a hypervisor that has ended."""
    return all_of(
        implies(s.machine.old.power == Power.ABSENT, s.with_old == 0)
        & implies(s.machine.new.power == Power.ABSENT, s.with_new == 0)
        for s in Split
    )


# ------------------------------------------------------------------------------------------------- live partitions
@always("S14")
def every_live_partition_can_live() -> Truth:
    """A hypervisor that is there, on a split machine, has a processor and frames for its own footprint."""
    return all_of(
        implies(
            s.machine.split & (s.machine.old.power != Power.ABSENT),
            (s.machine.old.footprint <= s.old_frames) & any_of(p.with_old for p in Processor.where(split=s)),
        )
        & implies(
            s.machine.split & (s.machine.new.power != Power.ABSENT),
            (s.machine.new.footprint <= s.new_frames) & any_of(p.with_new for p in Processor.where(split=s)),
        )
        for s in Split
    )


@step("S14")
def still_as_it_moves() -> Truth:
    """A device leaves a hypervisor, or comes to one, only while it is quiesced and has no DMA in flight."""
    return all_of(((after(d.with_old) == d.with_old) & (after(d.with_new) == d.with_new)) | d.still for d in Device)


@step("S14", "S15")
def taken_by_the_living() -> Truth:
    """A processor comes into use only with a hypervisor that runs; but one to boot on is set apart first."""
    return all_of(
        implies(~p.with_old & after(p.with_old), p.split.machine.old.power == Power.RUNNING)
        & implies(~p.with_new & after(p.with_new) & p.split.machine.split, p.split.machine.new.power == Power.RUNNING)
        for p in Processor
    )


@always("S15")
def side_by_side_only_when_split() -> Truth:
    """Both hypervisors are there only in partitions of their own, or while the host VM is suspended to be handed over."""
    return all_of(
        (m.old.power == Power.ABSENT) | (m.new.power == Power.ABSENT) | m.split | m.host_vm.suspended for m in Machine
    )


@always("S15", "S14")
def devices_reach_no_other_partition() -> Truth:
    """A device that may still write to memory is driven by the partition that has every page of the host VM."""
    return all_of(
        implies(
            d.split.machine.split & ~d.still,
            where(d.with_old, d.split.with_old, d.split.with_new) == d.split.content,
        )
        for d in Device
    )


@always("O")
def partition_not_overcommitted() -> Truth:
    """No partition ever holds more frames than it has: its hypervisor's, and those of the host VM that are with it."""
    return all_of(
        implies(
            s.machine.split,
            (s.machine.old.needs + s.with_old <= s.old_frames) & (s.machine.new.needs + s.with_new <= s.new_frames),
        )
        for s in Split
    )


# ---------------------------------------------------------------------------------------------------- the end
@step("L5")
def hung_for_good() -> Truth:
    """While the old hypervisor hangs it never terminates, no end of it is observed, and its memory is never claimed."""
    return all_of(
        implies(
            s.machine.old.power == Power.HUNG,
            after(s.machine.old.power == Power.HUNG)
            & ~after(s.end_observed)
            & (after(s.old_frames) == s.old_frames)
            & after(s.machine.split),
        )
        for s in Split
    )


@step("L5")
def no_false_alarm() -> Truth:
    """An alarm is raised only when the time-out has passed and the old hypervisor was not observed to have terminated."""
    return all_of(implies(~s.alarm & after(s.alarm), (s.bequest == Bequest.EXPIRED) & ~s.end_observed) for s in Split)


@always("S7")
def done_in_one_partition() -> Truth:
    """When the exchange is done the machine is one partition, the new hypervisor's, with every processor and device."""
    one = all_of(implies(exchanged(m), ~m.split) for m in Machine)
    processors = all_of(implies(~p.split.machine.split, p.with_old | p.with_new) for p in Processor)
    return one & processors


@always("S5")
def stopped_only_between_partitions() -> Truth:
    """The host VM is stopped on its way only while its machine is split and nothing has been bequeathed yet."""
    return all_of(
        implies(s.machine.host_vm.state == HostVmState.CROSSING, s.machine.split & (s.bequest == Bequest.NONE))
        for s in Split
    )
