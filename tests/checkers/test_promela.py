"""The Promela printer: SPIN counts what we count, and finds what we find."""

from __future__ import annotations

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.promela import Counts, is_installed, parse, promela, spin
from holdfast.checkers.verdict import Violated
from holdfast.model.language import NUMBER, Entity, ModelError, World, action, varying
from holdfast.specs.toys import TOYS
from holdfast.specs.worlds import MODEL_WORLDS
from holdfast.specs.yardstick import exchange
from tests.checkers.explore import counter, sink
from tests.checkers.explore.systems import ANYONE, system
from tests.plain_search import search

OF_EVERY_PART = (
    "everything",
    "never-given-up",
    "one-cannot-stay",
    "one-page-at-rest",
    "frames-exchanged",
    "frames-copied",
    "split-smallest",
    "low-and-blocked",
)
LARGE = ("one-cannot-stay", "frames-exchanged", "frames-copied", "low-and-blocked")
"""SPIN takes longest for these: for its compiler, most of all."""
MISSING = is_installed()
with_spin = pytest.mark.skipif(bool(MISSING), reason=f"SPIN checks our counts here; not installed: {MISSING}")


@with_spin
@pytest.mark.parametrize(
    ("size", "states", "transitions"), [((2, 3, 8), 53_885, 459_014), ((2, 4, 8), 189_035, 1_713_790)]
)
def test_spin_counts_the_yardstick_as_we_do(size: tuple[int, int, int], states: int, transitions: int) -> None:
    run = Run(*exchange(*size))
    counted, figures = spin(run), explore(run).figures

    assert counted == Counts(states, transitions, figures.depth, 0)
    assert (figures.states, figures.transitions) == (states, transitions)


@with_spin
def test_spin_finds_an_injected_bug_as_near_as_we_do() -> None:
    whole, world = exchange(2, 3, 8)
    run = Run(whole.without("copy_in", "the machine has a free frame"), world)
    found, counted = explore(run), spin(run)

    assert isinstance(found, Violated)
    assert counted.errors == 1
    assert counted.depth == len(found.steps)


@with_spin
@pytest.mark.parametrize("name", ["two-phase-3", "ewd840-3"])
def test_spin_counts_a_toy_as_we_do(name: str) -> None:
    run = Run(TOYS[name].system, TOYS[name].world())
    figures = search(run).figures

    assert spin(run) == Counts(figures.states, figures.transitions, figures.depth, 0)


@with_spin
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in LARGE else []) for n in OF_EVERY_PART]
)
def test_spin_counts_a_world_of_every_part_as_we_do(name: str) -> None:
    run = Run(*MODEL_WORLDS[name].build())
    figures = explore(run).figures

    assert spin(run) == Counts(figures.states, figures.transitions, figures.depth, 0)


@with_spin
def test_spin_counts_a_system_that_says_everything() -> None:
    run = Run(sink.system(), sink.world(1, 1, 2))
    figures = search(run).figures

    assert spin(run) == Counts(figures.states, figures.transitions, figures.depth, 0)


@with_spin
def test_spin_checks_the_initial_state_too() -> None:
    counted = spin(counter.run(counter.count, counter.not_nothing))

    assert (counted.errors, counted.depth) == (1, 0)


def test_temporaries_are_reset_so_that_they_make_no_states() -> None:
    text = promela(counter.run(counter.count))

    assert "new0 = 0; at0 = 0;" in text
    assert "hidden" not in text


class Wide(Entity):
    """Holds a number that SPIN cannot."""

    value = varying(NUMBER, upto=2**31)


@action(ANYONE)
def reset(wide: Wide) -> None:
    """To nothing."""
    wide.value = 0


def test_numbers_that_spin_does_not_have_are_refused() -> None:
    with pytest.raises(ModelError, match="SPIN has integers up to 2147483647"):
        promela(Run(system(Wide, reset), World("wide", Wide("w"))))


def test_an_output_without_counts_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="printed no counts"):
        parse("pan: out of memory", 1)
