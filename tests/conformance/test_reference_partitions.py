"""The reference implementation is held against the worlds of partition migration, every fault of theirs included."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Verdict
from holdfast.specs.worlds import WORLDS

from .coverages import Record, recorded
from .test_reference_storage import CAREFUL, held

SMALL = (
    "split-goes-on",
    "split-given-up",
    "split-hardware-refused",
    "guest-outgrows-partition",
    "split-while-a-guest-grows",
)


def assert_shown(verdict: Verdict, record: Record, pairs: int = 100) -> None:
    """It conforms, and has done all and refused all that can be shown there, in so many percent of control states."""
    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(verdict.report.world, coverage, record)
    assert (coverage.actions.percent, coverage.faults.percent, coverage.refusals.percent) == (100, 100, 100)
    assert coverage.pairs.percent >= pairs
    assert verdict.report.notes == ()


@pytest.mark.parametrize("world", SMALL)
def test_it_conforms_by_a_second_partition(world: str, record_property: Record) -> None:
    assert_shown(held(world, 3), record_property)


@pytest.mark.slow
@pytest.mark.parametrize("world", ["split-never-given-up", "split-smallest"])
def test_it_conforms_by_a_second_partition_with_every_fault(world: str, record_property: Record) -> None:
    assert_shown(held(world, 3), record_property)


@pytest.mark.slow
def test_it_conforms_whichever_of_three_ways_it_goes(record_property: Record) -> None:
    """Only an image on which nothing rests is deleted rather than read back."""
    assert_shown(held("any-of-three-ways", 3), record_property, 99)


@pytest.mark.slow
@pytest.mark.parametrize("world", ["split-side-by-side", "split-every-fault", "split-three-vms-reclaimed"])
def test_it_conforms_by_a_second_partition_on_random_walks_in_the_larger_worlds(world: str) -> None:
    verdict = held(world, 100)

    assert isinstance(verdict, Conforms), verdict


@pytest.mark.slow
def test_it_splits_one_of_six_machines_and_refuses_the_others() -> None:
    """There are too many control states for a suite: what each machine lacks is tried along walks by chance."""
    settings = Settings(rules=CAREFUL, walks=30, states_max=1_000)
    verdict = conform(prepare(Run(*WORLDS["split-refused"].build()), settings), Reference, settings)

    assert isinstance(verdict, Conforms), verdict
