"""Every world comes to what the ledger says, to the last state. `HOLDFAST_REWRITE=1` writes what came out instead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Violated
from holdfast.rederive.rows import world_row
from holdfast.specs import ledger
from holdfast.specs.decided import asked
from holdfast.specs.mutants import MUTANTS
from holdfast.specs.removals import removals
from holdfast.specs.worlds import MODEL_WORLDS, WORLDS
from tests.specs.pinned import pin_world

LEDGER = ledger.read()
SLOW = {name for name, row in LEDGER.worlds.items() if row.slow}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in WORLDS])
def test_a_world_comes_to_what_is_pinned(name: str) -> None:
    run = Run(*WORLDS[name].build())
    verdict = explore(run)

    pin_world(name, world_row(verdict))
    breaks = WORLDS[name].breaks
    if breaks is not None:
        assert isinstance(verdict, Violated)
        assert verdict.property == breaks
        states = run.replay(verdict.steps, verdict.initial)
        assert not run.holds(run.system.property(breaks), states[-1])
    elif name in MODEL_WORLDS:
        assert isinstance(verdict, Holds), verdict


def test_every_row_has_its_world_or_mutant_and_every_one_of_these_a_row() -> None:
    assert set(LEDGER.worlds) == set(WORLDS)
    assert set(LEDGER.mutants) == set(MUTANTS)
    assert set(LEDGER.liveness) == {one.row for one in asked()}
    assert set(LEDGER.removals) == {removal.name for removal in removals()}


def test_transitions_are_firings() -> None:
    for name, row in LEDGER.worlds.items():
        assert row.transitions == sum(row.firings.values()), name


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    ledger.write(LEDGER, path)

    assert ledger.read(path) == LEDGER
    assert path.read_text() == ledger.PATH.read_text()


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert ledger.read(tmp_path / "none.json") == ledger.Ledger()


BROKEN_ROW = '{"worlds": {"w": {"states": 1}}, "mutants": {}, "liveness": {}, "removals": {}}'


@pytest.mark.parametrize("text", ["[", "{}", '{"worlds": {}, "mutants": {}}', BROKEN_ROW, "[]"])
def test_what_is_no_ledger_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(text)

    with pytest.raises(ValueError, match="is no ledger"):
        ledger.read(path)


def test_one_state_more_is_a_difference() -> None:
    row = LEDGER.worlds["smallest"]
    verdict = explore(Run(*WORLDS["smallest"].build()))

    assert world_row(verdict) == row
    more = replace(verdict, figures=replace(verdict.figures, states=verdict.figures.states + 1))
    assert world_row(more) != row
