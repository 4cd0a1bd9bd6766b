"""What the tests on real machines share: the programs, fetched once, and the figures that are shown at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.impl.qemu.packages import Unavailable
from holdfast.impl.qemu.provision import Supply, provision

from .nest import HostImage, build_image

FIGURES: list[str] = []


@pytest.fixture(scope="session")
def supply() -> Supply:
    """QEMU in two versions; where none is to be had, the tests are skipped and say why."""
    try:
        found = provision()
    except Unavailable as e:
        pytest.skip(reason=f"no QEMU to be had: {e}")
    FIGURES.extend(str(found).splitlines())
    return found


@pytest.fixture(scope="session")
def image(supply: Supply) -> Iterator[HostImage]:
    """A host VM with nested QEMUs that wait: booted once a run."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        try:
            made = build_image(supply, Path(name))
        except Unavailable as e:
            pytest.skip(reason=f"no host VM to be had: {e}")
        yield made


@pytest.fixture
def figures() -> list[str]:
    """Lines that the run shows at its end: what was measured, which nothing is asserted about."""
    return FIGURES


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, since addresses of sockets are short."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        yield Path(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures."""
    if FIGURES:
        terminalreporter.section("measured on real machines")
    for line in FIGURES:
        terminalreporter.line(line)
