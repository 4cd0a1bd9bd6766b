"""The memory scheduler's policy: who gives pages, who gets them, by which technique (US9529609, [W02]).

It decides about one VM at a time, on an estimate that has not served out (sampling.py). When memory is scarce, targets rise:
of the VM that pays least for its pages, by ballooning above the Hard line, by swapping at it or below. A VM that is due more
than it has gets back what was taken, but only once everything that is to be taken from others has been taken, and there is
room. In Low, VMs that have yet to give are blocked. memory.py moves the pages.
"""

from __future__ import annotations

from .actors import FAULT, GUEST, SCHEDULER, pages
from .extremes import positive, smaller
from .inventory import Vm
from .language import Quantity, Truth, action, all_of, implies, quantity, require, total, where
from .memory import may_reclaim
from .sampling import (
    Balloon,
    Count,
    MemoryState,
    Scheduler,
    Watch,
    owed,
    product,
    serves,
)
from .tolerance import Tolerated


def ballooned_from(w: Watch, s: Scheduler) -> Truth:
    """Whether ballooning is the technique: more is available than the Hard line, and the balloon answers (D5)."""
    return s.ample & (w.balloon == Balloon.ACTIVE)


def blindly(w: Watch, need: Quantity) -> Quantity:
    """What to swap for a need: less by the active part of what may be swapped, as it is picked blindly; rounded up (D2)."""
    hit = product(w.idle, need)
    return total(where(n.factor * (w.active + w.idle) < hit, quantity(1, pages), 0) for n in Count)


def offer(w: Watch, s: Scheduler) -> Quantity:
    """What a VM can be asked for now, by the technique that is due."""
    by_swap = smaller(blindly(w, smaller(w.spare, s.wanted)), w.slots_left)
    return where(ballooned_from(w, s), smaller(w.by_balloon, s.wanted), by_swap)


def _may_decide(w: Watch, s: Scheduler) -> None:
    require(serves(s, w.vm), "the VM is the scheduler's")
    require(w.age < w.lasts, "the estimate has not served out")


def _gives_next(w: Watch, s: Scheduler) -> None:
    """Min-funding revocation: the least shares per page give first; prices are compared crosswise [W02]."""
    _may_decide(w, s)
    cheapest = all_of(
        implies(serves(s, o.vm) & (offer(o, s) > 0), w.shares * o.weight <= o.shares * w.weight) for o in Watch
    )
    require(
        (offer(w, s) > 0) & cheapest, "the VM can spare pages that are wanted, and none that can pays less for its own"
    )


@action(by=SCHEDULER)
def ask_balloon(w: Watch, s: Scheduler) -> None:
    """Raise the balloon target of the VM that gives next (D2, D5)."""
    require(ballooned_from(w, s), "more is available than the Hard line, and the balloon answers")
    _gives_next(w, s)
    more = offer(w, s)
    w.vm.balloon_target += more
    w.age += 1


@action(by=SCHEDULER)
def ask_swap(w: Watch, s: Scheduler) -> None:
    """Raise the swap target of the VM that gives next (D2, D5)."""
    require(~ballooned_from(w, s), "no more is available than the Hard line, or the balloon does not answer")
    _gives_next(w, s)
    more = offer(w, s)
    w.vm.swap_target += more
    w.age += 1


@action(by=SCHEDULER)
def grant(w: Watch, s: Scheduler) -> None:
    """Give a VM with insufficient memory back what was taken: its swap target falls first, then its balloon's (D3)."""
    vm = w.vm
    may_reclaim(vm)
    _may_decide(w, s)
    more = smaller(w.due, s.room)
    by_swap = smaller(vm.swap_target, more)
    require(more > 0, "the VM is short of what was taken from it, and there is room")
    require(s.owed == 0, "all that is to be taken has been taken")
    vm.swap_target -= by_swap
    vm.balloon_target -= more - by_swap
    w.age += 1


@action(by=SCHEDULER)
def ask_less(w: Watch) -> None:
    """Lower a balloon target that the VM cannot reach, since it uses again what was idle before."""
    vm = w.vm
    may_reclaim(vm)
    require(vm.ballooned + w.cold < vm.balloon_target, "more is asked of the balloon than is idle")
    vm.balloon_target = vm.ballooned + w.cold


# --------------------------------------------------------------------------------------------- balloons that stall
@action(by=SCHEDULER)
def find_inactive(w: Watch) -> None:
    """A balloon below its target has made no progress for five seconds (D8)."""
    vm = w.vm
    require((w.balloon == Balloon.ACTIVE) & (vm.ballooned < vm.balloon_target), "the balloon is to grow")
    require(vm.driver_stuck, "it makes no progress")
    w.balloon = Balloon.INACTIVE


@action(by=SCHEDULER)
def give_balloon_up(w: Watch) -> None:
    """And none for twenty: it is uncooperative (D8), and what it owes is swapped instead, as far as there are slots."""
    vm = w.vm
    may_reclaim(vm)
    require(w.balloon == Balloon.INACTIVE, "the balloon has been inactive")
    require(vm.driver_stuck, "it makes no progress")
    instead = smaller(positive(vm.balloon_target - vm.ballooned), w.slots_left)
    vm.swap_target += where(w.missing > 0, 0, instead)
    vm.balloon_target = smaller(vm.balloon_target, vm.ballooned)
    w.balloon = Balloon.UNCOOPERATIVE


@action(by=SCHEDULER)
def find_active(w: Watch) -> None:
    """A balloon that was given up makes progress again."""
    require((w.balloon != Balloon.ACTIVE) & ~w.vm.driver_stuck, "a balloon that was not active makes progress")
    w.balloon = Balloon.ACTIVE


@action(by=FAULT)
def balloon_stuck(vm: Vm, tolerated: Tolerated) -> None:
    """The balloon's driver hangs, or dies: the balloon keeps what it holds, and takes no more."""
    require(tolerated.driver_stuck > 0, "one more stuck driver is tolerated")
    tolerated.driver_stuck -= 1
    vm.driver_stuck = True


@action(by=GUEST)
def restart_driver(w: Watch) -> None:
    """The guest starts its balloon's driver again, if it has one."""
    require(w.has_agent, "the guest has a balloon driver")
    w.vm.driver_stuck = False


# -------------------------------------------------------------------------------------------------------- blocking
def _must_wait(vm: Vm, s: Scheduler) -> Truth:
    """Memory is low, and the VM has yet to give: it is above its target [W02]."""
    return (s.state == MemoryState.LOW) & (owed(vm) > 0)


@action(by=SCHEDULER)
def block(vm: Vm, s: Scheduler) -> None:
    """Stop a VM that has yet to give from taking more, while memory is low [W02]."""
    require(serves(s, vm), "the VM is the scheduler's")
    require(_must_wait(vm, s) & (s.by_margin == MemoryState.LOW), "memory is low, and the VM is above its target")
    vm.blocked = True


@action(by=SCHEDULER)
def unblock(vm: Vm, s: Scheduler) -> None:
    """Let a VM run again: memory is not low any more, or it has given."""
    require(serves(s, vm), "the VM is the scheduler's")
    require(vm.blocked & ~_must_wait(vm, s), "the VM is blocked, and need not be")
    vm.blocked = False
