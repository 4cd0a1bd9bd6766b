"""Ground expressions: the traced terms of one instance with members, constants and quantifiers spelled out.

A ground expression is a nested tuple, and equal ones are one object:

    ("lit", n)  ("slot", k)  ("amount", name)  ("case", index, branches)  ("ite", c, a, b)
    ("not", a)  ("and", parts)  ("or", parts)  ("==", a, b)  ("<=", a, b)  ("+", parts)  ("*", n, a)

Slots are those of the instance's states. Some are *control* (few values: Enums, truths, references, budgets, and
numbers that only ever take values known beforehand); the others are *quantities*, of which every expression is linear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeAlias

from ...model.language import FALSE, Action, Arguments, Instance, ModelError, Sort, Term
from ...model.language.terms import encode, is_quantity

Ground: TypeAlias = "tuple[Any, ...]"


class Node(tuple[Any, ...]):
    """A ground expression. Equal ones are one object, so that they are compared and looked up at no cost."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__


_NODES: dict[tuple[Any, ...], Node] = {}


def node(*parts: Any) -> Ground:
    """The one node with this operator and these parts."""
    known = _NODES.get(parts)
    if known is None:
        known = _NODES[parts] = Node(parts)
    return known


YES: Ground = node("lit", 1)
NO: Ground = node("lit", 0)


def literal(n: int) -> Ground:
    """A number or truth."""
    return node("lit", int(n))


def negate(a: Ground) -> Ground:
    """Not a."""
    if a[0] == "lit":
        return NO if a[1] else YES
    return a[1] if a[0] == "not" else node("not", a)


def join(op: str, parts: Iterable[Ground]) -> Ground:
    """The flat `and` or `or`."""
    neutral, zero = (YES, NO) if op == "and" else (NO, YES)
    flat: dict[Ground, None] = {}
    for p in parts:
        flat.update(dict.fromkeys(p[1] if p[0] == op else (p,)))
    flat.pop(neutral, None)
    if zero in flat:
        return zero
    return neutral if not flat else next(iter(flat)) if len(flat) == 1 else node(op, tuple(flat))


def add(parts: Iterable[Ground]) -> Ground:
    """The flat sum."""
    flat: list[Ground] = []
    constant = 0
    for p in parts:
        for q in p[1] if p[0] == "+" else (p,):
            if q[0] == "lit":
                constant += q[1]
            else:
                flat.append(q)
    if constant or not flat:
        flat.append(literal(constant))
    return flat[0] if len(flat) == 1 else node("+", tuple(flat))


def scale(n: int, a: Ground) -> Ground:
    """n times a."""
    if a[0] == "lit":
        return literal(n * a[1])
    if a[0] == "+":
        return add(scale(n, p) for p in a[1])
    if a[0] == "*":
        return scale(n * a[1], a[2])
    return a if n == 1 else literal(0) if n == 0 else node("*", n, a)


def choose(c: Ground, a: Ground, b: Ground) -> Ground:
    """a where c holds, else b."""
    if c[0] == "lit" or a == b:
        return a if c == YES or a == b else b
    return node("ite", c, a, b)


def at_most(a: Ground, b: Ground) -> Ground:
    """a <= b."""
    if a[0] == b[0] == "lit":
        return literal(a[1] <= b[1])
    return YES if a == b else node("<=", a, b)


def same(a: Ground, b: Ground) -> Ground:
    """a == b; a choice between constants is decided branch by branch."""
    if a[0] == b[0] == "lit":
        return literal(a[1] == b[1])
    if a == b:
        return YES
    if a[0] == "lit":
        a, b = b, a
    if b[0] == "lit" and a[0] == "case" and all(x[0] == "lit" for x in a[2]):
        hits = [i for i, x in enumerate(a[2]) if x[1] == b[1]]
        return YES if len(hits) == len(a[2]) else join("or", (same(a[1], literal(i)) for i in hits))
    return node("==", a, b)


@cache
def slots_of(g: Ground) -> frozenset[int]:
    """Every slot that the expression may read."""
    if g[0] == "slot":
        return frozenset((g[1],))
    found: frozenset[int] = frozenset()
    for part in g[1:]:
        if isinstance(part, tuple):
            inner = _items((part,) if isinstance(part, Node) else part)  # pyright: ignore[reportUnknownArgumentType]
            found = found.union(*map(slots_of, inner))
    return found


