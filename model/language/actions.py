"""Actions and properties: what can happen and what must hold, traced once from plain-looking Python.

An action is a function over entities and bounded integers. It first requires, then assigns; requirements carry
the sentence that a user reads when they refuse. Assignments read as in Python, one after the other; the traced
action holds them as simultaneous writes over the state before.
"""

from __future__ import annotations

import dis
import enum
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, cast

from .entities import AnyField, Sort, surface
from .errors import ModelError, place_of
from .expressions import Truth, lift
from .scope import SCOPE, apart, closed
from .terms import TRUE, Term, Unit, truth


class Role(enum.Enum):
    """What kind of agent an actor is: that decides plans, fairness and fault budgets."""

    PLANNED = "acts only as a plan says"
    AUTOMATIC = "acts by itself, sooner or later"
    ENVIRONMENT = "may do anything or nothing"
    FAULT = "strikes while its budget lasts"


@dataclass(frozen=True)
class Actor:
    """Who takes an action."""

    name: str
    role: Role


@dataclass(frozen=True)
class between:  # read as a word inside Annotated: hence the small letter
    """The range of an integer parameter: `Annotated[Quantity, between(pages, 1, Bounds.burst)]`.

    The upper end is a number or a constant of a sort that has one member in every world.
    """

    unit: Unit
    low: int
    high: int | AnyField


@dataclass(frozen=True)
class Parameter:
    """A variable of an action: over the members of a sort (`range` None) or over a range of integers."""

    var: Term
    range: between | None = None


@dataclass(frozen=True)
class Requirement:
    """A condition on the state before, and the sentence that a user reads when it does not hold."""

    term: Term
    sentence: str


@dataclass(frozen=True)
class Write:
    """`ref.field` becomes `value`; both are terms over the state before."""

    field: AnyField
    ref: Term
    value: Term


@dataclass(frozen=True, eq=False)
class Action:
    """One thing that can happen. Where two writes meet the same member, the later one stands.

    `place` is the `file:line` where it was written, if it was traced.
    """

    name: str
    by: Actor
    parameters: tuple[Parameter, ...]
    requires: tuple[Requirement, ...]
    writes: tuple[Write, ...]
    until: Term = TRUE
    doc: str = ""
    place: str = ""

    def __repr__(self) -> str:
        """Name and parameters."""
        return f"{self.name}({', '.join(str(p.var) for p in self.parameters)})"


class Kind(enum.Enum):
    """What a property says of a system's behaviours."""

    ALWAYS = "always"
    STEP = "step"
    SOMETIMES = "sometimes"
    LEADS_TO = "leads to"
    RECOVERABLE = "recoverable"
    ASSUME = "assume"
    INITIALLY = "initially"


@dataclass(frozen=True, eq=False)
class Property:
    """A sentence and a predicate. `cites` names what it stands for; `goal` is the second of two predicates."""

    kind: Kind
    name: str
    sentence: str
    term: Term
    cites: tuple[str, ...] = ()
    goal: Term = TRUE
    place: str = ""

    def __repr__(self) -> str:
        """Kind and name."""
        return f"{self.kind.value} {self.name}"


def require(condition: Truth | bool, sentence: str) -> None:
    """Refuse the action, with this sentence, where the condition does not hold. Comes before assignments."""
    if SCOPE.writes is None:
        raise ModelError("require() outside an action")
    if SCOPE.writes:
        raise ModelError("require() after an assignment; ask first, then act")
    if SCOPE.open:
        raise ModelError("require() while a sort is ranged over; write require(all_of(... for vm in Vm), ...)")
    SCOPE.requires.append((closed(truth(lift(condition))), sentence))


# Spelled out by number of parameters, so that type checkers know what a lambda is given.
Until: TypeAlias = Callable[[Any], Truth] | Callable[[Any, Any], Truth] | Callable[[Any, Any, Any], Truth]


def action(by: Actor, until: Until | None = None) -> Callable[[Callable[..., None]], Action]:
    """Trace a function into an action. `until` says of a planned action when what it began is done."""

    done: Callable[..., Truth] | None = until

    def trace(function: Callable[..., object]) -> Action:
        name, place = _place(function)
        parameters = _parameters(function)
        stand_ins = [surface(p.var) for p in parameters]
        with apart(action=True) as scope:
            result = function(*stand_ins)
            said, asked = scope.writes or {}, scope.requires
        if result is not None:
            raise ModelError(f"{name}: an action returns nothing; it requires, and assigns", place)
        if line := _dropped(function):
            raise ModelError(f"{name} throws away what it computes here (== for =?)", line)
        if not said:
            raise ModelError(f"{name} changes nothing: an action assigns some field", place)
        requires = tuple(Requirement(term, sentence) for term, sentence in asked)
        writes = tuple(Write(f, ref, value) for f, pairs in said.items() for ref, value in pairs)
        with apart():
            goal = closed(truth(lift(done(*stand_ins)))) if done else TRUE
        return Action(name, by, parameters, requires, writes, goal, inspect.getdoc(function) or "", place)

    return trace


