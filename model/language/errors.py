"""What the language says when a model has no meaning: where, and what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

_INSIDE = __name__.removesuffix("errors")


class ModelError(TypeError):
    """The model says something that has no meaning; the text begins with `file:line` of the model."""

    def __init__(self, message: str, place: str | None = None) -> None:
        """Prefix the message with `place`, or else with the line of the model that is being read."""
        super().__init__(f"{place or position()}: {message}")


def position() -> str:
    """`file:line` of the innermost frame outside the language, the line that a model's author wrote.

    Frames are told apart by their module, not by their path: one file can be reached by several paths.
    """
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(_INSIDE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "?"


def place_of(function: Callable[..., Any]) -> str:
    """`file:line` where a function begins, its decorators included."""
    code = inspect.unwrap(function).__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def unknown(owner: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not there: what was probably meant, and what there is."""
    import difflib  # only needed for a mistake

    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    guess = f": did you mean {near[0]}? It" if near else "; it"
    return f"{owner} has no {name}{guess} has {', '.join(names) or 'nothing'}"
