"""What is in play in a scene about any number of members: members, quantifiers and sums, and what is known of sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...model.language import BOOL, Action, Field, Sort, System, Term
from ...model.language.terms import SortOf
from .meaning import Env
from .z3types import Value, z3


class Lemmas(Protocol):
    """What a scene may use about sums, proved elsewhere."""

    def positive(self, total: Term, *, starting: bool) -> bool:
        """No member contributes less than nothing, in any state that the invariants allow (at the start: at all)."""
        ...

    def framed(self, action: Action, total: Term) -> bool:
        """Only the members that the action writes change what they contribute."""
        ...


@dataclass(frozen=True)
class At:
    """A moment, and whether the truth read there will be used (it is assumed) or refuted (its negation is)."""

    after: bool = False
    used: bool = True
    refuted: bool = False


ASSUMED, DENIED, WEIGHED = At(), At(used=False, refuted=True), At(refuted=True)


@dataclass
class Truth:
    """A quantifier at certain arguments."""

    term: Term
    env: Env
    after: bool
    symbol: Value
    used: bool = False
    refuted: bool = False
    witnessed: bool = False
    asked: dict[Any, Member] = field(default_factory=dict[Any, "Member"])


@dataclass(frozen=True)
class Ghost:
    """A sum at certain arguments."""

    term: Term
    env: Env
    after: bool
    symbol: Value


@dataclass(frozen=True)
class Member:
    """A member in play, and the condition under which it is real.

    A witness is of a higher `level` than the members that it is a witness for; a member that a field refers to is one
    of `reads` more than its owner. Both are bounded (by how deep the terms go), or there would be no end of members.
    """

    term: Value
    real: Value
    level: int = 0
    reads: int = 0


_SORTS: dict[str, Any] = {}


def z3_sort(sort: SortOf) -> Any:
    """Members of a sort are uninterpreted; truths are truths; everything else is an integer."""
    if isinstance(sort, Sort):
        return _SORTS.setdefault(sort.__name__, z3.DeclareSort(sort.__name__))
    return z3.BoolSort() if sort == BOOL else z3.IntSort()


def parameter_limits(system: System) -> Iterable[Field[Any, Any]]:
    """The constants that bound integer parameters: their sorts have exactly one member in every world."""
    for a in system.actions:
        for p in a.parameters:
            if p.range is not None and isinstance(p.range.high, Field):
                yield p.range.high