def _place(function: Callable[..., object]) -> tuple[str, str]:
    """Name and place of an action or property; a second one of that name would silently replace the first."""
    name, place = function.__name__, place_of(function)
    old = function.__globals__.get(name)
    if isinstance(old, (Action, Property)) and old.place != place and _file(old.place) == _file(place):
        raise ModelError(f"two definitions of {name}; the other one is at {old.place}", place)
    return name, place


def _file(place: str) -> str:
    return place.rpartition(":")[0]


def _dropped(function: Callable[..., object]) -> str | None:
    """Where the function computes something and throws it away, as `vm.stage == Stage.DONE` does."""
    code = function.__code__
    lines = (position[0] for position in code.co_positions())
    said = [(dis.opname[op], line) for op, line in zip(code.co_code[::2], lines, strict=True) if op]  # 0: a cache
    for (made, line), (then, _) in pairwise(said):
        if made in ("COMPARE_OP", "BINARY_OP") and then == "POP_TOP":
            return f"{code.co_filename}:{line}"
    return None


def _parameters(function: Callable[..., object]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(function, include_extras=True)
    return tuple(_parameter(name, hints.get(name)) for name in inspect.signature(function).parameters)


def _parameter(name: str, hint: Any) -> Parameter:
    if isinstance(hint, Sort):
        return Parameter(Term("var", (name, 0), hint))
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, between):
            return Parameter(Term("var", (name, 0), extra.unit), extra)
    raise ModelError(
        f"parameter {name}: expected an entity or Annotated[Quantity, between(unit, low, high)], found {hint}"
    )


Predicate: TypeAlias = "Callable[[], Truth | tuple[Truth, Truth]]"


def _property(kind: Kind, *cites: str) -> Callable[[Predicate], Property]:
    def trace(function: Predicate) -> Property:
        name, place = _place(function)
        with apart(step=kind is Kind.STEP):
            said: object = function()
        parts = cast(tuple[object, ...], said) if isinstance(said, tuple) else (said,)
        wanted = 2 if kind in (Kind.LEADS_TO, Kind.RECOVERABLE) else 1
        if len(parts) != wanted:
            raise ModelError(f"{name} returns {len(parts)} truths; {kind.value} takes {wanted}", place)
        first, goal = (*(closed(truth(lift(part))) for part in parts), TRUE)[:2]
        sentence = " ".join((inspect.getdoc(function) or name).split("\n\n")[0].split())
        return Property(kind, name, sentence, first, cites, goal, place)

    return trace


def always(*cites: str) -> Callable[[Callable[[], Truth]], Property]:
    """Holds in every reachable state."""
    return _property(Kind.ALWAYS, *cites)


def step(*cites: str) -> Callable[[Callable[[], Truth]], Property]:
    """Holds over every step; `after(x)` is x in the state after it."""
    return _property(Kind.STEP, *cites)


def sometimes(*cites: str) -> Callable[[Callable[[], Truth]], Property]:
    """Some reachable state is such: the witness without which an `always` says little."""
    return _property(Kind.SOMETIMES, *cites)


def leads_to(*cites: str) -> Callable[[Callable[[], tuple[Truth, Truth]]], Property]:
    """Wherever the first holds, the second comes, if automatic and planned actions are (weakly) fair."""
    return _property(Kind.LEADS_TO, *cites)


def recoverable(*cites: str) -> Callable[[Callable[[], tuple[Truth, Truth]]], Property]:
    """From every reachable state of the first kind, one of the second is reachable."""
    return _property(Kind.RECOVERABLE, *cites)


def assume(function: Callable[[], Truth]) -> Property:
    """True of every world's constants: worlds are checked against it, and proofs may use it."""
    return _property(Kind.ASSUME)(function)


def initially(function: Callable[[], Truth]) -> Property:
    """True of every initial state: it picks among the starts that the fields leave open."""
    return _property(Kind.INITIALLY)(function)
