"""Mistakes where frames change hands: charged twice or to nobody, room that nobody asks for, a VM that nobody runs."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from holdfast.impl import gate
from holdfast.impl.driver import Effect
from holdfast.impl.simulator import remapping
from holdfast.impl.simulator.guests import Heard
from holdfast.impl.simulator.state import Guest, Reality
from holdfast.specs.worlds import WORLDS
from tests.impl.worlds import IN_PLACE, REMAPPED

from .breaking import function
from .mutant import Mutant

REFUSED = WORLDS["remap-refused"]


def _keeps(vm: Guest) -> None:
    """The receiver has the frames, and the source is charged for them still."""
    source = vm.source
    CHANGE_HANDS(vm)
    vm.copies[source] = list(vm.truth)


def _to_nobody(vm: Guest) -> None:
    """The frames are let go before anybody has them."""
    CHANGE_HANDS(vm)
    del vm.copies[vm.source]


CHANGE_HANDS = remapping._change_hands


def _in_no_account(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
    """The source is charged no longer, and the receiver is not yet."""
    why = PASS(world, vm, effect, heard)
    world.machine.used -= vm.charges[0]
    vm.charges = (0, *vm.charges[1:])
    return why


PASS = remapping._pass


def _as_a_copy(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
    """Room for a copy is charged from the stun on, though none will come."""
    why = BEGIN(world, vm, effect, heard)
    if not why and vm.target is not None:
        world.hold(vm.resident)
    return why


BEGIN = remapping._begin


def _asks_nobody(*_: object) -> str:
    return ""


MUTANTS = (
    Mutant(
        "remapped frames charged twice, in lock step",
        "driver",
        ("X2", "X1"),
        function(remapping._change_hands, _keeps),
        world=WORLDS["remapped"],
    ),
    Mutant(
        "remapped frames in no account",
        "driver",
        ("X2", "X1"),
        function(remapping._pass, _in_no_account),
        world=WORLDS["remapped"],
    ),
    Mutant(
        "metadata charged as a copy",
        "driver",
        ("O", "X2"),
        function(remapping._begin, _as_a_copy),
        world=WORLDS["remapped"],
    ),
    Mutant(
        "remapped frames charged twice",
        "driver",
        ("O", "X7", "S7"),
        function(remapping._change_hands, _keeps),
        case=IN_PLACE,
    ),
    Mutant(
        "remapped frames charged to nobody",
        "driver",
        ("S3",),
        function(remapping._change_hands, _to_nobody),
        case=REMAPPED,
    ),
    Mutant(
        "metadata of a remapped VM not asked for",
        "gate",
        ("the machine has room for the VM's metadata",),
        function(gate._for_metadata, _asks_nobody),
        world=REFUSED,
    ),
    Mutant(
        "room inside not asked for where frames pass",
        "gate",
        ("the host VM has room for the VM",),
        function(gate._inside, _asks_nobody),
        world=REFUSED,
    ),
)
