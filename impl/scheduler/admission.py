"""The gate that whoever comes must pass: admit, admit after reclaim, or reject with the reason (D7, M11).

Reservations and swap room are certain, and must hold. That there is memory for the working set rests on estimates of what
others can spare, so it is counted by their lower confidence bounds: a VM keeps the most that it may be using.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .division import Giver, revoke
from .memory_state import Lines, lines_of
from .policy import stand, untaken_pages
from .snapshot import Snapshot
from .targets import Standing, balloon_room
from .technique import Liveness, Technique


class Outcome(Enum):
    """What the gate answers."""

    ADMIT = "admit"
    AFTER_RECLAIM = "admit after reclaim"
    REJECT = "reject"


class Refusal(Enum):
    """Why somebody is rejected."""

    RESERVATION = "its reservation does not fit beside those of others"
    SWAP = "there are not enough swap slots for what its reservation does not cover"
    MEMORY = "its working set does not fit, even with all that others can surely spare"
    TOO_SMALL = "it is smaller than what is to be inside"


Taken = Mapping[str, int]
"""What would be taken from each VM by its balloon, in pages."""


@dataclass(frozen=True)
class Claim:
    """What somebody who comes must be able to get, in pages."""

    reserved_pages: int
    """Reservation and overhead."""
    swap_pages: int
    """What no reservation covers (M13)."""
    memory_pages: Callable[[Taken], int]
    """What it will use, or has reserved if that is more, and overhead: once so much was taken from VMs."""


@dataclass(frozen=True)
class Newcomer:
    """A VM that is to be powered on."""

    size_pages: int
    reservation_pages: int
    working_pages: int
    """The working set that is expected of it."""
    overhead_pages: int

    @property
    def claim(self) -> Claim:
        """What it must be able to get (D7)."""
        uses = max(self.reservation_pages, self.working_pages) + self.overhead_pages
        return Claim(
            self.reservation_pages + self.overhead_pages,
            self.size_pages - self.reservation_pages,
            lambda _: uses,
        )


@dataclass(frozen=True)
class Admission:
    """The gate's answer."""

    outcome: Outcome
    reserves_pages: int
    """What whoever comes reserves."""
    needs_pages: int
    """The memory that it needs as things are."""
    available_pages: int
    """Free memory beyond what stays free and what others wait for; may be negative."""
    on_the_way_pages: int
    """What balloons were asked for before and surely will give."""
    sparable_pages: int
    """What VMs can surely spare beyond that."""
    balloon_plan: Mapping[str, int] = field(default_factory=dict[str, int])
    """New balloon targets, by VM, that make the room that is missing."""
    planned_pages: int = 0
    """What they take in all: less than is missing now, where whoever comes needs less once they have."""
    refusal: Refusal | None = None
    lacking_pages: int = 0
    """How many pages the refusal is about."""


def admit(snapshot: Snapshot, newcomer: Newcomer) -> Admission:
    """Whether a VM may be powered on (D7)."""
    return gate(snapshot, newcomer.claim)


def gate(snapshot: Snapshot, claim: Claim) -> Admission:
    """The answer to a claim: (a) reservation and swap room [W02], then (b) memory by lower bounds (D7, M11)."""
    lines = lines_of(snapshot.machine.memory_pages)
    standings = stand(snapshot, lines)
    available = available_pages(snapshot, lines)
    coming = sum(min(owed_by_balloon(s), surely_idle(s)) for s in standings)
    givers = surely_giving(snapshot, standings)
    sparable = sum(g.spare_pages for g in givers)
    needs = claim.memory_pages({})
    sums = (claim.reserved_pages, needs, available, coming, sparable)
    lacks = {
        Refusal.RESERVATION: claim.reserved_pages - unreserved_pages(snapshot),
        Refusal.SWAP: claim.swap_pages - unreserved_slots(snapshot),
    }
    for refusal, pages in lacks.items():
        if pages > 0:
            return Admission(Outcome.REJECT, *sums, refusal=refusal, lacking_pages=pages)
    if needs <= available:
        return Admission(Outcome.ADMIT, *sums)
    return after_reclaim(snapshot, claim, givers, sums)


