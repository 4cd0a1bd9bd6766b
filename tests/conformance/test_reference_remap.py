"""The reference implementation is held against the worlds in which frames change hands where they are."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.specs.worlds import WORLDS

from .coverages import Record
from .test_reference import shows_everything

REMAPPING = (
    *("remapped", "remapped-or-copied", "remap-refused"),
    pytest.param("remap-out-refused", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("world", REMAPPING)
def test_it_conforms_by_remapping_and_shows_everything(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*WORLDS[world].build()), Settings()), Reference, Settings())

    shows_everything(verdict, record_property)
