"""What comes next in a step: a function of what is observed, so that it is the same before and after a crash.

Each rule gives the next effect toward the goal of its verb, or None where the goal is reached. A fault that undoes what a
step has done thereby makes its effects due again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from . import downtime
from .deviations import ENDS, REMAPS
from .driver import (
    GONE,
    LEAVING,
    Copy,
    Effect,
    HostVmState,
    ImageState,
    MachineView,
    MapState,
    Place,
    Power,
    Stage,
    VmView,
)
from .errors import Contradiction, OldHangs, OutOfOrder, PastNoReturn
from .partitioning import back, forward, joined, past_no_return
from .partitions import Bequest, PartitionsView
from .plan import Step
from .safeguards import Safeguards
from .transfers import next_of_transfer, to_fetch

ROUNDS_MOST = 3
"""How often pre-copy goes over what was written since, before the VM is stunned for the rest."""


@dataclass(frozen=True)
class Situation:
    """What a rule looks at. `sealed_digest` is of the map as it was sealed, `halted_digest` of the host VM as it was halted,
    if that was seen; `downtime_pages` is the VM's budget for downtime, None where it has none."""

    machine: MachineView
    vm: VmView | None
    sealed_digest: str | None
    safeguards: Safeguards = field(default_factory=Safeguards)
    halted_digest: str | None = None
    downtime_pages: int | None = None

    @property
    def agreed(self) -> bool:
        """Whether the map that the new hypervisor has read is the one that was sealed."""
        return self.safeguards.digests_agree(self.sealed_digest, self.machine.map_digest)


Rule = Callable[[Step, Situation], Effect | None]


def next_effect(step: Step, now: Situation) -> Effect | None:
    """The next effect of a step; None where its goal is reached. Raises Contradiction where there can be none."""
    return _RULES[step.verb](step, now)


# -------------------------------------------------------------------------------------------------------- migrations
def _migration(step: Step, now: Situation) -> Effect | None:
    vm = _vm_of(step, now)
    source, target = {**ENDS, **REMAPS}[step.verb]
    if vm.stage in (*GONE, Stage.FETCHING) and step.verb == "withdraw":  # what has gone to another machine stays there
        return None
    if vm.stage in (*LEAVING, *GONE, Stage.FETCHING):
        raise Contradiction(f"{step.name}: {vm.name} is on its way between machines, or on another one")
    if vm.stage is Stage.SETTLED:
        if vm.source is target or vm.lost:
            return None
        if vm.source is not source:
            raise Contradiction(
                f"{step.name}: {vm.name} is at {vm.source.value}, from where this step does not move it"
            )
        if source is Place.OLD and now.machine.host_vm is HostVmState.ABSENT:
            return _on(now, "create_host_vm")  # it has died, and nothing was in it
        return _about(now, vm, step.verb)
    return _next_of_migration(vm, now)


def _next_of_migration(vm: VmView, now: Situation) -> Effect:
    if vm.stage in (Stage.COMMITTED, Stage.FENCED):
        return _about(now, vm, now.safeguards.finish_migration(vm))
    if vm.stage is Stage.PASSING:
        return _about(now, vm, "pass_frames")
    if vm.target is None:  # the receiver has died after the commit: the source has all there is, and nobody runs it
        return _about(now, vm, "cancel")
    budget_pages = now.downtime_pages
    if vm.stage is Stage.COPYING and budget_pages is not None and now.safeguards.within_budget(vm, budget_pages):
        return _about(now, vm, "stop")
    if vm.copied_pages < vm.resident_pages:
        return _about(now, vm, "copy", vm.resident_pages - vm.copied_pages)
    rounds_most = ROUNDS_MOST if budget_pages is None else downtime.ROUNDS_MOST
    if vm.dirty_pages and (vm.stage is Stage.STOPPED or vm.rounds < rounds_most):
        return _about(now, vm, "copy_again", vm.dirty_pages)
    return _about(now, vm, "stop" if vm.stage is Stage.COPYING else "commit")


