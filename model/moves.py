"""What moves a VM otherwise than by copying it on its machine: to another machine over the network, and by remapping.

Some VMs cannot stay: the new hypervisor does not offer their virtual hardware, or the machine has no room for a second copy
of them. A *transfer* takes one to another machine, in pre-copy and stop-and-copy, or by post-copy, which runs the VM at the
other end while pages are still missing, and loses it if either end dies. A *remap* takes nothing anywhere: the frames of a
stunned VM change hands where they are (D6: metadata only).
"""

from __future__ import annotations

from enum import Enum

from .actors import FAULT, GUEST, HYPERVISOR, OPERATOR, pages
from .exchange import offers
from .guests import Amount
from .inventory import HostVmState, Hypervisor, Machine, Power, Stage, Vm
from .language import Entity, Quantity, Truth, action, constant, derived, require, varying
from .migration import room_inside
from .tolerance import Tolerated


class Passage(Enum):
    """A transfer: none, pre-copy, stop-and-copy, or post-copy."""

    NONE = "none"
    SENDING = "sending"
    STUNNED = "stunned"
    FETCHING = "fetching"


class Transfer(Entity):
    """The way of a VM from its machine to a hypervisor of another one, and what is set aside there meanwhile."""

    vm = constant(Vm)
    origin = constant(Machine)
    to = constant(Hypervisor)
    most = constant(pages)
    passage = varying(Passage, start=Passage.NONE)
    frames = varying(pages, upto=most)
    slots = varying(pages, upto=most)
    sent = varying(pages, upto=most)
    stale = varying(pages, upto=most)
    missing = varying(pages, upto=most)

    @derived
    def goal(self) -> Machine:
        """The machine that it leads to."""
        return self.to.machine

    @derived
    def need(self) -> Quantity:
        """The frames that the VM could come to hold there."""
        return self.vm.size - self.vm.ballooned + self.to.vm_overhead

    @derived
    def content(self) -> Quantity:
        """The pages that have a content: resident ones, and swapped ones."""
        return self.vm.resident + self.vm.swapped

    @derived
    def outgoing(self) -> Truth:
        """The VM is still at home where it comes from."""
        return self.passage.one_of(Passage.SENDING, Passage.STUNNED)


class Network(Entity):
    """Pages that have crossed between machines, and how many the plan allows to (S17). One per world."""

    allowed = constant(pages)
    crossed = varying(pages, upto=allowed)


def _moved(t: Transfer) -> Truth:
    return (t.vm.machine == t.to.machine) & ~t.vm.leaving


@action(by=OPERATOR, until=_moved)
def transfer(t: Transfer) -> None:
    """Start moving a VM to another machine: all that it may come to hold there is set aside at once."""
    vm, goal = t.vm, t.to.machine
    require(~vm.in_flight, "the VM is not already moving")
    require(vm.machine == t.origin, "the VM is on the machine that it is to leave")
    require(vm.source != vm.guest, "the VM is not in a guest hypervisor")
    require(t.to.power == Power.RUNNING, "the other hypervisor runs")
    require(~goal.host_vm.suspended & ~goal.split, "the other machine is not in the middle of its exchange")
    require(offers(t.to, vm), "the other hypervisor offers the virtual hardware of the VM")
    require(goal.expected + t.need <= goal.capacity, "the other machine has room for the VM")
    require(goal.committed + t.need <= goal.commit_limit, "the other machine may promise the VM's frames")
    require(goal.swapped + vm.swapped <= goal.swap, "the other machine has swap slots for the VM")
    vm.leaving = True
    goal.set_aside += t.need
    goal.slots_set_aside += vm.swapped
    t.frames = t.need
    t.slots = vm.swapped
    t.passage = Passage.SENDING


@action(by=HYPERVISOR)
def send(t: Transfer, network: Network, amount: Amount) -> None:
    """Send pages over the network: resident ones, and swapped ones too."""
    require(t.outgoing, "the VM's pages are being sent")
    require(t.sent + amount <= t.content, "so many pages remain to be sent")
    require(network.crossed + amount <= network.allowed, "the plan allows so many pages over the network")
    t.sent += amount
    network.crossed += amount


@action(by=HYPERVISOR)
def send_again(t: Transfer, network: Network, amount: Amount) -> None:
    """Send pages again that were written since."""
    require(amount <= t.stale, "so many sent pages are stale")
    require(network.crossed + amount <= network.allowed, "the plan allows so many pages over the network")
    t.stale -= amount
    network.crossed += amount


@action(by=GUEST)
def write_sent(t: Transfer, amount: Amount) -> None:
    """Write pages that were already sent: they must be sent again."""
    require(t.vm.runs, "the VM runs")
    require(t.stale + amount <= t.sent, "so many sent pages are as they were")
    t.stale += amount


@action(by=HYPERVISOR)
def stun(t: Transfer) -> None:
    """Stun a VM that leaves: stop-and-copy begins."""
    require(t.passage == Passage.SENDING, "the VM's pages are being sent")
    t.passage = Passage.STUNNED
    t.vm.running = False


def _arrive(t: Transfer) -> None:
    """The VM is at the other end, and what was set aside there is its own; where it came from, its swap slots are free."""
    goal = t.to.machine
    goal.set_aside -= t.frames
    goal.slots_set_aside -= t.slots
    t.frames = 0
    t.slots = 0
    t.sent = 0
    t.stale = 0
    t.vm.source = t.to
    t.vm.target = t.to
    t.vm.running = True


