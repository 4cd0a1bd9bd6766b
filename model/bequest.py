"""What the old hypervisor leaves to the new one, once the host VM runs there: the end of a partition migration.

A hypervisor cannot hand over the memory that it runs in. So it publishes what it still has, with a time-out, and terminates;
and the new one claims it only once the timer has expired and it has observed that the old one has terminated. Neither is
enough: a timer says nothing of one that hangs, and one that has ended may have left something on its way. (S13)
"""

from __future__ import annotations

from .actors import HYPERVISOR, OPERATOR
from .inventory import Power
from .language import Truth, action, all_of, require
from .partitions import Bequest, Processor, Split


def _is_one(s: Split) -> Truth:
    return ~s.machine.split


@action(by=OPERATOR, until=_is_one)
def bequeath(s: Split) -> None:
    """Publish what the old hypervisor still has, with a time-out that starts to run. The point of no return.

    If the old one has ended early, the new one knows from the split what that is, and starts the timer itself.
    """
    require(s.machine.split & s.runs_on_new, "the machine is split, and the host VM runs on the new hypervisor")
    require(s.bequest == Bequest.NONE, "nothing has been bequeathed yet")
    s.bequest = Bequest.PUBLISHED


@action(by=HYPERVISOR)
def terminate_old(s: Split) -> None:
    """The old hypervisor ends by itself, in the frames that it has bequeathed."""
    require(s.bequest != Bequest.NONE, "the old hypervisor has bequeathed what it has")
    require(s.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    s.machine.old.power = Power.ABSENT


@action(by=HYPERVISOR)
def expire_timer(s: Split) -> None:
    """The time-out has passed."""
    require(s.bequest == Bequest.PUBLISHED, "the timer runs")
    s.bequest = Bequest.EXPIRED


@action(by=HYPERVISOR)
def observe_end(s: Split) -> None:
    """The new hypervisor observes that the old one has terminated."""
    require(s.machine.split & (s.machine.old.power == Power.ABSENT), "the old hypervisor of a split machine has ended")
    s.end_observed = True


@action(by=HYPERVISOR)
def raise_alarm(s: Split) -> None:
    """The time-out has passed and the old hypervisor has not terminated: somebody is told (L5)."""
    require(s.bequest == Bequest.EXPIRED, "the timer has expired")
    require(~s.end_observed, "the end of the old hypervisor was not observed")
    s.alarm = True


def _may_claim_last(s: Split) -> None:
    require(s.bequest == Bequest.EXPIRED, "the timer has expired")
    require(s.end_observed, "the end of the old hypervisor was observed")


@action(by=HYPERVISOR)
def claim_last(s: Split) -> None:
    """The new hypervisor claims the last memory (S13)."""
    _may_claim_last(s)
    s.new_frames += s.old_frames
    s.old_frames = 0


@action(by=HYPERVISOR)
def inherit_processor(processor: Processor) -> None:
    """The new hypervisor takes a processor that the old one has left behind."""
    _may_claim_last(processor.split)
    require(processor.with_old, "the old hypervisor had the processor")
    processor.with_old = False
    processor.with_new = True


@action(by=OPERATOR, until=_is_one)
def join_new(s: Split) -> None:
    """The machine is one partition again: the new hypervisor has all of it. VMs can be disassociated."""
    require(s.old_frames == 0, "the last memory has been claimed")
    require(all_of(p.with_new for p in Processor.where(split=s)), "the new hypervisor has every processor")
    s.machine.split = False
    s.new_frames = 0
    s.bequest = Bequest.NONE
    s.end_observed = False
    s.alarm = False
