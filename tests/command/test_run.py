"""`holdfast plan` → `verify --proof` → `run`: one story; what is refused, and how a run is resumed or rolled back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from holdfast.command import main
from holdfast.impl.driver import Effect, Outcome
from holdfast.impl.simulator.driver import Simulator
from holdfast.inputs.load import load_plan

from . import EXAMPLES, run

PLANNED = [("host-256gib", "rack7-n3", 1), ("host-256gib", "rack7-n3", 4), ("edge", "edge-2", 1), ("full", "full-1", 1)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the full machine's cluster and safe plan."""
    for name in ("full.yaml", "safe-full.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*arguments: str) -> tuple[Result, dict[str, Any]]:
    """Run with --json; the result, and what it says."""
    result = run("run", "safe-full.yaml", *arguments, "--json")
    return result, json.loads(result.stdout)


@pytest.mark.parametrize(("cluster", "host", "at_most"), PLANNED)
def test_what_is_planned_for_the_shipped_clusters_is_verified_and_carried_out(
    cluster: str, host: str, at_most: int, folder: Path
) -> None:
    sizes = ("--guest-footprint", "512MiB", "--host-vm-overhead", "256MiB")
    asked = ("--host", host, "--to", "kvm-10.0", "--at-most", str(at_most), *sizes, "-o", "plan.yaml")
    planned = run("plan", EXAMPLES / f"{cluster}.yaml", *asked)
    verified = run("verify", "plan.yaml", "--proof", "plan.proof")
    done = run("run", "plan.yaml", "--proof", "plan.proof")

    assert [r.exit_code for r in (planned, verified, done)] == [0, 0, 0]
    assert done.stdout.startswith("DONE")
    assert len(load_plan(folder / "plan.yaml").steps) >= 6 + 2 * 3


@pytest.mark.parametrize("name", ["safe-full.yaml", "full.yaml"])
def test_a_byte_changed_after_the_proof_refuses_the_run(name: str, folder: Path) -> None:
    assert run("verify", "safe-full.yaml", "--proof", "p").exit_code == 0
    file = folder / name
    file.write_text(file.read_text().replace("# ", "#  ", 1))

    refused = run("run", "safe-full.yaml", "--proof", "p")

    assert refused.exit_code == 2
    assert f"differs in {'plan' if name == 'safe-full.yaml' else 'cluster'}" in refused.stderr
    assert not list(folder.glob("*.journal"))


@pytest.mark.parametrize("change", [("verdict", "Violated"), ("assumptions", "0"), ("version", "0"), ("proof", 2)])
def test_a_proof_of_something_else_is_refused(change: tuple[str, object], folder: Path) -> None:
    run("verify", "safe-full.yaml", "--proof", "p")
    said = json.loads((folder / "p").read_text())
    (folder / "p").write_text(json.dumps(said | dict([change])))

    refused = run("run", "safe-full.yaml", "--proof", "p")

    assert refused.exit_code == 2
    assert f"differs in {change[0]}" in refused.stderr


def test_without_a_proof_nothing_is_run(folder: Path) -> None:
    refused = run("run", "safe-full.yaml")

    assert refused.exit_code == 2
    assert "--unproved" in refused.stderr
    assert not list(folder.glob("*.journal"))


def test_no_proof_is_written_of_what_does_not_hold(folder: Path) -> None:
    assert run("verify", EXAMPLES / "unsafe-full.yaml", "--proof", folder / "p").exit_code == 1
    assert not (folder / "p").exists()


@pytest.mark.usefixtures("folder")
def test_the_summary_tells_steps_and_vms() -> None:
    result, said = ran("--unproved")

    assert result.exit_code == 0
    assert (said["ended"], said["proved"], said["stopped"], said["broken"]) == ("done", False, None, [])
    assert {vm["name"]: vm["source"] for vm in said["vms"]} == dict.fromkeys(("web", "cache", "db"), "new")
    assert all(vm["downtime_us"] > 0 and vm["sent_pages"] > 0 for vm in said["vms"])
    assert sum(step["effects"] for step in said["steps"]) == said["effects"]
    assert sum(step["sent_pages"] for step in said["steps"]) == sum(vm["sent_pages"] for vm in said["vms"])


@pytest.mark.usefixtures("folder")
def test_a_run_that_a_fault_stops_is_rolled_back() -> None:
    stopped, said = ran("--unproved", "--fault", "balloon_stopped_short@2")
    assert (stopped.exit_code, said["stopped"]["name"]) == (1, "TooManyFaults")

    back, said = ran("--unproved", "--roll-back")
    again, _ = ran("--unproved", "--roll-back")

    assert (back.exit_code, said["ended"], said["faults"]) == (0, "rolled_back", {"balloon_stopped_short": 1})
    assert {vm["source"] for vm in said["vms"]} == {"old"}
    assert again.exit_code == 1


@pytest.mark.parametrize("after", [1, 5, 20, 40, 60])
def test_an_interrupted_run_is_resumed(
    after: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    perform = Simulator.perform
    left = [after]

    def interrupted(simulator: Simulator, effect: Effect) -> Outcome:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return perform(simulator, effect)

    with monkeypatch.context() as patched:
        patched.setattr(Simulator, "perform", interrupted)
        patched.setattr("sys.argv", ["holdfast", "run", "safe-full.yaml", "--unproved", "--fault", "boot_failed@34"])
        with pytest.raises(SystemExit) as ended:
            main()

    result, said = ran("--unproved", "--resume")

    assert ended.value.code == 130
    assert "--resume" in capsys.readouterr().err
    assert (result.exit_code, said["ended"], said["openings"], said["broken"]) == (0, "done", 2, [])
    assert folder.joinpath("safe-full.journal").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume"], "there is no journal"),
        (["--resume", "--roll-back"], "one of the two"),
        (["--fault", "no_such@1"], "there is no fault"),
        (["--resume", "--seed", "3"], "it was started with"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_asked_for_ends_with_2(arguments: list[str], said: str) -> None:
    result = run("run", "safe-full.yaml", "--unproved", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_journal_is_of_one_plan_only(folder: Path) -> None:
    assert run("run", "safe-full.yaml", "--unproved", "--journal", "j").exit_code == 0
    file = folder / "safe-full.yaml"
    file.write_text(file.read_text() + "# later\n")

    assert "exists already" in run("run", "safe-full.yaml", "--unproved", "--journal", "j").stderr
    assert (
        "of a run with another plan" in run("run", "safe-full.yaml", "--unproved", "--journal", "j", "--resume").stderr
    )


def test_a_trace_of_a_run_is_one_that_the_project_reads(folder: Path) -> None:
    from holdfast.checkers.trace import load

    run("run", "safe-full.yaml", "--unproved", "--trace", "t.jsonl")
    events = load((folder / "t.jsonl").read_text().splitlines()).events

    assert [e.action for e in events if e.actor == "operator"][:3] == ["reclaim", "reclaim", "create_host_vm"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "nowhere", "--to", "kvm-10.0"], "no host nowhere"),
        (["--host", "full-1", "--to", "xen-1"], "no release xen-1"),
        (["--host", "full-1", "--to", "kvm-8.2"], "runs kvm-8.2 already"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_plan_for_what_is_not_there_ends_with_2(arguments: list[str], said: str) -> None:
    result = run("plan", "full.yaml", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_machine_that_is_too_small_is_said_to_be(folder: Path) -> None:
    cluster = folder / "full.yaml"
    cluster.write_text(cluster.read_text().replace("memory: 64GiB", "memory: 48GiB"))

    result = run("plan", "full.yaml", "--host", "full-1", "--to", "kvm-10.0")

    assert "- reclaim: {vm: cache" in result.stdout
    assert "the machine may be short by" in result.stderr
