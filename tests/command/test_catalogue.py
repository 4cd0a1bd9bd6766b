"""`holdfast catalogue --check`: it lists every identifier, and a gap makes it fail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.rederive import tasks
from holdfast.rederive.tasks import Task
from holdfast.specs.catalogue import REQUIREMENTS, missing, rows
from tests.command import process, run

ASKED = ("id", "property", "worlds", "verdict", "witness", "mutants")


def test_what_no_property_says_is_said() -> None:
    unsaid = missing(rows())
    told = run("catalogue").stdout

    assert ("no property says" in told) == bool(unsaid)
    assert all(name in told for name in REQUIREMENTS)


@pytest.fixture
def _only_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(*_: Any, **__: Any) -> list[Task]:
        return [Task("worlds", "smallest")]

    monkeypatch.setattr(tasks, "tasks", one)


@pytest.mark.usefixtures("_only_the_smallest")
def test_a_gap_makes_it_fail() -> None:
    """Nothing but the smallest world is derived: whatever the ledger says of the others, it is not believed."""
    told = run("catalogue", "--check", "--jobs", "1")
    record = json.loads(run("catalogue", "--check", "--jobs", "1", "--json").stdout)

    assert told.exit_code == 1
    assert "gap  S2 no_vm_lost: its verdict is Holds, Unknown" in told.stdout
    assert record["verdict"] == "Violated"
    assert {"name": "S2 no_vm_lost", "says": "its verdict is Holds, Unknown"} in record["gaps"]
    assert all(key in row for row in record["rows"] for key in ASKED)


@pytest.mark.usefixtures("_only_the_smallest")
def test_without_time_it_is_undecided() -> None:
    record = json.loads(run("catalogue", "--check", "--jobs", "1", "--max-seconds", "0", "--json").stdout)

    assert [gap["name"] for gap in record["undecided"]] == ["smallest"]
    assert {row["verdict"] for row in record["rows"]} == {"Unknown"}


def test_removals_are_a_part_of_the_check() -> None:
    told = run("catalogue", "--removals")

    assert told.exit_code == 2
    assert "--removals is a part of --check" in told.stderr


@pytest.mark.slow
def test_the_whole_catalogue_is_derived_in_a_quarter_of_an_hour() -> None:
    ended = process("catalogue", "--check", "--json", limit=1000)
    record = json.loads(ended.stdout)

    assert not record["undecided"]
    assert {(gap["name"], gap["says"]) for gap in record["gaps"]} == {
        (name, "no property says it") for name in missing(rows())
    }
    assert ended.returncode == (1 if missing(rows()) else 0)
    assert "derived" in ended.stderr
