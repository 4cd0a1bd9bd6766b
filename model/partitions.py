"""Partition migration: the second way of exchange, in which both hypervisors run side by side (US10445123, US10963290).

Split the machine, with a few frames and a processor for the new partition; boot the new hypervisor there; stop the host
VM, still its devices, let the old hypervisor release its pages and the new one claim them where they are; take the devices
across; run the host VM on the new hypervisor. Processors follow one by one. What the old one still has it bequeaths
(bequest.py). Until then everything can go back the way it came.

Each hypervisor keeps its own account of what it owns. Nothing holds the two together but the order of the steps: one side
lets go before the other takes.
"""

from __future__ import annotations

from enum import Enum

from .actors import HYPERVISOR, OPERATOR, pages
from .exchange import gathered_for_new
from .guests import Amount
from .inventory import HostVmState, Machine, Power
from .language import Entity, Quantity, Truth, action, all_of, any_of, constant, derived, require, varying, where


class Bequest(Enum):
    """What the old hypervisor leaves: nothing yet, published with a time-out that runs, or the time-out has expired."""

    NONE = "none"
    PUBLISHED = "published"
    EXPIRED = "expired"


class Split(Entity):
    """The two partitions of a machine, of which the new one is `given` so many frames at the start.

    Of the host VM's pages, while it crosses, so many are `released` and nobody's, and so many `claimed` by the new
    hypervisor. `homeward` says that the exchange is being given up.
    """

    machine = constant(Machine)
    given = constant(pages)
    capacity = constant(pages)

    old_frames = varying(pages, upto=capacity)
    new_frames = varying(pages, upto=capacity)
    released = varying(pages, upto=capacity)
    claimed = varying(pages, upto=capacity)
    homeward = varying(bool)
    bequest = varying(Bequest, start=Bequest.NONE)
    end_observed = varying(bool)
    alarm = varying(bool)

    @derived
    def content(self) -> Quantity:
        """The pages of the host VM: what is inside, and what its carrier keeps for it."""
        return self.machine.host_vm.used + self.machine.host_vm.held

    @derived
    def crossing(self) -> Truth:
        """The host VM is stopped on its way between the partitions."""
        return self.machine.host_vm.state == HostVmState.CROSSING

    @derived
    def runs_on_old(self) -> Truth:
        """The host VM runs in the old partition."""
        host_vm = self.machine.host_vm
        return (host_vm.state == HostVmState.RUNNING) & (host_vm.carrier == self.machine.old)

    @derived
    def runs_on_new(self) -> Truth:
        """The host VM runs in the new partition."""
        host_vm = self.machine.host_vm
        return (host_vm.state == HostVmState.RUNNING) & (host_vm.carrier == self.machine.new)

    @derived
    def with_old(self) -> Quantity:
        """The pages of the host VM that are in the old partition."""
        on_its_way = self.content - self.released - self.claimed
        return where(self.crossing, on_its_way, where(self.runs_on_old, self.content, 0))

    @derived
    def with_new(self) -> Quantity:
        """The pages of the host VM that are in the new partition."""
        return where(self.crossing, self.claimed, where(self.runs_on_new, self.content, 0))


class Processor(Entity):
    """A processor, as either hypervisor has it in its account: one of them has it, or none while it changes hands."""

    split = constant(Split)
    with_old = varying(bool, start=True)
    with_new = varying(bool)


class Device(Entity):
    """A device, as either hypervisor has it; it may be quiesced, and may have DMA in flight that outlasts that."""

    split = constant(Split)
    with_old = varying(bool, start=True)
    with_new = varying(bool)
    quiesced = varying(bool)
    dma = varying(bool)

    @derived
    def still(self) -> Truth:
        """It starts nothing, and nothing that it started goes on."""
        return self.quiesced & ~self.dma


# ------------------------------------------------------------------------------------------- two partitions
def _another_stays(processor: Processor) -> Truth:
    return any_of((other != processor) & other.with_old for other in Processor.where(split=processor.split))


@action(by=OPERATOR, until=lambda processor: processor.split.machine.split)
def split_machine(processor: Processor) -> None:
    """Give free frames and one processor to a partition of its own. What would make the exchange fail is refused here."""
    s, machine = processor.split, processor.split.machine
    require(s.runs_on_old, "the host VM runs on the old hypervisor")
    gathered_for_new(machine)
    require(machine.new.footprint <= s.given, "the new partition has room for the new hypervisor")
    require(machine.used + s.given <= machine.capacity, "so many frames are free")
    require(_another_stays(processor), "another processor stays with the old hypervisor")
    machine.split = True
    s.old_frames = machine.capacity - s.given
    s.new_frames = s.given
    processor.with_old = False
    processor.with_new = True


