"""The reference implementation is held against the worlds in which VMs go to other machines."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance import protocol
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms
from holdfast.specs.worlds import WORLDS

from .coverages import Record, recorded

MOVING = ("arrives-between-exchanges", "swapped-away", "one-cannot-stay")


@pytest.mark.parametrize("world", ["post-copy", "post-copy-end-lost"])
def test_of_moves_it_has_no_word_for_post_copy(world: str) -> None:
    greeting = Reference().hello(protocol.world_record(Run(*WORLDS[world].build())))

    assert greeting.unsupported >= {"switch_early", "fetch", "finish_fetching"}


@pytest.mark.parametrize("world", MOVING)
def test_it_conforms_by_moving_vms_away_and_shows_everything(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*WORLDS[world].build()), Settings()), Reference, Settings())

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(world, coverage, record_property)
    assert coverage.whole, coverage
    assert verdict.report.notes == ()
