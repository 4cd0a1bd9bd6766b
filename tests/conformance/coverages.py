"""A table of what an implementation has shown in each world: recorded by tests, told at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, cast

import pytest

from holdfast.checkers.conform.coverage import Coverage, Share

KEY = "coverage"

Record = Callable[[str, Any], None]
"""pytest's `record_property`."""


@dataclass(frozen=True)
class Row:
    """A world, and how much of what it can show was shown: of its actions, refusals, and pairs with control states.

    What was walked by chance alone has no refusals and pairs to be counted.
    """

    world: str
    actions: str
    refusals: str = "by chance"
    pairs: str = "by chance"


def recorded(world: str, coverage: Coverage, record: Record) -> None:
    """Record a row for the table."""
    row = Row(world, *(_told(share) for share in (coverage.actions, coverage.refusals, coverage.pairs)))
    record(KEY, asdict(row))


def recorded_by_chance(world: str, taken: int, of: int, record: Record) -> None:
    """Record that so many of the actions were taken in a world whose graph is too large."""
    record(KEY, asdict(Row(world, _told(Share(taken, of)))))


def rows_of(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """The rows that tests have recorded, by world."""
    found = [value for report in reports for name, value in report.user_properties if name == KEY]
    return sorted((Row(**cast("dict[str, str]", row)) for row in found), key=lambda row: row.world)


def told(rows: list[Row]) -> list[str]:
    """The table as lines."""
    wide = max(len(row.world) for row in rows)
    head = Row("", "actions", "refusals", "pairs")
    return [f"{row.world:<{wide}}  {row.actions:>16}  {row.refusals:>18}  {row.pairs:>22}" for row in (head, *rows)]


def _told(share: Share) -> str:
    return f"{share.met} of {share.of} {share.percent:>4} %"
