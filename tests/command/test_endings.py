"""How commands end: exit codes, bad input, pipes that close, Ctrl-C, colours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from holdfast.command import main
from holdfast.command.app import holdfast

from . import EXAMPLES, ROOT, process, run

BAD = sorted((ROOT / "tests" / "inputs" / "bad").glob("plan-*.yaml"))


def test_exit_codes_say_what_the_verdict_is() -> None:
    held = process("verify", EXAMPLES / "safe-edge.yaml")
    broken = process("verify", EXAMPLES / "unsafe-commit-limit.yaml")
    unknown = process("explore", "exchange-2-3-8", "--max-states", "100")
    unusable = process("verify", EXAMPLES / "edge.yaml")

    assert [p.returncode for p in (held, broken, unknown, unusable)] == [0, 1, 3, 2]
    assert held.stdout.startswith("HOLDS")
    assert broken.stdout.startswith("VIOLATED")
    assert "more than 100 states" in unknown.stdout
    assert unusable.stdout == ""
    assert "edge.yaml:3:1: found a cluster, expected a plan file" in unusable.stderr


def test_there_are_bad_plans_to_be_refused() -> None:
    assert len(BAD) >= 10


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_a_bad_plan_ends_with_2_and_says_where(path: Path) -> None:
    result = run("verify", path)

    assert result.exit_code == 2
    assert result.stdout == ""
    file, line, column = result.stderr.split(": found ")[0].rsplit(":", 2)
    assert Path(file).parent == path.parent
    assert int(line) >= 1
    assert int(column) >= 1


def test_bad_input_is_an_object_where_json_was_asked_for() -> None:
    result = run("verify", "no-such-plan.yaml", "--json")

    assert result.exit_code == 2
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["file"], problem["found"]) == ("no-such-plan.yaml", "no such file")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explore", "toy-prisoner"], "did you mean `toy-prisoners`"),
        (["explore"], "Which world?"),
        (["verify"], "Missing argument 'PLAN'"),
        (["import", "libvirt"], "No domains"),
        (["no-such-command"], "No such command"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(arguments: list[str], said: str) -> None:
    done = process(*arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", "explore", "--list"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            check=False,
        )

    assert (done.returncode, done.stderr) == (141, "")


def test_ctrl_c_while_an_engine_works_ends_at_once_and_says_so(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    command = [
        sys.executable,
        "-m",
        "holdfast",
        "explore",
        "exchange-4-2-11",
        "--engine",
        "python",
        "--trace",
        str(trace),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as working:
        try:
            _wait_until_blocked(working.pid, signal.SIGINT)
        except pytest.fail.Exception:
            working.kill()
            raise
        working.send_signal(signal.SIGINT)
        out, err = working.communicate(timeout=60)

    assert (working.returncode, out, err) == (130, "", "interrupted: no verdict\n")
    assert not trace.exists()


def _wait_until_blocked(pid: int, number: int) -> None:
    """Until the process keeps the signal for the thread that waits for it: then the engine is about to work."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        blocked = int(next(line for line in status.splitlines() if line.startswith("SigBlk")).split()[1], 16)
        if blocked >> (number - 1) & 1:
            return
        time.sleep(0.05)
    pytest.fail("the signal is not kept for anybody")


def test_colours_are_for_terminals_and_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in run("explore", "toy-die-hard", color=True).stdout
    assert "\x1b[" not in run("explore", "toy-die-hard").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("explore", "toy-die-hard", color=True).stdout


def test_a_fault_of_the_program_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> int:
        raise AssertionError("a plan that is never stuck and never finishes")

    monkeypatch.setattr(holdfast, "main", broken)
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 70
    assert "AssertionError: a plan that is never stuck" in capsys.readouterr().err