def _settle(step: Step, now: Situation) -> Effect | None:
    """Rolling back: whatever is under way is given up, or finished where authority has passed."""
    vm = _vm_of(step, now)
    if vm.stage in (Stage.SETTLED, Stage.ELSEWHERE, Stage.FETCHING) or vm.lost:
        return None
    if vm.stage is Stage.FETCHED:
        return to_fetch(_about(now, vm, "fetch"), vm)
    return replace(_about(now, vm, now.safeguards.give_migration_up(vm)), to=vm.abroad)


def _transfer(step: Step, now: Situation) -> Effect | None:
    return next_of_transfer(step, now.machine.name, _vm_of(step, now), ROUNDS_MOST)


# ------------------------------------------------------------------------------------------------------ the exchange
def _create(_: Step, now: Situation) -> Effect | None:
    return _on(now, "create_host_vm") if now.machine.host_vm is HostVmState.ABSENT else None


def _suspend(_: Step, now: Situation) -> Effect | None:
    return None if now.machine.carrier is Place.NEW else _toward_seal(now)


def _launch(_: Step, now: Situation) -> Effect | None:
    return None if now.machine.carrier is Place.NEW else _toward_hand_over(now)


def _tear_down(_: Step, now: Situation) -> Effect | None:
    if now.machine.old is Power.ABSENT:
        return None
    return _toward_hand_over(now) or _on(now, "tear_down_old")


def _toward_seal(now: Situation) -> Effect | None:
    """The host VM suspended, and its map sealed under our eyes."""
    if now.machine.host_vm is HostVmState.RUNNING:
        return _on(now, "suspend")
    if now.machine.map is MapState.NONE:
        return _on(now, "build_map")
    if now.machine.map is MapState.BUILT:
        return _on(now, "seal_map")
    return None if now.safeguards.seal_seen(now.sealed_digest) else _on(now, "roll_back")  # the map is made again


_HAND_OVER: Mapping[Power, str] = {Power.ABSENT: "launch_new", Power.BOOTING: "finish_boot"}


def _toward_hand_over(now: Situation) -> Effect | None:
    """The new hypervisor up, with the map read, and the map the one that was sealed."""
    effect = _toward_seal(now)
    if effect is not None:
        return effect
    machine = now.machine
    if machine.new in _HAND_OVER:
        return _on(now, _HAND_OVER[machine.new])
    if machine.map in (MapState.SEALED, MapState.PASSED):
        return _on(now, "pass_map" if machine.map is MapState.SEALED else "validate_map")
    return None if now.agreed else _on(now, "roll_back")


def _resume(_: Step, now: Situation) -> Effect | None:
    machine = now.machine
    if machine.host_vm is HostVmState.RUNNING and machine.carrier is Place.NEW:
        return None
    if not now.agreed:
        raise Contradiction(
            "the new hypervisor holds another map than the one that was sealed: nothing is resumed from it (S10)"
        )
    return _on(now, "resume")


def _destroy(_: Step, now: Situation) -> Effect | None:
    if now.machine.host_vm is HostVmState.SUSPENDED:  # it goes on first: what is suspended cannot be seen to be empty
        return _on(now, "resume" if now.machine.carrier is Place.NEW else "roll_back")
    if now.machine.host_vm in STANDS_FOR_STORAGE:
        return _on(now, _toward_waking(now))
    return None if now.machine.host_vm is HostVmState.ABSENT else _on(now, "destroy_host_vm")


