"""Random expressions over a small model, their meaning computed twice: from what was said, and from the term.

Neither uses a checker: the language is held against Python's own arithmetic, `all`, `any` and `sum`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from hypothesis import strategies as st

from holdfast.model.language import (
    Entity,
    Quantity,
    Term,
    Truth,
    Unit,
    all_of,
    any_of,
    derived,
    quantity,
    total,
    varying,
    where,
)
from holdfast.model.language.terms import ARITHMETIC, encode

pages = Unit("pages")


class Colour(Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Node(Entity):
    """A node of a graph: enough for references that meet."""

    next = varying(lambda: Node)
    x = varying(pages, upto=9)
    flag = varying(bool)
    colour = varying(Colour, start=Colour.RED)

    @derived
    def held(self) -> Quantity:
        """What the nodes before it hold."""
        return total(v.x for v in Node.where(next=self))


Store: TypeAlias = "dict[tuple[str, int], int]"
"""The value of a field (by name) of a node (by number)."""

Said: TypeAlias = "tuple[Any, ...]"
"""What is said, as nested tuples; the functions below are their grammar."""

NODES = range(3)
FOLD: Mapping[str, Callable[[list[int]], int]] = {"all": all, "any": any, "total": sum}
QUANTIFIED = {"forall": FOLD["all"], "exists": FOLD["any"], "sum": FOLD["total"]}


@dataclass(frozen=True)
class Case:
    """Two nodes in play (they may be one), a number, and the values of all fields."""

    first: int
    second: int
    n: int
    store: Store


def stores() -> st.SearchStrategy[Store]:
    """Values for every field of every node."""
    most = {"next": NODES[-1], "x": 3, "flag": 1, "colour": 1}
    return st.fixed_dictionaries({(f, i): st.integers(0, most[f]) for f in most for i in NODES})


def cases() -> st.SearchStrategy[Case]:
    """Cases."""
    return st.builds(Case, st.sampled_from(NODES), st.sampled_from(NODES), st.integers(0, 3), stores())


# -------------------------------------------------------------------------------- what can be said, at random
def references(scope: int) -> st.SearchStrategy[Said]:
    """A variable in scope, or what follows it."""
    variables = st.tuples(st.just("var"), st.integers(0, scope - 1))
    return variables | st.tuples(st.just("next"), variables)


def amounts(depth: int = 3, scope: int = 2) -> st.SearchStrategy[Said]:
    """A quantity of pages."""
    of = st.tuples(st.sampled_from(["x", "held"]), references(scope))
    plain = st.just(("n",)) | st.tuples(st.just("number"), st.integers(0, 3)) | of
    if depth == 0:
        return plain
    less = amounts(depth - 1, scope)
    return st.one_of(
        plain,
        st.tuples(st.sampled_from("+-"), less, less),
        st.tuples(st.just("*"), st.integers(-1, 2), less),
        st.tuples(st.just("where"), truths(depth - 1, scope), less, less),
        st.tuples(st.just("total"), filters(scope), amounts(depth - 1, scope + 1)),
    )


def truths(depth: int = 3, scope: int = 2) -> st.SearchStrategy[Said]:
    """A truth."""
    same = st.tuples(st.just("same"), references(scope), references(scope))
    plain = st.one_of(
        st.tuples(st.just("bool"), st.booleans()),
        st.tuples(st.just("flag"), references(scope)),
        st.tuples(st.just("colour"), references(scope), st.sampled_from(Colour)),
        same,
    )
    if depth == 0:
        return plain
    less, amount = truths(depth - 1, scope), amounts(depth - 1, scope)
    return st.one_of(
        plain,
        st.tuples(st.sampled_from(["<", "<=", "=="]), amount, amount),
        st.tuples(st.sampled_from("&|"), less, less),
        st.tuples(st.just("~"), less),
        st.tuples(st.just("where"), less, less, less),
        st.tuples(st.sampled_from(["all", "any"]), filters(scope), truths(depth - 1, scope + 1)),
    )


def filters(scope: int) -> st.SearchStrategy[Said]:
    """Which nodes a quantifier ranges over."""
    return st.just(("every",)) | st.tuples(st.just("before"), references(scope)) | st.just(("flagged",))


# ------------------------------------------------------------------- what it means, by Python's own operators
def value(said: Said, store: Mapping[tuple[str, int], int], scope: tuple[int, ...], n: int) -> int:
    """The value of what is said, over numbers."""

    def go(part: Said) -> int:
        return value(part, store, scope, n)

    def members(filter_: Said) -> list[tuple[int, ...]]:
        inner = [(*scope, i) for i in NODES]
        if filter_[0] == "before":
            return [s for s in inner if store["next", s[-1]] == go(filter_[1])]
        return [s for s in inner if filter_[0] == "every" or store["flag", s[-1]]]

    match said:
        case ("var", i):
            return scope[int(i)]
        case ("n",):
            return n
        case ("number" | "bool", constant):
            return int(constant)
        case ("next" | "x" | "flag" as name, ref):
            return store[name, go(ref)]
        case ("held", ref):
            return sum(store["x", i] for i in NODES if store["next", i] == go(ref))
        case ("colour", ref, colour):
            return store["colour", go(ref)] == encode(colour)
        case ("same" | "==", a, b):
            return go(a) == go(b)
        case ("&", a, b):
            return bool(go(a)) and bool(go(b))
        case ("|", a, b):
            return bool(go(a)) or bool(go(b))
        case ("~", a):
            return not go(a)
        case ("where", condition, a, b):
            return go(a) if go(condition) else go(b)
        case ("*", k, a):
            return int(k) * go(a)
        case ("+" | "-" | "<" | "<=" as op, a, b):
            return int(ARITHMETIC[op](go(a), go(b)))
        case ("all" | "any" | "total" as name, filter_, body):
            return FOLD[name]([value(body, store, inner, n) for inner in members(filter_)])
        case _:
            raise AssertionError(said)


def write(said: Said, scope: tuple[Node, ...], n: Quantity) -> Any:
    """The expression, as an author would have written it."""

    def go(part: Said) -> Any:
        return write(part, scope, n)

    match said:
        case ("var", i):
            return scope[int(i)]
        case ("n",):
            return n
        case ("number", constant):
            return quantity(constant, pages)
        case ("bool", constant):
            return all_of(constant)
        case ("next" | "x" | "flag" | "held" as name, ref):
            return getattr(go(ref), name)
        case ("colour", ref, colour):
            return go(ref).colour == colour
        case ("same" | "==", a, b):
            return go(a) == go(b)
        case ("&", a, b):
            return go(a) & go(b)
        case ("|", a, b):
            return go(a) | go(b)
        case ("~", a):
            return ~go(a)
        case ("where", condition, a, b):
            choose: Any = where  # whatever the sort
            return choose(go(condition), go(a), go(b))
        case ("*", k, a):
            return k * go(a)
        case ("+" | "-" | "<" | "<=" as op, a, b):
            result: Any = ARITHMETIC[str(op)](go(a), go(b))
            return result
        case ("all" | "any" | "total" as name, filter_, body):
            return _quantifier(name, filter_, body, scope, n)
        case _:
            raise AssertionError(said)


def _quantifier(name: str, filter_: Said, body: Said, scope: tuple[Node, ...], n: Quantity) -> Truth | Quantity:
    match filter_:
        case ("before", ref):
            nodes = Node.where(next=write(ref, scope, n))
        case ("flagged",):
            nodes = Node.where(flag=True)
        case _:
            nodes = iter(Node)
    quantifier: Any = {"all": all_of, "any": any_of, "total": total}[name]
    said: Truth | Quantity = quantifier(write(body, (*scope, v), n) for v in nodes)
    return said


# ---------------------------------------------------------------------------------- what a term means, by itself
def meaning(term: Term, store: Mapping[tuple[str, int], int], env: Mapping[Term, int]) -> int:
    """The value of a term, in a state and with values for its variables."""

    def go(t: Term) -> int:
        return meaning(t, store, env)

    match term.op, term.args:
        case "const", (constant,):
            return encode(constant)
        case "var", _:
            return env[term]
        case "read", (field, ref):
            return store[field.name, go(ref)]
        case "derived", (definition, ref):
            return meaning(definition.definition, store, {definition.variable: go(ref)})
        case "==", (a, b):
            return go(a) == go(b)
        case "not", (a,):
            return not go(a)
        case "and", parts:
            return all(go(p) for p in parts)
        case "or", parts:
            return any(go(p) for p in parts)
        case "ite", (condition, a, b):
            return go(a) if go(condition) else go(b)
        case (("forall" | "exists" | "sum"), (var, keep, body)):
            inner = [{**env, var: i} for i in NODES]
            values = [meaning(body, store, e) for e in inner if meaning(keep, store, e)]
            return QUANTIFIED[term.op](values)
        case op, (a, b):
            return int(ARITHMETIC[op](go(a), go(b)))
        case _:
            raise AssertionError(term)
