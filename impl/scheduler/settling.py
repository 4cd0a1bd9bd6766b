"""What was asked for before, gone through again: what is owed by a dead balloon, or is more than a VM can spare (F5, D3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .memory_state import MemoryState
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


def settle(snapshot: Snapshot, standings: Iterable[Standing], state: MemoryState) -> dict[str, Settled]:
    """The targets of every VM, by name, once what it owes was gone through."""
    settled: dict[str, Settled] = {}
    slots = slots_left(snapshot, [vm.targets for vm in snapshot.vms])
    for s in standings:
        before = s.vm.targets
        if s.vm.pinned:
            settled[s.vm.name] = Settled(before, before)
            continue
        scarce = too_scarce_to_wait(state, keeps_balloons=snapshot.settings.hard_keeps_balloons)
        asked = replaced(s, before, slots) if scarce or s.balloon.dead else before
        slots -= max(0, asked.swap_pages - max(s.vm.swapped_pages, before.swap_pages))
        due = asked_less(s, relieved(asked, s.short_of(asked)))
        settled[s.vm.name] = Settled(ungiven(s.vm, asked, due), due)
    return settled


def too_scarce_to_wait(state: MemoryState, *, keeps_balloons: bool) -> bool:
    """Whether what balloons owe is swapped instead: in Low, and in Hard where balloons do not go on there (D4)."""
    return state is MemoryState.LOW or (state is MemoryState.HARD and not keeps_balloons)


def replaced(standing: Standing, targets: Targets, slots: int) -> Targets:
    """The targets with what the balloon owes swapped instead, as far as there are slots (F5, M6, M13).

    A balloon that answers goes on where there are not slots enough. A VM that is short is asked for nothing by swap (M8).
    """
    vm, found = standing.vm, standing.estimate
    owed = targets.owed_by_balloon(vm)
    instead = 0 if standing.short_pages else blind(found, owed) if found else owed
    if instead > slots and not standing.balloon.dead:
        return targets
    return Targets(targets.balloon_pages - owed, targets.swap_pages + min(instead, slots))


def asked_less(standing: Standing, targets: Targets) -> Targets:
    """The targets with no more owed than the VM can spare: guests use again what was idle (M4, M5). Swap falls first."""
    if standing.estimate is None:
        return targets
    excess = max(0, targets.owed(standing.vm) - beyond(standing))
    by_swap = min(excess, targets.owed_by_swap(standing.vm))
    return Targets(targets.balloon_pages - (excess - by_swap), targets.swap_pages - by_swap)


def slots_left(snapshot: Snapshot, targets: Iterable[Targets]) -> int:
    """Swap slots that nothing holds and no target asks for (M13)."""
    asked = sum(max(vm.swapped_pages, t.swap_pages) for vm, t in zip(snapshot.vms, targets, strict=True))
    return max(0, snapshot.machine.swap_pages - asked)
