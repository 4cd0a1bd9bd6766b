"""What the memory scheduler knows: how scarce memory is, and what it found of each VM's pages by sampling (US9529609).

A scheduler serves a machine, or the inside of its host VM, whose size is then its capacity (X6). A watch is what it keeps
of one VM: the pages found unreclaimable, active, and idle (inactive or free), and how many decisions these have served.
Pages in the balloon or in a swap slot are outside the sample (D9): how many these are is known.
"""

from __future__ import annotations

from enum import Enum

from .actors import CHANCE, SCHEDULER, pages, times
from .extremes import larger, positive, smaller
from .inventory import Machine, Vm
from .language import (
    NUMBER,
    Choice,
    Entity,
    Quantity,
    Truth,
    action,
    constant,
    derived,
    require,
    total,
    varying,
    where,
)
from .memory import Target


class MemoryState(Enum):
    """How scarce memory is, by lines of available frames (D4)."""

    HIGH = "high"
    CLEAR = "clear"
    SOFT = "soft"
    HARD = "hard"
    LOW = "low"


class Balloon(Enum):
    """What is thought of a balloon: it answers, it made no progress for a while, or it is given up (D8)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNCOOPERATIVE = "uncooperative"


def severity(state: Choice[MemoryState]) -> Quantity:
    """How bad a memory state is: 0 for high, 4 for low."""
    low = where(state == MemoryState.LOW, 4, where(state == MemoryState.HARD, 3, 2))
    return where(state == MemoryState.HIGH, 0, where(state == MemoryState.CLEAR, 1, low))


def owed(vm: Vm) -> Quantity:
    """What has yet to be taken from a VM until its targets are reached."""
    return positive(vm.balloon_target - vm.ballooned) + positive(vm.swap_target - vm.swapped)


def at_hand(vm: Vm) -> Quantity:
    """The pages that a VM has, or takes when it likes: all that neither balloon nor swap keeps from it."""
    return vm.size - smaller(vm.ballooned, vm.balloon_target) - smaller(vm.swapped, vm.swap_target)


def granted(vm: Vm) -> Quantity:
    """What a VM has at hand once its targets are reached."""
    return vm.size - vm.balloon_target - vm.swap_target


def twice_in_flight(vm: Vm, amount: Quantity) -> Quantity:
    """The amount, at both ends while the VM is copied."""
    return amount + where(vm.settled | vm.remapped, 0, amount)


def serves(s: Scheduler, vm: Vm) -> Truth:
    """Whether a VM is the scheduler's to watch."""
    return vm.on & (vm.machine == s.machine) & (s.inside == (vm.source == vm.guest))


class Count(Entity):
    """The numbers from 0 to the pages of the largest VM: products of two quantities are summed over them."""

    amount = constant(pages)
    factor = constant(NUMBER)


def product(a: Quantity, b: Quantity) -> Quantity:
    """a·b. The language has products with constants only: so one for each value of a."""
    return total(where(a == n.amount, n.factor * b, 0) for n in Count)


class Scheduler(Entity):
    """A memory scheduler: whom it serves, and the state in which it takes that memory to be.

    `inside` means the host VM of the machine. A state begins when no more frames are available than its line, and is left
    for a better one only once more are than the line and the margin (D4, [W02]).
    """

    machine = constant(Machine)
    inside = constant(bool, default=False)
    clear_line = constant(pages)
    soft_line = constant(pages)
    hard_line = constant(pages)
    low_line = constant(pages)
    margin = constant(pages)
    state = varying(MemoryState, start=MemoryState.HIGH)

    @derived
    def capacity(self) -> Quantity:
        """The frames of the machine, or the size of the host VM."""
        return where(self.inside, self.machine.host_vm.size, self.machine.capacity)

    @derived
    def available(self) -> Quantity:
        """The frames that are free."""
        return self.capacity - where(self.inside, self.machine.host_vm.used, self.machine.used)

    @derived
    def ample(self) -> Truth:
        """More is available than the Hard line: enough to wait for guests to give pages up (D5)."""
        return self.hard_line < self.available

    @derived
    def planned(self) -> Quantity:
        """The frames held once all targets are reached, and every VM has taken what it is then granted."""
        m = self.machine
        inside = m.host_vm.guest.held + total(
            where((vm.source == vm.guest) | vm.inside_target, granted(vm) + vm.guest.vm_overhead, 0)
            for vm in Vm.where(machine=m, on=True)
        )
        whole = total(twice_in_flight(vm, granted(vm)) + vm.overhead for vm in Vm.where(machine=m, on=True))
        return where(self.inside, inside, m.footprints + m.set_aside + whole)

    @derived
    def room(self) -> Quantity:
        """What it may still grant: after that, the machine is just not in Low (M9)."""
        return self.capacity - self.low_line - 1 - self.planned

    @derived
    def owed(self) -> Quantity:
        """What has yet to be taken from its VMs."""
        return total(where(serves(self, vm), owed(vm), 0) for vm in Vm)

    @derived
    def goal(self) -> Quantity:
        """The frames to make available: enough to leave Soft behind."""
        return self.soft_line + self.margin + 1

    @derived
    def lacking(self) -> Quantity:
        """The frames still to be made available where memory is scarce: that is, from Soft downward (D4)."""
        calm = self.state.one_of(MemoryState.HIGH, MemoryState.CLEAR)
        return where(calm, 0, positive(self.goal - self.available - self.owed))

    @derived
    def wanted(self) -> Quantity:
        """The pages to take from VMs: for the machine, or for VMs that are due more than it has room for."""
        due = total(where(serves(self, w.vm), w.due, 0) for w in Watch)
        return larger(self.lacking, positive(due - positive(self.room)))

    @derived
    def by_lines(self) -> Choice[MemoryState]:
        """The state by the lines themselves."""
        return _state(self, self.available)

    @derived
    def by_margin(self) -> Choice[MemoryState]:
        """The state by the lines and the margin."""
        return _state(self, self.available - self.margin)


