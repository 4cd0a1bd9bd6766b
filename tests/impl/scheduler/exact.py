"""Functions of the policy held to other ways of computing the same, or to published numbers; by the catalogue's names.

A snapshot reaches only some of what a function can be asked. Here each is asked everything in a small range.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from fractions import Fraction
from functools import cache, partial
from itertools import islice, product
from math import floor
from random import Random

from holdfast.impl.scheduler import division, estimates, memory_state, policy, settling, targets, technique
from holdfast.impl.scheduler.division import Claim, Giver
from holdfast.impl.scheduler.estimates import ClassPages, Estimate, Sample
from holdfast.impl.scheduler.snapshot import Snapshot, Targets, VmMemory
from holdfast.impl.scheduler.targets import Standing
from holdfast.impl.scheduler.technique import Liveness, Technique

from .recomputed import level_parts
from .snapshots import stream
from .values import exactly, refused


# --------------------------------------------------------------------------------------------------------- estimates
@exactly("D1 half widths are the published ones, the least that suffice, and none where all was looked at")
def half_widths() -> bool:
    logs = {1: Fraction("3.68887945411393630285"), 2: Fraction("4.38202663467388161227")}
    for n, (pages, classes) in product(range(1, 60), ((59, 1), (240, 1), (240, 2), (10**6, 2))):
        h = estimates.half_width_pages(pages, n, classes)
        if h != 0 if n >= pages else not (h - 1) ** 2 < logs[classes] * pages * pages / (2 * n) <= h * h:
            return False
    some, all_six = (
        estimates.half_width_pages(10**9, n, classes) <= 50_000_000 < estimates.half_width_pages(10**9, n - 1, classes)
        for classes, n in ((1, 738), (6, 1097))
    )
    return some and all_six and estimates.half_width_pages(1000, 100) == 136


@exactly("M2 what has gone since a sample was idle, page by page, and what came is active")
def carried_page_by_page() -> bool:
    for counts in product(range(3), repeat=estimates.CLASSES):
        for resident in range(sum(counts) + 3):
            left = list(counts)
            while sum(left) > resident:
                left[max(c for c, pages in enumerate(left) if pages)] -= 1
            left[1] += resident - sum(left)
            if list(astuple(estimates.carried_forward(ClassPages(*counts), resident))) != left:
                return False
    return True


@exactly("D1 bounds are the error away, and within what there is")
def bounds() -> bool:
    found = Estimate(ClassPages(free=20), 1, 0, 5)
    said = [(found.lower(pages), found.upper(pages)) for pages in range(21)]
    return said == [(max(0, pages - 5), min(20, pages + 5)) for pages in range(21)]


@exactly("D9 no more can be seen than there is, nor less than nothing")
def samples_that_cannot_be() -> bool:
    fine = [Sample(3, ClassPages(free=f, unreclaimable=u), 0).seen.total for f, u in ((0, 0), (0, 3), (1, 1))]
    few, many = (
        refused(lambda: Sample(3, ClassPages(free=-1, unreclaimable=2), 0)),
        refused(lambda: Sample(3, ClassPages(free=4), 0)),
    )
    return (fine, few, many) == (
        [0, 3, 2],
        "1 pages cannot be seen of 3",
        "4 pages cannot be seen of 3",
    )


# ------------------------------------------------------------------------------------------- memory states and balloons
@exactly("D4 so much is kept free, slab by slab")
def kept_free() -> bool:
    def by_page(pages: int) -> int:
        ends, percents = (4, 12, 28), (6, 4, 2, 1)
        return sum(
            percent * max(0, min(pages, end) - start)
            for start, end, percent in zip(
                (0, *(g << 18 for g in ends)), (*(g << 18 for g in ends), pages), percents, strict=True
            )
        )

    sizes = [gib << 18 for gib in (0, 1, 4, 5, 12, 20, 28, 29, 64, 128, 1024)]
    return all(memory_state.min_free_centipages(pages) == by_page(pages) for pages in sizes)


@exactly("D8 a balloon is inactive after 5 s without progress, given up after 20, and trusted once it moves")
def balloons_answer() -> bool:
    for owes, pinned, blocked, since, progress, given_up in product(
        (-1, 0, 1), (False, True), (False, True), (0, 7, 8, 22, 23, 27), (0, 7, 8, 22, 23, 27), (None, 0, 7)
    ):
        vm = VmMemory("vm", 9, 0, 9, 1, 0, ballooned_pages=2, balloon_target_pages=2 + owes, pinned=pinned)
        vm = replace(vm, blocked=blocked, owing_since_s=since, progress_at_s=progress)
        waited = 27 - max(since, progress) if owes > 0 and not pinned and not blocked else 0
        gone = waited >= 20 or (given_up is not None and progress <= given_up)
        said = Liveness.UNCOOPERATIVE if gone else Liveness.INACTIVE if waited >= 5 else Liveness.ACTIVE
        if technique.liveness(vm, 27, given_up) is not said:
            return False
    return True


# ------------------------------------------------------------------------------------------------------------ division
@cache
def claims() -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """Some claims: shares, least, most."""
    random = Random(5)
    some = [
        tuple((random.randint(1, 4), low := random.randint(0, 4), low + random.randint(0, 4)) for _ in range(count))
        for count in (0, 1, 2, 3)
        for _ in range(40)
    ]
    return tuple(some)


@exactly("W02 a division is by shares within bounds, tried every way")
def divided_exactly() -> bool:
    for some in claims():
        asked = [Claim(shares, Fraction(least), Fraction(most)) for shares, least, most in some]
        for amount in range(-1, 26):
            if division.divide(asked, Fraction(amount)) != list(level_parts(some, amount)):
                return False
    return True


PRICES = (Fraction(4), Fraction(1), Fraction(10, 7))

CORNERS = (
    (Giver("vm0", 3, 0, 3, 3), Giver("vm1", 2, 0, 2, 2)),
    (Giver("vm0", 1, 0, 6, 6), Giver("vm1", 3, 0, 4, 4), Giver("vm2", 1, 0, 0, 0), Giver("vm3", 9, 2, 5, 4)),
)
"""Where rounding shows who is cheaper: weights below two pages, and swap alone against swap and balloons together."""


@cache
def givers() -> tuple[tuple[Giver, ...], ...]:
    """Some VMs with idle pages."""
    random = Random(6)

    def one(i: int) -> Giver:
        idle = random.randint(0, 6)
        return Giver(f"vm{i}", random.choice((1, 2, 3, 9)), random.randint(0, 5), idle, random.randint(0, idle))

    return (*CORNERS, *(tuple(one(i) for i in range(count)) for count in (0, 1, 2, 3) for _ in range(30)))


@cache
def revoked(some: tuple[Giver, ...], wanted: int, k: Fraction) -> dict[str, int]:
    """Who gives how much: weights divided by shares, whole pages of that, and the rest to the lowest prices."""
    wanted = max(0, min(wanted, sum(g.spare_pages for g in some)))
    scale = k.denominator
    weights = [g.working_pages + k * g.idle_pages for g in some]
    levels = tuple(
        (g.shares * scale, int((w - k * g.spare_pages) * scale), int(w * scale))
        for g, w in zip(some, weights, strict=True)
    )
    kept = level_parts(levels, int((sum(weights) - k * wanted) * scale))
    exact = [(w - part / scale) / k for w, part in zip(weights, kept, strict=True)]
    pages = {g.name: floor(part) for g, part in zip(some, exact, strict=True)}
    price = {g.name: g.shares / max(Fraction(1), w - k * pages[g.name]) for g, w in zip(some, weights, strict=True)}
    parts = [g.name for g, part in zip(some, exact, strict=True) if part.denominator > 1]
    for name in sorted(parts, key=lambda n: price[n])[: wanted - sum(pages.values())]:
        pages[name] += 1
    return pages


@exactly("D2 who pays least gives first, by exact prices, and fractions of a page go to the lowest")
def revoked_exactly() -> bool:
    return all(
        division.revoke(some, wanted, k) == revoked(some, wanted, k)
        for some, wanted, k in product(givers(), range(0, 20), PRICES)
    )


@exactly("M13 what there are no slots for is taken by balloon, and the rest is shared out over all")
def shared_out_exactly() -> bool:
    for some, wanted, slots in product(givers(), range(0, 20, 3), range(8)):
        by = {Technique.BALLOON: list(some[::2]), Technique.SWAP: list(some[1::2])}
        together = revoked((*some[::2], *some[1::2]), wanted, Fraction(4))
        swapped = {g.name: together[g.name] for g in some[1::2]}
        ballooned = {g.name: together[g.name] for g in some[::2]}
        if sum(swapped.values()) > slots:
            swapped = revoked(some[1::2], slots, Fraction(4))
            ballooned = revoked(some[::2], wanted - slots, Fraction(4))
        if policy.shared_out(by, wanted, slots, Fraction(4)) != (ballooned, swapped):
            return False
    return True


# ------------------------------------------------------------------------------------------- targets, in some snapshots
Case = tuple[Snapshot, Standing]


@cache
def cases() -> tuple[Case, ...]:
    """How some VMs stand."""
    found = islice(stream(7), 700)
    return tuple((s, one) for s in found for one in policy.stand(s, memory_state.lines_of(s.machine.memory_pages)))


def spare(standing: Standing) -> int:
    """What a VM has beyond its due: idle pages."""
    found, vm = standing.estimate, standing.vm
    idle = min(found.pages.idle, vm.resident_pages - standing.allocated_pages) if found and not vm.pinned else 0
    return max(0, idle - vm.shareable_pages)


def scaled(standing: Standing, need: int) -> int:
    """A need by swap: less by the active part, rounded up."""
    pages = standing.estimate.pages if standing.estimate else ClassPages()
    reclaimable = pages.total - pages.unreclaimable
    return -(-need * (reclaimable - pages.active) // reclaimable) if reclaimable else 0


def owes(vm: VmMemory, t: Targets) -> tuple[int, int]:
    """What is owed by balloon and by swap."""
    return max(0, t.balloon_pages - vm.ballooned_pages), max(0, t.swap_pages - vm.swapped_pages)


@exactly("X3 one that may not be touched is short of nothing, and others of what their targets do not grant")
def short_exactly() -> bool:
    def lacks(one: Standing) -> int:
        granted = one.vm.size_pages - one.vm.balloon_target_pages - one.vm.swap_target_pages
        return 0 if one.vm.pinned else max(0, one.allocated_pages - granted)

    return all(one.short_of(one.vm.targets) == lacks(one) for _, one in cases())


@exactly("D3 due is within the limit and the reservation, whatever the entitlement")
def due_exactly() -> bool:
    for s, one in cases():
        found, settings = one.estimate, s.settings
        working = found.pages.working if found else 0
        extra = -(-working * settings.headroom_percent // 100)
        for entitled in (0, working, working + extra - 1, working + extra, 10**6):
            due = min(max(min(entitled, working + extra), one.vm.reservation_pages), one.vm.limit_pages)
            if targets.allocated(one.vm, found, entitled, settings) != due:
                return False
    return True


@exactly("M5 the room of a balloon is 65 % of its VM, less what it holds or was asked for")
def room_exactly() -> bool:
    return all(
        targets.balloon_room(one.vm, one.vm.targets, percent)
        == max(0, one.vm.size_pages * percent // 100 - max(one.vm.ballooned_pages, one.vm.balloon_target_pages))
        for _, one in cases()
        for percent in (0, 1, 65, 100)
    )


@exactly("M7 of a need swap takes the part that is not active")
def blind_exactly() -> bool:
    return all(
        one.estimate is None or targets.blind(one.estimate, need) == scaled(one, need)
        for _, one in cases()
        for need in (0, 1, 2, 7, 30)
    )


@exactly("D2 who can spare something may give, what it owes already left out, by its technique")
def givers_exactly() -> bool:
    for s in islice(stream(8), 400):
        lines = memory_state.lines_of(s.machine.memory_pages)
        standings = policy.stand(s, lines)
        owing = {one.vm.name: one.vm.targets for one in standings}
        spared = {one.vm.name: i % 3 if one.estimate else 0 for i, one in enumerate(standings)}
        found = policy.givers_by_technique(standings, owing, spared)
        for kind, theirs in found.items():
            able = [o for o in standings if o.technique is kind and o.estimate and spared[o.vm.name]]
            if theirs != [_giver(o, spared[o.vm.name]) for o in able]:
                return False
    return True


def _giver(one: Standing, pages: int) -> Giver:
    assert one.estimate is not None
    idle = one.estimate.pages.idle - sum(owes(one.vm, one.vm.targets))
    return Giver(one.vm.name, one.vm.shares, one.estimate.pages.working, idle, pages)


# ----------------------------------------------------------------------------------------- what was asked for before
def instead_of(one: Standing, t: Targets) -> int:
    """What is swapped for what a balloon owes."""
    by_balloon, by_swap = owes(one.vm, t)
    if one.estimate is None:
        return min(by_balloon, max(0, one.vm.resident_pages - by_swap))
    return max(0, scaled(one, min(by_balloon + by_swap, spare(one))) - by_swap)


@exactly("F5 for what a balloon owes so much is swapped as is there, or as can be spared")
def instead_exactly() -> bool:
    return all(settling.swapped_instead(one, one.vm.targets) == instead_of(one, one.vm.targets) for _, one in cases())


@exactly("F5 a balloon is replaced as far as there are slots, one that answers only where there are enough")
def replaced_exactly() -> bool:
    for _, one in cases():
        vm, before = one.vm, one.vm.targets
        wanted = 0 if one.short_pages else instead_of(one, before)
        for slots in (-1, 0, 1, wanted - 1, wanted, wanted + 1, 1000):
            pages = min(wanted, max(0, slots))
            held = max(before.swap_pages, vm.swapped_pages) + pages if pages else before.swap_pages
            after = Targets(min(before.balloon_pages, max(vm.ballooned_pages, 0)), held)
            waits = wanted > slots and one.balloon not in (Liveness.ABSENT, Liveness.UNCOOPERATIVE)
            if settling.replaced(one, before, slots) != (before if waits else after):
                return False
    return True


@exactly("M4 no more is owed than can be spared, or keeps the VM within its limit; swap falls first")
def less_exactly() -> bool:
    for _, one in cases():
        vm, left = one.vm, one.vm.targets
        by_balloon, by_swap = owes(vm, left)
        granted = vm.size_pages - (left.balloon_pages - by_balloon) - (left.swap_pages - by_swap)
        most = spare(one) + min(by_balloon, max(0, granted - vm.limit_pages))
        excess = max(0, by_balloon + by_swap - most) if one.estimate else 0
        swap = min(by_swap, excess)
        after = Targets(left.balloon_pages - excess + swap, left.swap_pages - swap)
        if settling.asked_less(one, left) != after:
            return False
    return True


@exactly("M13 slots are counted of every VM, or not at all")
def slots_exactly() -> bool:
    for s in islice(stream(9), 200):
        held = sum(max(vm.swapped_pages, vm.swap_target_pages) for vm in s.vms)
        if settling.slots_left(s, [vm.targets for vm in s.vms]) != s.machine.swap_pages - held:
            return False
        if not refused(partial(settling.slots_left, s, [])):
            return False
    return True