class Grounder:
    """Grounds the terms of one instance, each once."""

    def __init__(self, instance: Instance) -> None:
        """For one instance."""
        self.instance = instance
        self._known: dict[Any, Ground] = {}

    def environment(self, action: Action, arguments: Arguments) -> dict[Term, Ground]:
        """The parameters of an action: literals."""
        return {p.var: literal(v) for p, v in zip(action.parameters, arguments, strict=True)}

    def ground(self, term: Term, env: Mapping[Term, Ground]) -> Ground:
        """The term with everything that the world fixes spelled out."""
        key = term, *((v, env[v]) for v in sorted(term.free, key=repr))
        if key not in self._known:
            self._known[key] = self._ground(term, env)
        return self._known[key]

    def _ground(self, term: Term, env: Mapping[Term, Ground]) -> Ground:
        def go(t: Term) -> Ground:
            return self.ground(t, env)

        match term.op, term.args:
            case "const", (value,):
                return literal(encode(value))
            case "var", _:
                return env[term]
            case (("read" | "derived"), (item, ref)):
                read = self._field if term.op == "read" else self._definition
                return self._per_member(item, go(ref), read)
            case "not", (a,):
                return negate(go(a))
            case ("and" | "or") as op, parts:
                return self._junction(op, parts, env)
            case "ite", (c, a, b):
                condition = go(c)
                return go(a if condition == YES else b) if condition[0] == "lit" else choose(condition, go(a), go(b))
            case (("forall" | "exists" | "sum"), _):
                return self._quantifier(term, env)
            case "==", (a, b):
                return same(go(a), go(b))
            case "<=", (a, b):
                return at_most(go(a), go(b))
            case "<", (a, b):
                return at_most(add((go(a), literal(1))), go(b))
            case "+", (a, b):
                return add((go(a), go(b)))
            case "-", (a, b):
                return add((go(a), scale(-1, go(b))))
            case "*", (a, b):
                return self._product(go(a), go(b))
            case _:
                raise ModelError(f"{term} has no place in a plan's verification")

    def _junction(self, op: str, parts: tuple[Term, ...], env: Mapping[Term, Ground]) -> Ground:
        zero = NO if op == "and" else YES
        found: list[Ground] = []
        for p in parts:
            found.append(self.ground(p, env))
            if found[-1] == zero:
                return zero
        return join(op, found)

    def _product(self, a: Ground, b: Ground) -> Ground:
        if b[0] == "lit":
            a, b = b, a
        if a[0] != "lit":
            raise ModelError("a product of two numbers that the world does not fix")
        return scale(a[1], b)

    def _per_member(self, item: Any, ref: Ground, read: Callable[[Any, int], Ground]) -> Ground:
        if ref[0] == "lit":
            return read(item, ref[1])
        branches = tuple(read(item, i) for i in range(self.instance.count(item.owner)))
        if ref[0] == "case" and all(b[0] == "lit" for b in ref[2]):
            branches, ref = tuple(branches[b[1]] for b in ref[2]), ref[1]
        if ref[0] == "ite":
            return choose(ref[1], self._per_member(item, ref[2], read), self._per_member(item, ref[3], read))
        return branches[0] if len(set(branches)) == 1 else node("case", ref, branches)

    def _field(self, field: Any, member: int) -> Ground:
        at = self.instance.base.get(field)
        return literal(self.instance.fixed[field][member]) if at is None else node("slot", at + member)

    def _definition(self, definition: Any, member: int) -> Ground:
        return self.ground(definition.definition, {definition.variable: literal(member)})

    def _quantifier(self, term: Term, env: Mapping[Term, Ground]) -> Ground:
        var, keep, body = term.args
        cases: list[tuple[Ground, Ground]] = []
        for i in range(self.instance.count(var.sort)):
            inner = {**env, var: literal(i)}
            kept = NO if keep is FALSE else self.ground(keep, inner)
            if kept != NO:
                cases.append((kept, self.ground(body, inner)))
        if term.op == "sum":
            return add(choose(k, b, literal(0)) for k, b in cases)
        if term.op == "forall":
            return join("and", (join("or", (negate(k), b)) for k, b in cases))
        return join("or", (join("and", (k, b)) for k, b in cases))


def control_slots(instance: Instance, grounder: Grounder) -> frozenset[int]:
    """The slots with few values: all that count nothing, budgets, and numbers only ever set to what is known."""
    control: set[int] = set()
    for f in instance.fields:
        slots = range(instance.base[f], instance.base[f] + instance.count(f.owner))
        writes = [(a, w) for a in instance.actions for w in a.writes if w.field is f]
        if not is_quantity(f.sort) or f.budget or all(_known_value(grounder, a, w.value) for a, w in writes):
            control.update(slots)
    return frozenset(control)


