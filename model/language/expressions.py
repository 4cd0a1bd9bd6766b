"""Expressions: terms under construction, with Python's operators, as a model writes them.

`Truth`, `Quantity` and `Choice` are what the fields of entities read as. They cannot be used where Python needs
a value at once (`if`, `and`, chained comparison, `range`): the error says what to write instead.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, Generic, Never, NoReturn, TypeVar

from .errors import ModelError
from .terms import (
    BOOL,
    NUMBER,
    PRECEDENCE,
    Term,
    Unit,
    alike,
    arithmetic,
    choose,
    const,
    equal,
    is_quantity,
    junction,
    negation,
    truth,
)

E = TypeVar("E", bound=enum.Enum)
V = TypeVar("V")

NO_TRUTH = (
    "a term has no truth value while the model is traced. Instead of `if`: where(c, a, b), require(...), or "
    "Vm.where(...) in a comprehension; of `and`, `or`, `not`: a & b, a | b, ~a; of `a < b < c`: two comparisons "
    "joined by &; of `in`: one_of(...); of Python's any and all: any_of, all_of"
)


class Expr(Generic[V]):
    """What every expression refuses, and the comparison that all have; V is what Python calls its values."""

    __slots__ = ("_term",)
    _term: Term

    def __init__(self, term: Term) -> None:
        """An expression that stands for a term."""
        self._term = term

    # Comparison builds a term (hence the ignores), and only of like with like; hashing would then lie.
    def __eq__(self, other: Expr[V] | V) -> Truth:  # type: ignore[override]
        """The truth that both are the same."""
        return Truth(equal(*_pair(self, other)))

    def __ne__(self, other: Expr[V] | V) -> Truth:  # type: ignore[override]
        """The truth that they differ."""
        return Truth(negation(equal(*_pair(self, other))))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        """Refused: the model is traced before any value is known."""
        raise ModelError(NO_TRUTH)

    def __index__(self) -> NoReturn:
        """Refused, as range(), int() and indexing would need a value."""
        raise ModelError("a term is not a number yet, as range(), int() and indexing would need")

    def __iter__(self) -> Iterator[Any]:
        """Refused: only sorts are ranged over."""
        raise ModelError("a term cannot be iterated; range over a sort: all_of(... for vm in Vm)")

    def __and__(self, other: Never) -> Truth:
        """Refused, except between truths: `a == 1 & b == 2` means `a == (1 & b) == 2`."""
        raise ModelError(PRECEDENCE)

    __rand__ = __or__ = __ror__ = __and__

    def __repr__(self) -> str:
        """The term."""
        return repr(self._term)


class Truth(Expr[bool]):
    """True or false."""

    __slots__ = ()

    def __and__(self, other: Truth | bool) -> Truth:
        """Both."""
        return Truth(junction("and", (self._term, lift(other))))

    def __or__(self, other: Truth | bool) -> Truth:
        """Either."""
        return Truth(junction("or", (self._term, lift(other))))

    def __rand__(self, other: bool) -> Truth:
        """Both."""
        return Truth(junction("and", (lift(other), self._term)))

    def __ror__(self, other: bool) -> Truth:
        """Either."""
        return Truth(junction("or", (lift(other), self._term)))

    def __invert__(self) -> Truth:
        """Not."""
        return Truth(negation(self._term))


class Quantity(Expr[int]):
    """An integer with a unit."""

    __slots__ = ()

    def __add__(self, other: Quantity | int) -> Quantity:
        """Sum of two quantities of one unit."""
        return Quantity(arithmetic("+", *_pair(self, other)))

    def __radd__(self, other: int) -> Quantity:
        """Sum of two quantities of one unit."""
        return Quantity(arithmetic("+", *_pair(other, self)))

    def __sub__(self, other: Quantity | int) -> Quantity:
        """Difference of two quantities of one unit."""
        return Quantity(arithmetic("-", *_pair(self, other)))

    def __rsub__(self, other: int) -> Quantity:
        """Difference of two quantities of one unit."""
        return Quantity(arithmetic("-", *_pair(other, self)))

    def __mul__(self, other: Quantity | int) -> Quantity:
        """Product with a number that has no unit."""
        return Quantity(arithmetic("*", self._term, lift(other)))

    def __rmul__(self, other: int) -> Quantity:
        """Product with a number that has no unit."""
        return Quantity(arithmetic("*", lift(other), self._term))

    def __truediv__(self, other: Never) -> NoReturn:
        """Refused: quotients are not integers."""
        raise ModelError("a model does not divide; multiply the other side: 2 * a <= b")

    __floordiv__ = __truediv__

    def __lt__(self, other: Quantity | int) -> Truth:
        """Less than."""
        return Truth(arithmetic("<", *_pair(self, other)))

    def __le__(self, other: Quantity | int) -> Truth:
        """At most."""
        return Truth(arithmetic("<=", *_pair(self, other)))

    def __gt__(self, other: Quantity | int) -> Truth:
        """More than."""
        return Truth(arithmetic("<", *_pair(other, self)))

    def __ge__(self, other: Quantity | int) -> Truth:
        """At least."""
        return Truth(arithmetic("<=", *_pair(other, self)))


class Choice(Expr[E], Generic[E]):
    """A member of an Enum."""

    __slots__ = ()

    def one_of(self, *members: E) -> Truth:
        """Whether it is one of these members."""
        return Truth(junction("or", (equal(*_pair(self, member)) for member in members)))


def traced(value: object) -> Term | None:
    """The term that an expression or an entity stands for; None for anything else."""
    known = getattr(value, "_term", None)
    return known if isinstance(known, Term) else None


def lift(value: object, like: Any = None, place: str | None = None) -> Term:
    """The term of whatever a model wrote: an expression, an entity, a member of an Enum, True, or an integer.

    An integer takes the unit `like`, if that is one. Raises ModelError (at `place`, if given) for anything else.
    """
    known = traced(value)
    if known is not None:
        return known
    match value:
        case Term():
            return value
        case bool():
            return const(value, BOOL)
        case enum.Enum():
            return const(value, type(value))
        case int():
            return const(value, like if is_quantity(like) else NUMBER)
        case float():
            raise ModelError(f"{value!r}: a model has integers only; scale the unit instead", place)
        case _:
            raise ModelError(
                f"{value!r} ({type(value).__name__}) cannot appear in a model: it speaks of any entity (not of one "
                "world's member), of truths, integers and members of an Enum (not of strings)",
                place,
            )


def _pair(a: object, b: object) -> tuple[Term, Term]:
    """Both as terms; an integer takes the other's unit."""
    like = next((t.sort for t in map(traced, (a, b)) if t is not None), None)
    return lift(a, like), lift(b, like)


def expression(term: Term) -> Any:
    """The expression for a term of a unit, of truths, or of an Enum (entities: see entities.surface)."""
    if term.sort == BOOL:
        return Truth(term)
    return Quantity(term) if isinstance(term.sort, Unit) else Choice[Any](term)


def quantity(amount: int, unit: Unit) -> Quantity:
    """An integer of a unit, where no neighbour says which."""
    term = lift(amount, unit)
    alike(const(0, unit), term)
    return Quantity(term)


def implies(a: Truth | bool, b: Truth | bool) -> Truth:
    """b holds wherever a does."""
    return Truth(junction("or", (negation(truth(lift(a))), lift(b))))


def decide(condition: Truth | bool, then: object, otherwise: object) -> Term:
    """The term that `where` stands for."""
    return choose(lift(condition), *_pair(then, otherwise))
