"""What a decision says and keeps, computed once more: who is due what, who can spare what, since when, and why.

Where `properties` bounds what may be decided, these say what numbers must be, from the snapshot alone.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from math import floor

from holdfast.impl.scheduler import settling
from holdfast.impl.scheduler.memory_state import MemoryState
from holdfast.impl.scheduler.policy import Decision, Reason, VmDecision
from holdfast.impl.scheduler.settling import Settled
from holdfast.impl.scheduler.snapshot import Snapshot, Targets, VmMemory
from holdfast.impl.scheduler.technique import Technique

from .properties import about, dead, goal, known, lines, owed, short

Level = tuple[int, int, int]
"""Shares, and the least and the most that they may come to."""


# ------------------------------------------------------------------------------------------------ estimates and samples
@about("M1 each VM is decided about once, and its decision found by its name")
def each_vm_once(s: Snapshot, decision: Decision) -> bool:
    found = all(decision.of(vm.name).vm is vm for vm in s.vms)
    try:
        decision.of("nobody")
    except KeyError as error:
        return found and error.args == ("nobody",) and [d.vm for d in decision.vms] == list(s.vms)
    return False


@about("D1 an estimate is used while its sample is fresh, with its size and age")
def fresh_samples_are_used(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        sample, found = d.vm.sample, d.standing.estimate
        age = s.now_s - sample.taken_at_s if sample else 0
        if (found is not None) != bool(sample and sample.seen.total and age < s.settings.stale_after_s):
            return False
        if found and sample and (found.samples, found.age_s) != (sample.seen.total, age):
            return False
    return True


@about("D1 with 95 % confidence an estimate is off by no more than it says, and who looked at all knows")
def errors_are_hoeffdings(_: Snapshot, decision: Decision) -> bool:
    """ln 40 = 3.6888794541…; here the least h with h² · 2n ≥ N² · ln 40."""
    for d in decision.vms:
        sample, found = d.vm.sample, d.standing.estimate
        if sample and found:
            h, n, pages = found.error_pages, sample.seen.total, sample.population_pages
            bound = Fraction(36_888_794_541, 10**10) * pages * pages / (2 * n)
            if h != 0 if n >= pages else not (h - 1) ** 2 < bound <= h * h:
                return False
    return True


@about("D1 who has no recent sample is sampled, and nobody else")
def sampled_in_time(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        found = known(s, d)
        old = found is None or found.age_s >= s.settings.sampled_every_s
        if d.to_sample is not (old and not d.vm.pinned):
            return False
    return True


# ------------------------------------------------------------------------------------------------ who is due how much
@cache
def level_parts(claims: tuple[Level, ...], amount: int) -> tuple[Fraction, ...]:
    """How an amount divides: tried for every way in which each gets its least, its most, or its shares of a level."""
    least, most = sum(c[1] for c in claims), sum(c[2] for c in claims)
    if not least < amount < most:
        return tuple(Fraction(c[1] if amount <= least else c[2]) for c in claims)
    for kinds in product((0, 1, 2), repeat=len(claims)):
        shares = sum(c[0] for c, kind in zip(claims, kinds, strict=True) if kind == 0)
        fixed = sum(c[kind] for c, kind in zip(claims, kinds, strict=True) if kind)
        if shares:
            level = Fraction(amount - fixed, shares)
            if all(_is_so(c, kind, level) for c, kind in zip(claims, kinds, strict=True)):
                return tuple(c[0] * level if not k else Fraction(c[k]) for c, k in zip(claims, kinds, strict=True))
    raise AssertionError("an amount between the least and the most divides")


def _is_so(claim: Level, kind: int, level: Fraction) -> bool:
    at, least, most = claim[0] * level, claim[1], claim[2]
    return (least <= at <= most, at <= least, at >= most)[kind]


@about("W02 entitlements are the memory by shares, between reservation and limit")
def entitled_by_shares(s: Snapshot, decision: Decision) -> bool:
    rest = s.machine.used_pages - sum(vm.resident_pages for vm in s.vms)
    amount = s.machine.memory_pages - rest - s.machine.promised_pages - goal(s)
    parts = level_parts(tuple((vm.shares, vm.reservation_pages, vm.limit_pages) for vm in s.vms), amount)
    return [d.standing.entitlement_pages for d in decision.vms] == [floor(part) for part in parts]


@about("D3 due is the working set with headroom, up to the entitlement, between reservation and limit")
def due_as_published(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        found = known(s, d)
        working = found.pages.total - found.pages.idle if found else 0
        hundredths = working * (100 + s.settings.headroom_percent)
        wants = min(d.standing.entitlement_pages, (hundredths + 99) // 100)
        if d.standing.allocated_pages != min(max(wants, d.vm.reservation_pages), d.vm.limit_pages):
            return False
    return True


def owes_nothing(d: VmDecision) -> bool:
    """Whether nothing was asked before that is not there, and nothing is to be given back: so its targets are settled."""
    return owed(d.vm, d.vm.targets) == 0 and not short(d)


@about("D2 what can be spared is idle and beyond what is due, by balloon up to 65 % of the VM")
def spared_as_published(s: Snapshot, decision: Decision) -> bool:
    for d in decision.vms:
        found, vm = known(s, d), d.vm
        if found is None:
            if d.spare_pages:
                return False
        elif owes_nothing(d) and not vm.pinned and d.standing.technique is Technique.BALLOON:
            beyond = min(found.pages.idle, vm.resident_pages - d.standing.allocated_pages) - vm.shareable_pages
            room = vm.size_pages * 65 // 100 - max(vm.ballooned_pages, vm.balloon_target_pages)
            if d.spare_pages != max(0, min(beyond, room)):
                return False
    return True


@about("M8 who is short can spare nothing")
def the_short_spare_nothing(_: Snapshot, decision: Decision) -> bool:
    return not any(d.spare_pages for d in decision.vms if short(d))


@about("X3 what may not be touched can spare nothing")
def pinned_spare_nothing(_: Snapshot, decision: Decision) -> bool:
    return not any(d.spare_pages for d in decision.vms if d.vm.pinned)


def lacking(s: Snapshot, decision: Decision) -> int | None:
    """What has to be taken, where nobody owes anything and nobody is short; else that has to be known first."""
    if any(owed(d.vm, d.vm.targets) or short(d) for d in decision.vms):
        return None
    promised = s.machine.promised_pages
    pressed = decision.state >= MemoryState.SOFT or promised
    pages = goal(s) + promised + sum(untaken(s, d.vm, d.vm.targets) for d in decision.vms) - s.machine.free_pages
    return max(0, pages) if pressed else 0


@about("F1 no less is wanted than is lacking")
def enough_is_wanted(s: Snapshot, decision: Decision) -> bool:
    return decision.wanted_pages >= (lacking(s, decision) or 0)


@about("D2 no more is wanted than is lacking")
def no_more_is_wanted(s: Snapshot, decision: Decision) -> bool:
    most = lacking(s, decision)
    return most is None or decision.wanted_pages <= most


def untaken(s: Snapshot, vm: VmMemory, targets: Targets) -> int:
    """What a VM was given before and may still take."""
    granted = vm.size_pages - targets.balloon_pages - targets.swap_pages
    return max(0, min(s.memory.granted_up_to.get(vm.name, 0), granted) - vm.resident_pages)


# ------------------------------------------------------------------------------------------------- taken, given, blocked
@about("D4 in Low, and from the Hard line down where chosen, balloons are not waited for")
def scarce_is_swapped(s: Snapshot, decision: Decision) -> bool:
    chosen = s.machine.free_pages <= lines(s).hard_pages and not s.settings.hard_keeps_balloons
    scarce = decision.state is MemoryState.LOW or chosen
    slots = s.machine.swap_pages - sum(max(d.vm.swapped_pages, d.vm.swap_target_pages) for d in decision.vms)
    ample = slots >= sum(d.vm.balloon_target_pages for d in decision.vms)
    for d in decision.vms:
        waits = d.taken.balloon_pages > d.vm.ballooned_pages
        owes = d.vm.balloon_target_pages > d.vm.ballooned_pages and not d.vm.pinned
        swapped = d.taken.balloon_pages < d.vm.balloon_target_pages and d.taken.swap_pages > d.vm.swap_target_pages
        if owes and not dead(s, d.vm) and ((scarce and ample and waits) or (not scarce and swapped)):
            return False
    return True


@about("M9 who pays most for its pages is given first")
def dearest_first(s: Snapshot, decision: Decision) -> bool:
    """Nobody is given a page while another, who pays more, is not given all that it is due."""
    waiting = [d for d in decision.vms if d.taken.total_pages - d.targets.total_pages < due_back(d)]
    served = [d for d in decision.vms if d.targets != d.taken]
    prices = {d.vm.name: price(s, d) for d in decision.vms}
    first = [prices[d.vm.name] for d in decision.increases]
    return first == sorted(first, reverse=True) and all(
        prices[w.vm.name] <= prices[x.vm.name] for w in waiting for x in served
    )


def price(s: Snapshot, d: VmDecision) -> Fraction:
    """What a VM pays for a page, in shares, an idle one counted as several active ones."""
    found, idle_price = known(s, d), Fraction(100, 100 - s.settings.idle_tax_percent)
    weight = found.pages.working + idle_price * found.pages.idle if found else Fraction(d.vm.resident_pages)
    return d.vm.shares / max(Fraction(1), weight)


def due_back(d: VmDecision) -> int:
    """What a VM that is short gets back after the first phase."""
    return 0 if d.vm.pinned else max(0, min(d.taken.total_pages, d.standing.short_of(d.taken)))


@about("M14 in Low everybody waits who is above its swap target, and may be touched")
def blocked_exactly(_: Snapshot, decision: Decision) -> bool:
    return all(
        d.blocked
        is (decision.state is MemoryState.LOW and d.targets.swap_pages > d.vm.swapped_pages and not d.vm.pinned)
        for d in decision.vms
    )


# ---------------------------------------------------------------------------------------------------------- what is kept
@about("D4 the state is kept for the next decision")
def state_is_kept(_: Snapshot, decision: Decision) -> bool:
    return decision.memory.state is decision.state


@about("F5 it is kept since when a balloon is given up")
def given_up_since(s: Snapshot, decision: Decision) -> bool:
    kept = decision.memory.given_up_at_s
    return all(at == s.memory.given_up_at_s.get(name, s.now_s) for name, at in kept.items())


@about("M9 what was given before and is not taken is kept")
def untaken_is_kept(s: Snapshot, decision: Decision) -> bool:
    left = {d.vm.name: untaken(s, d.vm, d.taken) for d in decision.vms}
    return decision.memory.granted_up_to == {
        vm.name: vm.resident_pages + left[vm.name] for vm in s.vms if left[vm.name]
    }


# -------------------------------------------------------------------------------------------------------------- the reasons
def settled(s: Snapshot, decision: Decision) -> dict[str, Settled]:
    """The targets once what was owed has been gone through."""
    return settling.settle(s, lines(s), [d.standing for d in decision.vms], decision.state)


def said(reason: Reason, d: VmDecision) -> bool:
    """Whether the reason is given."""
    return reason in d.reasons


@about("X3 of what may not be touched that alone is said, and of others something")
def pinned_is_said(_: Snapshot, decision: Decision) -> bool:
    return all(
        d.reasons == (Reason.PINNED,) if d.vm.pinned else d.reasons and Reason.PINNED not in d.reasons
        for d in decision.vms
    )


def touched(decision: Decision) -> list[VmDecision]:
    """Those that may be touched."""
    return [d for d in decision.vms if not d.vm.pinned]


@about("D1 it is said of whom nothing is known")
def unknown_is_said(s: Snapshot, decision: Decision) -> bool:
    return all(said(Reason.UNKNOWN, d) is (known(s, d) is None) for d in touched(decision))


@about("D3 it is said who is short")
def short_is_said(_: Snapshot, decision: Decision) -> bool:
    return all(said(Reason.SHORT, d) is (short(d) > 0) for d in touched(decision))


@about("M9 it is said to whom something is given back, and where there is no room to")
def given_is_said(_: Snapshot, decision: Decision) -> bool:
    return all(
        said(Reason.GIVEN_BACK, d) is (d.targets != d.taken)
        and said(Reason.NO_ROOM, d) is (due_back(d) > d.taken.total_pages - d.targets.total_pages)
        for d in touched(decision)
    )


@about("F5 it is said for whom swap does what its balloon does not")
def replaced_is_said(s: Snapshot, decision: Decision) -> bool:
    now = settled(s, decision)
    return all(
        said(Reason.REPLACED, d) is (now[d.vm.name].taken.swap_pages > d.vm.swap_target_pages)
        for d in touched(decision)
    )


@about("M4 it is said who owed more than it can spare")
def less_is_said(s: Snapshot, decision: Decision) -> bool:
    now = settled(s, decision)
    return all(
        said(Reason.LESS_ASKED, d)
        is (owed(d.vm, now[d.vm.name].taken) < owed(d.vm, d.vm.targets) and not said(Reason.REPLACED, d))
        for d in touched(decision)
    )


@about("D2 it is said who gives, who need not, and who cannot")
def giving_is_said(s: Snapshot, decision: Decision) -> bool:
    now = settled(s, decision)
    for d in touched(decision):
        more = d.taken.total_pages > now[d.vm.name].taken.total_pages
        alone = len(d.reasons) == 1
        idle = said(Reason.KEEPS, d) or said(Reason.NOTHING_SPARE, d)
        if said(Reason.GIVES, d) is not more or (idle and not (alone and said(Reason.KEEPS, d) is (d.spare_pages > 0))):
            return False
    return True


@about("M14 it is said who has to wait")
def blocked_is_said(_: Snapshot, decision: Decision) -> bool:
    return all(said(Reason.BLOCKED, d) is bool(d.blocked) for d in decision.vms)
