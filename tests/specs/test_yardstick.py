"""Exchange-N: the published counts, its invariants, and a copy step that forgets to ask for a frame."""

from __future__ import annotations

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Violated
from holdfast.model.language import Kind, check
from holdfast.specs.yardstick import exchange

PUBLISHED = {
    (2, 3, 8): (53_885, 459_014, 35),
    (2, 4, 8): (189_035, 1_713_790, 43),
    (3, 2, 8): (458_433, 5_050_080, 38),
    (3, 3, 9): (5_981_023, 75_882_606, 49),
}
LARGEST = (4, 2, 11), (29_986_119, 456_762_078, 47)
INVARIANTS = {
    "within_capacity",
    "consolidated_before_exchange",
    "pages_conserved",
    "suspended_means_nested",
    "copies_only_in_flight",
}


def counts(size: tuple[int, int, int]) -> tuple[int, int, int]:
    found = explore(Run(*exchange(*size)))
    assert isinstance(found, Holds)
    assert set(found.properties) == INVARIANTS
    assert set(found.witnesses) == {"done"}
    return found.figures.states, found.figures.transitions, found.figures.depth


@pytest.mark.parametrize("size", PUBLISHED, ids=str)
def test_the_published_counts_come_out(size: tuple[int, int, int]) -> None:
    assert counts(size) == PUBLISHED[size]


@pytest.mark.slow
def test_the_published_counts_of_the_largest_come_out() -> None:
    assert counts(LARGEST[0]) == LARGEST[1]


def test_the_system_is_legal_and_has_a_witness() -> None:
    system, _ = exchange(1, 1, 3)

    assert check(system) is system
    assert {p.name for p in system.of_kind(Kind.ALWAYS)} == INVARIANTS
    assert [p.name for p in system.of_kind(Kind.SOMETIMES)] == ["done"]


def test_a_copy_that_asks_for_no_frame_overfills_the_machine() -> None:
    system, world = exchange(3, 3, 9)
    found = explore(Run(system.without("copy_in", "the machine has a free frame"), world))

    assert isinstance(found, Violated)
    assert found.property == "within_capacity"
    assert len(found.steps) == 5
    assert {s.action for s in found.steps} >= {"create_host_vm", "begin_in", "copy_in"}
