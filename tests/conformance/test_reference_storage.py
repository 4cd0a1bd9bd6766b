"""The reference implementation is held against the worlds of suspension to storage, every fault of theirs included."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Thin, Verdict
from holdfast.specs.worlds import WORLDS

from .coverages import Record, recorded

CAREFUL = Rules(careful=True)
"""Its controller stops where a VM is lost, while the model goes on."""

PAIRS = {"stored-smallest": 99, "stored-larger-successor": 99, "stored-or-preserved": 98}
"""Percent of pairs of control state and action: only an image on which nothing rests is deleted rather than read back."""

PAIRS_SLOWLY = {"stored-refused": 99, "stored-side-by-side": 99}
"""The same with several machines."""


def held(world: str, walks: int, coverage: int = 100) -> Verdict:
    """What the gate says of it in a world."""
    settings = Settings(rules=CAREFUL, walks=walks, coverage=coverage)
    return conform(prepare(Run(*WORLDS[world].build()), settings), Reference, settings)


def assert_reached(world: str, pairs: int, record: Record) -> None:
    """It conforms, does all and refuses all that can be shown there, and nothing that the model allows."""
    verdict = held(world, 3)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(world, coverage, record)
    assert (coverage.actions.percent, coverage.faults.percent, coverage.refusals.percent) == (100, 100, 100)
    assert coverage.pairs.percent >= pairs
    assert all("verify_image" in missing for missing in coverage.pairs.missing)
    assert verdict.report.notes == ()


@pytest.mark.parametrize("world", PAIRS)
def test_it_conforms_by_storage(world: str, record_property: Record) -> None:
    assert_reached(world, PAIRS[world], record_property)


@pytest.mark.slow
@pytest.mark.parametrize("world", PAIRS_SLOWLY)
def test_it_conforms_by_storage_where_there_are_several_machines(world: str, record_property: Record) -> None:
    assert_reached(world, PAIRS_SLOWLY[world], record_property)


def test_it_conforms_where_power_is_lost_before_the_image_is_durable(record_property: Record) -> None:
    """The VM is lost then, and what the model still allows is refused."""
    verdict = held("power-lost-before-durable", 3)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded("power-lost-before-durable", coverage, record_property)
    assert (coverage.actions.percent, coverage.faults.percent, coverage.refusals.percent) == (100, 100, 100)
    assert coverage.pairs.percent > 60
    assert {note.text.split()[0] for note in verdict.report.notes} <= {"boot_new", "verify_image"}


def test_where_power_takes_a_vm_it_goes_no_further(record_property: Record) -> None:
    """All that the world has of storage comes after a loss, and there the controller has stopped: nothing is wrong, and the
    gate says that little of it was shown."""
    verdict = held("power-lost-while-preserved", 3)

    assert isinstance(verdict, Thin), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded("power-lost-while-preserved", coverage, record_property)
    assert coverage.faults.percent == 100
    assert coverage.actions.percent > 70
    assert not verdict.report.failing


@pytest.mark.slow
@pytest.mark.parametrize("world", ["stored-every-fault", "stored-three-vms-reclaimed"])
def test_it_conforms_on_random_walks_in_the_larger_worlds(world: str) -> None:
    verdict = held(world, 100)

    assert isinstance(verdict, Conforms), verdict
