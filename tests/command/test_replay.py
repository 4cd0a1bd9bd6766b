"""`holdfast replay`: a violation reproduced, a behaviour that breaks nothing, and what is no behaviour."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.checkers.interpret import Run
from holdfast.checkers.lasso import first_lost
from holdfast.model.language import Step
from holdfast.specs.mutants import MUTANTS

from . import EXAMPLES, run

PLAN = "unsafe-commit-limit.yaml"
Rows = list[dict[str, Any]]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A counterexample beside a copy of its plan and cluster."""
    for name in (PLAN, "edge.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    file = tmp_path / "trace.jsonl"
    assert run("verify", tmp_path / PLAN, "--trace", file).exit_code == 1
    return file


def edited(trace: Path, edit: Callable[[Rows], None]) -> Path:
    rows = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    edit(rows)
    trace.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return trace


def test_a_plans_counterexample_is_reproduced(trace: Path) -> None:
    again = run("replay", trace)

    assert again.exit_code == 1
    assert again.stdout.startswith("REPRODUCED")
    assert "edge-1 is short by 3 GiB: 67 GiB needed, commit limit 64 GiB" in again.stdout
    assert again.stderr == ""


def test_a_trace_may_be_moved_with_its_plan(trace: Path, tmp_path: Path) -> None:
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)

    assert run("replay", moved / trace.name).exit_code == 1


def test_a_prefix_breaks_nothing(trace: Path) -> None:
    edited(trace, lambda rows: rows.__delitem__(slice(-1, None)))
    again = run("replay", trace)

    assert again.exit_code == 0
    assert "BREAKS NOTHING" in again.stdout
    assert "The trace says that it breaks plan_never_stuck; it does not." in again.stdout


def test_a_step_that_is_missing_is_named_with_what_refuses_the_next(trace: Path) -> None:
    edited(trace, lambda rows: rows.remove(next(row for row in rows if row.get("action") == "stop")))
    refused = run("replay", trace)
    said = json.loads(run("replay", trace, "--json").stdout)

    assert refused.exit_code == 2
    assert "cannot be taken: hypervisor: commit router-1" in refused.stdout
    assert "the VM is stunned" in refused.stdout
    assert "  stop router-1" in refused.stdout
    assert (said["behaviour"], said["refused"]) == (False, ["the VM is stunned"])
    assert "stop router-1" in said["possible"]


@pytest.mark.parametrize("amount", [0, -1, 1 << 40])
def test_an_amount_outside_its_range_is_no_behaviour(trace: Path, amount: int) -> None:
    def change(rows: Rows) -> None:
        next(row for row in rows if row.get("action") == "copy")["arguments"]["amount"] = amount

    refused = run("replay", edited(trace, change))

    assert refused.exit_code == 2
    assert f"amount is from 1 to 5242880, not {amount}" in refused.stdout


def test_a_change_that_did_not_happen_is_no_behaviour(trace: Path) -> None:
    def change(rows: Rows) -> None:
        next(row for row in rows if row.get("action") == "copy")["changed"] = {"router-1.copied": [0, 7]}

    refused = run("replay", edited(trace, change))

    assert refused.exit_code == 2
    assert "router-1.copied changes from 0 to 1441792, not from 0 to 7" in refused.stdout


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("action", "fly", "has no fly"), ("arguments", {"vm": "nobody"}, "nobody"), ("arguments", {}, "takes vm")],
)
def test_what_the_model_does_not_know_is_no_behaviour(trace: Path, key: str, value: object, said: str) -> None:
    refused = run("replay", edited(trace, lambda rows: rows[3].update({key: value})))

    assert refused.exit_code == 2
    assert "step 3" in refused.stdout
    assert said in refused.stdout


