"""Published numbers, exactly; and arithmetic held to dumber ways of doing it."""

from __future__ import annotations

from fractions import Fraction
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.impl.scheduler.division import Claim, Giver, divide, revoke
from holdfast.impl.scheduler.estimates import ClassPages, Sample, apportion, carried_forward, estimate, half_width_pages
from holdfast.impl.scheduler.memory_state import (
    PAGES_PER_GIB,
    MemoryState,
    lines_of,
    min_free_centipages,
    next_state,
    state_at,
)
from holdfast.impl.scheduler.snapshot import Settings, Targets, VmMemory
from holdfast.impl.scheduler.targets import Standing, allocated, blind, relieved, spare_by
from holdfast.impl.scheduler.technique import Liveness, Technique, choose, liveness

PAGES_PER_MIB = 256


# ----------------------------------------------------------------------------------------------------- D1, sampling
def test_a_hundred_samples_are_within_13_6_percent() -> None:
    assert half_width_pages(1000, 100) == 136
    assert half_width_pages(1_000_000, 100) == 135_811


@pytest.mark.parametrize(("samples", "classes"), [(738, 1), (1097, 6)])
def test_so_many_samples_are_the_least_within_5_percent(samples: int, classes: int) -> None:
    assert half_width_pages(10**9, samples, classes) <= 50_000_000 < half_width_pages(10**9, samples - 1, classes)


@given(st.integers(1, 10**7), st.integers(1, 10**4), st.integers(1, 6))
def test_the_half_width_is_hoeffdings_rounded_up(pages: int, samples: int, classes: int) -> None:
    h = half_width_pages(pages, samples, classes)
    exact = pages * (log(2 * classes / 0.05) / (2 * samples)) ** 0.5

    assert h == 0 if samples >= pages else exact - 1e-6 * pages <= h <= exact + 1 + 1e-6 * pages


def test_who_has_looked_at_all_knows() -> None:
    found = estimate(Sample(10, ClassPages(1, 2, 3, 4, 0, 0), 5), 10, 25)

    assert found is not None
    assert (found.pages, found.samples, found.age_s, found.error_pages) == (ClassPages(1, 2, 3, 4, 0, 0), 10, 20, 0)
    assert (found.lower(4), found.upper(4)) == (4, 4)


def test_bounds_stay_within_what_there_is() -> None:
    found = estimate(Sample(1000, ClassPages(free=10, active_buffer=90), 0), 1000, 0)

    assert found is not None
    assert (found.lower(100), found.lower(500), found.upper(500), found.upper(950)) == (0, 364, 636, 1000)


def test_nothing_is_said_where_nothing_was_looked_at() -> None:
    assert estimate(Sample(10, ClassPages(), 0), 10, 0) is None


def test_more_cannot_be_seen_than_there_is() -> None:
    with pytest.raises(ValueError, match="11 pages cannot be seen of 10"):
        Sample(10, ClassPages(free=11), 0)


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    assert apportion(100, ClassPages(1, 1, 1)) == ClassPages(34, 33, 33)
    assert apportion(10, ClassPages(free=2, unreclaimable=1)) == ClassPages(free=7, unreclaimable=3)


def test_what_came_is_active_and_what_went_was_idle() -> None:
    then = ClassPages(1, 2, 3, 4, 5, 6)

    assert carried_forward(then, 25) == ClassPages(1, 6, 3, 4, 5, 6)
    assert carried_forward(then, 13) == ClassPages(1, 2, 3, 4, 3, 0)
    assert carried_forward(then, 2) == ClassPages(1, 1, 0, 0, 0, 0)


# ------------------------------------------------------------------------------------------------ D4, memory states
@pytest.mark.parametrize(
    ("gib", "mib"),
    [(4, "245.76"), (12, "573.44"), (28, "901.12"), (64, "1269.76"), (128, "1925.12"), (1024, "11100.16")],
)
def test_kept_free(gib: int, mib: str) -> None:
    assert Fraction(min_free_centipages(gib * PAGES_PER_GIB), 100 * PAGES_PER_MIB) == Fraction(mib)


