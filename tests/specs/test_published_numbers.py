"""The published numbers of memory scheduling (D1 to D5, D8, [W02]), and that the model computes what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from holdfast.checkers.interpret import Run
from holdfast.model import published
from holdfast.model.extremes import smaller
from holdfast.model.language import Quantity, Term, World, total
from holdfast.model.language.entities import surface
from holdfast.model.language.expressions import lift
from holdfast.model.language.scope import apart
from holdfast.model.sampling import MemoryState, Scheduler, Watch
from holdfast.specs.hosts import GuestPages, Release
from holdfast.specs.model import system
from holdfast.specs.questions import host
from holdfast.specs.scheduler.questions import PRICE, Due, Lines, scheduled
from holdfast.specs.worlds import MODEL_WORLDS

SAMPLED = ("pinned-and-freed", "low-and-blocked")
"""Worlds that are asked: one with an error, a limit and a reservation; one with every memory state."""

MOST_STATES = 1_000


# ------------------------------------------------------------------------------------------------ D1, sampling
def test_the_error_of_the_default_sample_is_what_was_published() -> None:
    assert published.error_permille(published.SAMPLES_PER_PERIOD) == 136


def test_the_samples_that_an_error_of_five_percent_takes_are_as_published() -> None:
    assert published.samples_for(5) == 738
    assert published.samples_for(5, published.MEMORY_CLASSES) == 1097


def test_so_many_samples_are_enough_and_one_fewer_is_not() -> None:
    assert published.error_permille(738) == 50
    for percent in (1, 2, 5, 10):
        enough = published.samples_for(percent)
        assert published.error_permille(enough) <= 10 * percent
        assert published.error_permille(4 * enough) * 2 <= 10 * percent + 1


def test_an_estimate_is_the_part_of_the_sample_of_all_pages() -> None:
    assert published.estimate(262_144, 25, 100) == 65_536
    assert published.estimate(10, 1, 3) == 3
    assert published.estimate(10, 0, 100) == 0


def test_estimates_of_a_sample_split_among_classes_sum_to_all_pages() -> None:
    """Where the pages divide evenly: that is why the model takes the idle ones as the rest (M2)."""
    for seen in range(101):
        assert published.estimate(1000, seen, 100) + published.estimate(1000, 100 - seen, 100) == 1000


# ------------------------------------------------------------------------------------------ D4, memory states
@pytest.mark.parametrize(
    ("gib", "hundredths_of_mib"),
    [(4, 24_576), (12, 57_344), (28, 90_112), (64, 126_976), (128, 192_512), (1024, 1_110_016)],
)
def test_the_memory_kept_free_is_as_published(gib: int, hundredths_of_mib: int) -> None:
    assert published.min_free(gib) == hundredths_of_mib


def test_the_lines_of_a_machine_of_64_gib() -> None:
    percents = (published.CLEAR_PERCENT, published.SOFT_PERCENT, published.HARD_PERCENT, published.LOW_PERCENT)

    assert [published.line(64, p) for p in percents] == [325_059, 208_038, 104_019, 52_010]


@pytest.mark.parametrize(
    ("available", "state"),
    [
        (325_060, MemoryState.HIGH),
        (325_059, MemoryState.CLEAR),
        (208_038, MemoryState.SOFT),
        (104_019, MemoryState.HARD),
        (52_011, MemoryState.HARD),
        (52_010, MemoryState.LOW),
    ],
)
def test_the_model_is_in_the_state_that_the_lines_of_64_gib_say(available: int, state: MemoryState) -> None:
    clear, soft, hard, low = (published.line(64, percent) for percent in (100, 64, 32, 16))
    frames = 64 * 1024 * published.PAGES_PER_MIB
    box = replace(host(frames, 0), old=Release(footprint=frames - available - 1))
    members = scheduled(box, [Due(GuestPages("vm", 1, {"active_anonymous": 1}))], Lines(low, hard, soft, clear))
    run = Run(system(("scheduler",), ()), World("64-gib", *members, reason="a machine as large as a published one"))
    (start,) = run.initial()
    found = run.value(Scheduler.by_lines.definition, start, {Scheduler.by_lines.variable: 0})

    assert list(MemoryState)[found] is state


# ------------------------------------------------------------------------------------ D2 and D3, targets, and price
def test_a_balloon_takes_no_more_than_is_idle_allowed_and_unreserved() -> None:
    assert published.balloon_most(100) == 65
    assert published.balloon_target(idle=90, size=100, consumed=95, reservation=10) == 65
    assert published.balloon_target(idle=30, size=100, consumed=95, reservation=10) == 30
    assert published.balloon_target(idle=90, size=100, consumed=40, reservation=10) == 30
    assert published.balloon_target(idle=90, size=100, consumed=5, reservation=10) == 0


def test_less_is_swapped_for_a_need_the_more_is_active() -> None:
    assert [published.swap_target(40, active, 100) for active in (0, 25, 50, 99, 100)] == [40, 30, 20, 1, 0]
    assert published.swap_target(40, 0, 0) == 0


def test_a_vm_is_due_its_working_set_between_its_bounds() -> None:
    assert published.allocated(working=40, entitlement=80, reservation=10, most=100, headroom_percent=25) == 50
    assert published.allocated(working=90, entitlement=80, reservation=10, most=100) == 80
    assert published.allocated(working=4, entitlement=80, reservation=10, most=100) == 10
    assert published.allocated(working=90, entitlement=95, reservation=10, most=70) == 70


def test_the_swap_target_falls_first_and_neither_falls_below_nothing() -> None:
    assert published.relieved(swap=5, balloon=7, due=3) == (2, 7)
    assert published.relieved(swap=5, balloon=7, due=8) == (0, 4)
    assert published.relieved(swap=5, balloon=7, due=20) == (0, 0)
    assert published.relieved(swap=5, balloon=7, due=-1) == (5, 7)


def test_an_idle_page_costs_four_active_ones_at_the_default_tax() -> None:
    assert published.idle_price(published.IDLE_TAX_PERCENT) == PRICE == 4
    with pytest.raises(ValueError, match="a tax of 70 % makes an idle page cost no whole number"):
        published.idle_price(70)


def test_of_two_vms_with_equal_shares_the_idle_one_gives_first() -> None:
    assert published.gives_before((1, 10, 90), (1, 90, 10), PRICE)
    assert not published.gives_before((1, 90, 10), (1, 10, 90), PRICE)
    assert not published.gives_before((2, 20, 80), (1, 10, 40), PRICE)


def test_a_balloon_is_given_up_after_it_was_found_inactive() -> None:
    assert 0 < published.INACTIVE_AFTER_SECONDS == 5 < published.UNCOOPERATIVE_AFTER_SECONDS == 20


# --------------------------------------------------------------------------------------- the model computes them
def asked(what: Callable[[Any], Quantity]) -> Term:
    """A question about a watch, as a term over the watch of `WATCH`."""
    with apart():
        return lift(what(surface(WATCH)))


WATCH = Watch.allocated.variable
KNOWN: Mapping[str, Term] = {
    "working": asked(lambda w: w.unreclaimable + w.active + w.headroom),
    "entitlement": asked(lambda w: w.entitlement),
    "reservation": asked(lambda w: w.vm.reservation),
    "most": asked(lambda w: smaller(w.limit, w.vm.size)),
    "allocated": asked(lambda w: w.allocated),
    "swap": asked(lambda w: w.vm.swap_target),
    "balloon": asked(lambda w: w.vm.balloon_target),
    "balloon_most": asked(lambda w: w.balloon_most),
    "size": asked(lambda w: w.vm.size),
    "due": asked(lambda w: w.due),
    "room": asked(lambda _: total(s.room for s in Scheduler)),
    "need": asked(lambda w: smaller(w.spare, total(s.wanted for s in Scheduler))),
    "active": asked(lambda w: w.active),
    "reclaimable": asked(lambda w: w.active + w.idle),
    "slots_left": asked(lambda w: w.slots_left),
}


@cache
def explored(world: str) -> tuple[Run, tuple[Any, ...]]:
    """A world, and the states of it that are found first."""
    run = Run(*MODEL_WORLDS[world].build())
    found = dict.fromkeys(run.initial())
    for state in (waiting := list(found)):
        for _, later in run.successors(state):
            if later not in found and len(found) < MOST_STATES:
                found[later] = None
                waiting.append(later)
    return run, tuple(found)


def of_watch(run: Run, state: Any) -> dict[str, int]:
    """What is so of the only watch of a world."""
    return {name: run.value(term, state, {WATCH: 0}) for name, term in KNOWN.items()}


def taken(world: str, action: str) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """What is so of the watch before and after every such step."""
    run, states = explored(world)
    for state in states:
        for step, later in run.successors(state):
            if step.action == action:
                yield of_watch(run, state), of_watch(run, later)


@pytest.mark.parametrize("world", SAMPLED)
def test_a_vm_is_due_in_the_model_what_the_formula_says(world: str) -> None:
    run, states = explored(world)
    seen = [of_watch(run, state) for state in states]

    for w in seen:
        assert w["allocated"] == published.allocated(w["working"], w["entitlement"], w["reservation"], w["most"])
        assert w["balloon_most"] == published.balloon_most(w["size"])
    assert len({w["allocated"] for w in seen}) > 1


def test_targets_fall_in_the_model_as_the_formula_says() -> None:
    steps = list(taken("suspended-with-targets", "grant"))

    assert steps
    for before, after in steps:
        due = min(before["due"], before["room"])
        assert published.relieved(before["swap"], before["balloon"], due) == (after["swap"], after["balloon"])


@pytest.mark.parametrize("world", SAMPLED)
def test_swap_targets_rise_in_the_model_as_the_formula_says(world: str) -> None:
    steps = list(taken(world, "ask_swap"))

    assert steps
    for before, after in steps:
        blind = published.swap_target(before["need"], before["active"], before["reclaimable"])
        assert after["swap"] - before["swap"] == min(blind, before["slots_left"])