@action(by=OPERATOR, until=lambda s: s.machine.new.power == Power.RUNNING)
def boot_beside(s: Split) -> None:
    """Boot the new hypervisor in its own partition, beside the old one that goes on."""
    machine, need = s.machine, s.machine.new.footprint
    require(machine.split & ~s.homeward, "the machine is split, and not about to be one again")
    require(machine.new.power == Power.ABSENT, "the new hypervisor is not there yet")
    require(machine.committed + need <= machine.commit_limit, "the machine may promise the new hypervisor's frames")
    machine.new.power = Power.BOOTING


@action(by=HYPERVISOR)
def give_processor(processor: Processor) -> None:
    """The old hypervisor takes a processor out of use."""
    require(processor.split.machine.split, "the machine is split")
    require(processor.split.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    require(_another_stays(processor), "another processor stays with the old hypervisor")
    processor.with_old = False


@action(by=HYPERVISOR)
def take_processor(processor: Processor) -> None:
    """The new hypervisor takes a processor that nobody uses into use."""
    require(~processor.with_old & ~processor.with_new, "nobody has the processor")
    require(processor.split.machine.new.power == Power.RUNNING, "the new hypervisor runs")
    processor.with_new = True


@action(by=HYPERVISOR)
def take_back_processor(processor: Processor) -> None:
    """The old hypervisor takes a processor back that nobody uses, or that the new one leaves behind as it ends."""
    s = processor.split
    left = s.homeward & (s.machine.new.power == Power.ABSENT)
    require(~processor.with_new | left, "nobody has the processor, or its hypervisor has ended for good")
    require(s.machine.old.power == Power.RUNNING, "the old hypervisor runs")
    processor.with_old = True
    processor.with_new = False


# ------------------------------------------------------------------------------------------------ the host VM
@action(by=OPERATOR, until=lambda s: s.runs_on_new)
def cross(s: Split) -> None:
    """Stop the host VM, with every VM in it, to take it to the new partition."""
    require(s.runs_on_old, "the host VM runs on the old hypervisor")
    require(s.machine.new.power == Power.RUNNING, "the new hypervisor runs")
    s.machine.host_vm.state = HostVmState.CROSSING


@action(by=HYPERVISOR)
def quiesce_device(device: Device) -> None:
    """A device starts nothing any more; what it has started may still go on."""
    require(device.split.crossing, "the host VM is stopped")
    device.quiesced = True


@action(by=HYPERVISOR)
def dma_ends(device: Device) -> None:
    """What a device had started is over."""
    require(device.dma, "DMA is in flight")
    device.dma = False


def all_still(s: Split) -> None:
    """Whatever way the host VM's pages go, no device writes to them any more."""
    require(all_of(d.still for d in Device.where(split=s)), "every device is quiesced, and no DMA is in flight")


@action(by=HYPERVISOR)
def publish_pages(s: Split, amount: Amount) -> None:
    """The old hypervisor publishes pointers to pages of the host VM, and releases them."""
    require(s.crossing, "the host VM is stopped")
    all_still(s)
    require(s.released + s.claimed + amount <= s.content, "so many pages are still with the old hypervisor")
    s.old_frames -= amount
    s.released += amount


@action(by=HYPERVISOR)
def claim_pages(s: Split, amount: Amount) -> None:
    """The new hypervisor claims pages that were released, where they are: nothing is copied (S13)."""
    require(amount <= s.released, "so many pages are released")
    s.released -= amount
    s.claimed += amount
    s.new_frames += amount


@action(by=HYPERVISOR)
def detach_device(device: Device) -> None:
    """A device that is still is given up by the hypervisor that it is to leave."""
    require(device.split.crossing, "the host VM is stopped")
    require(device.still, "the device is quiesced, and no DMA is in flight")
    device.with_old = device.with_old & device.split.homeward
    device.with_new = device.with_new & ~device.split.homeward


@action(by=HYPERVISOR)
def attach_device(device: Device) -> None:
    """A device that nobody has is taken by the hypervisor that the host VM goes to."""
    require(~device.with_old & ~device.with_new, "nobody has the device")
    device.with_old = device.split.homeward
    device.with_new = ~device.split.homeward


@action(by=OPERATOR, until=lambda s: s.runs_on_new)
def arrive(s: Split) -> None:
    """Run the host VM on the new hypervisor, which has all that it needs: the full nested stack executes (S5)."""
    require(s.crossing, "the host VM is stopped")
    require(~s.homeward, "the exchange is not being given up")
    require(s.claimed == s.content, "the new hypervisor has claimed every page of the host VM")
    require(all_of(d.with_new for d in Device.where(split=s)), "the new hypervisor has every device")
    s.machine.host_vm.carrier = s.machine.new
    s.machine.host_vm.state = HostVmState.RUNNING
    s.claimed = 0


@action(by=HYPERVISOR)
def restart_device(device: Device) -> None:
    """A device goes on where the host VM runs."""
    require(device.split.machine.host_vm.state == HostVmState.RUNNING, "the host VM runs")
    device.quiesced = False
