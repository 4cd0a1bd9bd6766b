"""What guests do with their pages, by their own will: the hypervisor only hears of it.

A guest stays within its assumption: at most `resident_peak` pages resident, at most `hot_peak` of them active or
unreclaimable. Nothing else holds it back. A page that it touches needs a frame at once, whether the machine has one or not.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from .actors import GUEST, pages
from .inventory import Grain, Vm
from .language import Quantity, action, between, require

Amount: TypeAlias = Annotated[Quantity, between(pages, 1, Grain.burst)]


def _runs(vm: Vm) -> None:
    require(vm.runs, "the VM runs")


def _may_heat(vm: Vm, amount: Quantity) -> None:
    require(vm.hot + amount <= vm.hot_peak, "the guest keeps within its assumed working set")


def _may_grow(vm: Vm, amount: Quantity) -> None:
    require(vm.resident + amount <= vm.resident_peak, "the guest keeps within its assumed residency")


@action(by=GUEST)
def touch(vm: Vm, amount: Amount) -> None:
    """Use pages for the first time: each needs a frame at once."""
    _runs(vm)
    require(amount <= vm.untouched, "so many pages were never touched")
    _may_grow(vm, amount)
    _may_heat(vm, amount)
    vm.untouched -= amount
    vm.active_anonymous += amount


@action(by=GUEST)
def fault_in(vm: Vm, amount: Amount) -> None:
    """Use swapped pages, beyond those that the swap target keeps out: each needs a frame at once."""
    _runs(vm)
    require(vm.swap_target + amount <= vm.swapped, "so many pages are swapped beyond the target")
    _may_grow(vm, amount)
    _may_heat(vm, amount)
    vm.swapped -= amount
    vm.active_anonymous += amount


@action(by=GUEST)
def allocate(vm: Vm, amount: Amount) -> None:
    """Use free pages for data."""
    _runs(vm)
    require(amount <= vm.free, "so many pages are free")
    _may_heat(vm, amount)
    vm.free -= amount
    vm.active_anonymous += amount


@action(by=GUEST)
def read_file(vm: Vm, amount: Amount) -> None:
    """Use free pages as file buffers."""
    _runs(vm)
    require(amount <= vm.free, "so many pages are free")
    _may_heat(vm, amount)
    vm.free -= amount
    vm.active_buffer += amount


@action(by=GUEST)
def reuse_anonymous(vm: Vm, amount: Amount) -> None:
    """Touch inactive data."""
    _runs(vm)
    require(amount <= vm.inactive_anonymous, "so many anonymous pages are inactive")
    _may_heat(vm, amount)
    vm.inactive_anonymous -= amount
    vm.active_anonymous += amount


@action(by=GUEST)
def reuse_buffer(vm: Vm, amount: Amount) -> None:
    """Touch inactive file buffers."""
    _runs(vm)
    require(amount <= vm.inactive_buffer, "so many buffer pages are inactive")
    _may_heat(vm, amount)
    vm.inactive_buffer -= amount
    vm.active_buffer += amount


@action(by=GUEST)
def age_anonymous(vm: Vm, amount: Amount) -> None:
    """Data goes cold."""
    _runs(vm)
    require(amount <= vm.active_anonymous, "so many anonymous pages are active")
    vm.active_anonymous -= amount
    vm.inactive_anonymous += amount


@action(by=GUEST)
def age_buffer(vm: Vm, amount: Amount) -> None:
    """File buffers go cold."""
    _runs(vm)
    require(amount <= vm.active_buffer, "so many buffer pages are active")
    vm.active_buffer -= amount
    vm.inactive_buffer += amount


@action(by=GUEST)
def release(vm: Vm, amount: Amount) -> None:
    """Free data pages; their frames stay with the VM."""
    _runs(vm)
    require(amount <= vm.active_anonymous, "so many anonymous pages are active")
    vm.active_anonymous -= amount
    vm.free += amount


@action(by=GUEST)
def drop_buffer(vm: Vm, amount: Amount) -> None:
    """Free cold file buffers; their frames stay with the VM."""
    _runs(vm)
    require(amount <= vm.inactive_buffer, "so many buffer pages are inactive")
    vm.inactive_buffer -= amount
    vm.free += amount


@action(by=GUEST)
def pin(vm: Vm, amount: Amount) -> None:
    """Make active data unreclaimable."""
    _runs(vm)
    require(amount <= vm.active_anonymous, "so many anonymous pages are active")
    vm.active_anonymous -= amount
    vm.unreclaimable += amount


@action(by=GUEST)
def unpin(vm: Vm, amount: Amount) -> None:
    """Make pinned pages ordinary data again."""
    _runs(vm)
    require(amount <= vm.unreclaimable, "so many pages are unreclaimable")
    vm.unreclaimable -= amount
    vm.active_anonymous += amount


@action(by=GUEST)
def dirty(vm: Vm, amount: Amount) -> None:
    """Write pages that were already copied: they must be sent again."""
    _runs(vm)
    require(vm.dirty + amount <= vm.copied, "so many copied pages are clean")
    vm.dirty += amount
