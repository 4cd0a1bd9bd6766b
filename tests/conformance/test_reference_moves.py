"""The reference implementation is held against the worlds in which VMs go to other machines."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms
from holdfast.specs.worlds import WORLDS

from .coverages import Record, recorded

MOVING = ("arrives-between-exchanges", "swapped-away", "one-cannot-stay", "post-copy")


@pytest.mark.parametrize("world", MOVING)
def test_it_conforms_by_moving_vms_away_and_shows_everything(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*WORLDS[world].build()), Settings()), Reference, Settings())

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(world, coverage, record_property)
    assert coverage.whole, coverage
    assert verdict.report.notes == ()


def test_it_conforms_where_an_end_dies_and_the_vm_is_lost(record_property: Record) -> None:
    """Its controller stops then, and what is asked of it afterwards is refused, as it is there."""
    settings = Settings(rules=Rules(careful=True))
    verdict = conform(prepare(Run(*WORLDS["post-copy-end-lost"].build()), settings), Reference, settings)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded("post-copy-end-lost", coverage, record_property)
    assert coverage.whole, coverage
