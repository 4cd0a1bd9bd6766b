"""What the tracer knows while it reads a model: the assignments so far, and the quantifiers that are open."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from .errors import ModelError
from .terms import Term, sort_name


class Scope:
    """The action, property or definition that is being read; there is one, `SCOPE`."""

    def __init__(self) -> None:
        """Nothing assigned, nothing asked, nothing open; outside an action `writes` is None."""
        self.writes: dict[Any, list[tuple[Term, Term]]] | None = None
        self.requires: list[tuple[Term, str]] = []
        self.open: list[tuple[Term, Term]] = []
        self.step = False


SCOPE = Scope()


@contextmanager
def apart(*, action: bool = False, step: bool = False) -> Generator[Scope]:
    """A scope of its own: actions, properties and definitions are read apart from whoever asks first."""
    saved = dict(vars(SCOPE))
    vars(SCOPE).update(vars(Scope()))
    SCOPE.writes, SCOPE.step = {} if action else None, step
    try:
        yield SCOPE
    finally:
        vars(SCOPE).update(saved)


def closed(term: Term, place: str | None = None) -> Term:
    """The term, if no member in it has escaped from the iteration that it belongs to."""
    for var in term.free:
        if var.args[1] < 0:
            sort = sort_name(var.sort)
            raise ModelError(
                f"a {sort} in {term} belongs to no quantifier: "
                f"only all_of, any_of and total range over {sort}, in a comprehension",
                place,
            )
    return term
