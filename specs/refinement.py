"""What the one-page model (model/abstract.py) speaks of, in terms of the whole one: the mapping, and its worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from ..model import abstract
from ..model.abstract import Extent, Home, Host, Resident, Side
from ..model.inventory import Grain, Machine, Power, Vm
from ..model.language import Choice, Quantity, Sort, System, Truth, all_of, always, check, implies, total, where
from ..model.language.entities import AnyField

_STAYS = {"move": "no VM leaves its machine here"}
_NOTHING_FAILS = {"fall_back": "nothing fails here, so what has passed stays there"}
WORLDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "smallest": _STAYS,
        "two-machines": _STAYS,
        "one-at-a-time": {**_STAYS, **_NOTHING_FAILS},
        "reclaim-first": {**_STAYS, **_NOTHING_FAILS},
        "side-by-side": {**_STAYS, **_NOTHING_FAILS},
        "arrives-between-exchanges": _NOTHING_FAILS,
        "remapped": {**_STAYS, **_NOTHING_FAILS, "come_back": "a VM that was remapped in stays until the exchange"},
        "stored-smallest": {**_STAYS, **_NOTHING_FAILS},
        "split-smallest": {**_STAYS, "fall_back": "no destination dies here"},
        "exchanged-when-full": {**_STAYS, **_NOTHING_FAILS},
    }
)
"""Where the refinement is checked, and which actions of the one-page model cannot be seen there, with why."""


@always("S1", "S2")
def one_home() -> Truth:
    """A VM is at home on the hypervisor that has its machine, or in the guest hypervisor."""
    return all_of(
        implies(vm.home == Home.OLD, vm.host.side == Side.OLD) & implies(vm.home == Home.NEW, vm.host.side == Side.NEW)
        for vm in Resident
    )


@always("O")
def so_much_memory() -> Truth:
    """No machine holds more than it has."""
    return all_of(host.held <= host.memory for host in Host)


@cache
def on_one_page() -> System:
    """The one-page model with what holds of it."""
    system = System.of(abstract)
    return check(System(system.sorts, system.actions, (one_home, so_much_memory)))


def _home(vm: Vm) -> Choice[Home]:
    machine = vm.machine
    elsewhere = where(vm.home == machine.host_vm.guest, Home.GUEST, Home.NEW)
    return where(vm.home == machine.old, Home.OLD, elsewhere)


def _side(machine: Machine) -> Choice[Side]:
    return where(machine.old.power == Power.RUNNING, Side.OLD, Side.NEW)


def _all_memory(_: Grain) -> Quantity:
    return total(m.capacity for m in Machine)


SORTS: Mapping[Sort, Sort] = MappingProxyType({Extent: Grain, Host: Machine, Resident: Vm})
"""Which sort of the whole model each sort of the one-page model stands for, member by member."""

FIELDS: Mapping[AnyField, Callable[[Any], object]] = MappingProxyType(
    {
        Extent.most: _all_memory,
        Host.memory: lambda machine: machine.capacity,
        Host.held: lambda machine: machine.used,
        Host.side: _side,
        Resident.host: lambda vm: vm.machine,
        Resident.home: _home,
    }
)
"""What each field is."""
