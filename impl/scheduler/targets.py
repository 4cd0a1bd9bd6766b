"""What one VM is due, what it can spare, and how its targets fall when it is short (D2, D3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from .division import Claim, divide
from .estimates import Estimate, estimate
from .memory_state import Lines
from .snapshot import Settings, Snapshot, Targets, VmMemory
from .technique import Liveness, Technique


@dataclass(frozen=True)
class Standing:
    """How a VM stands: what is estimated of it, how pages are taken from it, and what it is due."""

    vm: VmMemory
    estimate: Estimate | None
    """None where it was not sampled, or too long ago."""
    balloon: Liveness
    technique: Technique
    entitlement_pages: int
    allocated_pages: int
    """What it is due (D3)."""
    idle_price: Fraction

    @property
    def short_pages(self) -> int:
        """How much less its targets grant it than it is due: above zero it has insufficient memory (D3)."""
        return self.short_of(self.vm.targets)

    def short_of(self, targets: Targets) -> int:
        """The same with other targets (D3, M8). Nothing is found of a VM that may not be touched (X3)."""
        return 0 if self.vm.pinned else max(0, self.allocated_pages - targets.granted(self.vm))

    @property
    def price(self) -> Fraction:
        """What it pays in shares for each of its pages, an idle one counted as several active ones [W02]."""
        pages = self.estimate.pages if self.estimate else None
        weight = pages.working + self.idle_price * pages.idle if pages else Fraction(self.vm.resident_pages)
        return self.vm.shares / max(weight, Fraction(1))


def fresh_estimate(vm: VmMemory, now_s: int, settings: Settings) -> Estimate | None:
    """What a VM's sample says of it, unless it is too old (D1)."""
    found = estimate(vm.sample, vm.resident_pages, now_s) if vm.sample else None
    return found if found and found.age_s < settings.stale_after_s else None


def entitlements(snapshot: Snapshot, lines: Lines) -> Mapping[str, int]:
    """Each VM's static entitlement (D3): the machine's memory by shares, between reservation and limit [W02].

    The hypervisor's frames, what is promised to others and what keeps the machine out of Soft are not divided.
    """
    machine, vms = snapshot.machine, snapshot.vms
    others = machine.used_pages - sum(vm.resident_pages for vm in vms)
    amount = machine.memory_pages - others - machine.promised_pages - lines.goal_pages
    claims = [Claim(vm.shares, Fraction(vm.reservation_pages), Fraction(vm.limit_pages)) for vm in vms]
    return {vm.name: floor(pages) for vm, pages in zip(vms, divide(claims, Fraction(amount)), strict=True)}


def allocated(vm: VmMemory, found: Estimate | None, entitlement_pages: int, settings: Settings) -> int:
    """What a VM is due: its working set and headroom, up to its entitlement; between reservation and limit (D3, M10).

    Without an estimate that is its reservation (M5). A limit is never more than the VM.
    """
    working = found.pages.working if found else 0
    roomy = working + -(-working * settings.headroom_percent // 100)
    return min(max(min(entitlement_pages, roomy), vm.reservation_pages), vm.limit_pages)


def beyond(standing: Standing) -> int:
    """What a VM has that it neither uses nor is due, its reservation included: idle pages only (D2, M4, M5).

    Of one that may not be touched, nothing (X3).
    """
    vm, found = standing.vm, standing.estimate
    if found is None or vm.pinned:
        return 0
    return max(0, min(found.pages.idle, vm.resident_pages - standing.allocated_pages) - vm.shareable_pages)


def spare_by(standing: Standing, targets: Targets, settings: Settings) -> int:
    """What may still be asked of a VM by the technique that is due, for which it differs (M7); nothing if it is short (M8).

    Nobody is asked for more than it has beyond its due (M4, X3). A balloon holds 65 % of the VM at most; of a need, swap
    takes only a part (D2).
    """
    vm, found = standing.vm, standing.estimate
    if standing.short_pages or found is None:
        return 0
    if standing.technique is Technique.BALLOON:
        room = balloon_room(vm, targets, settings.balloon_percent)
        return max(0, min(beyond(standing) - targets.owed(vm), room))
    need = max(0, beyond(standing) - targets.owed_by_balloon(vm))
    return max(0, blind(found, need) - targets.owed_by_swap(vm))


def balloon_room(vm: VmMemory, targets: Targets, balloon_percent: int) -> int:
    """What a VM's balloon may still be asked for (D2, M5)."""
    held = max(targets.balloon_pages, vm.ballooned_pages)
    return max(0, vm.size_pages * balloon_percent // 100 - held)


def blind(found: Estimate, need_pages: int) -> int:
    """What to swap for a need: less by the active part, since victims are picked blindly; rounded up, so that a need is
    never left for ever (D2, M7)."""
    reclaimable = found.pages.total - found.pages.unreclaimable
    return ceil(need_pages * (1 - Fraction(found.pages.active, reclaimable))) if reclaimable else 0


def relieved(targets: Targets, short_pages: int) -> Targets:
    """The targets of a VM that is short of so much: swap falls first, the balloon by the rest (D3, M8)."""
    by_swap = min(targets.swap_pages, short_pages)
    by_balloon = min(targets.balloon_pages, short_pages - by_swap)
    return Targets(targets.balloon_pages - by_balloon, targets.swap_pages - by_swap)


def given(taken: Targets, due: Targets, room_pages: int) -> Targets:
    """The targets of a VM on the way from what was taken to what it is due, as far as there is room (M9): swap falls
    first (D3)."""
    by_swap = min(taken.swap_pages - due.swap_pages, room_pages)
    by_balloon = min(taken.balloon_pages - due.balloon_pages, room_pages - by_swap)
    return Targets(taken.balloon_pages - by_balloon, taken.swap_pages - by_swap)


def ungiven(vm: VmMemory, before: Targets, after: Targets) -> Targets:
    """As much of new targets as gives the VM nothing: they rise, or fall by what is owed (M9)."""
    return Targets(
        max(after.balloon_pages, min(before.balloon_pages, vm.ballooned_pages)),
        max(after.swap_pages, min(before.swap_pages, vm.swapped_pages)),
    )


def gain(vm: VmMemory, before: Targets, after: Targets) -> int:
    """How many frames more a VM may take at once by the new targets than by the old (M9, M10)."""
    return after.at_hand(vm) - before.at_hand(vm)
