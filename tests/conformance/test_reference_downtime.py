"""The reference implementation is held against the worlds in which VMs have a budget for their downtime."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.specs.worlds import WORLDS

from .coverages import Record
from .test_reference import shows_everything


@pytest.mark.parametrize("world", ["one-page-at-rest", "budgets-apart"])
def test_it_conforms_within_budgets_and_shows_everything(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*WORLDS[world].build()), Settings()), Reference, Settings())

    shows_everything(verdict, record_property)
