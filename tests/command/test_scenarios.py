"""`holdfast scenarios`: what it finds, how it says so, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import EXAMPLES, process, run


def test_the_scenarios_of_a_mutant_are_told_the_lightest_first() -> None:
    done = run("scenarios", "--mutant", "map-not-validated", "--most", "2")

    assert done.exit_code == 1
    assert done.stdout.startswith("1  tear_down_old breaks validated_before_teardown\n")
    assert "   0 faults, 2 changes of actor, 1 VM, 8 steps\n" in done.stdout
    assert "\n2  tear_down_old breaks " in done.stdout
    assert "There may be more: 2 were asked for." in done.stdout


def test_the_scenarios_of_an_unsafe_plan_are_at_its_real_sizes() -> None:
    done = run("scenarios", EXAMPLES / "unsafe-balloon-target.yaml", "--json")
    (scenario,) = json.loads(done.stdout)["scenarios"]

    assert done.exit_code == 1
    assert scenario["properties"] == ["plan_never_stuck"]
    assert scenario["cost"]["steps"] == len(scenario["steps"])
    assert scenario["cost"]["faults"] == 0


def test_a_world_that_holds_is_tried_with_one_more_fault_of_each_kind() -> None:
    done = run("scenarios", "--world", "empty-machine", "--json")
    said = json.loads(done.stdout)

    assert (done.exit_code, said["scenarios"], said["unfinished"], said["files"]) == (0, [], None, [])
    assert set(said["tried"]) >= {"format_unreadable", "boot_failed"}
    assert run("scenarios", "--world", "empty-machine").stdout.startswith("NOTHING BREAKS\n")


def test_no_more_faults_and_steps_are_taken_than_asked_for() -> None:
    most = ("--mutant", "commit-incomplete", "--json")
    costs = [s["cost"] for s in json.loads(run("scenarios", *most, "--faults", "0").stdout)["scenarios"]]
    short = json.loads(run("scenarios", *most, "--steps", "4").stdout)["scenarios"]

    assert costs
    assert all(cost["faults"] == 0 for cost in costs)
    assert short
    assert all(s["cost"]["steps"] <= 4 for s in short)


def test_a_limit_that_ends_the_search_is_no_success() -> None:
    done = run("scenarios", "--world", "smallest", "--max-states", "5")

    assert done.exit_code == 3
    assert done.stdout.startswith("NOTHING FOUND\n")
    assert "the limit of 5 states is reached" in done.stdout


def test_all_forms_are_written_where_asked(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "found"
    done = run("scenarios", "--mutant", "commit-while-running", "--most", "1", "--out", folder)

    assert done.exit_code == 1
    assert sorted(file.name for file in folder.iterdir()) == [
        "01-one_authority-commit.itf.json",
        "01-one_authority-commit.jsonl",
        "01-one_authority-commit.log.jsonl",
        "01-one_authority-commit.scenario",
        "test_01_one_authority_commit.py",
    ]
    assert f"5 files in {folder}." in done.stdout
    again = run("scenarios", "--mutant", "commit-while-running", "--most", "1", "--out", folder)
    assert again.exit_code == 2
    assert "found a folder that is not empty, expected a new folder, or an empty one" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name a PLAN, or --mutant, or --world"),
        (("--mutant", "commit-stale", "--world", "smallest"), "Name a PLAN, or --mutant, or --world"),
        (("--mutant", "commit-stall"), "There is no mutant 'commit-stall'; did you mean `commit-stale`?"),
        (("--world", "smallets"), "There is no world 'smallets'"),
        (("--mutant", "commit-stale", "--most", "0"), "Invalid value for '--most'"),
        (("absent.yaml",), "absent.yaml"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    done = run("scenarios", *arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_it_starts_without_what_it_does_not_need() -> None:
    assert process("scenarios", "--help").returncode == 0