def _roll_back(step: Step, now: Situation) -> Effect | None:
    if now.machine.partitions is not None and now.machine.partitions.division.split:
        if past_no_return(now.machine):
            raise PastNoReturn(
                "the old hypervisor has ended before its time, and nothing can go back to it: resume the run"
            )
        return _first(back(now.machine), now)
    if now.machine.host_vm in (HostVmState.ABSENT, HostVmState.RUNNING):
        return _delete(step, now)
    if now.machine.carrier is Place.NEW:
        raise PastNoReturn("the old hypervisor is gone, and nothing can be rolled back to it: resume the run")
    return _on(now, "roll_back" if now.machine.host_vm is HostVmState.SUSPENDED else _toward_waking(now))


# ---------------------------------------------------------------------------------------------------------- by storage
STANDS_FOR_STORAGE = (HostVmState.HALTED, HostVmState.STORED)
"""Where the host VM stands still to be stored, or to run again from its image."""


def _store(_: Step, now: Situation) -> Effect | None:
    """The host VM in storage only, or on the new hypervisor already."""
    machine = now.machine
    if machine.carrier is Place.NEW or machine.host_vm is HostVmState.STORED:
        return None
    if machine.host_vm is HostVmState.RUNNING:
        return _on(now, "suspend_to_storage" if machine.image is ImageState.NONE else "delete_image")
    if machine.host_vm is not HostVmState.HALTED:
        raise Contradiction("there is no host VM that could be stored")
    if machine.copy is not Copy.ORIGINAL:  # it was loaded here to go on here, so it does that first
        return _on(now, _toward_waking(now))
    if machine.image_pages < machine.host_vm_used_pages:
        more_pages = machine.host_vm_used_pages - machine.image_pages
        return Effect("write_image", machine.name, amount=more_pages)
    if machine.image in (ImageState.NONE, ImageState.WRITTEN):
        return _on(now, "sync_image")
    return _on(now, now.safeguards.before_freeing(machine, now.halted_digest))


def _retire(step: Step, now: Situation) -> Effect | None:
    """The old hypervisor ended, with nothing in memory that it carried."""
    if now.machine.old is Power.ABSENT:
        return None
    return _store(step, now) or _on(now, "retire_old")


_IN_ITS_PLACE: Mapping[Power, str] = {Power.ABSENT: "boot_new", Power.BOOTING: "finish_boot"}


def _boot(step: Step, now: Situation) -> Effect | None:
    """The new hypervisor up, in the place of the old one."""
    effect = _retire(step, now)
    if effect is None and now.machine.new in _IN_ITS_PLACE:
        return _on(now, _IN_ITS_PLACE[now.machine.new])
    return effect


def _load(step: Step, now: Situation) -> Effect | None:
    """The host VM in the memory of the new hypervisor, as it was halted."""
    effect = _wake(step, now)
    return None if effect is not None and effect.action == "wake" else effect


def _wake(step: Step, now: Situation) -> Effect | None:
    """The host VM runs on the new hypervisor. A loss of power makes all of the way to there due again."""
    effect = _boot(step, now)
    if effect is None and now.machine.host_vm in STANDS_FOR_STORAGE:
        return _on(now, _toward_waking(now))
    return effect


def _toward_waking(now: Situation) -> str:
    """What comes next until the host VM runs where it is: of what is in storage only, the load."""
    if now.machine.host_vm is HostVmState.STORED:
        return "load_image"
    return now.safeguards.before_waking(now.machine, now.halted_digest)


def _delete(_: Step, now: Situation) -> Effect | None:
    return None if now.machine.image is ImageState.NONE else _on(now, "delete_image")


# ------------------------------------------------------------------------------------------------- by a second partition
def _partitioned(step: Step, now: Situation) -> Effect | None:
    """Whatever comes next on the way to one partition, until that of this step is reached."""
    partitions = now.machine.partitions
    if partitions is None:
        raise Contradiction(f"{step.name}: the machine cannot be split")
    if joined(now.machine) or _REACHED[step.verb](now.machine, partitions):
        return None
    return _first(forward(now.machine), now)


