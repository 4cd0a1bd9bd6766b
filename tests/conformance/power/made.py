"""Mutants that a program made: mutmut's changes of one function of the policy, each put in the function's place.

Of mutmut only the changes are used. It would start the whole suite for each; here one process judges one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import ndiff
from functools import cache
from importlib import import_module
from textwrap import dedent
from typing import Any, cast

import libcst as cst
from mutmut.mutation.file_mutation import create_mutations, deep_replace

from ...impl.scheduler.mutants import PACKAGE, broken_by
from .citations import source_of

SHOWN = 40
"""So many characters of a change are shown."""


@dataclass(frozen=True)
class Made:
    """One change of one function: the lines that differ, before and after, and the function as it is then."""

    function: str
    """`module.function`, or `module.Class.function`."""
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What it is called in the table: the function, and what differs."""
        start = shared(self.before, self.after)
        end = shared(self.before[start:][::-1], self.after[start:][::-1])
        start, end = max(0, start - 8), max(0, end - 8)
        gone, come = (text[start : len(text) - end].strip()[:SHOWN] for text in (self.before, self.after))
        return f"{self.function}: {gone} -> {come}"


def shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@cache
def made(module: str) -> dict[str, tuple[Made, ...]]:
    """All mutants of a module of the policy, by function."""
    tree, changes, _, _ = create_mutations(f"{module}.py", source_of(module))
    names = {
        id(f): f"{c.name.value}.{f.name.value}"
        for c in tree.body
        if isinstance(c, cst.ClassDef)
        for f in c.body.body
        if isinstance(f, cst.FunctionDef)
    }
    found: dict[str, list[Made]] = {}
    for change in changes:
        f = change.contained_by_top_level_function
        if isinstance(f, cst.FunctionDef):
            function = f"{module}.{names.get(id(f), f.name.value)}"
            changed = cast(cst.CSTNode, deep_replace(f, change.original_node, change.mutated_node))
            one = _made(function, tree.code_for_node(f), tree.code_for_node(changed))
            found.setdefault(function, []).append(one)
    return {function: tuple(mutants) for function, mutants in found.items()}


def _made(function: str, before: str, after: str) -> Made:
    lines = list(ndiff(before.splitlines(), after.splitlines()))
    gone, come = (" ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return Made(function, gone, come, after)


# ------------------------------------------------------------------------------------------------ in the function's place
def original(function: str) -> Callable[..., Any]:
    """A function of the policy, by `module.function`."""
    module, *names = function.split(".")
    found: Any = import_module(PACKAGE + module)
    for name in names:
        found = getattr(found, name)
    return cast(Callable[..., Any], found)


def compiled(mutant: Made) -> Callable[..., Any]:
    """The changed function, among the names of the module that it is from."""
    module, *_, name = mutant.function.split(".")
    names = dict(vars(import_module(PACKAGE + module)))
    text = "from __future__ import annotations\n" + dedent(mutant.source)
    exec(compile(text, mutant.function, "exec", dont_inherit=True), names)
    return cast(Callable[..., Any], names[name])


@contextmanager
def in_place(mutant: Made) -> Generator[None]:
    """The scheduler with the mutant in place of its function."""
    with broken_by(original(mutant.function), compiled(mutant)):
        yield
