"""Entities: what exists. A class is a sort, its attributes are fields, an instance is a member of a world.

Inside an action or a property the same class stands for *any* member, and reading a field makes a term. The types
that a model's author sees are those of expressions.py: a field of pages reads as a Quantity, one of an Enum as a
Choice, one of an entity class as that entity.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, Never, TypeAlias, TypeVar, cast, overload

from .errors import ModelError, place_of, position, unknown
from .expressions import NO_TRUTH, Choice, Quantity, Truth, expression, lift, traced
from .scope import SCOPE, apart, closed
from .terms import (
    BOOL,
    Term,
    Unit,
    alike,
    bound_variable,
    choose,
    equal,
    is_value,
    junction,
    sort_name,
    truth,
)

E = TypeVar("E", bound=enum.Enum)
N = TypeVar("N", bound="Entity")
R = TypeVar("R")
W = TypeVar("W")
X = TypeVar("X")

AnyField: TypeAlias = "Field[Any, Any]"
Bound: TypeAlias = "int | AnyField | None"


class Anything(enum.Enum):
    """A start that is not fixed: every value of the field begins a run."""

    ANYTHING = "anything"


ANYTHING = Anything.ANYTHING
Start: TypeAlias = "int | enum.Enum | AnyField | Entity | str | None"


class Field(Generic[R, W]):
    """A field of an entity: its sort, where it starts, how far it goes, whether the world fixes it (`rigid`)."""

    def __init__(self, sort: Any, upto: Bound, start: Start, *, rigid: bool, budget: bool = False) -> None:
        """Made by `constant`, `varying` and `budget`."""
        self._sort, self.upto, self.start, self.rigid, self.budget = sort, upto, start, rigid, budget
        self.name, self.owner, self.place = "?", cast(Any, None), position()

    def __set_name__(self, owner: type, name: str) -> None:
        """Python tells the field what it is called."""
        self.owner, self.name = owner, name

    @property
    def sort(self) -> Any:
        """What the field holds. A sort written as `lambda: Later` is looked up when it is first needed."""
        if isinstance(self._sort, FunctionType):
            self._sort = _sort(self._sort(), self.place)
        return self._sort

    @overload
    def __get__(self, one: None, owner: type) -> Field[R, W]: ...
    @overload
    def __get__(self, one: Entity, owner: type) -> R: ...
    @overload
    def __get__(self, one: object, owner: type) -> Field[R, W]: ...
    def __get__(self, one: object, owner: type) -> Field[R, W] | R:
        """The field itself on the class; a value on a world's member; a term while a model is traced."""
        if not isinstance(one, Entity):
            return self
        ref = one.__dict__["_term"]
        if ref is None:
            return cast(R, one.values.get(self.name))
        return cast(R, surface(read_through(self, ref)))

    def __set__(self, one: Entity, value: W) -> None:
        """An assignment inside an action."""
        ref = one.__dict__["_term"]
        if ref is None:
            raise ModelError(f"{one.label} is a member of a world, and does not change; actions change terms")
        if self.rigid:
            raise ModelError(f"{self!r} is constant: no action assigns it; declare it varying(...)")
        if SCOPE.writes is None:
            raise ModelError(f"assignment to {ref}.{self.name} outside an action")
        if SCOPE.open:
            sort = sort_name(ref.sort)
            raise ModelError(
                f"assignment to {ref}.{self.name} while {sort} is ranged over: "
                f"an action changes the members that it takes; write one with a parameter of sort {sort}"
            )
        new = lift(value, self.sort)
        alike(Term("read", (self, closed(ref)), self.sort), closed(new))
        written = SCOPE.writes.setdefault(self, [])
        written[:] = [w for w in written if w[0] is not ref] + [(ref, new)]

    def refusal(self, value: object) -> str | None:
        """Why a member of a world cannot have this value (None if it can)."""
        if value is ANYTHING:
            return "a constant starts with one value" if self.rigid else None
        is_entity = isinstance(self.sort, Sort)  # a reference to a later member is its label
        if not (isinstance(value, (self.sort, str)) if is_entity else is_value(value, self.sort)):
            return f"expected one of {sort_name(self.sort)}, found {value!r}"
        return "quantities start at 0" if isinstance(value, int) and value < 0 else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what its owner calls it, so that it stays itself."""
        return getattr, (self.owner, self.name)

    def __repr__(self) -> str:
        """Owner and name."""
        return f"{getattr(self.owner, '__name__', '?')}.{self.name}"


def read_through(field: AnyField, ref: Term) -> Term:
    """The field of `ref` after the assignments of the action so far; references may be the same member."""
    term = Term("read", (field, ref), field.sort)
    for written, new in (SCOPE.writes or {}).get(field, ()):
        term = choose(equal(ref, written), new, term)
    return term


@overload
def constant(sort: Unit, *, default: int | None = None) -> Field[Quantity, Never]: ...
@overload
def constant(sort: type[bool], *, default: bool | None = None) -> Field[Truth, Never]: ...
@overload
def constant(sort: type[E], *, default: E | None = None) -> Field[Choice[E], Never]: ...
@overload
def constant(sort: type[N] | Callable[[], type[N]]) -> Field[N, Never]: ...
def constant(sort: Any, *, default: Any = None) -> AnyField:
    """A field that the world sets and no action changes; the default is for worlds that say nothing of it."""
    return Field(_sort(sort), None, default, rigid=True)


@overload
def varying(
    sort: Unit, *, upto: int | Field[Quantity, Any] | None, start: int | Field[Quantity, Any] | Anything = 0
) -> Field[Quantity, Quantity | int]: ...
@overload
def varying(sort: type[bool], *, start: bool | Field[Truth, Any] | Anything = False) -> Field[Truth, Truth | bool]: ...
@overload
def varying(sort: type[E], *, start: E | Field[Choice[E], Any] | Anything) -> Field[Choice[E], Choice[E] | E]: ...
@overload
def varying(sort: type[N] | Callable[[], type[N]], *, start: Field[N, Any] | Anything | None = None) -> Field[N, N]: ...
def varying(sort: Any, *, upto: Bound = None, start: Start = None) -> AnyField:
    """A field that actions change: from `start` (a constant, a sibling field, or ANYTHING), a quantity 0 to `upto`.

    Without a start, quantities start at 0 and truths at False; a reference has to be set by the world.
    """
    resolved = _sort(sort)
    if start is None and isinstance(resolved, Unit):
        start = False if resolved == BOOL else 0
    return Field(resolved, upto, start, rigid=False)


def budget(unit: Unit, *, upto: int) -> Field[Quantity, Quantity | int]:
    """How often a fault may still strike: 0 unless the world says more.

    It is only asked whether it is above 0, and only lowered, by one, by the fault that spends it.
    """
    return Field(unit, upto, 0, rigid=False, budget=True)


def _sort(sort: Any, place: str | None = None) -> Any:
    if sort is bool:
        return BOOL
    if isinstance(sort, (Unit, Sort, FunctionType)) or (isinstance(sort, type) and issubclass(sort, enum.Enum)):
        return sort
    raise ModelError(f"{sort!r} is no sort: expected a Unit, bool, an Enum or an entity class", place)


class derived(Generic[X]):  # a decorator, like property: hence the small letter
    """A named definition over one entity: a term with a name, computed once per state by those who explore."""

    def __init__(self, body: Callable[[Any], X]) -> None:
        """Decorates a method without arguments."""
        self.body, self.name, self.place = body, body.__name__, place_of(body)
        self.__doc__ = body.__doc__
        self.owner: Any = None
        self._definition: Term | None = None
        self._begun = False

    def __set_name__(self, owner: type, name: str) -> None:
        """Python tells the definition what it is called."""
        self.owner, self.name = owner, name

    @overload
    def __get__(self, one: None, owner: type) -> derived[X]: ...
    @overload
    def __get__(self, one: Entity, owner: type) -> X: ...
    def __get__(self, one: Entity | None, owner: type) -> derived[X] | X:
        """The definition itself on the class; a term while a model is traced."""
        if one is None:
            return self
        ref = one.__dict__["_term"]
        if ref is None:
            raise ModelError(f"{self!r} is derived: a world does not hold it")
        term = Term("derived", (self, ref), self.definition.sort)
        if SCOPE.writes:  # after an assignment: spelled out, on the new state
            term = lift(self.body(one), term.sort)
        return cast(X, surface(term))

    @property
    def variable(self) -> Term:
        """The parameter of the definition."""
        return Term("var", ("self", 0), self.owner)

    @property
    def definition(self) -> Term:
        """The body as a term over `variable`. Raises ModelError if it has no meaning, or asks for itself."""
        if self._definition is None:
            if self._begun:
                raise ModelError(f"{self!r} is defined by itself")
            self._begun = True
            try:
                with apart():
                    said = self.body(proxy(self.owner, self.variable))
                self._definition = closed(lift(said, place=self.place), self.place)
            finally:
                self._begun = False
        return self._definition

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what its owner calls it, so that it stays itself."""
        return getattr, (self.owner, self.name)

    def __repr__(self) -> str:
        """Owner and name."""
        return f"{getattr(self.owner, '__name__', '?')}.{self.name}"


