"""The way back from a split machine, from every state before the old hypervisor has bequeathed what it has.

The host VM crosses again, to the old partition: the new hypervisor releases its pages and the old one claims them. Then the
new hypervisor ends, and the machine is one partition, as it was.
"""

from __future__ import annotations

from .actors import HYPERVISOR, OPERATOR
from .guests import Amount
from .inventory import HostVmState, Power
from .language import Truth, action, all_of, require, where
from .partitions import Bequest, Device, Processor, Split, all_still


def _one_again(s: Split) -> Truth:
    return ~s.machine.split


@action(by=OPERATOR, until=_one_again)
def turn_back(s: Split) -> None:
    """Give the exchange up before the point of no return; a host VM that runs on the new hypervisor is stopped again."""
    require(s.machine.split, "the machine is split")
    require(s.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    require(s.bequest == Bequest.NONE, "the old hypervisor has bequeathed nothing yet")
    s.claimed = where(s.runs_on_new, s.content, s.claimed)
    s.machine.host_vm.state = where(s.runs_on_new, HostVmState.CROSSING, s.machine.host_vm.state)
    s.homeward = True


@action(by=HYPERVISOR)
def return_pages(s: Split, amount: Amount) -> None:
    """The new hypervisor releases pages of the host VM again."""
    all_still(s)
    require(s.homeward, "the exchange is being given up")
    require(amount <= s.claimed, "the new hypervisor has so many pages of the host VM")
    s.claimed -= amount
    s.new_frames -= amount
    s.released += amount


@action(by=HYPERVISOR)
def take_pages_back(s: Split, amount: Amount) -> None:
    """The old hypervisor claims pages that are released, its own or those that the new one had."""
    require(amount <= s.released, "so many pages are released")
    s.released -= amount
    s.old_frames += amount


@action(by=OPERATOR, until=lambda s: s.runs_on_old)
def return_home(s: Split) -> None:
    """Run the host VM on the old hypervisor, which has all that it needs."""
    require(s.crossing, "the host VM is stopped")
    require(s.released + s.claimed == 0, "the old hypervisor has every page of the host VM")
    require(all_of(d.with_old for d in Device.where(split=s)), "the old hypervisor has every device")
    s.machine.host_vm.carrier = s.machine.old
    s.machine.host_vm.state = HostVmState.RUNNING


@action(by=OPERATOR, until=lambda s: s.machine.new.power == Power.ABSENT)
def end_new(s: Split) -> None:
    """End the new hypervisor, whether it runs, boots or hangs: nothing but itself is in its partition."""
    require(s.machine.split & s.runs_on_old, "the machine is split, and the host VM runs on the old hypervisor")
    s.machine.new.power = Power.ABSENT


@action(by=OPERATOR, until=_one_again)
def join_old(s: Split) -> None:
    """The machine is one partition again, as it was: the old hypervisor has all of it."""
    require(s.homeward, "the exchange is being given up")
    require(all_of(p.with_old for p in Processor.where(split=s)), "the old hypervisor has every processor")
    s.machine.split = False
    s.homeward = False
    s.old_frames = 0
    s.new_frames = 0
