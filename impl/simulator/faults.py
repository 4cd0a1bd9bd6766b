"""What strikes, by name and point: each fault is possible in some states of the world, and changes it as reality would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..driver import Copy, HostVmState, MapState, Place, Power, Stage
from .exchange import drop_host_vm, end_new, nested
from .migrations import give_up
from .state import Guest, Reality
from .storing import (
    can_be_torn,
    can_lose_power,
    lose_power,
    run_out_of_room,
    tear_image,
    tear_loaded,
)
from .striking import (
    can_end_early,
    can_hang,
    can_start_dma,
    end_old_early,
    hang_old,
    is_split,
    start_dma,
)
from .transfers import fetching_from, leaves, lose_an_end, turn_back


@dataclass(frozen=True, order=True)
class Fault:
    """A fault that strikes right before the effect with this number is performed, counted from 1, or not at all."""

    at: int
    name: str
    vm: str | None = None
    """Which VM it strikes; where None, the first that it can."""

    def __str__(self) -> str:
        """As it is written on a command line."""
        return f"{self.name}@{self.at}" + (f":{self.vm}" if self.vm else "")


def parsed(text: str) -> Fault:
    """The fault that `NAME@N` or `NAME@N:VM` says. Raises ValueError that says what is wrong."""
    name, _, rest = text.partition("@")
    at, _, vm = rest.partition(":")
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}; there are {', '.join(FAULTS)}")
    if not at.isdecimal() or int(at) < 1:
        raise ValueError(f"{text!r} does not say when: {name}@12 strikes before the twelfth effect")
    return Fault(int(at), name, vm or None)


def possible(world: Reality) -> Iterator[tuple[str, str | None]]:
    """Every fault that can strike now, and which VM."""
    for name in ON_MACHINES:
        if ON_MACHINES[name][0](world):
            yield name, None
    for name, (can, _) in ON_GUESTS.items():
        yield from ((name, vm.start.name) for vm in world.vms.values() if not vm.lost and can(vm))


def strike(world: Reality, fault: Fault) -> str | None:
    """Let it strike. The VM that was struck, or the machine's name; None where it cannot strike now."""
    if fault.name in ON_MACHINES:
        can, do = ON_MACHINES[fault.name]
        if not can(world):
            return None
        do(world)
        return world.machine.start.name
    can_vm, do_vm = ON_GUESTS[fault.name]
    named = [world.vms[fault.vm]] if fault.vm in world.vms else list(world.vms.values()) if fault.vm is None else []
    for vm in named:
        if not vm.lost and can_vm(vm):
            do_vm(world, vm)
            return vm.start.name
    return None


# --------------------------------------------------------------------------------------------------------------- VMs
def _uncommitted(vm: Guest) -> bool:
    return vm.stage in (Stage.COPYING, Stage.STOPPED, Stage.PASSING) and vm.target is not None


def _has_receiver(vm: Guest) -> bool:
    """What is fenced has one copy only: its death is that of the VM itself, as of any VM that is killed."""
    return vm.target is not None and vm.stage is not Stage.FENCED


def _abort(world: Reality, vm: Guest) -> None:
    give_up(world, vm, "migration_aborted")


def _kill_receiver(world: Reality, vm: Guest) -> None:
    """Before the commit the source goes on by itself; after it the source stays paused, until somebody lets it go on."""
    if vm.stage is not Stage.COMMITTED:
        give_up(world, vm, "destination_killed")
        return
    assert vm.target is not None, "it has a receiver"
    del vm.copies[vm.target]
    vm.target, vm.stage, vm.gave_up = None, Stage.STOPPED, "destination_killed"
    world.recharge(vm)


def _kill_source(world: Reality, vm: Guest) -> None:
    del vm.copies[vm.source]
    vm.stage = Stage.FENCED
    world.recharge(vm)


def _has_idle_source(vm: Guest) -> bool:
    return bool(_idle(vm)) and (vm.stage is Stage.COMMITTED or vm.stage is Stage.SETTLED)


