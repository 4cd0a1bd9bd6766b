"""Mistakes in what is told of a run, in its order, and in proposed plans are caught: by judging the log, by verifying."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import told
from .table import Record, Row, recorded
from .told import Mutant, by_its_log, by_verifying


def row(mutant: Mutant, road: str, named: tuple[str, ...] | None) -> Row:
    return Row(mutant.name, mutant.mechanism, "" if named is None else road, mutant.expected, named or ())


def test_without_a_mistake_the_log_conforms_and_plans_hold(tmp_path: Path) -> None:
    assert by_its_log(tmp_path) is None
    assert by_verifying(tmp_path) is None


@pytest.mark.parametrize("mutant", (*told.TELLING, *told.ORDER), ids=lambda m: m.name.replace(" ", "-"))
def test_a_mistake_is_caught_by_judging_the_log(mutant: Mutant, tmp_path: Path, record_property: Record) -> None:
    with mutant.breaking():
        named = by_its_log(tmp_path)

    recorded(row(mutant, "log", named), record_property)
    assert named is not None


@pytest.mark.parametrize("mutant", told.PLANNER, ids=lambda m: m.name.replace(" ", "-"))
def test_a_mistake_of_the_planner_is_caught_by_verifying(
    mutant: Mutant, tmp_path: Path, record_property: Record
) -> None:
    with mutant.breaking():
        named = by_verifying(tmp_path)

    recorded(row(mutant, "verify", named), record_property)
    assert named is not None