class Sort(type):
    """The class of an entity: it can be ranged over, once, inside all_of, any_of or total."""

    def __iter__(cls: type[X]) -> Iterator[X]:
        """Any member."""
        return bind(cls, {})

    def where(cls: type[X], **fields: object) -> Iterator[X]:
        """Any member whose fields have these values."""
        return bind(cls, fields)

    @property
    def fields(cls) -> tuple[AnyField, ...]:
        """The fields in the order written."""
        own: list[AnyField] = [f for f in vars(cls).values() if isinstance(f, Field)]
        return tuple(own)

    @property
    def definitions(cls) -> tuple[derived[Any], ...]:
        """The derived definitions in the order written."""
        own: list[derived[Any]] = [d for d in vars(cls).values() if isinstance(d, derived)]
        return tuple(own)


class Entity(metaclass=Sort):
    """Something that exists: `Machine("alpha", capacity=7)` is a world's member; in an action it is any member."""

    def __init__(self, label: str, /, **values: object) -> None:
        """A member with a label, the values of its constants, and of varying fields that start elsewhere."""
        known = {f.name: f for f in type(self).fields}
        for name, value in values.items():
            if name not in known:
                raise ModelError(_unknown(type(self), name, definitions=False))
            if fault := known[name].refusal(value):
                raise ModelError(f"{known[name]!r} of {label}: {fault}")
        vars(self).update(_label=label, _values=values, _term=None, _place=position())

    @property
    def label(self) -> str:
        """What a world calls this member."""
        return str(self.__dict__["_label"])

    @property
    def values(self) -> Mapping[str, Any]:
        """The values that a world gave this member, by field name."""
        return cast(Mapping[str, Any], self.__dict__["_values"])

    def __eq__(self, other: object) -> Truth:  # type: ignore[override] # as in expressions.py
        """A term while a model is traced; identity between members of a world."""
        if traced(self) or traced(other):
            return Truth(equal(lift(self), lift(other)))
        return cast(Truth, self is other)

    def __ne__(self, other: object) -> Truth:  # type: ignore[override] # as in expressions.py
        """A term while a model is traced; identity between members of a world."""
        return ~(self == other) if traced(self) or traced(other) else cast(Truth, self is not other)

    def __bool__(self) -> bool:
        """Refused while a model is traced, as for every term."""
        if traced(self):
            raise ModelError(NO_TRUTH)
        return True

    def __hash__(self) -> int:
        """Members of a world are hashed by identity."""
        if traced(self):
            raise ModelError("an entity under construction has no identity yet; compare with ==")
        return id(self)

    if not TYPE_CHECKING:  # a type checker knows the fields, and finds the typos by itself

        def __setattr__(self, name: str, value: object) -> None:
            """Assign a field; anything else is a typo."""
            item = vars(type(self)).get(name)
            if isinstance(item, derived):
                raise ModelError(f"{item!r} is derived: assign the fields that it is made of")
            if not isinstance(item, Field):
                raise ModelError(_unknown(type(self), name, definitions=False))
            super().__setattr__(name, value)

        def __getattr__(self, name: str) -> Any:
            """Only reached for names that are neither fields nor definitions."""
            if name.startswith("__"):
                raise AttributeError(name)
            raise ModelError(_unknown(type(self), name))

    def __repr__(self) -> str:
        """The term, or the label."""
        return str(traced(self) or self.label)


