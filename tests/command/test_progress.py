"""Progress is for people who wait: on a terminal, and only once it takes long."""

from __future__ import annotations

import io
import sys
import time

import pytest

from holdfast.command import progress


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(err: io.StringIO, text: str) -> bool:
    """Whether the text comes to be shown; the line is drawn by a thread of its own."""
    until = time.monotonic() + 20
    while text not in err.getvalue() and time.monotonic() < until:
        time.sleep(0.02)
    return text in err.getvalue()


def test_long_work_on_a_terminal_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Ticker("verifying") as ticker:
        assert shown(err, "verifying")
        ticker.say("64 control locations")
        assert shown(err, "64 control locations")


def test_short_work_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    with progress.Ticker("verifying") as ticker:
        ticker.say("64 control locations")

    assert err.getvalue() == ""


def test_where_there_is_no_terminal_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    with progress.Ticker("verifying"):
        time.sleep(0.1)

    assert err.getvalue() == ""
