"""A table of mutants of the implementation: what each breaks, what caught it, and whether the right requirement is named.

Each mutant is a test of its own (marker `power`) and records a row; rows are told at the end, from however many processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, cast

import pytest

KEY = "power"
RIGHT_PERCENT = 90
"""Of the mutants, so many at least are reported by the requirement that they break."""

Record = Callable[[str, Any], None]
"""pytest's `record_property`."""


@dataclass(frozen=True)
class Row:
    """One mutant. `expected` is a requirement's sentence, or a name of the catalogue; `named` is what the report names.

    `road` is what judged it, and is "" where nothing caught it.
    """

    mutant: str
    mechanism: str
    road: str
    expected: tuple[str, ...]
    named: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether anything caught it."""
        return bool(self.road)

    @property
    def right(self) -> bool:
        """Whether what is named has one of those that were expected."""
        return self.caught and bool(set(self.expected) & set(self.named))


def recorded(row: Row, record: Record) -> None:
    """Record a row for the table. Raises AssertionError where the mutant survived."""
    record(KEY, asdict(row))
    assert row.caught, f"{row.mutant} survives: {row.mechanism}"


def rows_of(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """The rows that tests have recorded, in the order of mechanisms and mutants."""
    found = [value for report in reports for name, value in report.user_properties if name == KEY]
    rows = [_row(cast(dict[str, Any], value)) for value in found]
    return sorted(rows, key=lambda row: (row.mechanism, row.mutant))


def _row(value: dict[str, Any]) -> Row:
    """A row as it was recorded; on its way from another process its tuples have become lists."""
    named, expected = tuple[str, ...](value["named"]), tuple[str, ...](value["expected"])
    return Row(value["mutant"], value["mechanism"], value["road"], expected, named)


def told(rows: list[Row]) -> list[str]:
    """The table as lines: a row for each mutant that is of interest by itself, and sums for each mechanism."""
    wide = max(len(row.mutant) for row in rows)
    lines = [f"{row.mechanism:<11} {row.mutant:<{wide}}  {_verdict(row)}" for row in rows if row.mechanism != MADE]
    lines += [
        f"{MADE:<11} {row.mutant:<{wide}}  {_verdict(row)}" for row in rows if row.mechanism == MADE and not row.right
    ]
    lines.append("")
    for mechanism, count in sorted(Counter(row.mechanism for row in rows).items()):
        these = [row for row in rows if row.mechanism == mechanism]
        lines.append(_sum(mechanism, count, these))
    return [*lines, _sum("in all", len(rows), rows)]


MADE = "mutmut"
"""The mechanism of mutants that a program made: only sums are told of those that are caught by the right requirement."""


def _verdict(row: Row) -> str:
    if not row.caught:
        return "SURVIVES"
    said = next((name for name in row.named if name in row.expected), row.named[0] if row.named else "nothing named")
    return f"{row.road}: {said}" + ("" if row.right else f" (expected {', '.join(row.expected)})")


def _sum(title: str, count: int, rows: list[Row]) -> str:
    caught, right = sum(row.caught for row in rows), sum(row.right for row in rows)
    return (
        f"{title:<11} {caught:>4} of {count:>4} caught, {100 * right // count:>3} % by the requirement that they break"
    )


def too_weak(rows: list[Row]) -> bool:
    """Whether fewer are reported by the right requirement than should be."""
    return bool(rows) and 100 * sum(row.right for row in rows) < RIGHT_PERCENT * len(rows)
