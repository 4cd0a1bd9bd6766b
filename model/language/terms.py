"""Terms: what an expression is once it has been traced.

A term is immutable and hash-consed: two equal terms are one object, so `==`, `in` and dictionaries mean what
they say. The operators that a model writes live on expressions (expressions.py); engines only ever see terms.

| op                     | args                     | meaning                                              |
|------------------------|--------------------------|------------------------------------------------------|
| const                  | value                    | True/False, a member of an Enum, or an integer       |
| var                    | name, number             | a parameter (number 0) or a bound variable           |
| read, derived          | field or definition, ref | the field of a member; its named definition          |
| after                  | term                     | the term in the state after the step                 |
| not and or == ite      | terms                    | as in logic; `==` compares one sort with itself      |
| + - * < <=             | two terms                | on quantities of one unit (`*`: one side unitless)   |
| forall exists sum      | var, keep, body          | over the members of the variable's sort that `keep`  |
"""

from __future__ import annotations

import enum
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast
from weakref import WeakValueDictionary

from .errors import ModelError


@dataclass(frozen=True)
class Unit:
    """A sort of integers. Pages and KiB do not mix; a bare Python integer takes the unit of its neighbour."""

    name: str


BOOL = Unit("truth")
NUMBER = Unit("number")
PRECEDENCE = "&, | and ~ bind tighter than == and <: put comparisons in parentheses"
QUANTIFIERS = {"forall": "all_of", "exists": "any_of", "sum": "total"}
ARITHMETIC: Mapping[str, Callable[[int, int], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
}

SortOf: TypeAlias = Any
"""A Unit, an Enum class, or an entity class: what a term ranges over."""


class Term:
    """An operator, its arguments and its sort. Two equal terms are one object."""

    __slots__ = ("__weakref__", "args", "binders", "free", "op", "sort")
    op: str
    args: tuple[Any, ...]
    sort: SortOf
    free: frozenset[Term]
    binders: int

    _table: ClassVar[WeakValueDictionary[Any, Term]] = WeakValueDictionary()  # forgets terms that nobody holds

    def __new__(cls, op: str, args: tuple[Any, ...], sort: SortOf) -> Term:
        """The one term with this operator, these arguments and this sort."""
        key = op, _identity(sort), tuple(map(_identity, args))
        known = cls._table.get(key)
        if known is not None:
            return known
        term = object.__new__(cls)
        term.op, term.args, term.sort = op, args, sort
        parts = [a for a in args if isinstance(a, Term)]
        free = frozenset[Term]().union(*(part.free for part in parts))
        term.free = frozenset((term,)) if op == "var" else free - {args[0]} if op in QUANTIFIERS else free
        term.binders = max((part.binders for part in parts), default=0) + (op in QUANTIFIERS)
        cls._table[key] = term
        return term

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as its constructor call, so that equal terms stay one object."""
        return Term, (self.op, self.args, self.sort)

    @property
    def value(self) -> int | None:
        """The machine integer of a constant; None for any other term."""
        return encode(self.args[0]) if self.op == "const" else None

    @property
    def parts(self) -> tuple[Term, ...]:
        """The arguments that are terms."""
        return tuple(a for a in self.args if isinstance(a, Term))

    def walk(self) -> Iterator[Term]:
        """This term and every distinct term inside it (definitions are not entered)."""
        seen: dict[Term, None] = {}
        todo: list[Term] = [self]
        while todo:
            term = todo.pop()
            if term not in seen:
                seen[term] = None
                todo.extend(term.parts)
        return iter(seen)

    def __repr__(self) -> str:
        """The term as a reader of the model would write it."""
        match self.op, self.args:
            case "const", (value,):
                return value.name if isinstance(value, enum.Enum) else str(value)
            case "var", (name, number):
                return f"{name}{number if number > 0 else ''}"
            case (("read" | "derived"), (field, ref)):
                return f"{ref}.{field.name}"
            case "ite", (condition, then, otherwise):
                return f"({then} if {condition} else {otherwise})"
            case "not", (a,):
                return f"~{a}"
            case "after", (a,):
                return f"after({a})"
            case (("forall" | "exists" | "sum"), (var, keep, body)):
                condition = "" if keep is TRUE else f" if {keep}"
                return f"{QUANTIFIERS[self.op]}({body} for {var} in {sort_name(var.sort)}{condition})"
            case op, args:
                return "(" + f" {op} ".join(map(repr, args)) + ")"


def _identity(argument: Any) -> Any:
    """What makes an argument the same as another: 1 is not True; a term, a field or an entity class is itself.

    These go by number, so that the table keeps no model alive (the term itself holds its arguments).
    """
    if isinstance(argument, (int, str, enum.Enum, Unit)):
        return cast(Any, type(argument)), argument
    return id(argument)


def encode(value: Any) -> int:
    """A constant as a machine integer: members of an Enum by rank, False as 0 and True as 1."""
    return list(type(value)).index(value) if isinstance(value, enum.Enum) else int(value)


def is_value(value: Any, sort: SortOf) -> bool:
    """Whether a constant is one of a sort's values (entities have none: only a world has members)."""
    if isinstance(sort, Unit):
        return type(value) is (bool if sort == BOOL else int)
    return isinstance(value, enum.Enum) and type(value) is sort


def const(value: Any, sort: SortOf) -> Term:
    """The constant term."""
    return Term("const", (value,), sort)


def sort_name(sort: SortOf) -> str:
    """The name of a sort, as messages show it."""
    return sort.name if isinstance(sort, Unit) else str(sort.__name__)


TRUE, FALSE = const(True, BOOL), const(False, BOOL)


# ------------------------------------------------- constructors: they check sorts and fold constants, no more
def alike(a: Term, b: Term) -> None:
    """Refuse two terms of different sorts."""
    if a.sort != b.sort:
        both = is_quantity(a.sort) and is_quantity(b.sort)
        hint = "; quantity(3, pages) gives a number its unit" if both and NUMBER in (a.sort, b.sort) else ""
        raise ModelError(f"{a} is of {sort_name(a.sort)}, but {b} is of {sort_name(b.sort)}{hint}")


def truth(term: Term) -> Term:
    """The term, if it is a truth value."""
    if term.sort != BOOL:
        raise ModelError(f"{term} is of {sort_name(term.sort)}, neither true nor false; {PRECEDENCE}")
    return term


def is_quantity(sort: SortOf) -> bool:
    """Whether the sort is one of integers."""
    return isinstance(sort, Unit) and sort != BOOL


def arithmetic(op: str, a: Term, b: Term) -> Term:
    """`a op b` for + - < <= on one unit, or `a * b` with a unitless side."""
    if not (is_quantity(a.sort) and is_quantity(b.sort)):
        raise ModelError(f"{a} {op} {b}: only quantities are added and compared")
    if op == "*":
        return _product(a, b)
    alike(a, b)
    sort = a.sort if op in "+-" else BOOL
    if a.op == b.op == "const":
        return const(ARITHMETIC[op](a.args[0], b.args[0]), sort)
    if op == "+" and a.value == 0:
        return b
    if op in "+-" and b.value == 0:
        return a
    return Term(op, (a, b), sort)


def _product(a: Term, b: Term) -> Term:
    if NUMBER not in (a.sort, b.sort):
        raise ModelError(f"{a} * {b}: one side of a product has no unit")
    sort = b.sort if a.sort == NUMBER else a.sort
    if a.op == b.op == "const":
        return const(a.args[0] * b.args[0], sort)
    if 0 in (a.value, b.value):
        return const(0, sort)
    if a.value == 1 and b.sort == sort:
        return b
    if b.value == 1 and a.sort == sort:
        return a
    return Term("*", (a, b), sort)


def equal(a: Term, b: Term) -> Term:
    """`a == b` on one sort; a constant goes to the right."""
    alike(a, b)
    if a is b:
        return TRUE
    if a.op == b.op == "const":
        return FALSE
    return Term("==", (b, a) if a.op == "const" else (a, b), BOOL)


def negation(a: Term) -> Term:
    """Not a."""
    truth(a)
    if a.op == "const":
        return FALSE if a is TRUE else TRUE
    return a.args[0] if a.op == "not" else Term("not", (a,), BOOL)


def junction(op: str, parts: Iterable[Term]) -> Term:
    """The flat conjunction (`and`) or disjunction (`or`) of truths."""
    neutral, zero = (TRUE, FALSE) if op == "and" else (FALSE, TRUE)
    flat: dict[Term, None] = {}
    for part in parts:
        truth(part)
        flat.update(dict.fromkeys(part.args if part.op == op else (part,)))
    flat.pop(neutral, None)
    if zero in flat:
        return zero
    if len(flat) <= 1:
        return next(iter(flat), neutral)
    return Term(op, tuple(flat), BOOL)


def choose(condition: Term, then: Term, otherwise: Term) -> Term:
    """`then` where the condition holds, else `otherwise`."""
    truth(condition)
    alike(then, otherwise)
    if condition is TRUE or then is otherwise:
        return then
    return otherwise if condition is FALSE else Term("ite", (condition, then, otherwise), then.sort)


def quantified(op: str, var: Term, keep: Term, body: Term) -> Term:
    """A quantifier or sum over `var`, whose bound name is made canonical: equal quantifiers are one term."""
    if op == "sum":
        if not is_quantity(body.sort):
            raise ModelError(f"total({body}): only quantities are added; to count, total(where(..., 1, 0) for ...)")
    else:
        truth(body)
    truth(keep)
    canonical = Term("var", (var.args[0], 1 + max(keep.binders, body.binders)), var.sort)
    if canonical is not var:
        keep, body = substitute(keep, {var: canonical}), substitute(body, {var: canonical})
    return Term(op, (canonical, keep, body), body.sort)


def bound_variable(name: str, sort: SortOf) -> Term:
    """A variable for a quantifier that is still being written, different from every other one."""
    return Term("var", (name, next(_FRESH)), sort)


_FRESH = itertools.count(-1, -1)


def rebuild(term: Term, args: tuple[Any, ...]) -> Term:
    """The same operator over other arguments, simplified."""
    match term.op:
        case "==":
            return equal(*args)
        case "and" | "or":
            return junction(term.op, args)
        case "not":
            return negation(*args)
        case "ite":
            return choose(*args)
        case "+" | "-" | "*" | "<" | "<=":
            return arithmetic(term.op, *args)
        case _:
            return Term(term.op, args, term.sort)


def transform(term: Term, swap: Callable[[Term], Term | None]) -> Term:
    """The term with `swap(s)` in place of every outermost subterm s for which it is not None."""
    done: dict[Term, Term] = {}

    def go(t: Term) -> Term:
        if t not in done:
            replaced = swap(t)
            if replaced is None:
                args = tuple(go(a) if isinstance(a, Term) else a for a in t.args)
                replaced = t if args == t.args else rebuild(t, args)
            done[t] = replaced
        return done[t]

    return go(term)


def substitute(term: Term, table: Mapping[Term, Term]) -> Term:
    """The term with variables replaced; a bound variable that would be captured is renamed."""
    table = {var: new for var, new in table.items() if var in term.free}
    if not table:
        return term
    incoming = frozenset[Term]().union(*(new.free for new in table.values()))

    def swap(t: Term) -> Term | None:
        if t in table:
            return table[t]
        if not (t.free & table.keys()):
            return t
        if t.op in QUANTIFIERS:
            var, keep, body = t.args
            fresh = var
            if var in incoming or var in table:
                height = 1 + max(v.args[1] for v in incoming | t.free | {var})
                fresh = Term("var", (var.args[0], max(height, t.binders)), var.sort)
            inner = {**table, var: fresh}
            return Term(t.op, (fresh, substitute(keep, inner), substitute(body, inner)), t.sort)
        return None

    return transform(term, swap)
