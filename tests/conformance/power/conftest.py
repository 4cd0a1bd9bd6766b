"""Marks every test here as one of power, and tells the table at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They are run by `make conformance`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.power)
