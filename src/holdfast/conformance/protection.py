"""What a requirement is there for, where its absence breaks nothing at once: the ledger knows which property misses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ..checkers.conform.consequences import Consequence
from ..checkers.interpret import Run
from ..specs.ledger import RemovalRow, read


@cache
def _removals() -> Mapping[str, RemovalRow]:
    return read().removals


def protected(run: Run, action: str, sentences: Iterable[str]) -> tuple[Consequence, ...]:
    """The properties of the run that break, sooner or later, without these requirements of an action."""
    rows = (_removals().get(f"{action}: {sentence}") for sentence in sentences)
    killers = dict.fromkeys(row.killer for row in rows if row is not None)
    return tuple(Consequence.of(p, steps=None) for p in run.system.properties if p.name in killers)
