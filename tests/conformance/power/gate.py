"""Mistakes in the memory gate, and in what the controller believes to be in use."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from holdfast.impl import gate
from holdfast.impl.belief import Belief
from holdfast.impl.driver import Effect, Place
from holdfast.impl.plan import Sizes

from . import worlds
from .breaking import function, method, none, nothing
from .mutant import Mutant
from .worlds import ONE_AT_A_TIME


# ---------------------------------------------------------------------------------------------------------------- gate
def _bare(_: Sizes, __: Place) -> int:
    return 0


def _not_inside(plan: Any, to: Place, vm: Any, there: Any) -> str:
    """What is inside the host VM is not looked at."""
    return FOR_COPY(plan, Place.OLD if to is Place.GUEST else to, vm, there)


FOR_COPY = gate._for_copy


def _frames_only(where: str, need: int, taken: int, limit: int, what: str) -> str:
    return "" if "commit" in where else OVER(where, need, taken, limit, what)


def _unreserved(where: str, need: int, taken: int, limit: int, what: str) -> str:
    return "" if "reserves" in what else OVER(where, need, taken, limit, what)


OVER = gate._over


def _itself_but(action: str) -> Callable[[Any, Effect, Any], int]:
    return lambda plan, effect, there: 0 if effect.action == action else ITSELF(plan, effect, there)


ITSELF = gate._itself

GATE = (
    Mutant(
        "copies under way not counted",
        "gate",
        ("the machine has room for a second copy of the VM", "O"),
        function(gate.still_to_arrive_pages, none),
        world=ONE_AT_A_TIME,
    ),
    Mutant(
        "copies on their way inside not counted",
        "gate",
        ("the host VM has room for the VM",),
        function(gate.still_to_arrive_pages, none),
        world=worlds.NO_ROOM_FOR_BOTH,
    ),
    Mutant(
        "host VM not asked",
        "gate",
        ("the host VM has room for the VM",),
        function(gate._for_copy, _not_inside),
        world=worlds.NO_ROOM_INSIDE,
    ),
    Mutant(
        "reservation not asked",
        "gate",
        ("the host VM has room for the VM's reservation",),
        function(gate._over, _unreserved),
        world=worlds.NO_RESERVE,
    ),
    Mutant(
        "commit limit not asked at creation",
        "gate",
        ("the machine may promise the guest hypervisor's frames",),
        function(gate._over, _frames_only),
        world=worlds.NO_PROMISE_TO_NEST,
    ),
    Mutant(
        "commit limit not asked for a copy",
        "gate",
        ("the machine may promise a second copy of the VM",),
        function(gate._over, _frames_only),
        world=worlds.NO_PROMISE_TO_COPY,
    ),
    Mutant(
        "guest hypervisor not counted",
        "gate",
        ("the machine has room for the guest hypervisor",),
        function(gate._itself, _itself_but("create_host_vm")),
        world=worlds.NO_NEST,
    ),
    Mutant(
        "successor not asked before suspending",
        "gate",
        ("the machine has room for the new hypervisor",),
        function(gate._itself, _itself_but("suspend")),
        world=worlds.NO_SUCCESSOR,
    ),
    Mutant(
        "overhead of the copy not counted",
        "gate",
        ("the machine has room for a second copy of the VM",),
        method(Sizes, "per_vm", _bare),
        world=worlds.NO_ROOM_FOR_OVERHEAD,
    ),
)


# -------------------------------------------------------------------------------------------------------------- belief
def _sees_no_flight(self: Belief, machine: Any, vm: Any) -> None:
    SEE(self, machine, vm)
    self.in_flight.clear()


SEE = Belief.see


BELIEF = (
    Mutant(
        "copies under way forgotten",
        "belief",
        ("the machine has room for a second copy of the VM",),
        method(Belief, "see", _sees_no_flight),
        world=ONE_AT_A_TIME,
    ),
    Mutant(
        "reservations inside forgotten",
        "belief",
        ("the host VM has room for the VM's reservation",),
        method(Belief, "_reserved_inside", none),
        world=worlds.NO_RESERVE_FOR_BOTH,
    ),
    Mutant(
        "faults not counted",
        "belief",
        ("A1",),
        method(Belief, "count", nothing),
        crashes=False,
        case=worlds.FAULTLESS_ONLY,
        faults=("migration_aborted",),
    ),
)

MUTANTS = (*GATE, *BELIEF)
