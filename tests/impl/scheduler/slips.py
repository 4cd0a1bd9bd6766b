"""More policies with one deliberate fault each: in what is said and kept, and in what a whole range shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from holdfast.impl.scheduler import division, estimates, memory_state, policy, settling, targets, technique
from holdfast.impl.scheduler.estimates import ClassPages, Estimate, Sample
from holdfast.impl.scheduler.memory_state import Lines, MemoryState
from holdfast.impl.scheduler.policy import Reason
from holdfast.impl.scheduler.snapshot import MachineMemory, Memory, Settings, Snapshot, Targets, VmMemory
from holdfast.impl.scheduler.targets import Standing
from holdfast.impl.scheduler.technique import Technique

from .mutants import Mutant


def turned(reason: Reason) -> Callable[..., tuple[Reason, ...]]:
    """Reasons of which one is given where it is not so, and not where it is."""

    def given(*arguments: Any) -> tuple[Reason, ...]:
        said = REASONS(*arguments)
        return tuple(r for r in said if r is not reason) if reason in said else (*said, reason)

    return given


REASONS = policy.reasons


# --------------------------------------------------------------------------------------------------- stated and kept
def the_first(decision: policy.Decision, _name: str) -> policy.VmDecision:
    return decision.vms[0]


def never_known(*_: Any) -> None:
    return None


def one_sample_more(sample: Sample, resident_pages: int, now_s: int) -> Estimate | None:
    found = ESTIMATE(sample, resident_pages, now_s)
    return found and replace(found, samples=found.samples + 1)


def sure_of_itself(*_: Any) -> int:
    return 0


ESTIMATE = estimates.estimate


def always_sampled(*_: Any) -> bool:
    return True


def reservations_only(snapshot: Snapshot, _lines: Lines) -> dict[str, int]:
    return {vm.name: vm.reservation_pages for vm in snapshot.vms}


def without_headroom(vm: VmMemory, found: Estimate | None, entitlement_pages: int, settings: Any) -> int:
    return ALLOCATED(vm, found, entitlement_pages, replace(settings, headroom_percent=0))


ALLOCATED = targets.allocated


def half_a_balloon(vm: VmMemory, asked: Targets, balloon_percent: int) -> int:
    return ROOM(vm, asked, balloon_percent) // 2


ROOM = targets.balloon_room


def one_page_more(*arguments: Any) -> int:
    return WANTED(*arguments) + 1


def one_page_less(*arguments: Any) -> int:
    return max(0, WANTED(*arguments) - 1)


WANTED = policy.wanted_pages


def one_page_of_the_short(standing: Standing, asked: Targets, settings: Any) -> int:
    return 1 if standing.short_pages and standing.estimate else SPARE_BY(standing, asked, settings)


def as_if_let_go(standing: Standing, asked: Targets, settings: Any) -> int:
    return SPARE_BY(replace(standing, vm=replace(standing.vm, pinned=False)), asked, settings)


SPARE_BY = targets.spare_by


def patient(*_: Any) -> bool:
    return False


def cheapest_first(
    standings: Sequence[Standing], settled: dict[str, settling.Settled], taken: dict[str, Targets], room: int
) -> dict[str, Targets]:
    return GIVE([replace(s, vm=replace(s.vm, shares=10**6 // s.vm.shares)) for s in standings], settled, taken, room)


GIVE = policy.give


def nobody_waits(*_: Any) -> bool:
    return False


def kept(**changes: Any) -> Callable[..., Memory]:
    """What is kept, with something else in its place."""
    return lambda *arguments: replace(REMEMBERED(*arguments), **changes)


def since_now(snapshot: Snapshot, *rest: Any) -> Memory:
    memory = REMEMBERED(snapshot, *rest)
    return replace(memory, given_up_at_s=dict.fromkeys(memory.given_up_at_s, snapshot.now_s))


REMEMBERED = policy.remembered

STATED = (
    Mutant("the decision about the first is found for all", policy.Decision.of, the_first, "M1 each"),
    Mutant("samples are not believed", targets.fresh_estimate, never_known, "D1 an estimate is used"),
    Mutant("a sample counts one page too many", estimates.estimate, one_sample_more, "D1 an estimate is used"),
    Mutant("estimates are taken for certain", estimates.half_width_pages, sure_of_itself, "D1 with 95 %"),
    Mutant("all are sampled all the time", policy.due_for_sample, always_sampled, "D1 who has no recent"),
    Mutant("shares entitle to nothing", targets.entitlements, reservations_only, "W02"),
    Mutant("no headroom", targets.allocated, without_headroom, "D3 due"),
    Mutant("balloons to a third of the VM", targets.balloon_room, half_a_balloon, "D2 what can be spared"),
    Mutant("one page too many is wanted", policy.wanted_pages, one_page_more, "D2 no more is wanted"),
    Mutant("one page too few is wanted", policy.wanted_pages, one_page_less, "F1 no less"),
    Mutant("the short can spare pages", targets.spare_by, one_page_of_the_short, "M8 who is short can"),
    Mutant("pinned VMs can spare pages", targets.spare_by, as_if_let_go, "X3 what may"),
    Mutant("balloons are waited for in Low", settling.too_scarce_to_wait, patient, "D4 in Low"),
    Mutant("who pays least is given first", policy.give, cheapest_first, "M9 who pays most"),
    Mutant("nobody ever waits", policy.blocks, nobody_waits, "M14 in Low"),
    Mutant("the state is forgotten", policy.remembered, kept(state=MemoryState.HIGH), "D4 the state"),
    Mutant("a balloon is given up anew each time", policy.remembered, since_now, "F5 it is kept"),
    Mutant("what was given is forgotten", policy.remembered, kept(granted_up_to={}), "M9 what was given"),
    Mutant("said wrongly: pinned", policy.reasons, turned(Reason.PINNED), "X3 of what"),
    Mutant("said wrongly: unknown", policy.reasons, turned(Reason.UNKNOWN), "D1 it is said"),
    Mutant("said wrongly: short", policy.reasons, turned(Reason.SHORT), "D3 it is said"),
    Mutant("said wrongly: given back", policy.reasons, turned(Reason.GIVEN_BACK), "M9 it is said"),
    Mutant("said wrongly: no room", policy.reasons, turned(Reason.NO_ROOM), "M9 it is said"),
    Mutant("said wrongly: replaced", policy.reasons, turned(Reason.REPLACED), "F5 it is said"),
    Mutant("said wrongly: less asked", policy.reasons, turned(Reason.LESS_ASKED), "M4 it is said"),
    Mutant("said wrongly: gives", policy.reasons, turned(Reason.GIVES), "D2 it is said"),
    Mutant("said wrongly: blocked", policy.reasons, turned(Reason.BLOCKED), "M14 it is said"),
)
"""They are caught in decisions."""


# ------------------------------------------------------------------------------------- all that a function can be asked
def widest(pages: int, samples: int, classes: int = 1) -> int:
    return HALF_WIDTH(pages, samples, classes) + 1


HALF_WIDTH = estimates.half_width_pages


def from_the_used(then: ClassPages, resident_pages: int) -> ClassPages:
    return replace(then, active_anonymous=then.active_anonymous + resident_pages - then.total)


def unbounded(found: Estimate, pages: int) -> int:
    return pages + found.error_pages


def unchecked(_sample: Sample) -> None:
    return None


def first_slab_only(memory_pages: int) -> int:
    return 6 * memory_pages


def impatient(vm: VmMemory, now_s: int, given_up_at_s: int | None) -> technique.Liveness:
    return LIVENESS(vm, now_s + 1, given_up_at_s)


LIVENESS = technique.liveness


def in_equal_parts(claims: Sequence[division.Claim], amount: Fraction) -> list[Fraction]:
    return DIVIDE([replace(c, shares=1) for c in claims], amount)


DIVIDE = division.divide


def rest_to_the_dearest(givers: Sequence[division.Giver], wanted_pages: int, idle_price: Fraction) -> dict[str, int]:
    return REVOKE(givers[::-1], wanted_pages, idle_price)


REVOKE = division.revoke


def slots_for_all(givers: Any, wanted: int, _slots: int, idle_price: Fraction) -> tuple[dict[str, int], dict[str, int]]:
    return SHARED_OUT(givers, wanted, 1 << 40, idle_price)


SHARED_OUT = policy.shared_out


def pinned_ones_too(standing: Standing, asked: Targets) -> int:
    return max(0, standing.allocated_pages - asked.granted(standing.vm))


def beyond_limits(vm: VmMemory, found: Estimate | None, entitlement_pages: int, settings: Any) -> int:
    return ALLOCATED(replace(vm, limit_pages=vm.size_pages), found, entitlement_pages, settings)


def as_if_empty(vm: VmMemory, _targets: Targets, balloon_percent: int) -> int:
    return vm.size_pages * balloon_percent // 100


def rounded_down(found: Estimate, need_pages: int) -> int:
    reclaimable = found.pages.total - found.pages.unreclaimable
    return need_pages * (reclaimable - found.pages.active) // reclaimable if reclaimable else 0


def who_cannot_too(
    standings: Sequence[Standing], owing: dict[str, Targets], spared: dict[str, int]
) -> dict[Technique, list[division.Giver]]:
    return {kind: list(reversed(theirs)) for kind, theirs in GIVERS(standings, owing, spared).items()}


GIVERS = policy.givers_by_technique


def all_that_is_owed(standing: Standing, asked: Targets) -> int:
    return asked.owed_by_balloon(standing.vm)


def half_replaced(standing: Standing, asked: Targets, slots: int) -> Targets:
    return REPLACED(standing, asked, slots // 2)


REPLACED = settling.replaced


def limits_let_be(standing: Standing, asked: Targets) -> Targets:
    return LESS(replace(standing, vm=replace(standing.vm, limit_pages=standing.vm.size_pages)), asked)


LESS = settling.asked_less


def of_the_first(snapshot: Snapshot, asked: Sequence[Targets]) -> int:
    return snapshot.machine.swap_pages - sum(
        max(vm.swapped_pages, t.swap_pages) for vm, t in zip(snapshot.vms, asked, strict=False)
    )


def anything_goes(_self: object) -> None:
    return None


def whoever_is_first(snapshot: Snapshot, _name: str) -> VmMemory:
    return snapshot.vms[0]


def beyond_nothing(asked: Targets, vm: VmMemory) -> int:
    return asked.swap_pages - vm.swapped_pages


def what_is_granted(asked: Targets, vm: VmMemory) -> int:
    return asked.granted(vm)


IN_RANGE = (
    Mutant("half widths are a page too wide", estimates.half_width_pages, widest, "D1 half widths"),
    Mutant("what has gone was in use", estimates.carried_forward, from_the_used, "M2"),
    Mutant("more than there is", Estimate.upper, unbounded, "D1 bounds"),
    Mutant("samples of more than there is", Sample.__post_init__, unchecked, "D9"),
    Mutant("6 % of all memory is kept free", memory_state.min_free_centipages, first_slab_only, "D4"),
    Mutant("balloons are given up a second early", technique.liveness, impatient, "D8"),
    Mutant("memory is divided in equal parts", division.divide, in_equal_parts, "W02"),
    Mutant("ties the other way round", division.revoke, rest_to_the_dearest, "D2 who pays"),
    Mutant("slots are not counted when sharing out", policy.shared_out, slots_for_all, "M13 what there"),
    Mutant("pinned VMs are short", Standing.short_of, pinned_ones_too, "X3"),
    Mutant("due beyond limits", targets.allocated, beyond_limits, "D3"),
    Mutant("balloons are taken for empty", targets.balloon_room, as_if_empty, "M5"),
    Mutant("what swap takes is rounded down", targets.blind, rounded_down, "M7"),
    Mutant("givers from last to first", policy.givers_by_technique, who_cannot_too, "D2 who can"),
    Mutant("swapped is all that a balloon owes", settling.swapped_instead, all_that_is_owed, "F5 for what"),
    Mutant("half of the slots serve to replace", settling.replaced, half_replaced, "F5 a balloon is replaced"),
    Mutant("limits do not keep balloons", settling.asked_less, limits_let_be, "M4"),
    Mutant("slots of whoever is first", settling.slots_left, of_the_first, "M13 slots"),
    Mutant("any percentage will do", Settings.__post_init__, anything_goes, "D2 settings"),
    Mutant("VMs of any size", VmMemory.__post_init__, anything_goes, "M1 a VM has"),
    Mutant("machines of any size", MachineMemory.__post_init__, anything_goes, "M1 a machine"),
    Mutant("VMs beyond their machine", Snapshot.__post_init__, anything_goes, "M1 the VMs"),
    Mutant("the first VM has every name", Snapshot.vm, whoever_is_first, "M1 a VM is found"),
    Mutant("what is owed has no end", Targets.owed_by_swap, beyond_nothing, "M3"),
    Mutant("at hand is what is granted", Targets.at_hand, what_is_granted, "M9"),
)
"""They are caught by `exact`."""