def test_a_plan_that_has_changed_is_not_replayed_unless_asked_for(trace: Path) -> None:
    plan = trace.with_name(PLAN)
    plan.write_text(plan.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")

    refused, asked = run("replay", trace), run("replay", trace, "--plan", plan)

    assert refused.exit_code == 2
    assert "is not what it was when the trace was written" in refused.stderr
    assert asked.exit_code == 1


def test_a_mended_plan_is_not_broken_by_the_old_trace(trace: Path) -> None:
    cluster = trace.with_name("edge.yaml")
    text = cluster.read_text(encoding="utf-8")
    cluster.write_text(text.replace("commit_limit: 100%", "commit_limit: 150%"), encoding="utf-8")

    assert run("replay", trace, "--plan", trace.with_name(PLAN)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", 'expected a header with "trace": 1'),
        ("{}", 'expected a header with "trace": 1'),
        ("[]", "line 1: expected an object, found list"),
        ("{", "line 1, column 2"),
        ('{"trace": 1}', "lacks the key 'world'"),
        ('{"trace": 1, "world": 3}', "expected str for 'world', found 3"),
        ('{"trace": 1, "world": "w", "system": "", "sentence": "", "initial": true}', "expected int for 'initial'"),
        ('{"trace": 1, "world": "nowhere", "system": "", "sentence": "", "initial": 0}', "found the world `nowhere`"),
        ('{"trace": 1, "world": "w", "system": "", "sentence": "", "initial": 0}\n{"step": 1}', "line 2"),
    ],
)
def test_what_is_no_trace_ends_with_2_and_a_reason(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(content, encoding="utf-8")
    refused = run("replay", file)

    assert refused.exit_code == 2
    assert said in refused.stderr


def test_a_binary_file_is_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(b"\xff\xfe\x00")

    assert run("replay", file).exit_code == run("replay", tmp_path).exit_code == run("replay", "nowhere").exit_code == 2


def test_an_initial_state_that_is_not_there_is_no_behaviour(trace: Path) -> None:
    refused = run("replay", edited(trace, lambda rows: rows[0].update(initial=1)))

    assert refused.exit_code == 2
    assert "there are 1 initial states" in refused.stdout


# ---------------------------------------------------------------------------------------------------- what never comes
LASSOS = (
    "waits-for-the-guest",
    "kept-from-the-needy",
    "never-woken",
    "given-back-while-awaited",
    "turned-back-and-not",
)


@pytest.mark.parametrize("mutant", LASSOS)
def test_what_never_comes_is_reproduced_with_the_cycle_that_it_goes_round(mutant: str, tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    assert run("explore", "--mutant", mutant, "--trace", file).exit_code == 1
    again = run("replay", file)
    said = json.loads(run("replay", file, "--json").stdout)
    head, *events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    assert again.exit_code == 1
    assert again.stdout.startswith("REPRODUCED")
    assert f"{MUTANTS[mutant].breaks} is broken:" in again.stdout
    assert (said["broken"], said["cycle_from"]) == (MUTANTS[mutant].breaks, head.get("cycle_from"))
    round_about = f"Steps {head.get('cycle_from', 0) + 1} to {len(events)} repeat for ever." in again.stdout
    assert round_about is ("cycle_from" in head)


def test_the_scenarios_of_what_never_comes_are_reproduced(tmp_path: Path) -> None:
    assert run("scenarios", "--mutant", "waits-for-the-guest", "--out", tmp_path / "found").exit_code == 1
    files = sorted(f for f in (tmp_path / "found").glob("*.jsonl") if not f.name.endswith(".log.jsonl"))

    assert files
    assert [run("replay", file).stdout.split()[0] for file in files] == ["REPRODUCED"] * len(files)


def lasso(tmp_path: Path) -> Path:
    """A trace with a cycle."""
    for mutant in LASSOS:
        file = tmp_path / f"{mutant}.jsonl"
        run("explore", "--mutant", mutant, "--trace", file)
        if "cycle_from" in json.loads(file.read_text(encoding="utf-8").splitlines()[0]):
            return file
    raise AssertionError("one of them goes round")


@pytest.mark.parametrize("cycle", [-1, 1_000, None])
def test_steps_that_do_not_come_back_to_where_they_begin_are_no_cycle(cycle: int | None, tmp_path: Path) -> None:
    def change(rows: Rows) -> None:
        if cycle is None:
            del rows[-1]
        else:
            rows[0]["cycle_from"] = cycle

    again = run("replay", edited(lasso(tmp_path), change))

    assert again.exit_code == 0
    assert "BREAKS NOTHING" in again.stdout


def test_to_stay_for_ever_where_something_must_be_done_is_not_fair() -> None:
    world = Run(*MUTANTS["waits-for-the-guest"].alone())
    first = world.system.property(MUTANTS["waits-for-the-guest"].breaks)
    steps, states = list[Step](), [world.initial()[0]]
    while not world.value(first.term, states[-1], {}):
        step, after = next(iter(world.successors(states[-1])))
        steps.append(step)
        states.append(after)

    assert first_lost(world, states, steps, None) is None


def test_an_old_trace_without_a_cycle_is_read(tmp_path: Path) -> None:
    again = run("replay", edited(lasso(tmp_path), lambda rows: rows[0].pop("cycle_from")))

    assert again.exit_code in (0, 1)
    assert "repeat for ever" not in again.stdout