def _first(effects: Iterable[Effect], now: Situation) -> Effect:
    """The first that need not wait. Raises OldHangs where the old hypervisor hangs, OutOfOrder where all have to wait."""
    why = "nothing is left to do"
    for effect in effects:
        waits = now.safeguards.kept_apart(effect, now.machine)
        if not waits:
            return effect
        why = f"{effect} waits: {waits}"
    if now.machine.old is Power.HUNG:
        raise OldHangs("the old hypervisor hangs, and the alarm was raised: what it has stays with it (L5)")
    raise OutOfOrder(f"no step can go on: {why} (S12)")


def _crossed(machine: MachineView, _: PartitionsView) -> bool:
    return machine.host_vm is HostVmState.CROSSING or machine.carrier is Place.NEW


def _arrived(machine: MachineView, partitions: PartitionsView) -> bool:
    runs = machine.host_vm is HostVmState.RUNNING and machine.carrier is Place.NEW
    return runs and not any(device.quiesced for device in partitions.division.devices)


_REACHED: Mapping[str, Callable[[MachineView, PartitionsView], bool]] = {
    "split_machine": lambda _, partitions: partitions.division.split,
    "boot_beside": lambda machine, _: machine.new is Power.RUNNING,
    "cross": _crossed,
    "arrive": _arrived,
    "bequeath": lambda _, partitions: partitions.division.bequest is not Bequest.NONE,
    "join_new": lambda _, __: False,
}
"""When each step of an exchange by a second partition has reached its goal: all of them have once the machine is joined."""


# ------------------------------------------------------------------------------------------------------------ memory
def _reclaim(step: Step, now: Situation) -> Effect | None:
    vm = _vm_of(step, now)
    balloon_pages = vm.balloon_target_pages if step.balloon_pages is None else step.balloon_pages
    swap_pages = vm.swap_target_pages if step.swap_pages is None else step.swap_pages
    if vm.lost or vm.stage in GONE:
        return None
    if (vm.balloon_target_pages, vm.swap_target_pages) != (balloon_pages, swap_pages):
        return Effect("reclaim", now.machine.name, vm.name, balloon_pages, swap_pages)
    action = now.safeguards.still_to_move(of_step(step, vm))
    return _about(now, vm, action) if action else None


def of_step(step: Step, vm: VmView) -> VmView:
    """A VM as a `reclaim` step sees it: what the step does not name is another's, and as it should be."""
    balloon_pages = vm.ballooned_pages if step.balloon_pages is None else vm.balloon_target_pages
    swap_pages = vm.swapped_pages if step.swap_pages is None else vm.swap_target_pages
    return replace(vm, balloon_target_pages=balloon_pages, swap_target_pages=swap_pages)


def _vm_of(step: Step, now: Situation) -> VmView:
    if now.vm is None:
        raise Contradiction(f"{step.name}: the machine has no such VM")
    return now.vm


def _on(now: Situation, action: str) -> Effect:
    return Effect(action, now.machine.name)


def _about(now: Situation, vm: VmView, action: str, amount: int | None = None) -> Effect:
    return Effect(action, now.machine.name, vm.name, amount)


_RULES: Mapping[str, Rule] = {
    "reclaim": _reclaim,
    "create_host_vm": _create,
    "consolidate": _migration,
    "suspend": _suspend,
    "launch_new": _launch,
    "tear_down_old": _tear_down,
    "resume": _resume,
    "suspend_to_storage": _store,
    "retire_old": _retire,
    "boot_new": _boot,
    "load_image": _load,
    "wake": _wake,
    "delete_image": _delete,
    **dict.fromkeys(_REACHED, _partitioned),
    "disassociate": _migration,
    **dict.fromkeys(REMAPS, _migration),
    "destroy_host_vm": _destroy,
    "roll_back": _roll_back,
    "transfer": _transfer,
    "settle": _settle,
    "withdraw": _migration,
}
"""The rule of each verb: those of plans, and those that rolling back has beside them."""