def _known_value(grounder: Grounder, action: Action, value: Term) -> bool:
    """Whether what is written is fixed by the world, whatever the arguments."""
    if any(not isinstance(p.var.sort, Sort) for p in action.parameters):
        return False
    return all(
        grounder.ground(value, grounder.environment(action, arguments))[0] == "lit"
        for arguments in grounder.instance.arguments(action)
    )


# ------------------------------------------------------------------------------------------------- evaluation
def source(g: Ground) -> str:
    """The expression in Python, over a state `s` and amounts by name."""
    match g:
        case "lit", n:
            return str(n)
        case "slot", k:
            return f"s[{k}]"
        case "amount", name:
            return str(name)
        case "not", a:
            return f"(not {source(a)})"
        case ("and" | "or") as op, parts:
            return "(" + f" {op} ".join(map(source, parts)) + ")"
        case "ite", c, a, b:
            return f"({source(a)} if {source(c)} else {source(b)})"
        case "case", index, branches:
            return f"({', '.join(map(source, branches))},)[{source(index)}]"
        case "+", parts:
            return "(" + " + ".join(map(source, parts)) + ")"
        case "*", n, a:
            return f"({n} * {source(a)})"
        case op, a, b:
            return f"({source(a)} {op} {source(b)})"
        case _:
            raise AssertionError(g)


@cache
def compiled(g: Ground) -> Callable[[tuple[int, ...]], int]:
    """The expression as a function of a state."""
    function: Callable[[tuple[int, ...]], int] = eval(f"lambda s: {source(g)}")
    return function


def reduce(g: Ground, state: tuple[int, ...], control: frozenset[int]) -> Ground:
    """The expression with the control slots' values put in: linear, over quantities only."""
    if slots_of(g) <= control and g[0] != "lit" and "amount" not in repr(g):
        return literal(int(compiled(g)(state)))
    match g:
        case (("lit" | "amount"), _):
            return g
        case "slot", int(k):
            return literal(state[k]) if k in control else g
        case "not", a:
            return negate(reduce(a, state, control))
        case ("and" | "or") as op, parts:
            return join(op, (reduce(p, state, control) for p in parts))
        case "ite", c, a, b:
            condition = reduce(c, state, control)
            if condition[0] == "lit":
                return reduce(a if condition[1] else b, state, control)
            return choose(condition, reduce(a, state, control), reduce(b, state, control))
        case "case", index, branches:
            return reduce(branches[compiled(index)(state)], state, control)
        case "+", parts:
            return add(reduce(p, state, control) for p in parts)
        case "*", n, a:
            return scale(n, reduce(a, state, control))
        case "==", a, b:
            return same(reduce(a, state, control), reduce(b, state, control))
        case "<=", a, b:
            return at_most(reduce(a, state, control), reduce(b, state, control))
        case _:
            raise AssertionError(g)


def _items(x: Any) -> tuple[Any, ...]:
    return tuple(x)


def with_amount(g: Ground, amount: Ground) -> Ground:
    """The expression with a value for the amount."""
    if g[0] == "amount":
        return amount

    def part(x: Any) -> Any:
        if isinstance(x, Node):
            return with_amount(x, amount)
        if not isinstance(x, tuple):
            return x
        return tuple(part(y) for y in _items(x))  # pyright: ignore[reportUnknownArgumentType] - that is what it is for

    return node(*(part(x) for x in g))


Linear: TypeAlias = "tuple[int, tuple[tuple[Any, int], ...]]"
"""A constant and coefficients: of slots (numbers) and of amounts (names)."""


def linear(g: Ground) -> Linear:
    """A reduced expression as a linear form. Raises ModelError where it is not one."""
    constant = 0
    coefficients: dict[Any, int] = {}
    for part in g[1] if g[0] == "+" else (g,):
        n, leaf = (part[1], part[2]) if part[0] == "*" else (1, part)
        if leaf[0] == "lit":
            constant += n * leaf[1]
        elif leaf[0] in ("slot", "amount"):
            coefficients[leaf[1]] = coefficients.get(leaf[1], 0) + n
        else:
            raise ModelError("a quantity chosen by another quantity; a plan's verification needs linear ones")
    return constant, tuple(sorted(((k, c) for k, c in coefficients.items() if c), key=repr))
