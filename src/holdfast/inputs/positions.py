"""Where something was written."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in an input file; line and column count characters from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Print as `file:line:column`, which terminals and editors can follow; line 0 is no line of a file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Position("", 0, 0)
"""The position of a record that no file holds (built in a test, or by a planner)."""
