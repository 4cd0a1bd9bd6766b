"""A scenario in every form: each says the same, each runs, and all are written or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from holdfast.checkers.trace import load, steps_of
from holdfast.inputs.problems import BadInput
from holdfast.scenarios import follow
from holdfast.scenarios.forms import forms, write_all
from holdfast.scenarios.gather import Wanted, of_mutant, of_plan, of_world
from holdfast.scenarios.itf import itf
from holdfast.scenarios.origin import Origin
from holdfast.scenarios.play import mistakes, play
from holdfast.scenarios.scenario import Scenario
from holdfast.scenarios.text import read
from tests.command import EXAMPLES, run
from tests.scenarios.exported import breaks, first_of, mutants, results, written

SCHEMA = json.loads((Path(__file__).parent / "itf.schema.json").read_text(encoding="utf-8"))
MUTANT = "torn-image-accepted"


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    """The first of every mutant in a small world."""
    return first_of(mutants(small=True))


@pytest.fixture(scope="module")
def folder(scenarios: list[Scenario], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of their forms."""
    return written(scenarios, tmp_path_factory.mktemp("exported") / "found")


# ---------------------------------------------------------------------------------------------------------- pytest
def test_every_exported_pytest_passes_on_the_model_as_it_is_and_fails_with_its_bug(
    folder: Path, scenarios: list[Scenario]
) -> None:
    after, before = results(folder), results(folder, HOLDFAST_UNFIXED="1")

    assert len(scenarios) == len(mutants(small=True)) == len(after)
    assert {name: message for name, message in after.items() if message} == {}
    assert breaks(before) == list(after)


@pytest.mark.slow
def test_every_exported_pytest_does_so_for_the_mutants_of_large_worlds(tmp_path: Path) -> None:
    found = written(first_of(mutants(small=False)), tmp_path / "found")
    after = results(found)

    assert len(after) == len(mutants(small=False))
    assert {name: message for name, message in after.items() if message} == {}
    assert breaks(results(found, HOLDFAST_UNFIXED="1")) == list(after)


def test_an_exported_pytest_of_a_plan_fails_until_the_plan_is_mended(tmp_path: Path) -> None:
    found = written(list(of_plan(EXAMPLES / "unsafe-full.yaml", Wanted(1)).scenarios), tmp_path / "found")

    assert len(breaks(results(found))) == 1
    assert list(results(found, HOLDFAST_PLAN=str(EXAMPLES / "safe-full.yaml")).values()) == [""]


def test_what_stops_the_steps_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "world smallest\nmutant commit-while-running\ncreate_host_vm host\nconsolidate vm\ncopy vm 1\ncommit vm\n"

    mended = follow(text)
    monkeypatch.setenv("HOLDFAST_UNFIXED", "1")
    unfixed = follow(text)

    assert (mended.steps, mended.broken, mended.stopped_by) == (3, (), "the VM is stunned")
    assert (unfixed.steps, unfixed.stopped_by) == (4, None)
    assert "one_authority" in unfixed.broken


# ------------------------------------------------------------------------------------------------- traces and text
def test_every_trace_is_reproduced(folder: Path, scenarios: list[Scenario]) -> None:
    files = [file for file in sorted(folder.glob("*.jsonl")) if not file.name.endswith(".log.jsonl")]
    safety = [file for file, scenario in zip(files, scenarios, strict=True) if scenario.liveness is None]

    assert len(safety) > len(files) // 2
    for file in safety[::9]:
        again = run("replay", file)
        assert (again.stdout.partition(" ")[0], again.stderr) == ("REPRODUCED", ""), file.name


def test_every_text_comes_to_what_it_says(folder: Path, scenarios: list[Scenario]) -> None:
    files = sorted(folder.glob("*.scenario"))

    assert len(files) == len(scenarios)
    for file in files[::3]:
        script = read(file)
        assert mistakes(script, play(script, script.run())) == [], file.name


