"""The memory scheduler: it takes pages back up to targets, by balloon or by swapping (US9529609 claim 1).

Nothing is taken from a VM that is in flight, suspended or preserved (X3). Targets are set by the operator's plan, or by the
scheduler's own policy (scheduling.py).
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from .actors import OPERATOR, SCHEDULER, pages
from .guests import Amount
from .inventory import Grain, Vm
from .language import Quantity, Truth, action, between, require

Target: TypeAlias = Annotated[Quantity, between(pages, 0, Grain.most)]


def may_reclaim(vm: Vm) -> None:
    """Nothing is taken from a VM that is in flight, stunned, suspended or preserved (X3)."""
    require(vm.awake, "the VM runs, or is only blocked")
    require(~vm.in_flight, "the VM is not in flight")


def _balloon_moves(vm: Vm) -> None:
    require(vm.runs, "the VM runs")
    require(~vm.in_flight, "the VM is not in flight")
    require(~vm.driver_stuck, "the balloon's driver works")


def _reached(vm: Vm, balloon: Quantity, swap: Quantity) -> Truth:
    met = (vm.ballooned == balloon) & (swap <= vm.swapped)
    return met & (vm.balloon_target == balloon) & (vm.swap_target == swap)


@action(by=OPERATOR, until=_reached)
def reclaim(vm: Vm, balloon: Target, swap: Target) -> None:
    """Set how much the balloon should hold and how much should stay swapped."""
    may_reclaim(vm)
    require((vm.balloon_target != balloon) | (vm.swap_target != swap), "a target changes")
    require(balloon + swap + vm.unreclaimable <= vm.size, "the targets leave what cannot be reclaimed")
    vm.balloon_target = balloon
    vm.swap_target = swap


def _may_inflate(vm: Vm, amount: Quantity) -> None:
    _balloon_moves(vm)
    require(vm.ballooned + amount <= vm.balloon_target, "the balloon is below its target")


@action(by=SCHEDULER)
def inflate(vm: Vm, amount: Amount) -> None:
    """The balloon takes free pages."""
    _may_inflate(vm, amount)
    require(amount <= vm.free, "so many pages are free")
    vm.free -= amount
    vm.ballooned += amount


@action(by=SCHEDULER)
def inflate_untouched(vm: Vm, amount: Amount) -> None:
    """The balloon takes pages that never had a frame: it frees none, but keeps the guest from touching them."""
    _may_inflate(vm, amount)
    require(amount <= vm.untouched, "so many pages were never touched")
    vm.untouched -= amount
    vm.ballooned += amount


@action(by=SCHEDULER)
def squeeze_buffer(vm: Vm, amount: Amount) -> None:
    """The guest gives up cold file buffers to the balloon."""
    _may_inflate(vm, amount)
    require(amount <= vm.inactive_buffer, "so many buffer pages are inactive")
    vm.inactive_buffer -= amount
    vm.ballooned += amount


@action(by=SCHEDULER)
def squeeze_anonymous(vm: Vm, amount: Amount) -> None:
    """The guest gives up cold data, to its own swap, to the balloon."""
    _may_inflate(vm, amount)
    require(amount <= vm.inactive_anonymous, "so many anonymous pages are inactive")
    vm.inactive_anonymous -= amount
    vm.ballooned += amount


@action(by=SCHEDULER)
def deflate(vm: Vm, amount: Amount) -> None:
    """The balloon gives pages back, down to its target; they get a frame when the guest touches them."""
    _balloon_moves(vm)
    require(vm.balloon_target + amount <= vm.ballooned, "the balloon is above its target")
    require(vm.machine.committed + amount <= vm.machine.commit_limit, "the machine may promise so many frames")
    vm.ballooned -= amount
    vm.untouched += amount


def _may_swap(vm: Vm, amount: Quantity) -> None:
    may_reclaim(vm)
    require(vm.swapped + amount <= vm.swap_target, "fewer pages are swapped than the target")
    require(vm.machine.swapped + amount <= vm.machine.swap, "the machine has so many swap slots")


@action(by=SCHEDULER)
def swap_out(vm: Vm, amount: Amount) -> None:
    """The hypervisor swaps cold data out."""
    _may_swap(vm, amount)
    require(amount <= vm.inactive_anonymous, "so many anonymous pages are inactive")
    vm.inactive_anonymous -= amount
    vm.swapped += amount


@action(by=SCHEDULER)
def swap_out_blindly(vm: Vm, amount: Amount) -> None:
    """The hypervisor swaps active data out: it does not see what the guest uses."""
    _may_swap(vm, amount)
    require(amount <= vm.active_anonymous, "so many anonymous pages are active")
    vm.active_anonymous -= amount
    vm.swapped += amount
