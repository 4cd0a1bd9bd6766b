"""What the functions of the scheduler say that they are there for: the names of the catalogue in their docstrings."""

from __future__ import annotations

import ast
import re
import traceback
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ...impl.scheduler.mutants import PACKAGE

MODULES = ("policy", "targets", "settling", "division", "technique", "memory_state", "estimates", "snapshot")
"""The policy: what a decision is made of and by."""

CITED = re.compile(r"\b(?:[DFMSX]\d+|W02)\b")
"""A name of the catalogue."""


def source_of(module: str) -> str:
    """The text of a module of the policy."""
    return Path(cast(str, import_module(PACKAGE + module).__file__)).read_text(encoding="utf-8")


@cache
def functions(module: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module by name, those of its classes by `Class.function`."""
    found: dict[str, ast.FunctionDef] = {}
    for node in ast.parse(source_of(module)).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found.update({f"{node.name}.{f.name}": f for f in node.body if isinstance(f, ast.FunctionDef)})
    return found


@cache
def cited(function: str) -> tuple[str, ...]:
    """What a function cites, given as `module.function` or `module.Class.function`; its module, where it cites nothing."""
    module, name = function.split(".", 1)
    own = CITED.findall(ast.get_docstring(functions(module)[name]) or "")
    return tuple(dict.fromkeys(own or CITED.findall(ast.get_docstring(ast.parse(source_of(module))) or "")))


def name_of(function: Callable[..., Any]) -> str:
    """A function of the policy as `module.function`."""
    return f"{function.__module__.removeprefix(PACKAGE)}.{function.__qualname__}"


def cited_by_crash(error: BaseException) -> tuple[str, ...]:
    """What the innermost function cites that an error came through, and that cites anything.

    A mutant is compiled under its function's name.
    """
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = str(frame.f_globals.get("__name__", "")).removeprefix(PACKAGE)
        if module in MODULES:
            name = frame.f_code.co_qualname.split(".<locals>")[0]
            names = (frame.f_code.co_filename.removeprefix(f"{module}."), name)
            said = next((cited(f"{module}.{known}") for known in names if known in functions(module)), ())
            if said:
                return said
    return ()
