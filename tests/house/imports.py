"""Who may know of whom: the import rule between rooms, and modules that nobody knows of."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from .tree import FACE, ROOMS, Source

LANGUAGE = "holdfast.model.language"

MAY_IMPORT = {
    "model/language": (LANGUAGE,),
    "model": ("holdfast.model",),
    "checkers": ("holdfast.checkers", LANGUAGE),
    "specs": ("holdfast.specs", "holdfast.model"),
    "impl": ("holdfast.impl",),
    FACE: ("holdfast",),
}
"""For each room, what of the project its modules may import."""

PURE = frozenset({"__future__", "collections", "dataclasses", "enum", "functools", "itertools", "typing"})
"""What the model may import beside its language: nothing that reads a clock, a file or chance."""


_NAME = re.compile(r"holdfast(\.[a-z_]+)+")
"""A module's name in a string, as what imports late has it."""


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """The line and full name of everything that a module imports, wherever in it; `from a import b` gives a.b."""
    package = source.module if source.is_package else source.module.rpartition(".")[0]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            start = ".".join(p for p in (base, node.module) if p)
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
            yield node.lineno, node.value


def kept_apart(sources: Iterable[Source]) -> list[str]:
    """The import rule: what each room imports of the others, and how."""
    found: list[str] = []
    for s in sources:
        room = "model/language" if s.path.startswith("model/language/") else s.room
        for line, name in imported(s):
            if name.split(".")[0] in ROOMS:
                found.append(s.at(line, f"imports {name}: rooms are imported as holdfast.{name}"))
            elif name.startswith("holdfast.") and room in MAY_IMPORT and not within(name, MAY_IMPORT[room]):
                found.append(s.at(line, f"{room} imports {name}; it may import {' and '.join(MAY_IMPORT[room])}"))
    return found


def within(name: str, allowed: Iterable[str]) -> bool:
    """Whether a name lies at or below one of the allowed ones."""
    return any(name == a or name.startswith(a + ".") for a in allowed)


def standard_only(sources: Iterable[Source]) -> list[str]:
    """The model and its language import no other project, and the model nothing that is not pure."""
    found: list[str] = []
    for s in sources:
        for line, name in imported(s):
            top = name.split(".")[0]
            language = s.path.startswith("model/language/")
            if top != "holdfast" and top not in (sys.stdlib_module_names if language else PURE):
                found.append(s.at(line, f"imports {top}"))
    return found


def dead_modules(sources: list[Source], entry_points: Iterable[str]) -> list[str]:
    """Modules that no other module imports, no entry point names, and nobody runs: pytest, or a person as a script."""
    wanted = {name for s in sources for _, name in imported(s) if name != s.module}
    wanted |= set(entry_points)
    reached = {".".join(name.split(".")[:n]) for name in wanted for n in range(1, name.count(".") + 2)}
    return [s.at(1, "nobody imports it") for s in sources if s.module not in reached and not _found_by_name(s)]


def _found_by_name(s: Source) -> bool:
    name = s.path.rpartition("/")[2]
    script = s.room == "benches" and "\nif __name__ == " in s.text
    return s.is_package or name.startswith("test_") or name in ("conftest.py", "__main__.py") or script