def test_the_lines_lie_at_their_percents_rounded_up() -> None:
    lines, kept = lines_of(64 * PAGES_PER_GIB), Fraction("1269.76") * PAGES_PER_MIB
    levels = (lines.clear_pages, lines.soft_pages, lines.hard_pages, lines.low_pages)

    for level, percent in zip(levels, (100, 64, 32, 16), strict=True):
        assert 0 <= level - kept * percent / 100 < 1


def test_a_state_begins_at_its_line_and_ends_beyond_the_margin() -> None:
    lines = lines_of(1000)

    for state, line in zip(
        list(MemoryState)[1:], (lines.clear_pages, lines.soft_pages, lines.hard_pages, lines.low_pages), strict=True
    ):
        assert (state_at(lines, line), state_at(lines, line + 1)) == (state, state - 1)
        assert next_state(state, lines, line + lines.margin_pages) == state
        assert next_state(state, lines, line + lines.margin_pages + 1) == state - 1
        assert next_state(MemoryState.HIGH, lines, line) == state


# ----------------------------------------------------------------------------------------------- D5 and D8, technique
def test_equality_means_swap() -> None:
    lines = lines_of(1000)

    assert choose(lines, lines.hard_pages + 1, Liveness.ACTIVE) is Technique.BALLOON
    assert choose(lines, lines.hard_pages, Liveness.ACTIVE) is Technique.SWAP


def vm(**known: int | bool | Sample) -> VmMemory:
    """A VM of a hundred pages, fifty of them resident, with what is said of it."""
    sizes = {"size_pages": 100, "reservation_pages": 0, "limit_pages": 100, "shares": 1, "resident_pages": 50}
    return VmMemory(name="vm", **{**sizes, **known})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("waited_s", "said"), [(4, "active"), (5, "inactive"), (19, "inactive"), (20, "uncooperative")]
)
def test_a_balloon_is_inactive_after_5_s_and_given_up_after_20(waited_s: int, said: str) -> None:
    asked = vm(balloon_target_pages=10, owing_since_s=100, progress_at_s=100 - 7)

    assert liveness(asked, 100 + waited_s, None).value == said
    assert liveness(vm(owing_since_s=100), 100 + waited_s, None) is Liveness.ACTIVE


def test_a_balloon_that_was_given_up_is_trusted_once_it_moves() -> None:
    assert liveness(vm(progress_at_s=100), 130, 100) is Liveness.UNCOOPERATIVE
    assert liveness(vm(progress_at_s=101), 130, 100) is Liveness.ACTIVE
    assert liveness(vm(has_balloon=False), 130, None) is Liveness.ABSENT


# ----------------------------------------------------------------------------------------------- D2 and D3, targets
def test_due_is_the_working_set_with_headroom_within_entitlement_reservation_and_limit() -> None:
    found = estimate(Sample(50, ClassPages(unreclaimable=10, active_buffer=30, free=10), 0), 50, 0)
    roomy = Settings(headroom_percent=25)

    assert allocated(vm(), found, 100, roomy) == 50
    assert allocated(vm(), found, 30, roomy) == 30
    assert allocated(vm(reservation_pages=45), found, 30, roomy) == 45
    assert allocated(vm(limit_pages=20), found, 100, roomy) == 20
    assert allocated(vm(reservation_pages=7), None, 100, roomy) == 7


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_more_is_due_for_more_work_and_more_entitlement(working: int, more: int, entitled: int) -> None:
    def due(pages: int, entitlement: int) -> int:
        whole = vm(size_pages=1000, limit_pages=1000, resident_pages=pages)
        found = estimate(Sample(pages, ClassPages(active_anonymous=pages), 0), pages, 0)
        return allocated(whole, found, entitlement, Settings())

    assert due(working, entitled) <= due(working + more, entitled)
    assert due(working, entitled) <= due(working, entitled + more)