def test_a_log_is_of_the_world_as_it_should_be_and_cannot_happen_there(tmp_path: Path) -> None:
    (scenario,) = of_mutant("commit-while-running", Wanted(1)).scenarios
    lines = forms(scenario, 1, tmp_path)["01-one_authority-commit.log.jsonl"]
    told = load(lines.splitlines())
    intact = Origin(world=told.world).run()

    assert (told.property, told.sentence, told.system, told.origin) == (None, "", "", {"world": "smallest"})
    *possible, last = steps_of(intact, told)
    state = intact.replay(tuple(possible))[-1]
    sentences = [r.sentence for r in intact.broken(state, intact.system.action(last.action), last.arguments)]
    assert sentences == ["the VM is stunned"]


def test_every_log_of_a_safety_bug_cannot_have_happened_as_it_should_be(
    folder: Path, scenarios: list[Scenario]
) -> None:
    files = sorted(folder.glob("*.log.jsonl"))
    possible = [s for file, s in zip(files, scenarios, strict=True) if s.liveness is None and can_happen(file)]

    assert len(files) == len(scenarios)
    assert [s.origin.mutant for s in possible] == ["second-copy-free"]  # which counts wrongly what happens as it should


def can_happen(log: Path) -> bool:
    """Whether every event can be taken in the world as it should be, and then changes what the log says."""
    told = load(log.read_text(encoding="utf-8").splitlines())
    intact = Origin(told.world, tolerated=told.origin.get("tolerated", {})).run()
    state = intact.initial()[told.initial]
    for event, step in zip(told.events, steps_of(intact, told), strict=True):
        before = intact.shown(state)
        if intact.broken(state, intact.system.action(step.action), step.arguments):
            return False
        state = intact.take(state, step)
        after = intact.shown(state)
        if {key: (before[key], after[key]) for key in after if before[key] != after[key]} != event.changed:
            return False
    return True


def test_a_log_of_what_is_as_it_should_be_can_happen(tmp_path: Path) -> None:
    (scenario,) = of_mutant("commit-while-running", Wanted(1)).scenarios
    log = tmp_path / "log"
    log.write_text(forms(scenario, 1, tmp_path)["01-one_authority-commit.log.jsonl"], encoding="utf-8")
    whole = log.read_text(encoding="utf-8").splitlines(keepends=True)
    assert not can_happen(log)

    log.write_text("".join(whole[:-1]), encoding="utf-8")

    assert can_happen(log)


def test_faults_beyond_what_a_world_tolerates_are_in_every_form(tmp_path: Path) -> None:
    (scenario,) = of_world("comes-to-rest", Wanted(1)).scenarios
    written([scenario], tmp_path / "found")
    (text,) = (tmp_path / "found").glob("*.scenario")
    trace = text.with_suffix(".jsonl")

    assert scenario.origin.tolerated == {"driver_stuck": 1}
    assert "\ntolerate driver_stuck 1\n" in text.read_text(encoding="utf-8")
    assert mistakes(read(text), play(read(text), read(text).run())) == []
    assert run("replay", trace).stdout.startswith("REPRODUCED")
    for spoilt, said in (("driver_stack", "the fault `driver_stack`"), ("driver_stuck", "`9` for driver_stuck")):
        header = json.loads(trace.read_text(encoding="utf-8").splitlines()[0])
        header["origin"]["tolerated"] = {spoilt: 9 if spoilt == "driver_stuck" else 1}
        (tmp_path / "spoilt.jsonl").write_text(json.dumps(header) + "\n", encoding="utf-8")
        again = run("replay", tmp_path / "spoilt.jsonl")
        assert (again.exit_code, said in again.stderr) == (2, True)


# ------------------------------------------------------------------------------------------------------------- ITF
def assert_is_itf(text: str) -> None:
    """The text is of the format: its schema, and what a schema cannot say of names and of the loop."""
    said = json.loads(text)
    jsonschema.validate(said, SCHEMA)
    names = {*said["vars"], *said.get("params", [])}
    for state in said["states"]:
        assert {key for key in state if key != "#meta"} == names
    assert said.get("loop", 0) < len(said["states"])


