"""What a model says of all members, of some, of their sum, of one case or the other, and of the state after."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, TypeVar, cast, overload

from .entities import Entity, surface
from .errors import ModelError
from .expressions import Choice, Expr, Quantity, Truth, decide, lift, traced
from .scope import SCOPE
from .terms import Term, junction, quantified

E = TypeVar("E", bound=enum.Enum)
N = TypeVar("N", bound=Entity)
S = TypeVar("S", bound="Expr[Any] | Entity")


def _quantify(op: str, items: object) -> Term:
    """Quantify the body of a comprehension over the sorts that it opened."""
    if not isinstance(items, Iterator):
        raise ModelError("only sorts are ranged over, in a comprehension: all_of(... for vm in Vm)")
    parts = cast(Iterator[object], items)
    depth = len(SCOPE.open)
    try:
        said = next(parts, None)
        bound = SCOPE.open[depth:]
    finally:
        del SCOPE.open[depth:]
    if not bound or next(parts, None) is not None:
        raise ModelError("only sorts are ranged over: all_of(... for vm in Vm); for a few terms, all_of(a, b)")
    body = lift(said)
    for var, keep in reversed(bound):
        body = quantified(op, var, keep, body)
    return body


@overload
def all_of(part: Iterator[Truth], /) -> Truth: ...
@overload
def all_of(*parts: Truth | bool) -> Truth: ...
def all_of(*parts: Any) -> Truth:
    """Every part, or the body for every member: `all_of(a, b)`, `all_of(vm.size > 0 for vm in Vm)`."""
    return _each("forall", "and", parts)


@overload
def any_of(part: Iterator[Truth], /) -> Truth: ...
@overload
def any_of(*parts: Truth | bool) -> Truth: ...
def any_of(*parts: Any) -> Truth:
    """Some part, or the body for some member."""
    return _each("exists", "or", parts)


def _each(quantifier: str, op: str, parts: tuple[object, ...]) -> Truth:
    if len(parts) == 1 and any(isinstance(part, Iterator) for part in parts):
        return Truth(_quantify(quantifier, *parts))
    return Truth(junction(op, map(lift, parts)))


def total(items: Iterator[Quantity]) -> Quantity:
    """The sum of the body over the members: `total(vm.resident for vm in Vm.where(machine=self))`."""
    return Quantity(_quantify("sum", items))


# To Python a bool is an int, so the first two overlap; to a model it is a truth, and the first one matches.
@overload
def where(  # type: ignore[overload-overlap]
    condition: Truth | bool, then: Truth | bool, otherwise: Truth | bool
) -> Truth: ...
@overload
def where(condition: Truth | bool, then: Quantity | int, otherwise: Quantity | int) -> Quantity: ...
@overload
def where(condition: Truth | bool, then: Choice[E] | E, otherwise: Choice[E] | E) -> Choice[E]: ...
@overload
def where(condition: Truth | bool, then: N, otherwise: N) -> N: ...
def where(condition: Truth | bool, then: Any, otherwise: Any) -> Any:
    """`then` where the condition holds, else `otherwise`; both of one sort."""
    return surface(decide(condition, then, otherwise))


def after(value: S) -> S:
    """The value after the step, for step properties."""
    if not SCOPE.step:
        raise ModelError("after(...) outside a step property: write @step for what holds over a step")
    term = traced(value)
    if term is None:
        raise ModelError(f"after({value!r}): only what a state holds can change")
    return cast(S, surface(Term("after", (term,), term.sort)))
