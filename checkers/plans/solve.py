"""The questions that go to z3: linear integer arithmetic over the quantities of one control location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from ..smt.z3types import z3
from .ground import NO, YES, Ground, join, linear, negate

Ranges: TypeAlias = "Mapping[Any, tuple[int, int]]"
"""The least and the largest value of every slot."""

Limit: TypeAlias = "tuple[int, dict[Any, int]]"
"""A linear form, constant and coefficients, that must not be above 0."""

Model: TypeAlias = "dict[int, int]"
"""A value for every slot that was asked about."""


def plain(g: Ground) -> bool:
    """Whether a reduced number is a linear form (and not a choice)."""
    if g[0] in ("+",):
        return all(plain(p) for p in g[1])
    return plain(g[2]) if g[0] == "*" else g[0] in ("lit", "slot", "amount")


@lru_cache(maxsize=1 << 16)
def difference(atom: Ground) -> Limit:
    """`a <= b` (or `a == b`) as the linear form a - b."""
    ca, fa = linear(atom[1])
    cb, fb = linear(atom[2])
    form = dict(fa)
    for k, c in fb:
        form[k] = form.get(k, 0) - c
    return ca - cb, {k: c for k, c in form.items() if c}


def limits_of(clauses: Iterable[Ground]) -> list[Limit]:
    """The clauses that are inequalities or equations, as limits."""
    found: list[Limit] = []
    for g in clauses:
        if g[0] in ("<=", "==") and plain(g[1]) and plain(g[2]):
            constant, form = difference(g)
            found.append((constant, form))
            if g[0] == "==":
                found.append((-constant, {k: -c for k, c in form.items()}))
    return found


def lower(g: Ground, value: Mapping[Any, Any]) -> Any:
    """A reduced expression in z3; `value` gives the z3 term of every slot and amount."""
    match g:
        case "lit", n:
            return n
        case (("slot" | "amount"), k):
            return value[k]
        case "not", a:
            return z3.Not(truth(a, value))
        case "and", parts:
            return z3.And([truth(p, value) for p in parts])
        case "or", parts:
            return z3.Or([truth(p, value) for p in parts])
        case "ite", c, a, b:
            return z3.If(truth(c, value), lower(a, value), lower(b, value))
        case "+", parts:
            return z3.Sum([lower(p, value) for p in parts])
        case "*", n, a:
            return n * lower(a, value)
        case "==", a, b:
            return lower(a, value) == lower(b, value)
        case "<=", a, b:
            return lower(a, value) <= lower(b, value)
        case _:
            raise AssertionError(g)


def truth(g: Ground, value: Mapping[Any, Any]) -> Any:
    """A reduced truth in z3; literals are made truths."""
    found = lower(g, value)
    return found if z3.is_expr(found) else z3.BoolVal(bool(found))


_SLOTS: dict[int, Any] = {}
_LOWERED: dict[Ground, Any] = {}


def _slot(k: int) -> Any:
    if k not in _SLOTS:
        _SLOTS[k] = z3.Int(f"q{k}")
    return _SLOTS[k]


class _Slots(dict[Any, Any]):
    """Every slot's variable."""

    def __missing__(self, k: int) -> Any:
        return _slot(k)


_ALL = _Slots()


def _clause(g: Ground) -> Any:
    """A reduced truth over slots in z3, made once."""
    if g not in _LOWERED:
        _LOWERED[g] = truth(g, _ALL)
    return _LOWERED[g]


def _limits(ranges: Ranges) -> list[Any]:
    found: list[Any] = []
    for k, (least, most) in ranges.items():
        v = _slot(k)
        found += [v == least] if least == most else [v >= least, v <= most]
    return found


def maximum(coefficients: Iterable[tuple[Any, int]], ranges: Ranges, clauses: Iterable[Ground]) -> int | None:
    """The largest value of a linear form within the ranges and clauses; None if they exclude each other."""
    solver = z3.Optimize()
    solver.add(*_limits(ranges), *map(_clause, clauses))
    objective = solver.maximize(z3.Sum([z3.IntVal(0)] + [c * _slot(k) for k, c in coefficients]))
    if not decided(solver.check()):
        return None
    return int(solver.upper(objective).as_long())


def satisfiable(clauses: Iterable[Ground], ranges: Ranges) -> Model | None:
    """Values within the ranges that meet every clause; None if there are none."""
    simple = [by_box(c, ranges) for c in clauses]
    if NO in simple:
        return None
    solver = z3.SolverFor("QF_LIA")
    solver.add(*_limits(ranges), *(_clause(c) for c in simple if c != YES))
    if not decided(solver.check()):
        return None
    model = solver.model()
    return {k: model.eval(_slot(k), model_completion=True).as_long() for k in ranges}


def decided(answer: Any) -> bool:
    """sat or unsat; linear integer arithmetic over a box has no third answer."""
    assert answer in (z3.sat, z3.unsat), "z3 gave up on linear integer arithmetic"
    return bool(answer == z3.sat)


def by_box(g: Ground, ranges: Ranges) -> Ground:
    """The formula with the comparisons that the ranges decide decided."""
    match g:
        case "not", a:
            return negate(by_box(a, ranges))
        case ("and" | "or") as op, parts:
            return join(op, (by_box(p, ranges) for p in parts))
        case ("<=" | "==") as op, a, b if plain(a) and plain(b):
            constant, form = difference(g)
            least, most = box_span(constant, form, ranges)
            if op == "<=":
                return YES if most <= 0 else NO if least > 0 else g
            return YES if least == most == 0 else NO if least > 0 or most < 0 else g
        case _:
            return g


def box_span(constant: int, form: Mapping[Any, int], ranges: Ranges) -> tuple[int, int]:
    """The least and the largest value of a linear form over a box."""
    least = most = constant
    for k, c in form.items():
        a, b = ranges[k]
        least += c * (a if c > 0 else b)
        most += c * (b if c > 0 else a)
    return least, most


def upper_bound(coefficients: Mapping[Any, int], ranges: Ranges, limits: Iterable[Limit]) -> int:
    """An upper bound on a linear form over a box and limits `constant + form <= 0`, by weak duality.

    Adding a non-negative multiple of a limit's slack can only overstate the form, so the bound is sound; the multiples
    that lower it most are taken greedily, which often makes it tight.
    """
    rest, offset = dict(coefficients), 0
    best = box_span(0, rest, ranges)[1]
    while True:
        lowest, chosen = best, None
        for constant, form in limits:
            for times in {rest.get(k, 0) // c for k, c in form.items() if rest.get(k, 0) * c > 0}:
                tried = {k: v for k in rest.keys() | form.keys() if (v := rest.get(k, 0) - times * form.get(k, 0))}
                bound = offset - times * constant + box_span(0, tried, ranges)[1]
                if times > 0 and bound < lowest:
                    lowest, chosen = bound, (tried, offset - times * constant)
        if chosen is None:
            return best
        best, (rest, offset) = lowest, chosen
