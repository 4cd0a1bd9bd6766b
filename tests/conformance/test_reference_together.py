"""The reference implementation in worlds of several parts at once; and that no world of parts that it has is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms
from holdfast.specs.worlds import MODEL_WORLDS

from .coverages import Record, recorded
from .test_reference import ELSEWHERE

HERE = Path(__file__).parent
SETTINGS = Settings(walks=3)

PAIRS = {"arrives-before-the-split": 100, "stored-once-one-has-left": 99}
"""Percent of pairs of control state and action: by storage an image that nobody needs is deleted rather than read back."""


@pytest.mark.parametrize(
    "world", ["arrives-before-the-split", pytest.param("stored-once-one-has-left", marks=pytest.mark.slow)]
)
def test_it_conforms_where_machines_take_different_ways(world: str, record_property: Record) -> None:
    verdict = conform(prepare(Run(*MODEL_WORLDS[world].build()), SETTINGS), Reference, SETTINGS)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    recorded(world, coverage, record_property)
    assert (coverage.actions.percent, coverage.faults.percent, coverage.refusals.percent) == (100, 100, 100)
    assert coverage.pairs.percent >= PAIRS[world]
    assert verdict.report.notes == ()


def test_every_world_of_its_parts_is_named_by_a_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in sorted(HERE.glob("test_reference*.py")))
    theirs = [name for name, case in MODEL_WORLDS.items() if case.parts and set(case.parts) <= ELSEWHERE]

    assert len(theirs) > 20
    assert [name for name in theirs if f'"{name}"' not in tests] == []
