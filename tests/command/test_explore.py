"""`holdfast explore` and `catalogue`: named worlds, figures as JSON, counterexamples that replay."""

from __future__ import annotations

import json
from pathlib import Path

from holdfast.specs.worlds import WORLDS

from . import process, run


def test_every_world_is_listed_with_its_reason() -> None:
    listed = json.loads(run("explore", "--list", "--json").stdout)

    assert {row["world"]: row["reason"] for row in listed} == {name: case.reason for name, case in WORLDS.items()}


def test_the_catalogue_has_a_verdict_and_a_mutant_for_every_property() -> None:
    rows = json.loads(run("catalogue", "--json").stdout)
    told = run("catalogue").stdout

    assert {"S1", "S18", "X6", "M1", "O"} <= {row["id"] for row in rows}
    assert all(row["mutants"] for row in rows)
    assert all(f"{row['property']}: {row['sentence']}" in told for row in rows)


def test_json_has_the_published_figures() -> None:
    done = process("explore", "exchange-2-3-8", "--json")
    said = json.loads(done.stdout)

    assert done.returncode == 0
    assert done.stderr == ""
    assert (said["verdict"], said["states"], said["transitions"], said["depth"]) == ("Holds", 53_885, 459_014, 35)
    assert said["seconds"] > 0
    assert sum(said["firings"].values()) == said["transitions"]


def test_a_counterexample_is_told_and_replays(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    told = run("explore", "guest-outgrows-machine", "--trace", trace)
    again = run("replay", trace)

    assert told.exit_code == again.exit_code == 1
    assert "machine_not_overcommitted is broken" in told.stdout
    assert "host is short by 1 page: 9 pages used, capacity 8 pages" in told.stdout
    assert again.stdout.startswith("REPRODUCED")
    assert _steps(again.stdout) == _steps(told.stdout)


def _steps(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[:4].strip().isdigit()]


def test_a_vacuous_world_says_what_never_happened() -> None:
    said = json.loads(run("explore", "toy-diophantine-unsolvable", "--json").stdout)
    told = run("explore", "toy-diophantine-unsolvable")

    assert told.exit_code == 3
    assert (said["verdict"], len(said["never_witnessed"])) == ("Vacuous", 1)
    assert "Never seen: The guess solves the equation." in told.stdout


def test_a_witness_is_told_step_by_step() -> None:
    told = run("explore", "reclaim-first", "--witness", "exchange_done")
    said = json.loads(run("explore", "reclaim-first", "--witness", "exchange_done", "--json").stdout)

    assert told.exit_code == 0
    assert f"After {said['witnesses']['exchange_done']} steps exchange_done is seen:" in told.stdout
    assert len(_steps(told.stdout)) == said["witnesses"]["exchange_done"] == len(said["witness"]["steps"])
    assert "reclaim vm" in told.stdout


def test_a_mutant_is_explored_in_its_world_and_its_trace_replays(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    told = run("explore", "--mutant", "source-freed-at-commit", "--trace", trace)
    again = run("replay", trace)

    assert told.exit_code == again.exit_code == 1
    assert "no_vm_lost is broken" in told.stdout
    assert again.stdout.startswith("REPRODUCED")


def test_names_that_are_not_known_are_told(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    run("explore", "--mutant", "source-freed-at-commit", "--trace", trace)
    trace.write_text(trace.read_text().replace("source-freed-at-commit", "source-fried"))

    assert "did you mean" in run("explore", "smallest", "--witness", "exchange_don").stderr
    assert "There is no mutant 'nothing-wrong'" in run("explore", "--mutant", "nothing-wrong").stderr
    assert "Which world? Or which mutant?" in run("explore", "smallest", "--mutant", "source-continued").stderr
    assert "the mutant `source-fried`" in run("replay", trace).stderr
