"""Random legal systems with small worlds, for holding one reading against another.

They are built from terms, not traced, so that they say what no author would: several sorts, references that change and
meet, truths, members of an Enum, quantities with units, integer parameters, definitions, filters, sums, choices,
several writes to one member, open starts, budgets, and (now and then) assignments that leave their range.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.model.language import (
    ANYTHING,
    BOOL,
    NUMBER,
    Action,
    Actor,
    Entity,
    Field,
    Kind,
    Parameter,
    Property,
    Requirement,
    Role,
    Sort,
    State,
    System,
    Term,
    World,
    Write,
    between,
    budget,
    check,
    derived,
    varying,
)
from holdfast.model.language.entities import surface
from holdfast.model.language.terms import (
    TRUE,
    arithmetic,
    choose,
    const,
    equal,
    is_quantity,
    junction,
    negation,
    quantified,
    substitute,
)
from tests.random_terms import UNITS, Author, Colour, Dice, Switch, at_most, less, pages

ACTORS = [Actor(role.name.lower(), role) for role in (Role.PLANNED, Role.AUTOMATIC, Role.ENVIRONMENT)]
FAULT = Actor("fault", Role.FAULT)
MOST_COMBINATIONS = 600
"""Of values of all slots: no world has more states."""


@dataclass(frozen=True)
class Case:
    """A system, and a world for it."""

    system: System
    world: World

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """How Hypothesis shows a case that fails."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        """All of it, as text to read: a failing case is understood from this."""
        lines: list[str] = []
        for sort in self.system.sorts:
            lines.append(f"{sort.__name__}: {', '.join(map(_member, self.world.of(sort)))}")
            lines += [f"  {f.name}: {_field(f)}" for f in sort.fields]
            lines += [f"  {d.name} = {d.definition}" for d in sort.definitions]
        for a in self.system.actions:
            ranges = [f"{p.var} in {p.range.low}..{p.range.high}" if p.range else _sorted(p.var) for p in a.parameters]
            lines.append(f"{a.name}({', '.join(ranges)}) by {a.by.name}")
            lines += [f"  require {r.term}" for r in a.requires]
            lines += [f"  {w.ref}.{w.field.name} := {w.value}" for w in a.writes]
        lines += [f"{p.name}: {p.term}" for p in self.system.properties]
        return "\n".join(["", *lines])


def _member(member: Entity) -> str:
    return f"{member.label}({', '.join(f'{k}={v}' for k, v in member.values.items())})"


def _field(f: Field[Any, Any]) -> str:
    sort = getattr(f.sort, "__name__", None) or f.sort.name
    kind = "constant" if f.rigid else "budget" if f.budget else f"from {f.start}"
    return f"{sort} {kind}" + (f" upto {f.upto}" if f.upto is not None else "")


def _sorted(var: Term) -> str:
    return f"{var}: {var.sort.__name__}"


@contextmanager
def forgotten() -> Generator[None]:
    """Terms made inside are forgotten afterwards: the table of equal terms would otherwise only grow."""
    table = Term._table  # pyright: ignore[reportPrivateUsage] - nobody else has a reason to forget
    known = dict(table)
    try:
        yield
    finally:
        table.clear()
        table.update(known)


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
    """A legal system, and a world of at most MOST_COMBINATIONS states for it."""
    dice = Dice(draw)
    sorts = _sorts(dice)
    world = World("random", *_members(dice, sorts))
    _definitions(dice, sorts)
    careless = dice.once_in(5)
    actions = tuple(_action(dice, sorts, f"act{i}", careless) for i in range(2 + dice.upto(3)))
    silent = System(sorts, actions, ())
    return Case(check(replace(silent, properties=_properties(dice, Run(silent, world)))), world)


# --------------------------------------------------------------------------------------------- sorts and members
def _sorts(dice: Dice) -> tuple[Sort, ...]:
    """Two or three sorts; the fields of each may refer to those before it."""
    sorts: list[Sort] = []
    for name in ("Ant", "Bee", "Cow")[: 2 + dice.upto(1)]:
        sort = Sort(name, (Entity,), {"__doc__": "A random sort."})
        written = dice.pick(NUMBER, pages, Colour, Switch, bool)  # there is always a field that actions can write
        _attach(sort, "f0", _varying(dice, sort, written))
        for i in range(dice.upto(2)):
            _attach(sort, f"f{i + 1}", _field_of(dice, sort, sorts))
        sorts.append(sort)
    return tuple(sorts)


def _attach(sort: Sort, name: str, part: Field[Any, Any] | derived[Any]) -> None:
    setattr(sort, name, part)
    part.__set_name__(sort, name)


def _field_of(dice: Dice, sort: Sort, earlier: list[Sort]) -> Field[Any, Any]:
    kind: Any = dice.pick(NUMBER, pages, bool, Colour, Switch, "budget", *earlier, *earlier)
    if kind == "budget":
        return budget(NUMBER, upto=1 + dice.upto(1))
    fixed: Field[Any, Any] = Field(BOOL if kind is bool else kind, None, None, rigid=True)
    return fixed if dice.once_in(3) else _varying(dice, sort, kind)


def _varying(dice: Dice, sort: Sort, kind: Any) -> Field[Any, Any]:
    """A field that actions change: from one value or from any; a quantity up to a number or a constant."""
    is_open = dice.once_in(5)
    if is_quantity(kind):
        upto = dice.pick(3, 7, 2, 7, 1, *(f for f in sort.fields if f.rigid and f.sort is kind))
        return varying(kind, upto=upto, start=ANYTHING if is_open else dice.pick(0, upto))
    start: Any = {bool: False, Colour: Colour.RED, Switch: Switch.OFF}.get(kind)  # a reference begins as its world says
    changing: Field[Any, Any] = Field(BOOL if kind is bool else kind, None, ANYTHING if is_open else start, rigid=False)
    return changing


def _members(dice: Dice, sorts: tuple[Sort, ...]) -> list[Entity]:
    """One to three members of each sort, as long as their slots have few combinations of values."""
    members: dict[Sort, list[Entity]] = {}
    combinations = 1
    for sort in sorts:
        members[sort] = []
        for i in range(dice.pick(2, 3, 1)):
            given = {f.name: _given(dice, f, members) for f in sort.fields if _is_given(dice, f)}
            member = sort(f"{sort.__name__.lower()}{i}", **given)
            more = combinations * _values(member, members)
            if i > 0 and more > MOST_COMBINATIONS:
                break
            combinations = more
            members[sort].append(member)
    assume(combinations <= MOST_COMBINATIONS)  # one member of each sort may be too much already, but seldom is
    return [member for of_sort in members.values() for member in of_sort]


def _is_given(dice: Dice, f: Field[Any, Any]) -> bool:
    """Whether the world says the first value: where it has to, and now and then elsewhere."""
    return f.rigid or f.budget or f.start is None or dice.once_in(6)


def _given(dice: Dice, f: Field[Any, Any], members: dict[Sort, list[Entity]]) -> Any:
    if isinstance(f.sort, Sort):
        return dice.pick(*members[f.sort])
    if is_quantity(f.sort):
        return 0 if isinstance(f.upto, Field) else dice.upto(2 if f.rigid else f.upto or 0)
    return dice.pick(False, True) if f.sort is BOOL else dice.pick(*f.sort)


def _values(member: Entity, members: dict[Sort, list[Entity]]) -> int:
    """How many combinations of values the varying fields of a member have."""
    product = 1
    for f in type(member).fields:
        if f.rigid:
            continue
        if isinstance(f.sort, Sort):
            product *= len(members[f.sort])
        elif is_quantity(f.sort):
            product *= 1 + int(member.values[f.upto.name] if isinstance(f.upto, Field) else f.upto or 0)
        else:
            product *= 2 if f.sort is BOOL else len(f.sort)
    return product


def _definitions(dice: Dice, sorts: tuple[Sort, ...]) -> None:
    """Up to two definitions, each over those before it."""
    for i in range(dice.upto(2)):
        sort = dice.pick(*sorts)
        variable = Term("var", ("self", 0), sort)
        term = Author(dice, sorts, (variable,)).value(dice.pick(BOOL, NUMBER, pages, Colour), 2)
        _attach(sort, f"d{i}", _definition(f"d{i}", term, variable))


def _definition(name: str, term: Term, variable: Term) -> derived[Any]:
    def body(one: Any) -> Any:
        return surface(substitute(term, {variable: one._term}))

    body.__name__ = name
    return derived(body)


# ------------------------------------------------------------------------------------------------------- actions
def _action(dice: Dice, sorts: tuple[Sort, ...], name: str, careless: bool) -> Action:
    """An action over one or two members and, now and then, a number; a fault if it spends a budget."""
    variables = [Term("var", (f"p{i}", 0), dice.pick(*sorts)) for i in range(1 + dice.upto(1))]
    parameters = [Parameter(var) for var in variables]
    if dice.once_in(4):
        unit, low = dice.pick(*UNITS), dice.upto(1)
        parameters.append(Parameter(Term("var", ("n", 0), unit), between(unit, low, low + dice.upto(2))))
    author = Author(dice, sorts, tuple(p.var for p in parameters))
    terms = [author.truth(depth) for depth in dice.pick([0], [], [], [], [1], [2])]
    writes = [_write(author) for _ in range(1 + dice.upto(2))]
    if not careless:
        fits = [_fits(w) for w in writes]
        terms.append(fits[0])
        writes[1:] = [replace(w, value=choose(fit, w.value, _old(w))) for w, fit in zip(writes, fits, strict=True)][1:]
    by = dice.pick(*ACTORS)
    budgets = [(var, f) for var in variables for f in var.sort.fields if f.budget]
    if budgets and not dice.once_in(3):
        left, spent = _spend(*dice.pick(*budgets))
        by, terms, writes = FAULT, [left, *terms], [*writes, spent]
    said = tuple(Requirement(term, f"requirement {i} of {name}") for i, term in enumerate(terms))
    return Action(name, by, tuple(parameters), said, tuple(writes))


def _write(author: Author) -> Write:
    """An assignment to a field of a member that is known: often a small change, at times anything."""
    fields = [f for sort in author.sorts for f in sort.fields if not (f.rigid or f.budget)]
    known = [f for f in fields if f.owner in author.known and (f.sort in author.known or not isinstance(f.sort, Sort))]
    f = author.dice.pick(*known)
    ref = author.dice.pick(*author.known[f.owner])
    old = Term("read", (f, ref), f.sort)
    if f.sort is BOOL and author.dice.once_in(2):
        return Write(f, ref, negation(old))
    if is_quantity(f.sort) and not author.dice.once_in(3):
        return Write(f, ref, arithmetic(author.dice.pick("+", "-"), old, const(author.dice.pick(1, 1, 2), f.sort)))
    return Write(f, ref, author.value(f.sort, author.dice.upto(2)))


def _fits(w: Write) -> Term:
    """That an assignment does not leave its range."""
    if not is_quantity(w.field.sort):
        return TRUE
    upto = w.field.upto
    high = Term("read", (upto, w.ref), upto.sort) if isinstance(upto, Field) else const(upto, w.field.sort)
    return junction("and", (at_most(const(0, w.field.sort), w.value), at_most(w.value, high)))


def _old(w: Write) -> Term:
    return Term("read", (w.field, w.ref), w.field.sort)


def _spend(ref: Term, f: Field[Any, Any]) -> tuple[Term, Write]:
    """What a fault asks of its budget, and how it lowers it."""
    left = Term("read", (f, ref), f.sort)
    return less(const(0, f.sort), left), Write(f, ref, arithmetic("-", left, const(1, f.sort)))


# ---------------------------------------------------------------------------------------------------- properties
def _properties(dice: Dice, run: Run) -> tuple[Property, ...]:
    """A few of every kind that a search decides; `initially` now and then, even one that leaves no state."""
    kinds = [Kind.ALWAYS] * dice.upto(2) + [Kind.SOMETIMES] * dice.upto(2) + [Kind.STEP] * dice.upto(1)
    kinds += [Kind.INITIALLY] * dice.once_in(8)
    return tuple(_property(dice, run, kind, f"{kind.value} {i}") for i, kind in enumerate(kinds))


def _property(dice: Dice, run: Run, kind: Kind, name: str) -> Property:
    """Anything; or that a member looks so and so, or as it does after a few steps; mostly not decided at once."""
    author = Author(dice, run.system.sorts, (), step=kind is Kind.STEP)
    shape = dice.pick("anything", "portrait", *["seen"] * 8)
    if shape == "seen":
        term = _seen(dice, run)
        term = negation(Term("after", (term,), BOOL)) if kind is Kind.STEP else term
    else:
        term = author.truth(3) if shape == "anything" else author.quantified("exists", _portrait)
    decided = kind is not Kind.STEP and bool(run.value(term, run.initial()[0], {})) is (kind is Kind.SOMETIMES)
    if decided and not dice.once_in(12):
        term = negation(term)
    return Property(kind, name, f"what {name} says", term)


def _portrait(author: Author) -> Term:
    """That a member looks so and so, in two or three things."""
    return junction("and", [author.atom() for _ in range(2 + author.dice.upto(1))])


def _seen(dice: Dice, run: Run) -> Term:
    """That the members of a sort look as they do after a walk of a few steps."""
    state = run.initial()[0]
    with suppress(OutOfRange):
        for _ in range(dice.upto(9)):
            state = dice.pick(*(after for _, after in run.successors(state)), state)
    sort = dice.pick(*dict.fromkeys(f.owner for f in run.instance.fields), run.system.sorts[0])
    var = Term("var", ("member", 0), sort)
    looks = [junction("and", _looks(run, state, var, i)) for i in range(run.instance.count(sort))]
    return junction("and", [quantified("exists", var, TRUE, look) for look in looks])


def _looks(run: Run, state: State, var: Term, member: int) -> Iterator[Term]:
    """What the state holds of a member, said of another."""
    for f in run.instance.fields:
        if f.owner is var.sort and not f.budget and not isinstance(f.sort, Sort):
            value = state[run.instance.slot(f, member)]
            yield equal(Term("read", (f, var), f.sort), _constant(f.sort, value))


def _constant(sort: Any, value: int) -> Term:
    """What a state holds, as a term."""
    if is_quantity(sort):
        return const(value, sort)
    return const(bool(value) if sort is BOOL else list(sort)[value], sort)
