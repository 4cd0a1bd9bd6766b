"""Ways to break an implementation on purpose, and to have it whole again: a function, a method, an entry of a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, MutableMapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType
from typing import Any, cast
from unittest.mock import patch

Breaking = Callable[[], AbstractContextManager[object]]
"""Breaks something while its context lasts."""

ROOMS = ("holdfast.impl.", "holdfast.conformance.reference")


def function(original: Callable[..., Any], replacement: Callable[..., Any]) -> Breaking:
    """A function, wherever it is known by name or stands in a table. Raises AssertionError where it is nowhere."""

    @contextmanager
    def broken() -> Generator[None]:
        with ExitStack() as stack:
            found = [_replaced(module, original, replacement) for module in _modules()]
            assert any(found), f"{original.__name__} is not known by name"
            for one in (p for patches in found for p in patches):
                stack.enter_context(one)
            yield

    return broken


def method(kind: type, name: str, replacement: Any) -> Breaking:
    """A method, or a property."""
    assert name in vars(kind), f"{kind.__name__} has no {name} of its own"
    return lambda: patch.object(kind, name, replacement)


def entry(table: Any, key: Any, replacement: Any) -> Breaking:
    """An entry of a table."""
    assert key in table, f"the table has no {key}"
    return lambda: patch.dict(cast("MutableMapping[Any, Any]", table), {key: replacement})


def value(module: ModuleType, name: str, replacement: Any) -> Breaking:
    """A constant of one module."""
    assert hasattr(module, name), f"{module.__name__} has no {name}"
    return lambda: patch.object(module, name, replacement)


def _modules() -> list[ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.startswith(ROOMS)]


def _replaced(module: ModuleType, original: Any, replacement: Any) -> list[AbstractContextManager[object]]:
    found: list[AbstractContextManager[object]] = []
    names: dict[str, Any] = dict(vars(module))
    for name, known in names.items():
        if known is original:
            found.append(patch.object(module, name, replacement))
        elif isinstance(known, dict):
            table: dict[Any, Any] = names[name]
            keys = [key for key, item in table.items() if item is original]
            if keys:
                found.append(patch.dict(table, dict.fromkeys(keys, replacement)))
    return found


def nothing(*_: Any) -> None:
    """Nothing is due, or written, or noticed."""


def none(*_: Any) -> int:
    """No pages."""
    return 0
