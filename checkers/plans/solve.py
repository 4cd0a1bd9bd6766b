"""The questions that go to z3: linear integer arithmetic over the quantities of one control location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import z3

from .ground import Ground

Model: TypeAlias = "dict[int, int]"
"""A value for every slot that was asked about."""


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


def _variables(ranges: Mapping[int, tuple[int, int]]) -> tuple[dict[int, Any], list[Any]]:
    variables = {k: z3.Int(f"q{k}") for k in ranges}
    limits = [f for k, (least, most) in ranges.items() for f in (least <= variables[k], variables[k] <= most)]
    return variables, limits


def maximum(
    coefficients: Iterable[tuple[Any, int]], ranges: Mapping[int, tuple[int, int]], clauses: Iterable[Ground]
) -> int | None:
    """The largest value of a linear form within the ranges and clauses; None if they exclude each other."""
    variables, limits = _variables(ranges)
    solver = z3.Optimize()
    solver.add(*limits, *(truth(c, variables) for c in clauses))
    objective = solver.maximize(z3.Sum([z3.IntVal(0)] + [c * variables[k] for k, c in coefficients]))
    if solver.check() != z3.sat:
        return None
    return int(solver.upper(objective).as_long())


def satisfiable(clauses: Iterable[Ground], ranges: Mapping[int, tuple[int, int]]) -> Model | None:
    """Values within the ranges that meet every clause; None if there are none."""
    variables, limits = _variables(ranges)
    solver = z3.SolverFor("QF_LIA")
    solver.add(*limits, *(truth(c, variables) for c in clauses))
    if solver.check() != z3.sat:
        return None
    model = solver.model()
    return {k: model.eval(v, model_completion=True).as_long() for k, v in variables.items()}