def test_every_scenario_is_itf(folder: Path, scenarios: list[Scenario]) -> None:
    files = sorted(folder.glob("*.itf.json"))

    assert len(files) == len(scenarios)
    for file, scenario in list(zip(files, scenarios, strict=True))[::6]:
        text = file.read_text(encoding="utf-8")
        assert_is_itf(text)
        assert len(json.loads(text)["states"]) == scenario.counterexample.cost.steps + 1


def test_a_behaviour_that_goes_round_for_ever_has_a_loop() -> None:
    (scenario,) = of_mutant("waits-for-the-guest", Wanted(1)).scenarios

    assert scenario.counterexample.cycle_from is not None
    assert json.loads(itf(scenario))["loop"] == scenario.counterexample.cycle_from
    assert_is_itf(itf(scenario))


Spoil = Callable[[dict[str, Any]], Any]


SPOILS: dict[str, Spoil] = {
    "no variables": lambda said: said.pop("vars"),
    "a state that lacks a variable": lambda said: said["states"][0].pop("Vm_stage"),
    "a pair of one": lambda said: said["states"][1].update(Vm_stage={"#map": [["vm"]]}),
    "a big integer that is a number": lambda said: said["states"][1].update(Vm_stage={"#bigint": 3}),
    "a form that there is not": lambda said: said["states"][1].update(Vm_stage={"#bag": []}),
    "a fraction": lambda said: said["states"][1].update(Vm_stage=1.5),
    "a loop that is a text": lambda said: said.update(loop="0"),
    "a loop beyond the end": lambda said: said.update(loop=99),
}


@pytest.mark.parametrize("how", SPOILS)
def test_what_is_not_itf_is_noticed(how: str) -> None:
    (scenario,) = of_mutant("commit-while-running", Wanted(1)).scenarios
    said = json.loads(itf(scenario))
    SPOILS[how](said)

    with pytest.raises((AssertionError, jsonschema.ValidationError)):
        assert_is_itf(json.dumps(said))


# ---------------------------------------------------------------------------------------------------------- folder
def test_the_same_is_written_every_time(tmp_path: Path) -> None:
    first, second = (
        written(list(of_mutant("commit-stale", Wanted(3)).scenarios), tmp_path / name / "found") for name in "ab"
    )

    assert [f.name for f in sorted(first.iterdir())] == [f.name for f in sorted(second.iterdir())]
    assert all(f.read_bytes() == (second / f.name).read_bytes() for f in first.iterdir())


def test_all_is_written_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios = of_mutant("commit-stale", Wanted(1)).scenarios
    write_text, calls = Path.write_text, list[Path]()

    def full(self: Path, *args: Any, **kwargs: Any) -> int:
        calls.append(self)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return write_text(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_all(scenarios, tmp_path / "found")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    scenarios = of_mutant("commit-stale", Wanted(1)).scenarios
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "empty").mkdir()

    for name in ("mine", "file"):
        with pytest.raises(BadInput, match="expected a new folder, or an empty one"):
            write_all(scenarios, tmp_path / name)

    assert [f.name for f in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    assert sorted(write_all(scenarios, tmp_path / "empty")) == sorted(f.name for f in (tmp_path / "empty").iterdir())


# --------------------------------------------------------------------------------------------------- what is found
def test_a_world_that_is_there_to_fail_fails_and_one_that_holds_is_tried_with_more_faults() -> None:
    found = of_world("post-copy-end-lost", Wanted(5))
    held = of_world("empty-machine", Wanted(5))

    assert [s.counterexample.cause.last for s in found.scenarios] == ["end_lost_while_fetching"]
    assert held.scenarios == ()
    assert held.unfinished is None
    assert "boot_failed" in held.tried


def test_the_property_that_must_notice_a_bug_comes_first() -> None:
    for name in ("commit-while-running", "commit-incomplete"):
        (first, *_) = of_mutant(name, Wanted(5)).scenarios
        assert (
            first.counterexample.cause.properties[0]
            == {
                "commit-while-running": "one_authority",
                "commit-incomplete": "no_vm_lost",
            }[name]
        )
