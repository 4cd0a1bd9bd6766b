"""Says at the end of a test run how many crashed runs there were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .crashes import Tally

TALLIES = pytest.StashKey[dict[str, int]]()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts the runs of a test, which are told in the summary."""
    counted = Tally()
    yield counted
    request.config.stash.setdefault(TALLIES, {})[request.node.name] = counted.runs


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each test that crashed the controller, and one for all of them."""
    counts = config.stash.get(TALLIES, dict[str, int]())
    if counts:
        terminalreporter.section("runs of a crashed controller")
        for name, runs in counts.items():
            terminalreporter.write_line(f"{runs:>9,}  {name}")
        terminalreporter.write_line(f"{sum(counts.values()):>9,}  in all")
