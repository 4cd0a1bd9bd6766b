"""Programs that misbehave end in a clear verdict, within their time-out, and nothing that they started is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from time import monotonic

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.process import Broken, Failure, ProcessAdapter
from holdfast.conformance.session import Prepared, Settings, conform, prepare
from holdfast.conformance.verdicts import Deviates, Kind, NeverSpoke, exit_code
from holdfast.specs.worlds import WORLDS

from .hostile import WAYS

HOSTILE = Path(__file__).with_name("hostile.py")
TIMEOUT_S = 1.0
SETTINGS = Settings(walks=0)
ENDED_WITHIN_S = 20
"""Far more than a time-out, a grace, and the start of three interpreters on a busy machine."""

HOW = {
    "hang": Failure.HANG,
    "crash": Failure.CRASH,
    "killed": Failure.CRASH,
    "endless-line": Failure.FLOOD,
    "many-lines": Failure.MALFORMED,
    "noisy": Failure.HANG,
    "no-json": Failure.MALFORMED,
    "deep-json": Failure.MALFORMED,
    "no-object": Failure.MALFORMED,
    "halfway": Failure.CRASH,
    "leaves-child": Failure.CRASH,
    "leaves-child-of-its-own-session": Failure.CRASH,
    "stubborn": Failure.HANG,
}


@cache
def tiny() -> Prepared:
    return prepare(Run(*WORLDS["toy-die-hard"].build()), SETTINGS)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] != "Z"


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a program says which process it left."""
    monkeypatch.setenv("CHILD_PID", str(tmp_path / "pid"))
    return tmp_path / "pid"


def start(way: str, *more: str) -> ProcessAdapter:
    return ProcessAdapter([sys.executable, str(HOSTILE), way, *more], TIMEOUT_S)


def test_every_way_to_misbehave_has_its_verdict() -> None:
    assert set(HOW) == set(WAYS)


@pytest.mark.parametrize("way", HOW)
def test_a_program_that_never_says_hello_was_not_judged(way: str, child: Path) -> None:
    began = monotonic()
    verdict = conform(tiny(), lambda: start(way), SETTINGS)

    assert isinstance(verdict, NeverSpoke)
    assert exit_code(verdict) == 2
    assert HOW[way].value in verdict.why
    assert monotonic() - began < ENDED_WITHIN_S
    assert not (child.exists() and alive(int(child.read_text())))


@pytest.mark.parametrize("way", HOW)
def test_a_program_that_misbehaves_later_does_not_conform(way: str, child: Path) -> None:
    began = monotonic()
    verdict = conform(tiny(), lambda: start(way, "late"), SETTINGS)

    assert isinstance(verdict, Deviates)
    assert exit_code(verdict) == 1
    (walked,) = verdict.report.failing
    assert walked.deviation is not None
    assert walked.deviation.kind is Kind.FAILED
    assert HOW[way].value in walked.deviation.why
    assert monotonic() - began < ENDED_WITHIN_S
    assert not (child.exists() and alive(int(child.read_text())))


@pytest.mark.parametrize("way", ["leaves-child", "leaves-child-of-its-own-session", "stubborn"])
def test_those_that_leave_something_behind_do_so_where_nobody_sees_to_it(way: str, child: Path) -> None:
    """Without a warden each of them is still there afterwards: the tests above look at the right thing."""
    program = subprocess.Popen([sys.executable, str(HOSTILE), way], stdout=subprocess.PIPE, start_new_session=True)
    try:
        deadline = monotonic() + ENDED_WITHIN_S
        while not (child.exists() and child.read_text()) and monotonic() < deadline:
            os.sched_yield()
        program.terminate()
        assert alive(int(child.read_text()))
    finally:
        os.kill(int(child.read_text()), signal.SIGKILL)
        program.kill()
        program.communicate()


def test_what_a_program_said_last_is_told() -> None:
    with start("crash") as adapter, pytest.raises(Broken) as broken:
        adapter.hello({})

    assert str(broken.value) == "it ended: its exit code was 7; it said last: the disk is on fire"


def test_a_program_that_was_ended_by_a_signal_says_which() -> None:
    with start("killed") as adapter, pytest.raises(Broken, match=f"signal {signal.SIGSEGV.value} ended it"):
        adapter.hello({})


def test_a_program_that_reads_nothing_is_not_waited_for() -> None:
    with start("hang") as adapter, pytest.raises(Broken, match="it read no request"):
        adapter.hello({"members": "x" * (1 << 20)})


def test_a_program_that_is_not_there_cannot_be_started() -> None:
    with pytest.raises(Broken, match="there is no program no-such-program"):
        ProcessAdapter(["no-such-program"])


def test_all_ends_with_whoever_asked_for_it(child: Path) -> None:
    """Even where that was killed, and could say nothing to anybody."""
    asks = (
        "import sys; from holdfast.conformance.process import ProcessAdapter; "
        f"adapter = ProcessAdapter([sys.executable, {str(HOSTILE)!r}, 'stubborn']); adapter.hello({{}})"
    )
    asking = subprocess.Popen([sys.executable, "-c", asks])
    deadline = monotonic() + ENDED_WITHIN_S
    while not (child.exists() and child.read_text()) and monotonic() < deadline:
        os.sched_yield()
    pid = int(child.read_text())
    watched = os.pidfd_open(pid)
    asking.kill()
    asking.wait()

    ready = select_one(watched)

    assert ready
    assert not alive(pid)


def select_one(descriptor: int) -> bool:
    """Whether what a descriptor stands for has ended, in good time."""
    import select

    return bool(select.select([descriptor], [], [], ENDED_WITHIN_S)[0])
