"""The judge of a decision: all properties, whatever they look at; and of functions, all that is exact."""

from __future__ import annotations

from holdfast.impl.scheduler import policy
from holdfast.impl.scheduler.policy import Decision
from holdfast.impl.scheduler.snapshot import Snapshot

from . import exact, recomputed
from .properties import PROPERTIES, Predicate
from .values import EXACT

__all__ = ["CRASHES", "EXACT", "PROPERTIES", "broken", "exact", "recomputed"]

CRASHES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What a mistake in a function may raise."""


def broken(snapshot: Snapshot) -> list[str]:
    """The names of the properties that the decision about a snapshot does not have."""
    decision = policy.decide(snapshot)
    return [name for name, holds in PROPERTIES.items() if not has(holds, snapshot, decision)]


def has(holds: Predicate, snapshot: Snapshot, decision: Decision) -> bool:
    """Whether a decision has a property; one of which that cannot even be asked has not."""
    try:
        return holds(snapshot, decision)
    except CRASHES:
        return False