def after_reclaim(
    snapshot: Snapshot, claim: Claim, givers: Sequence[Giver], sums: tuple[int, int, int, int, int]
) -> Admission:
    """The balloon plan that takes least from those who pay least (D2); or that not even all of it would do (D7)."""
    _, _, available, coming, sparable = sums

    def taken(pages: int) -> dict[str, int]:
        return revoke(givers, pages, snapshot.settings.idle_price)

    def lacking(pages: int) -> int:
        return claim.memory_pages(taken(pages)) - available - coming - pages

    least = bisect_left(range(sparable + 1), True, key=lambda pages: lacking(pages) <= 0)
    if least > sparable:
        return Admission(Outcome.REJECT, *sums, refusal=Refusal.MEMORY, lacking_pages=lacking(sparable))
    return Admission(Outcome.AFTER_RECLAIM, *sums, balloon_plan=planned(snapshot, taken(least)), planned_pages=least)


def planned(snapshot: Snapshot, taken: Taken) -> dict[str, int]:
    """The balloon targets that take so much; only those that change."""
    held = {vm.name: max(vm.balloon_target_pages, vm.ballooned_pages) for vm in snapshot.vms}
    return {name: held[name] + pages for name, pages in taken.items() if pages}


# --------------------------------------------------------------------------------------------------- what there is
def available_pages(snapshot: Snapshot, lines: Lines) -> int:
    """Free memory, less what keeps the machine no worse than Soft, what others wait for, and what VMs were given (M11)."""
    untaken = sum(untaken_pages(vm, snapshot.memory, vm.targets) for vm in snapshot.vms)
    return snapshot.machine.free_pages - lines.soft_pages - snapshot.machine.promised_pages - untaken


def unreserved_pages(snapshot: Snapshot) -> int:
    """What no hypervisor, no VM and nobody who waits has reserved [W02]."""
    machine = snapshot.machine
    theirs = sum(vm.reservation_pages + vm.overhead_pages for vm in snapshot.vms)
    return machine.memory_pages - machine.hypervisor_pages - machine.promised_pages - theirs


def unreserved_slots(snapshot: Snapshot) -> int:
    """The swap slots that are left when every VM is brought down to its reservation [W02]."""
    theirs = sum(vm.size_pages - vm.reservation_pages for vm in snapshot.vms)
    return max(0, snapshot.machine.swap_pages - theirs)


def surely_idle(standing: Standing) -> int:
    """What a VM can surely spare: all beyond the most that it may be using, and what it is due (M11, M5)."""
    vm, found = standing.vm, standing.estimate
    if found is None or vm.pinned:
        return 0
    kept = max(standing.allocated_pages, found.upper(found.pages.working))
    return max(0, vm.resident_pages - kept - vm.shareable_pages)


def owed_by_balloon(standing: Standing) -> int:
    """What a balloon that answers was asked for and has not taken yet."""
    return standing.vm.targets.owed_by_balloon(standing.vm) if standing.balloon is Liveness.ACTIVE else 0


def surely_spared(standing: Standing, balloon_percent: int) -> int:
    """What may surely be asked of a VM's balloon beyond what it owes; nothing where ballooning is not the technique (M6)."""
    if standing.technique is not Technique.BALLOON or standing.short_pages:
        return 0
    targets = standing.vm.targets
    room = balloon_room(standing.vm, targets, balloon_percent)
    return max(0, min(room, surely_idle(standing) - targets.owed(standing.vm)))


def surely_giving(snapshot: Snapshot, standings: Sequence[Standing]) -> list[Giver]:
    """The VMs that can surely spare pages, with how many."""
    spared = {s.vm.name: surely_spared(s, snapshot.settings.balloon_percent) for s in standings}
    return [
        Giver(s.vm.name, s.vm.shares, s.estimate.pages.working, s.estimate.pages.idle, spared[s.vm.name])
        for s in standings
        if s.estimate and spared[s.vm.name]
    ]
