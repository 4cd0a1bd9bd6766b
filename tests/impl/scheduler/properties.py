"""What must hold of every decision, by the catalogue's names: one exact predicate each, over a snapshot.

They are about what was decided, and count for themselves: what is in use, owed, given, and by how much a line is passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from fractions import Fraction
from math import ceil

from holdfast.impl.scheduler import estimates
from holdfast.impl.scheduler.estimates import Estimate
from holdfast.impl.scheduler.memory_state import Lines, MemoryState, lines_of
from holdfast.impl.scheduler.policy import Decision, VmDecision
from holdfast.impl.scheduler.snapshot import Snapshot, Targets, VmMemory

Predicate = Callable[[Snapshot, Decision], bool]

PROPERTIES: dict[str, Predicate] = {}
"""By name; the name begins with the number in the catalogue."""


def about(name: str) -> Callable[[Predicate], Predicate]:
    """Register a predicate over a snapshot and what is decided about it."""

    def registered(predicate: Predicate) -> Predicate:
        PROPERTIES[name] = predicate
        return predicate

    return registered


# ------------------------------------------------------------------------------------------- counted once more, here
def lines(s: Snapshot) -> Lines:
    """The lines of the machine."""
    return lines_of(s.machine.memory_pages)


def answers(s: Snapshot, vm: VmMemory) -> bool:
    """Whether a balloon is there, has not been given up, and made progress within five seconds (D8)."""
    given_up = s.memory.given_up_at_s.get(vm.name)
    trusted = given_up is None or vm.progress_at_s > given_up
    may_move = vm.balloon_target_pages > vm.ballooned_pages and not vm.blocked
    waited = s.now_s - max(vm.owing_since_s, vm.progress_at_s) if may_move else 0
    return vm.has_balloon and trusted and waited < 5


def dead(s: Snapshot, vm: VmMemory) -> bool:
    """Whether it is given up: absent, or without progress for twenty seconds (D8)."""
    given_up = s.memory.given_up_at_s.get(vm.name)
    trusted = given_up is None or vm.progress_at_s > given_up
    may_move = vm.balloon_target_pages > vm.ballooned_pages and not vm.blocked and not vm.pinned
    waited = s.now_s - max(vm.owing_since_s, vm.progress_at_s) if may_move else 0
    return not vm.has_balloon or not trusted or waited >= 20


def known(s: Snapshot, d: VmDecision) -> Estimate | None:
    """The estimate of a sample that is not stale."""
    vm = d.vm
    fresh = vm.sample and vm.sample.seen.total and s.now_s - vm.sample.taken_at_s < s.settings.stale_after_s
    return d.standing.estimate if fresh else None


def owed(vm: VmMemory, t: Targets) -> int:
    """What is below its target."""
    return max(0, t.balloon_pages - vm.ballooned_pages) + max(0, t.swap_pages - vm.swapped_pages)


def kept_out(vm: VmMemory, t: Targets) -> int:
    """What the VM cannot have, since balloon or swap has it and is to keep it."""
    return min(vm.ballooned_pages, t.balloon_pages) + min(vm.swapped_pages, t.swap_pages)


def short(d: VmDecision) -> int:
    """What the VM is due beyond what its targets granted it before (D3)."""
    before = d.vm.targets
    missing = d.standing.allocated_pages - (d.vm.size_pages - before.balloon_pages - before.swap_pages)
    return 0 if d.vm.pinned else max(0, missing)


def rises(d: VmDecision) -> tuple[bool, bool]:
    """Whether its balloon target rises, and whether its swap target does."""
    before = d.vm.targets
    return d.targets.balloon_pages > before.balloon_pages, d.targets.swap_pages > before.swap_pages


def expected_free(s: Snapshot, decision: Decision) -> int:
    """What is free once all is taken that can be counted on, promises are kept, and what was given before is used."""
    free = s.machine.free_pages - s.machine.promised_pages
    for d in decision.vms:
        if not d.vm.pinned:
            free += max(0, d.taken.swap_pages - d.vm.swapped_pages)
            free += max(0, d.taken.balloon_pages - d.vm.ballooned_pages) if answers(s, d.vm) else 0
        granted = d.vm.size_pages - d.taken.balloon_pages - d.taken.swap_pages
        free -= max(0, min(s.memory.granted_up_to.get(d.vm.name, 0), granted) - d.vm.resident_pages)
    return free


# --------------------------------------------------------------------------------------------------------- estimates
@about("M2 estimates sum to the pages that there are, and none is negative")
def estimates_sum(_: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        sample, found = d.vm.sample, d.standing.estimate
        if sample and sample.seen.total:
            if estimates.apportion(sample.population_pages, sample.seen).total != sample.population_pages:
                return False
            if found and (min(astuple(found.pages)) < 0 or sum(astuple(found.pages)) != d.vm.resident_pages):
                return False
    return True


@about("D1 an estimate is in proportion to what was seen, to the page")
def estimates_in_proportion(_: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        sample, found = d.vm.sample, d.standing.estimate
        if sample and found and sample.population_pages == d.vm.resident_pages:
            for seen, pages in zip(astuple(sample.seen), astuple(found.pages), strict=True):
                if abs(pages - Fraction(sample.population_pages * seen, sample.seen.total)) >= 1:
                    return False
    return True


@about("D1 nothing is asked on the strength of a stale sample")
def nothing_on_stale_samples(s: Snapshot, decision: Decision) -> bool:
    return all(
        known(s, d) is not None or dead(s, d.vm) or owed(d.vm, d.targets) <= owed(d.vm, d.vm.targets)
        for d in decision.vms
    )


# ----------------------------------------------------------------------------------------------------- memory states
@about("D4 a state begins when no more is free than its line, and is left only beyond the margin")
def states_by_lines(s: Snapshot, decision: Decision) -> bool:
    x, free, before, now = lines(s), s.machine.free_pages, s.memory.state, decision.state
    levels = [x.clear_pages, x.soft_pages, x.hard_pages, x.low_pages]
    no_better = all(now >= MemoryState(i + 1) for i, level in enumerate(levels) if free <= level)
    left = all(now <= MemoryState(i) for i, level in enumerate(levels) if free > level + x.margin_pages)
    worse_by_line = all(free <= levels[i - 1] for i in range(before + 1, now + 1))
    better_by_margin = all(free > levels[i - 1] + x.margin_pages for i in range(now + 1, before + 1))
    return no_better and left and worse_by_line and better_by_margin


# ----------------------------------------------------------------------------------------------------------- targets
@about("M3 targets are not negative, and no more than the VM")
def targets_in_bounds(_: Snapshot, decision: Decision) -> bool:
    both = [(d.vm, t) for d in decision.vms for t in (d.taken, d.targets)]
    return all(min(t.balloon_pages, t.swap_pages) >= 0 and t.total_pages <= vm.size_pages for vm, t in both)


@about("M4 no page that is in use or cannot be reclaimed is targeted")
def only_idle_pages(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        found = known(s, d)
        if found and not d.vm.pinned:
            pages = found.pages
            idle = pages.free + pages.inactive_anonymous + pages.inactive_buffer
            if owed(d.vm, d.targets) > max(0, idle - d.vm.shareable_pages) + beyond_limit(d):
                return False
    return True


def beyond_limit(d: VmDecision) -> int:
    """What the balloon was asked for before, and has to take so that the VM stays within its limit."""
    before = d.vm.targets
    held = min(before.balloon_pages, d.vm.ballooned_pages) + min(d.targets.swap_pages, d.vm.swapped_pages)
    return min(max(0, before.balloon_pages - d.vm.ballooned_pages), max(0, d.vm.size_pages - held - d.vm.limit_pages))


@about("M5 consumed memory stays above the reservation")
def reservations_kept(s: Snapshot, decision: Decision) -> bool:
    asked = [d for d in decision.vms if not d.vm.pinned and known(s, d) and owed(d.vm, d.targets) > beyond_limit(d)]
    return all(d.vm.resident_pages - owed(d.vm, d.targets) + beyond_limit(d) >= d.vm.reservation_pages for d in asked)


@about("M5 no balloon is asked for more than 65 % of its VM")
def balloons_bounded(_: Snapshot, decision: Decision) -> bool:
    asked = [d for d in decision.vms if rises(d)[0]]
    return all(100 * d.targets.balloon_pages <= 65 * d.vm.size_pages for d in asked)


@about("M6 above the Hard line balloons that answer are asked, at it and below swap is")
def technique_by_the_line(s: Snapshot, decision: Decision) -> bool:
    ample = s.machine.free_pages > lines(s).hard_pages
    for d in decision.vms:
        by_balloon, by_swap = rises(d)
        if by_balloon and not (ample and answers(s, d.vm)):
            return False
        if by_swap and ample and answers(s, d.vm):
            return False
    return True


@about("M7 swapping takes less for the same need, by the part of the pages that is active")
def swap_is_scaled(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        found, more = known(s, d), d.targets.swap_pages - max(d.vm.swap_target_pages, d.vm.swapped_pages)
        if found and more > 0 and d.vm.swapped_pages >= d.vm.swap_target_pages and not d.vm.pinned:
            need = found.pages.idle
            reclaimable = found.pages.total - found.pages.unreclaimable
            if more > ceil(Fraction(need * (reclaimable - found.pages.active), reclaimable)):
                return False
    return True


@about("D2 who pays least for idle pages gives first, page by page")
def cheapest_first(s: Snapshot, decision: Decision) -> bool:
    """Of those that owed nothing before: the last page of nobody was dearer than the next of another would be."""
    idle_price = Fraction(100, 100 - s.settings.idle_tax_percent)
    lasts: list[Fraction] = []
    nexts: list[Fraction] = []
    for d in decision.vms:
        found, gave = d.standing.estimate, owed(d.vm, d.taken)
        if found and d.spare_pages and owed(d.vm, d.vm.targets) == 0:
            weight = found.pages.working + idle_price * (found.pages.idle - gave)
            if gave:
                lasts.append(d.vm.shares / (weight + idle_price))
            if gave < d.spare_pages:
                nexts.append(d.vm.shares / max(weight - idle_price, Fraction(1, 10**6)))
    return not lasts or not nexts or max(lasts) <= min(nexts) or slots_short(s, decision)


def slots_short(s: Snapshot, decision: Decision) -> bool:
    """Whether swap slots, rather than prices, decide."""
    asked = sum(max(d.vm.swapped_pages, d.taken.swap_pages) for d in decision.vms)
    return asked >= s.machine.swap_pages


@about("M13 no more is asked of swap than there are slots")
def slots_suffice(s: Snapshot, decision: Decision) -> bool:
    before = sum(max(d.vm.swapped_pages, d.vm.swap_target_pages) for d in decision.vms)
    after = sum(max(d.vm.swapped_pages, d.targets.swap_pages) for d in decision.vms)
    return after <= max(s.machine.swap_pages, before)


def all_is_asked(s: Snapshot, decision: Decision) -> bool:
    """Whether nobody could be asked for more, as far as slots go."""
    return all(owed(d.vm, d.taken) >= d.spare_pages for d in decision.vms) or slots_short(s, decision)


def goal(s: Snapshot) -> int:
    """The least free memory at which Soft is left behind."""
    return lines(s).soft_pages + lines(s).margin_pages + 1


def still_due(decision: Decision) -> int:
    """What those who are short get back after the first phase."""
    gaps = [(d, d.standing.allocated_pages - d.vm.size_pages + d.taken.total_pages) for d in decision.vms if short(d)]
    return sum(min(d.taken.total_pages, max(0, gap)) for d, gap in gaps)


@about("F1 from Soft down, all is asked that is wanted, or all that can be spared")
def enough_is_asked(s: Snapshot, decision: Decision) -> bool:
    pressed = decision.state >= MemoryState.SOFT or s.machine.promised_pages
    return not pressed or expected_free(s, decision) >= goal(s) or all_is_asked(s, decision)


@about("F2 of others is asked what the short are due")
def enough_for_the_short(s: Snapshot, decision: Decision) -> bool:
    due = still_due(decision)
    return due == 0 or expected_free(s, decision) >= goal(s) + due or all_is_asked(s, decision)


@about("D2 no more is asked than is wanted")
def no_more_is_asked(s: Snapshot, decision: Decision) -> bool:
    if any(owed(d.vm, d.vm.targets) for d in decision.vms):
        return True
    asked = sum(owed(d.vm, d.taken) for d in decision.vms)
    untaken = sum(
        max(0, min(s.memory.granted_up_to.get(d.vm.name, 0), d.vm.targets.granted(d.vm)) - d.vm.resident_pages)
        for d in decision.vms
    )
    wanted = goal(s) + still_due(decision) + s.machine.promised_pages + untaken - s.machine.free_pages
    pressed = decision.state >= MemoryState.SOFT or s.machine.promised_pages or still_due(decision)
    return asked <= max(0, wanted if pressed else 0)


# ----------------------------------------------------------------------------------------------------- insufficiency
@about("M8 who is short is asked for nothing more, and gets back what there is room for")
def the_short_are_relieved(s: Snapshot, decision: Decision) -> bool:
    dues = sum(min(short(d), d.vm.targets.total_pages) for d in decision.vms)
    ample = expected_free(s, decision) - lines(s).low_pages - 1 >= dues
    for d in decision.vms:
        if short(d):
            lowered = d.vm.targets.total_pages - d.targets.total_pages
            if any(rises(d)) or (ample and lowered < min(short(d), d.vm.targets.total_pages)):
                return False
    return True


@about("D3 the swap target falls before anything is given back by the balloon")
def swap_falls_first(_: Snapshot, decision: Decision) -> bool:
    """A page that the balloon holds comes back only where the swap target has fallen by all that the VM is short of."""
    for d in decision.vms:
        deflated = d.targets.balloon_pages < min(d.vm.ballooned_pages, d.vm.balloon_target_pages)
        if short(d) and deflated and d.targets.swap_pages > 0:
            return False
    return True


@about("M9 nothing is given in the first phase")
def first_phase_gives_nothing(_: Snapshot, decision: Decision) -> bool:
    return all(kept_out(d.vm, d.taken) >= kept_out(d.vm, d.vm.targets) for d in decision.vms)


@about("M9 what is given leaves the machine above Low")
def giving_stays_above_low(s: Snapshot, decision: Decision) -> bool:
    gains = sum(kept_out(d.vm, d.taken) - kept_out(d.vm, d.targets) for d in decision.vms)
    return gains == 0 or expected_free(s, decision) - gains > lines(s).low_pages


@about("M10 nobody is due more than its limit, nor given more")
def within_limits(_: Snapshot, decision: Decision) -> bool:
    due = all(d.standing.allocated_pages <= d.vm.limit_pages for d in decision.vms)
    return due and all(
        d.vm.size_pages - d.targets.total_pages <= d.vm.limit_pages for d in decision.vms if d.gain_pages
    )


# ---------------------------------------------------------------------------------------------- balloons and blocking
@about("F5 a balloon that is given up is asked for nothing, and swap for what it owed")
def dead_balloons_replaced(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        if d.vm.pinned or not dead(s, d.vm):
            continue
        if d.targets.balloon_pages > d.vm.ballooned_pages:
            return False
        owes, found = d.vm.balloon_target_pages - d.vm.ballooned_pages, known(s, d)
        idle = found.pages.idle if found else d.vm.resident_pages
        spares = min(idle, d.vm.resident_pages - d.standing.allocated_pages) - d.vm.shareable_pages
        slots = sum(max(x.vm.swapped_pages, x.vm.swap_target_pages) for x in decision.vms) < s.machine.swap_pages
        replaceable = owes > 0 and spares > 0 and not short(d) and slots and not slots_short(s, decision)
        if replaceable and d.targets.swap_pages <= d.vm.swapped_pages:
            return False
    return True


@about("F5 a balloon that was given up stays so until it moves")
def given_up_is_remembered(s: Snapshot, decision: Decision) -> bool:
    gone = {d.vm.name for d in decision.vms if d.vm.has_balloon and dead(s, d.vm)}
    return set(decision.memory.given_up_at_s) == gone


@about("M14 only in Low is anybody blocked, and only who is above its target")
def blocked_only_in_low(_: Snapshot, decision: Decision) -> bool:
    return all(decision.state is MemoryState.LOW and owed(d.vm, d.targets) > 0 for d in decision.vms if d.blocked)


@about("F4 nobody is blocked who would have to run to give")
def blocked_can_give(_: Snapshot, decision: Decision) -> bool:
    return all(d.targets.swap_pages > d.vm.swapped_pages for d in decision.vms if d.blocked)


@about("X3 what is suspended or in flight is not touched")
def pinned_untouched(_: Snapshot, decision: Decision) -> bool:
    pinned = [d for d in decision.vms if d.vm.pinned]
    return all(d.taken == d.targets == d.vm.targets and not d.blocked for d in pinned)