def _unknown(sort: Sort, name: str, *, definitions: bool = True) -> str:
    known = [f.name for f in sort.fields] + [d.name for d in sort.definitions if definitions]
    return unknown(sort.__name__, name, known)


def place_of_member(one: Entity) -> str:
    """Where a member of a world was written (a function: `place` may be the name of a field)."""
    return str(one.__dict__["_place"])


def proxy(sort: type[X], term: Term) -> X:
    """The entity that stands for a term of its sort."""
    one = object.__new__(sort)
    vars(one).update(_label="", _values={}, _term=term)
    return one


def surface(term: Term) -> Any:
    """What a model writes for a term: an entity or an expression."""
    sort: Any = term.sort
    return proxy(sort, term) if isinstance(term.sort, Sort) else expression(term)


def bind(sort: Any, fields: Mapping[str, object]) -> Iterator[Any]:
    """A generator that yields one generic member, open until the quantifier around it closes."""
    var = bound_variable(sort.__name__.lower(), sort)
    one = proxy(sort, var)
    known = {item.name for item in (*sort.fields, *sort.definitions)}
    if wrong := sorted(set(fields) - known):
        raise ModelError(_unknown(sort, wrong[0]))
    same = [truth(lift(getattr(one, name) == value)) for name, value in fields.items()]
    entry = var, junction("and", same)
    SCOPE.open.append(entry)
    try:
        yield one
        if entry in SCOPE.open:  # whoever came back for another member was no quantifier
            name = sort.__name__
            raise ModelError(
                f"Python's own for, sum and list take any {name} for all of them: write all_of, any_of or "
                f"total(... for x in {name}) in a comprehension, or an action with a parameter of sort {name}"
            )
    finally:
        if entry in SCOPE.open:
            SCOPE.open.remove(entry)
