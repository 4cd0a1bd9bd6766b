"""What the z3 readings share: terms become z3 expressions, and what is known stays a Python number.

A reading says what a field's value and a quantifier are; everything else means the same in both. `M` is the moment
that a term is read at (a state; for any size, also whether the truth will be used or refuted).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar

from ...model.language import Action, Field, ModelError, Sort, Term
from ...model.language.terms import encode
from .z3types import Value, conj, disj, identity, is_choice, is_ite, ite, known, neg, number, of_rank, plus, same

M = TypeVar("M")

Env: TypeAlias = "Mapping[Term, Value]"


class Meaning(Generic[M]):
    """Terms to z3."""

    def __init__(self) -> None:
        """Nothing evaluated yet."""
        self._definitions: dict[Any, tuple[Value, Value]] = {}

    def read(self, field: Field[Any, Any], ref: Value, at: M) -> Value:
        """The field of a member at a moment."""
        raise NotImplementedError

    def quantifier(self, t: Term, env: Env, at: M) -> Value:
        """The value of a `forall`, `exists` or `sum`."""
        raise NotImplementedError

    def later(self, at: M) -> M:
        """The moment after the step."""
        raise NotImplementedError

    def against(self, at: M) -> M:
        """The same moment, under a negation."""
        return at

    def neutral(self, at: M) -> M:
        """The same moment, where truth and falsehood both matter."""
        return at

    def times(self, a: Value, b: Value) -> Value:
        """The product, linear where one side is a choice between numbers."""
        if known(a) or known(b):
            return a * b
        for one, other in ((a, b), (b, a)):
            if is_ite(one):
                condition, then, otherwise = one.children()
                return ite(condition, self.times(number(then), other), self.times(number(otherwise), other))
        return a * b

    def value(self, t: Term, env: Env, at: M) -> Value:
        """The value of a term, the variables being as in `env`."""
        match t.op, t.args:
            case "const", (value,):
                return of_rank(encode(value), t.sort)
            case "var", _:
                return env[t]
            case "read", (field, ref):
                return self.read(field, self.value(ref, env, at), at)
            case "derived", (definition, ref):
                return self._defined(definition, self.value(ref, env, at), at)
            case "after", (inner,):
                return self.value(inner, env, self.later(at))
            case "not", (a,):
                return neg(self.value(a, env, self.against(at)))
            case "and", parts:
                return conj(self.value(p, env, at) for p in parts)
            case "or", parts:
                return disj(self.value(p, env, at) for p in parts)
            case "ite", (condition, then, otherwise):
                asked = self.value(condition, env, self.neutral(at))
                return ite(asked, self.value(then, env, at), self.value(otherwise, env, at))
            case (("forall" | "exists" | "sum"), _):
                return self.quantifier(t, env, at)
            case op, (a, b):
                mid = self.neutral(at)
                return self._binary(op, self.value(a, env, mid), self.value(b, env, mid))
            case _:
                raise ModelError(f"{t} has no meaning")

    def _binary(self, op: str, a: Value, b: Value) -> Value:
        match op:
            case "==":
                return same(a, b)
            case "+":
                return plus((a, b))
            case "-":
                return a - b
            case "*":
                return self.times(a, b)
            case "<":
                return a < b
            case "<=":
                return a <= b
            case _:
                raise ModelError(f"{op} is no operator")

    def _defined(self, definition: Any, ref: Value, at: M) -> Value:
        key = definition, identity(ref), at
        if key not in self._definitions:  # the reference is kept beside the value, so that its identity stays its own
            self._definitions[key] = ref, self.value(definition.definition, {definition.variable: ref}, at)
        return self._definitions[key][1]


class Rows:
    """A state of finitely many members: one row of values per field; `after` is the state after the step, if any."""

    def __init__(self, rows: Mapping[Field[Any, Any], list[Value]], after: Rows | None = None) -> None:
        """The rows, by field."""
        self.rows, self.after = rows, after


class Finite(Meaning[Rows]):
    """The reading over finitely many members: quantifiers are spelled out. References are ranks."""

    def __init__(self, counts: Mapping[Sort, int]) -> None:
        """So many members of every sort."""
        super().__init__()
        self.counts = counts

    def read(self, field: Field[Any, Any], ref: Value, at: Rows) -> Value:
        """The field of a member, whose rank may be open."""
        row = at.rows[field]
        if isinstance(ref, int):
            return row[ref]
        result = row[-1]
        for i in reversed(range(len(row) - 1)):
            result = ite(same(ref, i), row[i], result)
        return result

    def present(self, sort: Sort, member: int) -> Value:
        """Whether there is such a member."""
        return member < self.counts[sort]

    def quantifier(self, t: Term, env: Env, at: Rows) -> Value:
        """The conjunction, disjunction or sum over the members."""
        var, keep, body = t.args
        cases: list[tuple[Value, Value]] = []
        for i in range(self.counts.get(var.sort, 0)):
            inner = {**env, var: i}
            kept = conj((self.present(var.sort, i), self.value(keep, inner, at)))
            if kept is not False:
                cases.append((kept, self.value(body, inner, at)))
        if t.op == "forall":
            return conj(disj((neg(k), b)) for k, b in cases)
        if t.op == "exists":
            return disj(conj((k, b)) for k, b in cases)
        return plus(ite(k, b, 0) for k, b in cases)

    def later(self, at: Rows) -> Rows:
        """The state after the step."""
        if at.after is None:
            raise ModelError("only a step property sees the state after")
        return at.after

    def guard(self, action: Action, env: Env, at: Rows) -> Value:
        """Every requirement holds."""
        return conj(self.value(r.term, env, at) for r in action.requires)

    def effect(self, action: Action, env: Env, at: Rows) -> dict[Field[Any, Any], list[Value]]:
        """The rows that the action writes, as they are after it."""
        rows: dict[Field[Any, Any], list[Value]] = {}
        for w in action.writes:
            ref, new = self.value(w.ref, env, at), self.value(w.value, env, at)
            row = rows.setdefault(w.field, list(at.rows[w.field]))
            row[:] = [ite(same(ref, i), new, old) for i, old in enumerate(row)]
        return rows

    def out_of_range(self, action: Action, env: Env, at: Rows) -> Value:
        """Some assignment leaves the range of its field."""
        wrong: list[Value] = []
        for w in action.writes:
            if not bounded(w.field):
                continue
            new = self.value(w.value, env, at)
            wrong.append(new < 0)
            high = w.field.upto
            if isinstance(high, Field):
                high = self.read(high, self.value(w.ref, env, at), at)
            if high is not None:
                wrong.append(new > high)
        return disj(wrong)


def bounded(field: Field[Any, Any]) -> bool:
    """Whether an assignment to the field can leave its range: only quantities can."""
    return not (isinstance(field.sort, Sort) or is_choice(field.sort) or field.sort.name == "truth")


def footprint(*terms: Term) -> frozenset[Field[Any, Any]]:
    """The fields that the terms read, definitions included."""
    found: set[Field[Any, Any]] = set()
    seen: set[Term] = set()
    todo = list(terms)
    while todo:
        for t in todo.pop().walk():
            if t.op == "read":
                found.add(t.args[0])
            elif t.op == "derived" and t.args[0].definition not in seen:
                seen.add(t.args[0].definition)
                todo.append(t.args[0].definition)
    return frozenset(found)


@cache
def nesting(t: Term) -> int:
    """How deep quantifiers and sums lie in one another, definitions included."""
    if t.op == "derived":
        return max(nesting(t.args[0].definition), nesting(t.args[1]))
    inside = max((nesting(part) for part in t.parts), default=0)
    return inside + (t.op in ("forall", "exists", "sum"))


@cache
def reach(t: Term) -> int:
    """How many references are followed in a row, definitions included."""
    if t.op == "read":
        return reach(t.args[1]) + isinstance(t.sort, Sort)
    if t.op == "derived":
        return reach(t.args[0].definition) + reach(t.args[1])
    return max((reach(part) for part in t.parts), default=0)
