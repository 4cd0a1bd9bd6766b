"""How many runs of a crashed controller there were: counted by tests, in however many processes, and said at the end."""

from __future__ import annotations

from typing import Any

import pytest

TALLIES = pytest.StashKey[dict[str, int]]()
"""Runs by the name of the test that made them."""
KEY = "runs of a crashed controller"


def hand_over(config: pytest.Config) -> None:
    """A process that others wait for (pytest-xdist) hands its counts over as it ends."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[KEY] = config.stash.get(TALLIES, dict[str, int]())


def take_over(config: pytest.Config, output: dict[str, Any]) -> None:
    """What another process has handed over."""
    config.stash.setdefault(TALLIES, {}).update(output.get(KEY, {}))


def tell(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each test that crashed the controller, and one for all of them."""
    counts = config.stash.get(TALLIES, dict[str, int]())
    if counts:
        terminalreporter.section(KEY)
        for name, runs in sorted(counts.items()):
            terminalreporter.write_line(f"{runs:>9,}  {name}")
        terminalreporter.write_line(f"{sum(counts.values()):>9,}  in all")
