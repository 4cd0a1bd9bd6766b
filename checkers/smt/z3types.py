"""The one door to z3, which has no types of its own.

A `Value` is a z3 expression, or a Python `int` or `bool` where it is already known. The constructors fold what is
known, so that a z3 expression is built only where something is really open.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from importlib import import_module
from typing import Any, TypeAlias

from ...model.language import BOOL
from ...model.language.terms import SortOf

z3: Any = import_module("z3")  # z3 ships no type stubs: everything that comes through this name is Any, on purpose

Value: TypeAlias = Any
"""A z3 expression, or an int or a bool where the value is known."""


def known(value: Value) -> bool:
    """Whether the value is a Python number or truth."""
    return isinstance(value, int)


def identity(value: Value) -> Any:
    """A hashable name for a value: equal names mean the same value (while the value is kept alive)."""
    return (type(value), value) if known(value) else value.get_id()


def conj(parts: Iterable[Value]) -> Value:
    """Every part."""
    kept: list[Value] = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept.append(part)
    return True if not kept else _joined(z3.Z3_mk_and, kept)


def _joined(make: Any, parts: list[Value]) -> Value:
    """As z3.And and z3.Or, without their search for a common sort: it took a sixth of the time of a proof."""
    if len(parts) == 1:
        return parts[0]
    context = z3.main_ctx()
    return z3.BoolRef(make(context.ref(), len(parts), (z3.Ast * len(parts))(*(p.as_ast() for p in parts))), context)


def disj(parts: Iterable[Value]) -> Value:
    """Some part."""
    kept: list[Value] = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            kept.append(part)
    return False if not kept else _joined(z3.Z3_mk_or, kept)


def neg(part: Value) -> Value:
    """Not the part."""
    return (not part) if known(part) else z3.Not(part)


def implied(condition: Value, then: Value) -> Value:
    """`then` wherever the condition holds."""
    return disj((neg(condition), then))


def ite(condition: Value, then: Value, otherwise: Value) -> Value:
    """`then` where the condition holds, else `otherwise`."""
    if known(condition):
        return then if condition else otherwise
    if then is otherwise or identity(then) == identity(otherwise):
        return then
    if isinstance(then, bool):
        return disj((condition, otherwise)) if then else conj((z3.Not(condition), otherwise))
    if isinstance(otherwise, bool):
        return implied(condition, then) if otherwise else conj((condition, then))
    return z3.If(condition, then, otherwise)


def same(a: Value, b: Value) -> Value:
    """Both are the same."""
    if known(a) and known(b):
        return a == b
    if isinstance(a, bool):
        return b if a else neg(b)
    if isinstance(b, bool):
        return a if b else neg(a)
    return True if a is b or identity(a) == identity(b) else a == b


def plus(parts: Iterable[Value]) -> Value:
    """The sum."""
    number, open_parts = 0, list[Value]()
    for part in parts:
        if known(part):
            number += part
        else:
            open_parts.append(part)
    if not open_parts:
        return number
    return z3.Sum([*open_parts, number] if number else open_parts) if len(open_parts) > 1 or number else open_parts[0]


def is_ite(value: Value) -> bool:
    """Whether the value is a z3 choice between two."""
    return not known(value) and bool(z3.is_app_of(value, z3.Z3_OP_ITE))


def number(value: Value) -> Value:
    """A z3 numeral as the Python number that it is; anything else as it stands."""
    return int(value.as_long()) if not known(value) and z3.is_int_value(value) else value


def is_choice(sort: SortOf) -> bool:
    """Whether the sort is an Enum class."""
    return isinstance(sort, type) and issubclass(sort, enum.Enum)


def variable(name: str, sort: SortOf) -> Value:
    """A z3 constant for a truth, or an integer: a quantity, or the rank of a member of an Enum or of a sort."""
    return z3.Bool(name) if sort == BOOL else z3.Int(name)


def of_rank(value: int, sort: SortOf) -> Value:
    """The machine integer of the language as a value of its sort."""
    return bool(value) if sort == BOOL else value


def rank_in(model: Any, value: Value) -> int:
    """The machine integer that a value has in a z3 model; what the model leaves open is 0."""
    if known(value):
        return int(value)
    found = model.eval(value, model_completion=True)
    return int(z3.is_true(found)) if z3.is_bool(found) else int(found.as_long())