@action(by=HYPERVISOR)
def hand_over(t: Transfer) -> None:
    """Authority passes to the other machine, at once (S1): the VM runs there, and its swap slots are there (X4)."""
    require(t.passage == Passage.STUNNED, "the VM is stunned")
    require(t.sent == t.content, "every page has been sent")
    require(t.stale == 0, "no sent page is stale")
    t.vm.intact = t.vm.intact & (t.sent == t.content) & (t.stale == 0)
    t.vm.leaving = False
    t.passage = Passage.NONE
    _arrive(t)


@action(by=OPERATOR)
def switch_early(t: Transfer, network: Network) -> None:
    """Post-copy: the VM runs at the other end at once, and fetches what is missing from where it was."""
    rest = t.content - t.sent + t.stale
    require(t.passage == Passage.STUNNED, "the VM is stunned")
    require(network.crossed + rest <= network.allowed, "the plan allows so many pages over the network")
    network.crossed += rest
    t.origin.set_aside += rest
    t.missing = rest
    t.passage = Passage.FETCHING
    _arrive(t)


@action(by=HYPERVISOR)
def fetch(t: Transfer, amount: Amount) -> None:
    """A missing page arrives, and is freed where it was."""
    require(amount <= t.missing, "so many pages are missing")
    require(t.vm.intact, "both ends are there")
    t.missing -= amount
    t.origin.set_aside -= amount


@action(by=HYPERVISOR)
def finish_fetching(t: Transfer) -> None:
    """Nothing is missing any more."""
    require(t.passage == Passage.FETCHING, "the VM fetches what is missing")
    require(t.missing == 0, "no page is missing")
    t.passage = Passage.NONE
    t.vm.leaving = False


def _give_up(t: Transfer) -> None:
    goal = t.to.machine
    goal.set_aside -= t.frames
    goal.slots_set_aside -= t.slots
    t.frames = 0
    t.slots = 0
    t.sent = 0
    t.stale = 0
    t.passage = Passage.NONE
    t.vm.leaving = False
    t.vm.running = True


@action(by=OPERATOR)
def call_off(t: Transfer) -> None:
    """Give a transfer up before authority has passed: the VM goes on where it is."""
    require(t.outgoing, "authority has not passed yet")
    _give_up(t)


@action(by=FAULT)
def transfer_failed(t: Transfer, tolerated: Tolerated) -> None:
    """Either end, or the network between them, gives a transfer up before authority has passed."""
    require(tolerated.transfer_failed > 0, "one more failed transfer is tolerated")
    require(t.outgoing, "authority has not passed yet")
    tolerated.transfer_failed -= 1
    _give_up(t)


@action(by=FAULT)
def end_lost_while_fetching(t: Transfer, tolerated: Tolerated) -> None:
    """Either end of a post-copy dies: part of the VM is on each, so nothing is left of it (qemu: both ends are needed)."""
    require(tolerated.end_lost > 0, "one more death of an end is tolerated")
    require(t.missing > 0, "pages are missing")
    tolerated.end_lost -= 1
    t.vm.intact = False


# --------------------------------------------------------------------------------------------------- by remapping
def _metadata_fits(vm: Vm, to: Hypervisor) -> None:
    machine, overhead = vm.machine, to.vm_overhead
    require(~vm.in_flight, "the VM is not already moving")
    require(vm.host_vm.state == HostVmState.RUNNING, "the guest hypervisor runs")
    require(machine.expected + overhead <= machine.capacity, "the machine has room for the VM's metadata")
    require(machine.committed + overhead <= machine.commit_limit, "the machine may promise the VM's metadata")


def _begin(vm: Vm, to: Hypervisor) -> None:
    vm.target = to
    vm.stage = Stage.STOPPED
    vm.running = False
    vm.remapped = True


@action(by=OPERATOR, until=lambda vm: vm.settled & (vm.source == vm.guest))
def remap_in(vm: Vm) -> None:
    """Stun a VM whose frames are to pass to the guest hypervisor where they are, instead of being copied."""
    _metadata_fits(vm, vm.guest)
    require(vm.source == vm.machine.old, "the VM runs on the old hypervisor")
    room_inside(vm)
    _begin(vm, vm.guest)


@action(by=OPERATOR, until=lambda vm: vm.settled & (vm.source == vm.machine.new))
def remap_out(vm: Vm) -> None:
    """Stun a VM whose frames are to pass from the guest hypervisor to the new one."""
    _metadata_fits(vm, vm.machine.new)
    require(vm.source == vm.guest, "the VM runs in the guest hypervisor")
    require(vm.host_vm.carrier == vm.machine.new, "the new hypervisor carries the host VM")
    require(~vm.machine.split, "the machine is one partition")
    _begin(vm, vm.machine.new)


@action(by=HYPERVISOR)
def pass_frames(vm: Vm) -> None:
    """The frames and the authority of a stunned VM pass at once: no page is copied, and none is in two accounts."""
    require(vm.remapped, "the VM is being remapped")
    vm.source = vm.target
    vm.stage = Stage.SETTLED
    vm.running = True
    vm.remapped = False
