"""Foreign implementations, written from public descriptions: who conforms, who does not, and what is said of that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from holdfast.command.app import holdfast
from holdfast.conformance.process import ProcessAdapter

from .implementations.balancer import SinglePhase, TwoPhase

HERE = Path(__file__).parent / "implementations"
BALANCER = TwoPhase.__module__
UPGRADER = HERE / "upgrader.js"
NAIVE = 'some((g) => g.at === "nested")'

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="there is no node here, and the upgrader runs on it"
)


def gate(*arguments: str) -> Result:
    return CliRunner().invoke(holdfast, ["conform", *arguments, "--walks", "2"])


def test_a_balancer_in_two_phases_conforms() -> None:
    done = gate("--adapter", f"{BALANCER}:{TwoPhase.__name__}", "--world", "comes-to-rest", "--json")
    said = json.loads(done.output)

    assert (done.exit_code, said["verdict"]) == (0, "Conforms")
    assert {name: share["percent"] for name, share in said["coverage"].items()} == dict.fromkeys(said["coverage"], 100)


def test_a_balancer_in_one_phase_breaks_m9() -> None:
    done = gate("--adapter", f"{BALANCER}:{SinglePhase.__name__}", "--world", "comes-to-rest")

    assert done.exit_code == 1
    assert "it is not so that all that is to be taken has been taken" in done.output
    assert "this breaks decreases_before_increases (M9)" in done.output


@needs_node
def test_an_upgrader_that_suspends_before_the_last_vm_is_inside_breaks_s4() -> None:
    done = gate("--adapter", f"node {UPGRADER}", "--world", "one-at-a-time")

    assert done.exit_code == 1
    assert "suspend host: it did what the model refuses" in done.output
    assert "this breaks consolidated_before_exchange (S4)" in done.output


@needs_node
def test_the_same_upgrader_conforms_once_it_asks_for_every_vm(tmp_path: Path) -> None:
    """What it was found to break is all that it breaks: its other books are in order."""
    text = UPGRADER.read_text(encoding="utf-8")
    assert NAIVE in text
    mended = tmp_path / "mended.js"
    mended.write_text(text.replace(NAIVE, NAIVE.replace("some", "every")), encoding="utf-8")

    done = gate("--adapter", f"node {mended}", "--world", "one-at-a-time")

    assert done.exit_code == 0, done.output


def test_reports_go_where_they_are_sent(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("junit", "sarif", "tap")}
    wanted = [f"--report={name}={file}" for name, file in files.items()]

    done = gate(
        "--adapter", f"{BALANCER}:{SinglePhase.__name__}", "--world", "comes-to-rest", *wanted, "--report", "github"
    )

    assert done.exit_code == 1
    assert done.output.startswith("::error")
    assert all("M9" in file.read_text(encoding="utf-8") for file in files.values())


def test_a_baseline_makes_it_pass_and_says_so(tmp_path: Path) -> None:
    asked = ("--adapter", f"{BALANCER}:{SinglePhase.__name__}", "--world", "comes-to-rest")
    found = json.loads(gate(*asked, "--json").output)
    identity = found["shortest"]["deviation"]["identity"]
    known = tmp_path / "baseline.yaml"
    text = f"baseline: 1\ndeviations:\n  - id: '{identity}'\n    reason: one phase until release 8\n    expires: {{}}\n"

    known.write_text(text.format("2999-01-01"), encoding="utf-8")
    accepted = gate(*asked, "--baseline", str(known))
    known.write_text(text.format("2001-01-01"), encoding="utf-8")
    expired = gate(*asked, "--baseline", str(known))

    assert (accepted.exit_code, expired.exit_code) == (0, 1)
    assert "accepted until 2999-01-01: one phase until release 8" in accepted.output
    assert "was accepted until 2001-01-01: one phase until release 8" in expired.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "A LOG, or an implementation"),
        (("--adapter", "x"), "--world WORLD"),
        (("run.jsonl", "--world", "smallest", "--seed", "3"), "--seed, --walks: only with --adapter"),
        (("--adapter", "x", "--world", "smallest", "--partial"), "--partial: only with a LOG"),
        (("--adapter", "x", "--world", "nowhere"), "there is no world nowhere"),
        (("--adapter", "'x", "--world", "smallest"), "is no command line"),
        (("--adapter", "x", "--world", "smallest", "--report", "pdf"), "expected one of json, junit"),
        (("--adapter", "x", "--world", "smallest", "--baseline", "nowhere.yaml"), "cannot be read"),
        (("--adapter", "json:loads", "--world", "toy-die-hard"), "is no subclass of"),
    ],
)
def test_what_cannot_be_judged_ends_with_two(arguments: tuple[str, ...], said: str) -> None:
    done = gate(*arguments)

    assert done.exit_code == 2
    assert said in done.output


def test_what_a_class_prints_is_no_answer() -> None:
    with ProcessAdapter(("python3", "-c", "print('hello')")) as adapter, pytest.raises(Exception, match="JSON object"):
        adapter.hello({})
