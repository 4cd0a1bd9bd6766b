"""Bad input: every problem at once, each with its place, what was found and what was expected."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from .positions import Position

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_QUOTE_LENGTH_MAX = 60
_SNIPPET_LENGTH_MAX = 96
_PROBLEMS_SHOWN_MAX = 100


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input file."""

    position: Position
    found: str
    expected: str
    hint: str = ""
    source_line: str = field(default="", compare=False, repr=False)

    def render(self) -> str:
        """`file:line:column: found …, expected …`, then the line with a caret, then the hint."""
        parts = [f"{self.position}: found {self.found}, expected {self.expected}"]
        if self.source_line.strip():
            parts.append(_snippet(self.source_line, self.position))
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        return "\n".join(parts)


class BadInput(Exception):
    """The input cannot be used; `problems` holds everything that is wrong with it, sorted by position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Sort the problems by place; files stay in the order in which they were read."""
        given = tuple(problems)
        files = {file: rank for rank, file in enumerate(dict.fromkeys(p.position.file for p in given))}
        ranked = sorted(given, key=lambda p: (files[p.position.file], p.position.line, p.position.column))
        self.problems: tuple[Problem, ...] = tuple(ranked)
        super().__init__(f"{len(self.problems)} problems in the input")

    def __str__(self) -> str:
        """Render the problems for a terminal: the first hundred, then how many more there are."""
        shown = [problem.render() for problem in self.problems[:_PROBLEMS_SHOWN_MAX]]
        hidden = len(self.problems) - len(shown)
        return "\n".join([*shown, f"… and {hidden} more problems"] if hidden else shown)


@dataclass(frozen=True)
class Source:
    """The text of one input file, kept so that problems can show the line they are about."""

    file: str
    text: str = field(repr=False)

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_BREAK.split(self.text)

    def problem(self, position: Position, found: str, expected: str, hint: str = "") -> Problem:
        """A problem at a position of this file, with its line."""
        return Problem(position, found, expected, hint, self.line(position.line))

    def line(self, number: int) -> str:
        """The line with that number, counted from 1; empty beyond the text."""
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""

    def position_at(self, index: int) -> Position:
        """The position of the character at `index`."""
        before = _LINE_BREAK.split(self.text[:index])
        return Position(self.file, len(before), len(before[-1]) + 1)


def quoted(text: str) -> str:
    """A piece of input between backticks: short, and safe to print on a terminal."""
    short = text if len(text) <= _QUOTE_LENGTH_MAX else text[:_QUOTE_LENGTH_MAX] + "…"
    return f"`{printable(short)}`"


def printable(text: str) -> str:
    """The text with everything that could move a terminal's cursor replaced by a dot in the middle."""
    return "".join(char if char.isprintable() else "·" for char in text)


def one_of(names: Iterable[str]) -> str:
    """`a`, `a or b`, `one of a, b, c`; long lists are cut."""
    known = [printable(name) for name in names]
    if len(known) <= 2:
        return " or ".join(known) if known else "none (there are none)"
    shown = ", ".join(known[:12])
    return f"one of {shown}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """A hint that names the nearest known name, or nothing."""
    near = get_close_matches(text[:_QUOTE_LENGTH_MAX], list(names), n=1, cutoff=0.6)
    return f"did you mean {quoted(near[0])}?" if near else ""


def _snippet(line: str, position: Position) -> str:
    """The source line, cut around the column, and a caret below it."""
    start = max(0, position.column - 1 - _SNIPPET_LENGTH_MAX // 2) if len(line) > _SNIPPET_LENGTH_MAX else 0
    cut = printable(line[start : start + _SNIPPET_LENGTH_MAX])
    number = str(position.line)
    caret = " " * (position.column - 1 - start) + "^"
    return f"  {number} | {cut}\n  {' ' * len(number)} | {caret}"
