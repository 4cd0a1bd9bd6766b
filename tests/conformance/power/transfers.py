"""Mistakes where VMs go to another machine: room that nobody asks for, or holds; slots that stay behind; an exchange that
does not wait."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from dataclasses import replace

from holdfast.impl import deviations, gate, transfers
from holdfast.impl.deviations import VmControl
from holdfast.impl.driver import Effect, VmView
from holdfast.impl.safeguards import Safeguards
from holdfast.impl.simulator import transfers as crossing
from holdfast.impl.simulator.network import NOT_THERE, Parcel
from holdfast.impl.simulator.state import Guest, Reality
from holdfast.specs.worlds import WORLDS
from tests.impl.crashes import Mechanism
from tests.impl.worlds import EARLY, MOVED

from .breaking import function, method, nothing
from .mutant import Mutant

SWAPPED = WORLDS["swapped-away"]
BETWEEN = WORLDS["arrives-between-exchanges"]
CANNOT_STAY = WORLDS["one-cannot-stay"]

CROSS = crossing._cross


def _asks_nobody(*_: object) -> str:
    return ""


def _without_its_slots(world: Reality, goal: Reality, vm: Guest, parcel: Parcel) -> None:
    """The slots are let go where the VM was, and nothing is in those that it has now."""
    CROSS(world, goal, vm, parcel)
    vm.slots = [NOT_THERE] * len(vm.slots)


def _frees_nothing(world: Reality, vm: Guest) -> None:
    """What had arrived is dropped, and what was set aside for it stays so."""
    del world
    vm.parcel = None


def _as_it_was(control: VmControl, _: Effect) -> VmControl:
    return control


def _fetches_nothing(effect: Effect, vm: VmView) -> Effect:
    return replace(effect, action="finish_fetching", amount=None, to=vm.abroad)


MUTANTS = (
    Mutant(
        "room on the other machine not asked for",
        "gate",
        ("the other machine has room for the VM",),
        function(gate._for_transfer, _asks_nobody),
        world=SWAPPED,
    ),
    Mutant(
        "more sent over the network than the plan allows",
        "gate",
        ("the plan allows so many pages over the network",),
        function(gate.over_the_network, _asks_nobody),
        world=SWAPPED,
    ),
    Mutant(
        "the other machine does not reckon with what is set aside",
        "driver",
        ("the other machine has room for the VM",),
        method(Reality, "set_aside", nothing),
        world=SWAPPED,
    ),
    Mutant(
        "suspended while a VM is on its way here",
        "safeguards",
        ("no VM is on its way here from another machine",),
        world=BETWEEN,
        parts=Mechanism(Safeguards(not_yet_here=_asks_nobody)),
    ),
    Mutant(
        "sent into the middle of an exchange",
        "safeguards",
        ("the other machine is not in the middle of its exchange",),
        world=BETWEEN,
        parts=Mechanism(Safeguards(unwelcome=_asks_nobody)),
    ),
    Mutant(
        "exchanged under a VM that cannot stay",
        "safeguards",
        ("the new hypervisor offers the virtual hardware of every VM",),
        world=CANNOT_STAY,
        parts=Mechanism(Safeguards(not_offered=_asks_nobody)),
    ),
    Mutant(
        "swap slots stay behind",
        "driver",
        ("X4",),
        function(crossing._cross, _without_its_slots),
        case=MOVED,
        crashes=False,
    ),
    Mutant(
        "what was set aside stays so after a failure",
        "driver",
        ("X2", "X7"),
        method(Reality, "drop_parcel", _frees_nothing),
        case=MOVED,
        faults=("transfer_failed",),
        crashes=False,
    ),
    Mutant(
        "the way closed while pages are still to be fetched",
        "rules",
        ("L2",),
        function(transfers.to_fetch, _fetches_nothing),
        case=EARLY,
        crashes=False,
    ),
    Mutant(
        "a hand-over that a crash came into not explained",
        "deviations",
        ("L2",),
        function(deviations.after_transferring, _as_it_was),
        case=MOVED,
    ),
)
