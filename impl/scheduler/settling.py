"""What was asked for before, gone through again: what is owed by a dead balloon, or is more than a VM can spare (F5, D3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .memory_state import Lines, MemoryState
from .snapshot import Snapshot, Targets
from .targets import Standing, beyond, blind, relieved, ungiven


@dataclass(frozen=True)
class Settled:
    """The targets of a VM before anything more is taken from it, and those that it is due: what lies between is given."""

    taken: Targets
    due: Targets

    @property
    def due_pages(self) -> int:
        """What is to be given to the VM."""
        return self.taken.total_pages - self.due.total_pages


def settle(snapshot: Snapshot, lines: Lines, standings: Iterable[Standing], state: MemoryState) -> dict[str, Settled]:
    """The targets of every VM, by name, once what it owes was gone through (F5, M4), as far as there are slots (M13).

    Who is short is due what its targets fall by (D3), which is not given yet (M9).
    """
    settled: dict[str, Settled] = {}
    scarce = too_scarce_to_wait(snapshot, lines, state)
    slots = slots_left(snapshot, [vm.targets for vm in snapshot.vms])
    for s in standings:
        before = s.vm.targets
        if s.vm.pinned:
            settled[s.vm.name] = Settled(before, before)
            continue
        asked = replaced(s, before, slots) if scarce or s.balloon.dead else before
        spares = asked_less(s, asked)
        due = relieved(spares, s.short_of(spares))
        settled[s.vm.name] = Settled(ungiven(s.vm, asked, due), due)
        slots += max(s.vm.swapped_pages, before.swap_pages)
        slots -= max(s.vm.swapped_pages, settled[s.vm.name].taken.swap_pages)
    return settled


def too_scarce_to_wait(snapshot: Snapshot, lines: Lines, state: MemoryState) -> bool:
    """Whether what balloons owe is swapped instead (M6): in Low, and from the Hard line down where chosen (D4)."""
    hard = snapshot.machine.free_pages <= lines.hard_pages
    return state is MemoryState.LOW or (hard and not snapshot.settings.hard_keeps_balloons)


def replaced(standing: Standing, targets: Targets, slots: int) -> Targets:
    """The targets with what the balloon owes swapped instead, as far as there are slots (F5, M6, M13).

    A balloon that answers goes on where there are not slots enough. A VM that is short is asked for nothing by swap (M8).
    """
    vm = standing.vm
    owed = targets.owed_by_balloon(vm)
    instead = 0 if standing.short_pages else swapped_instead(standing, targets)
    if instead > slots and not standing.balloon.dead:
        return targets
    instead = min(instead, max(0, slots))
    held = max(targets.swap_pages, vm.swapped_pages) if instead else targets.swap_pages
    return Targets(targets.balloon_pages - owed, held + instead)


def swapped_instead(standing: Standing, targets: Targets) -> int:
    """What to swap for what the balloon owes: less, as for any need, where it is known what is active (D2, F5)."""
    vm, found = standing.vm, standing.estimate
    if found is None:
        return min(targets.owed_by_balloon(vm), max(0, vm.resident_pages - targets.owed_by_swap(vm)))
    return max(0, blind(found, min(targets.owed(vm), beyond(standing))) - targets.owed_by_swap(vm))


def asked_less(standing: Standing, targets: Targets) -> Targets:
    """The targets with no more owed than the VM can spare: guests use again what was idle (M4, M5). Swap falls first.

    A balloon that is to keep the VM within its limit is still to do so (M10).
    """
    vm = standing.vm
    if standing.estimate is None:
        return targets
    owed_by_balloon, owed_by_swap = targets.owed_by_balloon(vm), targets.owed_by_swap(vm)
    bare = Targets(targets.balloon_pages - owed_by_balloon, targets.swap_pages - owed_by_swap)
    limiting = min(owed_by_balloon, max(0, bare.granted(vm) - vm.limit_pages))
    excess = max(0, targets.owed(vm) - beyond(standing) - limiting)
    by_swap = min(excess, owed_by_swap)
    return Targets(targets.balloon_pages - (excess - by_swap), targets.swap_pages - by_swap)


def slots_left(snapshot: Snapshot, targets: Iterable[Targets]) -> int:
    """Swap slots that nothing holds and no target asks for; below zero where more was asked than there are (M13)."""
    asked = sum(max(vm.swapped_pages, t.swap_pages) for vm, t in zip(snapshot.vms, targets, strict=True))
    return snapshot.machine.swap_pages - asked
