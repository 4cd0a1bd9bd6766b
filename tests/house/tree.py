"""The repository's files as the rules read them: text, and syntax tree for Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("model", "specs", "checkers", "impl")
FACE = "src/holdfast"
ELSEWHERE = ("tests", "benches", "docs", ".ci")

SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".json",
    ".jsonl",
    ".xml",
    ".txt",
    ".meminfo",
    ".expected",
    ".cfg",
    ".pml",
    ".scenario",
    "",
}
"""Of text files; what tests keep as broken input is read too, as far as it is text."""


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree. Raises SyntaxError."""
        return ast.parse(self.text, self.path)

    @property
    def room(self) -> str:
        """The first part of its path; for the face, `src/holdfast`."""
        return FACE if self.path.startswith(FACE + "/") else self.path.split("/")[0]

    @property
    def module(self) -> str:
        """The name that Python knows it by: `holdfast.model.memory`, `tests.house.tree`."""
        path = self.path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/")
        return ("holdfast." if self.room in ROOMS else "") + path.replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether it is a package's own file."""
        return self.path.endswith("/__init__.py")

    def at(self, node: ast.AST | int, says: str) -> str:
        """A finding: file, line and what is wrong there."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {says}"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method in it, inner ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def sources(*rooms: str) -> list[Source]:
    """The Python files of these rooms, by path."""
    return [s for s in files(*rooms) if s.path.endswith(".py")]


def files(*rooms: str) -> list[Source]:
    """The text files of these rooms, by path; `.` stands for the root's own."""
    return [s for room in rooms for s in _read(room)]


@cache
def _read(room: str) -> tuple[Source, ...]:
    top = ROOT / room
    paths = sorted(top.iterdir() if room == "." else top.rglob("*"))
    return tuple(
        Source(p.relative_to(ROOT).as_posix(), p.read_text("utf-8", errors="replace")) for p in paths if _belongs(p)
    )


def everything() -> list[Source]:
    """Every text file of the repository."""
    return files(".", *ROOMS, FACE, *ELSEWHERE)


def _belongs(path: Path) -> bool:
    """Whether it is a text file of the repository: not made by a tool, and reached by its real path."""
    linked = any(p.is_symlink() for p in (path, *path.parents) if p.is_relative_to(ROOT))
    return path.is_file() and not linked and "__pycache__" not in path.parts and path.suffix in SUFFIXES
