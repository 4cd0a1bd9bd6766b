"""The mechanisms that keep an exchange safe, in one record of functions: each can be taken out, to see what it is there for.

Nothing but tests replaces any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .belief import Belief
from .deviations import machine_deviation, vm_deviation
from .downtime import left_pages, within_budget
from .driver import (
    GONE,
    LEAVING,
    Copy,
    Effect,
    HostVmState,
    ImageState,
    MachineView,
    OtherMachine,
    Place,
    Stage,
    VmView,
)
from .errors import NeverAtRest, NoRoom, OutOfOrder, Stopped
from .gate import Occupancy, short_of
from .partitioning import away_too_early, left_without_processor, not_still, out_of_turn
from .plan import Plan
from .transfers import LEAVES_OLD, not_offered, not_yet_here, unwelcome


def finish_migration(vm: VmView) -> str:
    """What follows the commit: the source is ended before the receiver runs (S1)."""
    return "fence" if vm.stage is Stage.COMMITTED else "activate"


def digests_agree(sealed: str | None, read: str | None) -> bool:
    """Whether the map that was read is the one that was sealed (S10)."""
    return sealed is not None and sealed == read


def seal_seen(sealed: str | None) -> bool:
    """Whether the map was sealed under our eyes; where a crash came between, nobody knows what it was then."""
    return sealed is not None


def still_to_move(vm: VmView) -> str:
    """What is left of a reclaim step once its targets are set; "" when they are reached, which is waited for (M9)."""
    if vm.ballooned_pages < vm.balloon_target_pages:
        return "inflate"
    if vm.swapped_pages < vm.swap_target_pages:
        return "swap_out"
    return "deflate" if vm.ballooned_pages > vm.balloon_target_pages else ""


def gives_later(effect: Effect, still_taking: bool) -> bool:
    """Whether the effect has to wait: memory is taken before it is given (M9)."""
    return effect.action == "deflate" and still_taking


def left_behind(effect: Effect, vms: Iterable[VmView]) -> str:
    """Which VMs an effect has to wait for, since it would leave them behind; "" where none is (S4, X4)."""
    if effect.action in ("suspend", "tear_down_old", "suspend_to_storage", "retire_old", "split_machine"):
        outside = [
            vm.name
            for vm in vms
            if not vm.lost and vm.stage not in GONE and (vm.stage is not Stage.SETTLED or vm.source is not Place.GUEST)
        ]
        return f"{effect} waits until {', '.join(outside)} is settled in the host VM" if outside else ""
    if effect.action == "destroy_host_vm":
        inside = [vm.name for vm in vms if not vm.lost and Place.GUEST in (vm.source, vm.target)]
        return f"{effect} waits until {', '.join(inside)} has left the host VM" if inside else ""
    return ""


def unreadable(effect: Effect, plan: Plan) -> str:
    """Why the host VM does not stand still for the new hypervisor: that could not read what is left to it (S18); "" where
    it could."""
    if effect.action not in LEAVES_OLD or plan.formats.readable:
        return ""
    reads = ", ".join(map(str, plan.formats.read)) or "none"
    return f"{effect} waits: hand-off format {plan.formats.written} is written, and the new hypervisor reads {reads}"


def before_freeing(machine: MachineView, halted: str | None) -> str:
    """What follows the durable image: frames are freed only when it was read back, and is what was halted (S16)."""
    if machine.image is not ImageState.READ:
        return "verify_image"
    return "free_pages" if digests_agree(halted, machine.image_digest) else "discard_image"


def before_waking(machine: MachineView, halted: str | None) -> str:
    """What follows the halt, or the load: the original runs, or what was loaded and read, and is what was halted (S3)."""
    if machine.copy is Copy.LOADED:
        return "verify_loaded"
    right = machine.copy is Copy.ORIGINAL or digests_agree(halted, machine.host_vm_digest)
    return "wake" if right else "drop_loaded"


def rests_on_image(effect: Effect, machine: MachineView) -> str:
    """Why the image is not deleted: the host VM does not run again (S16, S2); "" where it does, or is no more."""
    if effect.action != "delete_image" or machine.host_vm not in (HostVmState.HALTED, HostVmState.STORED):
        return ""
    return f"{effect} waits: the host VM rests on its image"


def give_migration_up(vm: VmView) -> str:
    """How a migration is undone: given up before the commit, finished after it, since authority has passed."""
    if vm.stage in LEAVING:
        return "call_off"
    return "cancel" if vm.stage in (Stage.COPYING, Stage.STOPPED, Stage.PASSING) else finish_migration(vm)


NOBODY: Mapping[str, OtherMachine] = MappingProxyType({})
"""There is no other machine."""


@dataclass(frozen=True)
class Safeguards:
    """Each mechanism under its name."""

    finish_migration: Callable[[VmView], str] = finish_migration
    give_migration_up: Callable[[VmView], str] = give_migration_up
    digests_agree: Callable[[str | None, str | None], bool] = digests_agree
    seal_seen: Callable[[str | None], bool] = seal_seen
    still_to_move: Callable[[VmView], str] = still_to_move
    gives_later: Callable[[Effect, bool], bool] = gives_later
    left_behind: Callable[[Effect, Iterable[VmView]], str] = left_behind
    unreadable: Callable[[Effect, Plan], str] = unreadable
    before_freeing: Callable[[MachineView, str | None], str] = before_freeing
    before_waking: Callable[[MachineView, str | None], str] = before_waking
    rests_on_image: Callable[[Effect, MachineView], str] = rests_on_image
    within_budget: Callable[[VmView, int | None], bool] = within_budget
    out_of_turn: Callable[[Effect, MachineView], str] = out_of_turn
    not_still: Callable[[Effect, MachineView], str] = not_still
    left_without_processor: Callable[[Effect, MachineView], str] = left_without_processor
    away_too_early: Callable[[Effect, MachineView], str] = away_too_early
    unwelcome: Callable[[Plan, Effect, Mapping[str, OtherMachine]], str] = unwelcome
    not_yet_here: Callable[[Effect, MachineView], str] = not_yet_here
    not_offered: Callable[[Plan, Effect, Iterable[VmView]], str] = not_offered
    short_of: Callable[[Plan, Effect, Occupancy], str] = short_of
    vm_deviation: Callable[[VmView, VmView, Effect | None], tuple[str, ...]] = vm_deviation
    machine_deviation: Callable[[MachineView, MachineView, Effect | None], tuple[str, ...]] = machine_deviation

    def kept_apart(self, effect: Effect, machine: MachineView) -> str:
        """Why an effect on partitions has to wait; "" where it need not (S12, S13, S14)."""
        return (
            self.out_of_turn(effect, machine)
            or self.not_still(effect, machine)
            or self.left_without_processor(effect, machine)
            or self.away_too_early(effect, machine)
        )

    def withheld(
        self,
        effect: Effect,
        belief: Belief,
        machine: MachineView,
        vm: VmView | None,
        *,
        taking: bool = False,
        others: Mapping[str, OtherMachine] = NOBODY,
    ) -> Stopped | None:
        """Why an effect that is due has to wait; None where it need not. `taking`: some step has still to take memory."""
        if self.gives_later(effect, taking):
            return NoRoom(f"no step can go on: {effect} waits until others have given what they are to give (M9)")
        if waits := self.left_behind(effect, belief.vms.values()):
            return OutOfOrder(f"no step can go on: {waits} (S4)")
        if waits := self.unreadable(effect, belief.plan):
            return OutOfOrder(f"no step can go on: {waits} (S18)")
        if waits := self.rests_on_image(effect, machine):
            return OutOfOrder(f"no step can go on: {waits} (S16)")
        if vm is not None and effect.action == "stop" and (over := self._over_budget(vm, belief.plan)) is not None:
            return over
        if waits := self.kept_apart(effect, machine):
            return OutOfOrder(f"no step can go on: {effect} waits: {waits} (S12)")
        if waits := self._between_machines(effect, belief, machine, others):
            return OutOfOrder(f"no step can go on: {waits}")
        there = Occupancy(machine, vm, tuple(belief.in_flight.values()), belief.reserved_inside_pages, others)
        short = self.short_of(belief.plan, effect, there)
        return NoRoom(f"no step can go on: {short} (O)") if short else None

    def _over_budget(self, vm: VmView, plan: Plan) -> Stopped | None:
        """Why a VM is not stunned: it would be down for longer than it may be; None where it would not."""
        budget_pages = plan.vm_named[vm.name].downtime_pages
        if self.within_budget(vm, budget_pages):
            return None
        said = f"{vm.name} has {left_pages(vm)} pages left to send, and may be stunned for {budget_pages}"
        return NeverAtRest(f"no step can go on: {said} (L6)")

    def _between_machines(
        self, effect: Effect, belief: Belief, machine: MachineView, others: Mapping[str, OtherMachine]
    ) -> str:
        """What waits for another machine, or for VMs that come from one or should go to one; "" for nothing."""
        return (
            self.unwelcome(belief.plan, effect, others)
            or self.not_yet_here(effect, machine)
            or self.not_offered(belief.plan, effect, belief.vms.values())
        )