def _idle(vm: Guest) -> list[Place]:
    """Copies at a place that has no authority, and that are paused."""
    authority = vm.target if vm.stage is Stage.COMMITTED else vm.source
    return [place for place in vm.copies if place is not authority and place not in vm.unpaused]


def _continue_source(_: Reality, vm: Guest) -> None:
    """Somebody, or a watchdog, lets a source go on whose VM has gone elsewhere."""
    vm.unpaused.append(_idle(vm)[0])


def _stop_short(_: Reality, vm: Guest) -> None:
    vm.balloon_stuck = True


# ----------------------------------------------------------------------------------------------------------- machine
def _hang(world: Reality) -> None:
    """Nothing is seen of it until somebody waits; in a partition of its own it is, and stays until it is ended."""
    world.machine.boot_hangs = True
    if is_split(world):
        world.machine.new = Power.HUNG
        world.machine.faults.append("boot_hung")


def _flip_a_bit(world: Reality) -> None:
    """Nobody notices: only a digest tells."""
    flipped = bytearray(world.machine.map_bytes)
    bit = world.draw(len(flipped) * 8)
    flipped[bit // 8] ^= 1 << bit % 8
    world.machine.map_bytes = bytes(flipped)


def _kill_host_vm(world: Reality) -> None:
    """What is only in it is lost with it: no controller can help that."""
    inside = [vm for vm in nested(world) if vm.source is Place.GUEST or vm.stage is Stage.FENCED]
    world.forgiven.update(vm.start.name for vm in inside)
    world.machine.faults.append("host_vm_killed")
    drop_host_vm(world, "the host VM was killed")


def _write_on(world: Reality) -> None:
    start_dma(world)


ON_GUESTS: Mapping[str, tuple[Callable[[Guest], bool], Callable[[Reality, Guest], None]]] = {
    "migration_aborted": (_uncommitted, _abort),
    "destination_killed": (_has_receiver, _kill_receiver),
    "source_killed": (lambda vm: vm.stage is Stage.COMMITTED, _kill_source),
    "source_continued": (_has_idle_source, _continue_source),
    "transfer_failed": (leaves, lambda world, vm: turn_back(world, vm, "transfer_failed")),
    "balloon_stopped_short": (lambda vm: vm.balloon_target > vm.ballooned and not vm.balloon_stuck, _stop_short),
}

ON_MACHINES: Mapping[str, tuple[Callable[[Reality], bool], Callable[[Reality], None]]] = {
    "boot_failed": (lambda w: w.machine.new is Power.BOOTING, lambda w: end_new(w, "boot_failed")),
    "boot_hung": (lambda w: w.machine.new is Power.BOOTING and not w.machine.boot_hangs, _hang),
    "format_unreadable": (lambda w: w.machine.map is MapState.PASSED, lambda w: end_new(w, "format_unreadable")),
    "map_corrupted": (lambda w: w.machine.map in (MapState.SEALED, MapState.PASSED), _flip_a_bit),
    "new_killed": (
        lambda w: (
            w.machine.new is Power.RUNNING
            and w.machine.carrier is Place.OLD
            and w.machine.host_vm is not HostVmState.CROSSING
        ),
        lambda w: end_new(w, "new_killed"),
    ),
    "host_vm_killed": (
        lambda w: w.machine.host_vm not in (HostVmState.ABSENT, HostVmState.STORED) and not is_split(w),
        _kill_host_vm,
    ),
    "image_torn": (can_be_torn, tear_image),
    "storage_full": (can_be_torn, run_out_of_room),
    "load_torn": (lambda w: w.machine.copy is Copy.LOADED, tear_loaded),
    "power_lost": (can_lose_power, lose_power),
    "old_hung": (can_hang, hang_old),
    "old_ended_early": (can_end_early, end_old_early),
    "dma_outlasts": (can_start_dma, _write_on),
    "end_lost_while_fetching": (lambda w: fetching_from(w) is not None, lose_an_end),
}

FAULTS = (*ON_GUESTS, *ON_MACHINES)
"""The name of every fault that can be injected."""