def test_swap_falls_first_then_the_balloon() -> None:
    assert relieved(Targets(30, 20), 15) == Targets(30, 5)
    assert relieved(Targets(30, 20), 35) == Targets(15, 0)
    assert relieved(Targets(30, 20), 99) == Targets(0, 0)


def test_the_same_need_comes_to_less_by_swap() -> None:
    found = estimate(Sample(50, ClassPages(unreclaimable=10, active_anonymous=10, free=30), 0), 50, 0)
    assert found is not None

    def spared(technique: Technique) -> int:
        standing = Standing(vm(), found, Liveness.ACTIVE, technique, 100, 20, Fraction(4))
        return spare_by(standing, Targets(0, 0), Settings())

    assert spared(Technique.BALLOON) == 30
    assert spared(Technique.SWAP) == 30 * 3 // 4 + 1
    assert (blind(found, 1), blind(found, 0)) == (1, 0)


# ----------------------------------------------------------------------------------------------------- [W02], division
@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Some claims."""
    numbers = st.tuples(st.integers(1, 20), st.integers(0, 50), st.integers(0, 50))
    drawn = draw(st.lists(numbers, min_size=1, max_size=5))
    return [Claim(shares, Fraction(least), Fraction(least + more)) for shares, least, more in drawn]


@given(claims(), st.integers(-10, 600))
def test_a_division_is_exact_and_level(parties: list[Claim], amount: int) -> None:
    parts = divide(parties, Fraction(amount))
    least, most = sum(c.least for c in parties), sum(c.most for c in parties)

    assert sum(parts) == min(max(amount, least), most)
    assert all(c.least <= part <= c.most for c, part in zip(parties, parts, strict=True))
    ends = list(zip(parties, parts, strict=True))
    could_give = [part / c.shares for c, part in ends if part > c.least]
    could_take = [part / c.shares for c, part in ends if part < c.most]
    assert not could_give or not could_take or max(could_give) <= min(could_take) or least >= amount


@st.composite
def givers(draw: st.DrawFn) -> list[Giver]:
    """Some VMs with idle pages."""
    numbers = st.tuples(st.integers(1, 5), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
    drawn = draw(st.lists(numbers, min_size=1, max_size=4))
    return [Giver(f"vm{i}", shares, work, idle, min(idle, may)) for i, (shares, work, idle, may) in enumerate(drawn)]


@given(givers(), st.integers(0, 100), st.sampled_from([Fraction(1), Fraction(4), Fraction(10, 7)]))
def test_revocation_is_that_of_taking_page_by_page(parties: list[Giver], wanted: int, price: Fraction) -> None:
    one_by_one = {g.name: 0 for g in parties}
    for _ in range(min(wanted, sum(g.spare_pages for g in parties))):
        able = [g for g in parties if one_by_one[g.name] < g.spare_pages]
        least = max(able, key=lambda g: g.weight(price, one_by_one[g.name]) / g.shares)
        one_by_one[least.name] += 1
    given_all = revoke(parties, wanted, price)

    assert sum(given_all.values()) == sum(one_by_one.values())
    assert all(abs(given_all[name] - pages) <= 1 for name, pages in one_by_one.items())


def test_an_idle_page_costs_four_active_ones() -> None:
    busy, lazy = Giver("busy", 1000, 100, 20, 20), Giver("lazy", 1000, 20, 50, 50)

    assert Settings().idle_price == 4
    assert revoke([busy, lazy], 10, Fraction(4)) == {"busy": 0, "lazy": 10}
    assert revoke([busy, lazy], 10, Fraction(1)) == {"busy": 10, "lazy": 0}


@pytest.mark.parametrize(
    "wrong", [{"reservation_pages": 101}, {"shares": 0}, {"swapped_pages": 51}, {"ballooned_pages": -1}]
)
def test_a_vm_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="vm:"):
        vm(**wrong)
