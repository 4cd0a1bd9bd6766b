"""What every test runs under: how Hypothesis looks for examples, and a word on what is not there to be asked."""

from __future__ import annotations

import os
import shutil
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from .conformance import coverages
from .conformance.power import table
from .impl import tallies

WITNESSES = {"spin": "spin", "virsh": "libvirt-clients", "gcc": "gcc"}
"""Programs of others that some tests ask, and the Debian packages that they come from."""

# No test is timed, since processors are shared. On a build server examples are always the same ones, so that what turns
# red is the change and not the dice; everywhere else every run looks at others.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("server", settings.get_profile("anywhere"), derandomize=True, print_blob=True)
settings.load_profile("server" if os.environ.get("CI") else "anywhere")


# A shell that starts the suite in the background has it ignore Ctrl-C, and so would every process that it starts: a test
# that interrupts one would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    """Say at the start which tests will be skipped, rather than leave it to the reader of the end."""
    absent = [f"{name} (Debian: {package})" for name, package in WITNESSES.items() if not shutil.which(name)]
    return [f"not installed, tests that ask it are skipped: {name}" for name in absent]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was counted here goes to whoever sums it up. A gate that names too few of the right requirements fails."""
    tallies.hand_over(session.config)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and table.too_weak(_rows(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes has ended (pytest-xdist)."""
    tallies.take_over(node.config, getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was counted, what was shown to the gate, and what became of the mutants of the implementation."""
    tallies.tell(terminalreporter, config)
    shown = coverages.rows_of(_reports(terminalreporter))
    if shown:
        terminalreporter.section("what the reference implementation has shown")
        for line in coverages.told(shown):
            terminalreporter.write_line(line)
    rows = _rows(terminalreporter)
    if rows:
        terminalreporter.section("mutants of the implementation")
        for line in table.told(rows):
            terminalreporter.write_line(line)


def _rows(reporter: pytest.TerminalReporter) -> list[table.Row]:
    return table.rows_of(_reports(reporter))


def _reports(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    found: list[pytest.TestReport] = [*reporter.getreports("passed"), *reporter.getreports("failed")]
    return found
