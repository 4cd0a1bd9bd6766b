"""The exchange on one page: a VM has one home, a machine has so much memory, an exchange happens.

The whole model refines this one (specs/refinement.py): whatever it does, it does one of the things below, or nothing that
can be seen from here. How pages travel, what is suspended, which map is passed: all that is how, and this is what.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypeAlias

from .actors import HYPERVISOR, OPERATOR, pages
from .language import Entity, Quantity, action, all_of, between, constant, require, varying, where


class Side(Enum):
    """Which hypervisor has the machine."""

    OLD = "old"
    NEW = "new"


class Home(Enum):
    """Which hypervisor has the authority over a VM: old, guest, or new."""

    OLD = "old"
    GUEST = "guest"
    NEW = "new"


class Extent(Entity):
    """As many pages as any machine has. One per world."""

    most = constant(pages)


class Host(Entity):
    """A machine: so much memory, of which so much is held, and the hypervisor that has it."""

    memory = constant(pages)
    held = varying(pages, upto=memory)
    side = varying(Side, start=Side.OLD)


class Resident(Entity):
    """A VM, the machine that it is on, and its one home."""

    host = varying(Host)
    home = varying(Home, start=Home.OLD)


Held: TypeAlias = Annotated[Quantity, between(pages, 0, Extent.most)]


def _fits(host: Host, held: Quantity) -> None:
    require(held <= host.memory, "the machine has so much memory")


@action(by=HYPERVISOR)
def use(host: Host, held: Held) -> None:
    """The machine holds more, or less."""
    _fits(host, held)
    host.held = held


@action(by=OPERATOR)
def enter(vm: Resident, held: Held) -> None:
    """A VM passes into the guest hypervisor."""
    _fits(vm.host, held)
    require(vm.home == Home.OLD, "the VM is at home on the old hypervisor")
    vm.home = Home.GUEST
    vm.host.held = held


@action(by=OPERATOR)
def come_back(vm: Resident, held: Held) -> None:
    """A VM passes back to the old hypervisor, which is still there."""
    _fits(vm.host, held)
    require(vm.home == Home.GUEST, "the VM is at home in the guest hypervisor")
    require(vm.host.side == Side.OLD, "the old hypervisor has the machine")
    vm.home = Home.OLD
    vm.host.held = held


@action(by=OPERATOR)
def exchange(host: Host, held: Held) -> None:
    """The old hypervisor gives way to the new one, under VMs that are all in the guest hypervisor."""
    _fits(host, held)
    require(host.side == Side.OLD, "the old hypervisor has the machine")
    require(all_of(vm.home == Home.GUEST for vm in Resident.where(host=host)), "every VM is in the guest hypervisor")
    host.side = Side.NEW
    host.held = held


@action(by=OPERATOR)
def leave(vm: Resident, held: Held) -> None:
    """A VM passes out of the guest hypervisor, to the new one."""
    _fits(vm.host, held)
    require(vm.home == Home.GUEST, "the VM is at home in the guest hypervisor")
    require(vm.host.side == Side.NEW, "the new hypervisor has the machine")
    vm.home = Home.NEW
    vm.host.held = held


@action(by=OPERATOR)
def fall_back(vm: Resident, held: Held) -> None:
    """A VM that had left is in the guest hypervisor after all: the end that it had passed to died before it ran there."""
    _fits(vm.host, held)
    require(vm.home == Home.NEW, "the VM is at home on the new hypervisor")
    vm.home = Home.GUEST
    vm.host.held = held


@action(by=OPERATOR)
def move(vm: Resident, to: Host, held: Held, left: Held) -> None:
    """A VM passes to another machine, to the hypervisor that has it."""
    _fits(to, held)
    _fits(vm.host, left)
    require(vm.host != to, "the VM is on another machine")
    require(vm.home != Home.GUEST, "the VM is in no guest hypervisor")
    vm.host.held = left
    to.held = held
    vm.host = to
    vm.home = where(to.side == Side.OLD, Home.OLD, Home.NEW)
