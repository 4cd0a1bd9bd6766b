"""Mistakes of a driver, seeded in the simulated one: what it leaves behind, what it claims, what it does not do at all."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from holdfast.impl.driver import Effect, Ending, MapState, Outcome, Place, Stage, VmView
from holdfast.impl.simulator import exchange, migrations
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.state import Guest, Machine, Reality
from tests.impl.worlds import BUSY, ONE, RECLAIMED

from .breaking import function, method
from .mutant import Mutant

Heard = Callable[[str, Guest, int], None]


def _put_back(done: Callable[..., str], place: Callable[[Guest], Place | None]) -> Callable[..., str]:
    """What an effect has freed stays where it was."""

    def broken(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
        where = place(vm)
        kept = list(vm.copies.get(where, ())) if where else []
        why = done(world, vm, effect, heard)
        if kept and where and where not in vm.copies:
            vm.copies[where] = kept
            world.recharge(vm)
        return why

    return broken


def _not_stunned(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
    """The source goes on while its last pages are sent."""
    running = list(vm.unpaused)
    why = STOP(world, vm, effect, heard)
    vm.unpaused[:] = running
    return why


STOP = migrations._stop


def _sent_nothing(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
    """What was written since is said to have been sent again."""
    return "" if effect.action == "copy_again" else COPY(world, vm, effect, heard)


COPY = migrations._copy


def _committed_anyway(world: Reality, vm: Guest, effect: Effect, heard: Heard) -> str:
    """The copy is declared complete at the stun."""
    why = STOP(world, vm, effect, heard)
    if vm.stage is Stage.STOPPED:
        vm.stage = Stage.COMMITTED
        world.recharge(vm)
    return why


def _frames_kept(world: Reality) -> str:
    """The old hypervisor's frames are not given back."""
    was = world.machine.used
    why = TEAR_DOWN(world)
    if world.machine.used < was:
        world.take(world.machine.start.sizes.old_pages)
    return why


TEAR_DOWN = exchange._tear_down


def _new_left(world: Reality, why: str) -> None:
    """The new hypervisor is said to have ended, and keeps its frames."""
    was = world.machine.used
    END_NEW(world, why)
    world.take(was - world.machine.used)


END_NEW = exchange.end_new


def _digest_as_sealed(self: Machine) -> str | None:
    """The digest is of what was sealed, rather than of what was read."""
    was = self.map_bytes, self.map_read
    self.map_bytes = self.map_read = self.map_right
    try:
        return DIGEST(self)
    finally:
        self.map_bytes, self.map_read = was


DIGEST: Callable[[Machine], str | None] = vars(Machine)["digest"].fget


def _one_place(self: Simulator, vm: Guest) -> VmView:
    """Of where a VM executes only that is told where it may."""
    view = VM_VIEW(self, vm)
    return replace(view, running_at=tuple(place for place in view.running_at if place is view.authority))


VM_VIEW = Simulator._vm_view


def _balloon_as_asked(self: Simulator, vm: Guest) -> VmView:
    """What the balloon was asked for is told as what it holds."""
    view = VM_VIEW(self, vm)
    return replace(view, ballooned_pages=view.balloon_target_pages)


def _map_as_asked(self: Simulator, effect: Effect) -> Outcome:
    """A map that could not be read is told as read."""
    outcome = PERFORM(self, effect)
    if effect.action != "validate_map" or outcome.ending is Ending.DONE:
        return outcome
    machine = replace(outcome.world.machine, map=MapState.VALIDATED)
    return Outcome(Ending.DONE, replace(outcome.world, machine=machine))


PERFORM = Simulator.perform


def _resumed_anew(world: Reality) -> str:
    """The host VM is started anew, rather than resumed from the map."""
    world.machine.map_read = b"nothing"
    return RESUME(world)


RESUME = exchange._resume

MUTANTS = (
    Mutant(
        "source not freed by the fence",
        "driver",
        ("O", "X2"),
        function(migrations._fence, _put_back(migrations._fence, lambda vm: vm.source)),
        case=ONE,
    ),
    Mutant(
        "receiver not freed by the cancel",
        "driver",
        ("S7", "X2"),
        function(migrations._cancel, _put_back(migrations._cancel, lambda vm: vm.target)),
        case=ONE,
    ),
    Mutant("not stunned", "driver", ("S1", "S3"), function(migrations._stop, _not_stunned), case=ONE),
    Mutant("nothing sent again", "driver", ("L2", "S3"), function(migrations._copy, _sent_nothing), case=BUSY),
    Mutant("complete at the stun", "driver", ("A23", "S3"), function(migrations._stop, _committed_anyway), case=BUSY),
    Mutant(
        "old hypervisor keeps its frames", "driver", ("O", "X7"), function(exchange._tear_down, _frames_kept), case=ONE
    ),
    Mutant("new hypervisor keeps its frames", "driver", ("O", "X7"), function(exchange.end_new, _new_left), case=ONE),
    Mutant(
        "digest of what was sealed",
        "driver",
        ("S3",),
        method(Machine, "digest", property(_digest_as_sealed)),
        case=ONE,
        faults=("map_corrupted",),
    ),
    Mutant(
        "second place not told",
        "driver",
        ("S1",),
        method(Simulator, "_vm_view", _one_place),
        case=ONE,
        faults=("source_continued",),
    ),
    Mutant(
        "balloon as it was asked for",
        "driver",
        ("O", "X7", "A23"),
        method(Simulator, "_vm_view", _balloon_as_asked),
        case=RECLAIMED,
    ),
    Mutant(
        "unread map told as read",
        "driver",
        ("L2", "L3"),
        method(Simulator, "perform", _map_as_asked),
        case=ONE,
        faults=("format_unreadable",),
    ),
    Mutant("resumed from nothing", "driver", ("S3",), function(exchange._resume, _resumed_anew), case=ONE),
)
