"""Is a system well formed? Run on every traced system, and again after every lowering.

What it does not check: that requirements can hold, or that properties say anything; those are verdicts (vacuity).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .actions import Action, Kind, Parameter, Property, Role
from .entities import AnyField, Field, Sort, derived
from .errors import ModelError
from .systems import System
from .terms import BOOL, NUMBER, QUANTIFIERS, SortOf, Term, is_quantity, is_value, sort_name


class Fault(NamedTuple):
    """Something that has no meaning, and the `file:line` where it was written (if it was traced)."""

    place: str
    text: str


def check(system: System) -> System:
    """The system itself, if it is legal. Raises ModelError with every fault found, each on a line of its own."""
    faults = [*_names(system), *_fields(system), *_definitions(system)]
    for a in system.actions:
        faults += (Fault(a.place, f"{a.name}: {text}") for text in _action(system, a))
    for p in system.properties:
        faults += (Fault(p.place, f"{p.name}: {text}") for text in _property(system, p))
    if faults:
        first, *others = dict.fromkeys(faults)
        rest = [f"{place}: {text}" if place else text for place, text in others]
        raise ModelError("\n".join((first.text, *rest)), first.place)
    return system


def _names(system: System) -> Iterator[Fault]:
    """No two sorts, actions or properties share a name."""
    named = [("sort", s.__name__, "") for s in system.sorts]
    named += [("action", a.name, a.place) for a in system.actions]
    named += [("property", p.name, p.place) for p in system.properties]
    times = Counter((what, name) for what, name, _ in named)
    for what, name, place in named:
        if times[what, name] > 1:
            yield Fault(place, f"there is another {what} called {name}")


def _fields(system: System) -> Iterator[Fault]:
    """Fields refer to sorts of the system; bounds and starts are of the same entity and sort."""
    for s in system.sorts:
        for f in s.fields:
            if isinstance(f.sort, Sort) and f.sort not in system.sorts:
                yield Fault(f.place, f"{f!r} refers to {f.sort.__name__}, which is no sort of this system")
            if isinstance(f.upto, Field) and not (f.upto.rigid and _beside(f, f.upto)):
                text = f"{f!r} is bounded by {f.upto!r}: a bound is a number, or a constant beside it of its unit"
                yield Fault(f.place, text)
            if isinstance(f.start, Field) and not _beside(f, f.start):
                yield Fault(f.place, f"{f!r} starts as {f.start!r}, which is not a field beside it of its sort")


def _beside(one: AnyField, other: AnyField) -> bool:
    return one.owner is other.owner and one.sort == other.sort


def _definitions(system: System) -> Iterator[Fault]:
    """Definitions are well sorted, speak of no budget, and none depends on itself."""
    for s in system.sorts:
        for d in s.definitions:
            for text in _term(system, d.definition, {d.variable}, d.definition.sort):
                yield Fault(d.place, f"{d!r}: {text}")
            for text in _misused((d.definition,)):
                yield Fault(d.place, f"{d!r}: {text}")
            if d in _reach(d.definition):
                yield Fault(d.place, f"{d!r} is defined by itself")


def _reach(term: Term) -> set[derived[Any]]:
    """The definitions that a term asks for, and those that they ask for."""
    found: set[derived[Any]] = set()
    todo = [term]
    while todo:
        inside = {t.args[0] for t in todo.pop().walk() if t.op == "derived"} - found
        found |= inside
        todo += [d.definition for d in inside]
    return found


def _varying(term: Term) -> Iterator[Term]:
    """What actions can change in a term and in the definitions that it asks for."""
    for body in (term, *(d.definition for d in _reach(term))):
        yield from (t for t in body.walk() if t.op == "read" and not t.args[0].rigid)


def _action(system: System, a: Action) -> Iterator[str]:
    """It asks truths, changes fields that vary, and each value is of its field's sort."""
    variables = {p.var for p in a.parameters}
    for p in a.parameters:
        yield from _parameter(system, p)
    for truth in (*(r.term for r in a.requires), a.until):
        yield from _term(system, truth, variables, BOOL)
    if not a.writes:
        yield "it changes nothing"
    for w in a.writes:
        yield from _term(system, w.ref, variables, w.field.owner)
        yield from _term(system, w.value, variables, w.field.sort)
        if w.field.rigid:
            yield f"it assigns the constant {w.field!r}"
    yield from _budgets(a)


def _parameter(system: System, p: Parameter) -> Iterator[str]:
    if p.range is None:
        if p.var.sort not in system.sorts:
            yield f"{p.var} is of {sort_name(p.var.sort)}, which is no sort of this system"
    elif isinstance(high := p.range.high, Field) and not (high.rigid and high.sort == p.var.sort):
        yield f"{p.var} is bounded by {high!r}: a bound is a number, or a constant of its unit"