def _state(s: Scheduler, available: Quantity) -> Choice[MemoryState]:
    upper = where(available <= s.clear_line, MemoryState.CLEAR, MemoryState.HIGH)
    soft = where(available <= s.soft_line, MemoryState.SOFT, upper)
    hard = where(available <= s.hard_line, MemoryState.HARD, soft)
    return where(available <= s.low_line, MemoryState.LOW, hard)


class Watch(Entity):
    """What is kept of one VM: its shares and bounds; the last sample, and the decisions made on it; how its balloon answers.

    An estimate is off by at most `error` pages, the bound for its sample size (D1). It serves for `lasts` decisions.
    """

    vm = constant(Vm)
    shares = constant(NUMBER)
    idle_price = constant(NUMBER)
    limit = constant(pages)
    entitlement = constant(pages)
    headroom = constant(pages)
    balloon_most = constant(pages)
    most = constant(pages)
    error = constant(pages)
    lasts = constant(times)
    has_agent = constant(bool, default=True)
    unreclaimable = varying(pages, upto=most)
    active = varying(pages, upto=most)
    idle = varying(pages, upto=most)
    age = varying(times, upto=lasts, start=lasts)
    balloon = varying(Balloon, start=Balloon.ACTIVE)

    @derived
    def allocated(self) -> Quantity:
        """What the VM is due: its working set and headroom, up to its entitlement; at least its reservation, at most its
        limit (D3)."""
        working = self.unreclaimable + self.active + self.headroom
        upto = smaller(self.limit, self.vm.size)
        return smaller(larger(smaller(self.entitlement, working), self.vm.reservation), upto)

    @derived
    def missing(self) -> Quantity:
        """What it is due and does not have at hand: above zero it has insufficient memory (US9529609, D3)."""
        return self.allocated - at_hand(self.vm)

    @derived
    def due(self) -> Quantity:
        """What it is missing of what was taken from it."""
        return positive(smaller(self.missing, self.vm.balloon_target + self.vm.swap_target))

    @derived
    def cold(self) -> Quantity:
        """The idle pages by the last sample, less those taken since: what it has now is known."""
        return positive(smaller(self.idle, self.vm.resident - self.unreclaimable - self.active))

    @derived
    def spare(self) -> Quantity:
        """What may be taken from it: idle pages beyond what it is due (D2). Its reservation is part of what it is due."""
        unowed = smaller(self.cold, self.vm.resident - self.allocated) - owed(self.vm)
        return where(self.vm.awake & ~self.vm.in_flight, positive(unowed), 0)

    @derived
    def by_balloon(self) -> Quantity:
        """What its balloon may still be asked for: at most 65 % of the VM in all (D2)."""
        return smaller(self.spare, positive(self.balloon_most - self.vm.balloon_target))

    @derived
    def slots_left(self) -> Quantity:
        """The swap slots of its machine that no target asks for yet (M13)."""
        m = self.vm.machine
        asked = total(larger(vm.swapped, vm.swap_target) for vm in Vm.where(machine=m, on=True))
        return positive(m.swap - m.slots_set_aside - asked)

    @derived
    def weight(self) -> Quantity:
        """Its pages at the price of min-funding revocation: an idle one costs as much as several active ones [W02]."""
        return self.unreclaimable + self.active + self.idle_price * self.idle


def _used(vm: Vm) -> Quantity:
    """The pages that a sample can find active: none of a VM that is blocked, which uses none."""
    return where(vm.blocked, 0, vm.active_anonymous + vm.active_buffer)


def _estimate(w: Watch, active: Quantity) -> None:
    w.unreclaimable = w.vm.unreclaimable
    w.active = active
    w.idle = w.vm.resident - w.vm.unreclaimable - active
    w.age = 0


@action(by=SCHEDULER)
def sample_classes(w: Watch) -> None:
    """Estimate a VM's pages by class from a sample (US9529609 claim 1)."""
    _estimate(w, _used(w.vm))


@action(by=CHANCE)
def misjudge(w: Watch, active: Target) -> None:
    """The sample happens to be less like the VM, but no less than its size lets it be (D1, A24)."""
    used = _used(w.vm)
    require((used <= active + w.error) & (active <= used + w.error), "the estimate is off by no more than its error")
    require(active + w.vm.unreclaimable <= w.vm.resident, "no more is found than there is")
    _estimate(w, active)


@action(by=SCHEDULER)
def worsen(s: Scheduler) -> None:
    """Memory is scarcer: no more frames are available than a line says (D4)."""
    require(severity(s.by_lines) > severity(s.state), "a line is reached")
    s.state = s.by_lines


@action(by=SCHEDULER)
def ease(s: Scheduler) -> None:
    """Memory is less scarce: more frames are available than line and margin say (D4)."""
    require(severity(s.by_margin) < severity(s.state), "a line is exceeded by the margin")
    s.state = s.by_margin
