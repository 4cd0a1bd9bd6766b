"""Mistakes of an exchange by storage: in rules, safeguards, gate and belief, and in what a driver does or claims."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from dataclasses import replace
from typing import Any

from holdfast.impl import gate, rules
from holdfast.impl.belief import Belief
from holdfast.impl.driver import Effect
from holdfast.impl.safeguards import Safeguards
from holdfast.impl.simulator import storing
from holdfast.impl.simulator.state import Machine, Reality
from holdfast.impl.simulator.storage import digest
from holdfast.model.language import Entity
from holdfast.specs.case import Case as World
from holdfast.specs.hosts import GuestPages, HostPages, Release
from holdfast.specs.questions import CLEAN, FAULTLESS, NEWER_FORMAT, STILL, active, host
from holdfast.specs.questions import case as world
from holdfast.specs.storage.worlds import AS_PLANNED, GOES_ON, NOT_BY_MAP, PARTS, stored
from tests.impl.crashes import Mechanism
from tests.impl.worlds import CARELESS, STORED

from .breaking import function, method, nothing
from .mutant import Mutant

ALL = Safeguards()


# --------------------------------------------------------------------------------------------------------------- worlds
def _by_storage(name: str, reason: str, members: list[Entity]) -> World:
    left = {**STILL, **NOT_BY_MAP, **AS_PLANNED, **FAULTLESS, **CLEAN, **GOES_ON}
    return world(name, reason, members, bounded={}, leave_out=left, parts=PARTS)


def _one(box: HostPages, *vms: GuestPages, store: int = 2) -> list[Entity]:
    return stored(box, *(vms or (active("vm", 1),)), store=store)


WHOLE = _by_storage("by-storage", "One VM, by storage, and nothing fails.", _one(host(5, 2)))
NO_STORE = _by_storage("no-store", "The store is too small for the image.", _one(host(5, 2), store=1))
NO_PLACE = _by_storage(
    "no-place", "The new hypervisor does not fit in the old one's place.", _one(host(5, 2, limit=9, new=Release(4)))
)
NOT_READ = _by_storage("not-read", "The new hypervisor does not read the format.", _one(host(5, 2, new=NEWER_FORMAT)))


# --------------------------------------------------------------------------------------------------------------- broken
def _frees(_: object, __: object) -> str:
    return "free_pages"


def _wakes(_: object, __: object) -> str:
    return "wake"


def _asks_nobody(*_: object) -> str:
    return ""


def _store_only(where: str, need: int, taken: int, limit: int, what: str) -> str:
    return "" if "in the old one's place" in what else OVER(where, need, taken, limit, what)


OVER = gate._over


def _frames_kept(world: Reality) -> None:
    """What was in memory is gone from there, and its frames are not free."""
    was = world.machine.used
    VACATE(world)
    world.hold(was - world.machine.used)


VACATE = storing._vacate


def _digest_of_the_original(self: Machine) -> str:
    """What was loaded is told as what was halted."""
    return digest(self.halted)


def _loads_nothing(world: Reality, effect: Effect) -> str:
    """The host VM is started anew, rather than loaded."""
    why = LOAD(world, effect)
    world.machine.loaded = b"{}"
    return why


LOAD = storing._load


def _forgets(self: Belief, *seen: Any) -> None:
    """Of what was halted nothing is remembered."""
    KEEP(self, *seen)
    self.halted_digest = None


KEEP = Belief.keep_digests

MUTANTS = (
    Mutant(
        "pages freed before the image is verified",
        "safeguards",
        ("S16",),
        case=STORED,
        faults=("image_torn",),
        parts=Mechanism(replace(ALL, before_freeing=_frees)),
    ),
    Mutant(
        "pages freed before the image is verified, in lock step",
        "safeguards",
        ("S16", "the image has been verified"),
        world=WHOLE,
        parts=Mechanism(replace(ALL, before_freeing=_frees)),
    ),
    Mutant(
        "woken from what was not verified",
        "safeguards",
        ("S3",),
        case=STORED,
        faults=("load_torn",),
        parts=Mechanism(replace(ALL, before_waking=_wakes)),
    ),
    Mutant(
        "woken from what was not verified, in lock step",
        "safeguards",
        ("S3", "what was loaded has been verified"),
        world=WHOLE,
        parts=Mechanism(replace(ALL, before_waking=_wakes)),
    ),
    Mutant(
        "image deleted before the host VM runs",
        "safeguards",
        ("S16", "S2"),
        case=CARELESS,
        parts=Mechanism(replace(ALL, rests_on_image=_asks_nobody)),
    ),
    Mutant(
        "image deleted before the host VM runs, in lock step",
        "safeguards",
        ("S16", "the host VM is neither halted nor in storage"),
        world=WHOLE,
        parts=Mechanism(replace(ALL, rests_on_image=_asks_nobody)),
    ),
    Mutant(
        "VMs left behind by a host VM that is stored",
        "safeguards",
        ("S4", "every VM of the machine is in the guest hypervisor, and none is in flight"),
        world=WHOLE,
        parts=Mechanism(replace(ALL, left_behind=_asks_nobody)),
    ),
    Mutant(
        "stored for a hypervisor that reads nothing of it",
        "safeguards",
        ("the new hypervisor reads the old one's hand-off format",),
        world=NOT_READ,
        parts=Mechanism(replace(ALL, unreadable=_asks_nobody)),
    ),
    Mutant(
        "store not asked",
        "gate",
        ("the store has room for the image",),
        function(gate._for_storing, _asks_nobody),
        world=NO_STORE,
    ),
    Mutant(
        "place of the old hypervisor not measured",
        "gate",
        ("the machine has room for the new hypervisor",),
        function(gate._over, _store_only),
        world=NO_PLACE,
    ),
    Mutant("image never deleted", "rules", ("X7",), function(rules._delete, nothing), case=STORED),
    Mutant("halted digest forgotten", "belief", ("L2", "L3"), method(Belief, "keep_digests", _forgets), case=STORED),
    Mutant(
        "frames of what is stored kept", "driver", ("O", "X7"), function(storing._vacate, _frames_kept), case=STORED
    ),
    Mutant(
        "digest of what was halted",
        "driver",
        ("S3",),
        method(Machine, "host_vm_digest", property(_digest_of_the_original)),
        case=STORED,
        faults=("load_torn",),
    ),
    Mutant("loaded from nothing", "driver", ("L2", "L3", "S3"), function(storing._load, _loads_nothing), case=STORED),
)
