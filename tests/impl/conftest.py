"""Counts the runs of a crashed controller."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .crashes import Tally
from .tallies import TALLIES


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts the runs of a test, which are told in the summary."""
    counted = Tally()
    yield counted
    request.config.stash.setdefault(TALLIES, {})[request.node.name] = counted.runs