def _budgets(a: Action) -> Iterator[str]:
    """A budget is only asked whether it is above 0, and only lowered, by one, by the fault that asked."""
    spent = {Term("read", (w.field, w.ref), w.field.sort): w for w in a.writes if w.field.budget}
    for left, w in spent.items():
        lowered = w.value.op == "-" and w.value.args[0] is left and w.value.args[1].value == 1
        if not (lowered and a.by.role is Role.FAULT):
            yield f"{w.field!r} becomes {w.value}: a budget is only lowered by one, by a fault"
    asked = {Term("<", (Term("const", (0,), left.sort), left), BOOL) for left in spent}
    requires = [r.term for r in a.requires if r.term not in asked]
    others = [x for w in a.writes for x in (w.ref, w.value) if not w.field.budget]
    yield from _misused((*requires, *others, a.until))


def _misused(terms: Iterable[Term]) -> Iterator[str]:
    for term in terms:
        for t in term.walk():
            if t.op == "read" and t.args[0].budget:
                yield f"{term}: a budget is only asked whether it is above 0, by the fault that spends it"


def _property(system: System, p: Property) -> Iterator[str]:
    for t in (p.term, p.goal):
        yield from _term(system, t, set(), BOOL, step=p.kind is Kind.STEP)
        # initially is about the start, where budgets are whole; sometimes is only sought where states hold budgets
        if p.kind not in (Kind.INITIALLY, Kind.SOMETIMES):
            yield from _misused((t,))
    if p.kind is Kind.ASSUME:
        yield from (f"{t} varies: an assumption is about constants" for t in _varying(p.term))


def _term(system: System, term: Term, variables: set[Term], sort: SortOf, *, step: bool = False) -> Iterator[str]:
    """What is wrong with a term that should be of this sort, over these variables."""
    if term.sort != sort:
        yield f"{term} is of {sort_name(term.sort)}, where {sort_name(sort)} is expected"
    for loose in sorted(term.free - variables, key=repr):
        yield f"{loose} in {term} is bound by nothing; use all_of, any_of or total over a sort"
    for t in term.walk():
        fault = _node(system, t, step=step)
        if fault:
            yield fault


def _node(system: System, t: Term, *, step: bool) -> str | None:
    """What is wrong with this node, its parts taken as right."""
    if t.op in ("read", "derived"):
        return _reading(system, t)
    if t.op == "const":
        return None if is_value(t.args[0], t.sort) else f"{t.args[0]!r} is no {sort_name(t.sort)}"
    if t.op == "after":
        nested = any(x.op == "after" for x in t.args[0].walk())
        return None if step and not nested else f"{t}: only a step property sees the state after, and only one"
    if t.op in QUANTIFIERS:
        ok = t.args[0].sort in system.sorts and t.args[1].sort == BOOL and t.sort == t.args[2].sort
        good = is_quantity(t.sort) if t.op == "sum" else t.sort == BOOL
        return None if ok and good else f"{t} does not range over a sort of this system, or is ill sorted"
    if t.op == "var":
        return None
    return _operation(t)


def _reading(system: System, t: Term) -> str | None:
    item, ref = t.args
    sort = item.sort if t.op == "read" else item.definition.sort
    if item.owner not in system.sorts:
        return f"{item!r} is not part of this system"
    return None if ref.sort is item.owner and t.sort == sort else f"{t} reads {item!r} of {sort_name(ref.sort)}"


def _operation(t: Term) -> str | None:
    parts = t.parts
    sorts = [p.sort for p in parts]
    if t.op in ("and", "or", "not"):
        return None if all(sort == BOOL for sort in (*sorts, t.sort)) else f"{t} joins what is no truth"
    if t.op == "ite":
        return None if sorts == [BOOL, t.sort, t.sort] else f"{t} is ill sorted"
    if t.op == "*":
        if NUMBER in sorts and not all(any(_varying(p)) for p in parts):
            return None
        return f"{t}: a product has a side without a unit, and a side that no action changes"
    if t.op in ("==", "+", "-", "<", "<="):
        same = sorts[0] == sorts[1] and (t.op == "==" or is_quantity(sorts[0]))
        result = sorts[0] if t.op in "+-" else BOOL
        if not same:
            return f"{t} mixes {' and '.join(map(sort_name, sorts))}"
        return None if t.sort == result else f"{t} is ill sorted"
    return f"{t.op} is no operator"
