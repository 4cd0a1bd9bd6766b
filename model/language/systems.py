"""Systems and worlds: what every reading receives.

A System is a traced model: sorts, actions, properties. A World has finitely many members with their constants.
An Instance is the two together, resolved: which values vary, where they lie in a state, how far they go.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

from .actions import Action, Kind, Parameter, Property, Role
from .entities import ANYTHING, AnyField, Entity, Field, Sort, Start, place_of_member
from .errors import ModelError, position, unknown
from .terms import BOOL, SortOf, encode, sort_name

State: TypeAlias = "tuple[int, ...]"
"""One integer per slot: the varying fields in order, each with one slot per member of its owner."""

Arguments: TypeAlias = "tuple[int, ...]"
"""One integer per parameter: the rank of a member in its world, or the number itself."""


@dataclass(frozen=True, eq=False)
class System:
    """A traced model."""

    sorts: tuple[Sort, ...]
    actions: tuple[Action, ...]
    properties: tuple[Property, ...]

    @classmethod
    def of(cls, *modules: ModuleType) -> System:
        """Everything that these modules define, in the order of their text."""
        found = [x for module in modules for x in vars(module).values()]
        sorts = dict.fromkeys(x for x in found if isinstance(x, Sort) and x is not Entity)
        actions = dict.fromkeys(x for x in found if isinstance(x, Action))
        properties = dict.fromkeys(x for x in found if isinstance(x, Property))
        return cls(tuple(sorts), tuple(actions), tuple(properties))

    def action(self, name: str) -> Action:
        """The action of that name. Raises ModelError if there is none."""
        return _named(self.actions, name)

    def property(self, name: str) -> Property:
        """The property of that name. Raises ModelError if there is none."""
        return _named(self.properties, name)

    def of_kind(self, *kinds: Kind) -> tuple[Property, ...]:
        """The properties of these kinds."""
        return tuple(p for p in self.properties if p.kind in kinds)

    def with_action(self, changed: Action) -> System:
        """The system in which the action of that name is this one."""
        self.action(changed.name)
        swapped = tuple(changed if a.name == changed.name else a for a in self.actions)
        return replace(self, actions=swapped)

    def without(self, action_name: str, sentence: str) -> System:
        """The mutant that forgets one requirement."""
        target = self.action(action_name)
        kept = tuple(r for r in target.requires if r.sentence != sentence)
        if len(kept) == len(target.requires):
            said = "; ".join(r.sentence for r in target.requires)
            raise ModelError(f"{action_name} does not require {sentence!r}; it requires: {said}")
        return self.with_action(replace(target, requires=kept))

    @cached_property
    def digest(self) -> str:
        """A hash of everything that the system says; equal systems have equal digests."""
        lines: list[str] = []
        for s in self.sorts:
            lines += [s.__name__, *map(_field, s.fields), *(f"{d!r}={d.definition}" for d in s.definitions)]
        for a in self.actions:
            said = [(p.var, _sort(p.var.sort), p.range and (p.range.low, p.range.high)) for p in a.parameters]
            asked = [(r.term, r.sentence) for r in a.requires]
            done = [(w.field, w.ref, w.value) for w in a.writes]
            lines.append(f"{a.name}:{a.by}:{said}:{asked}:{done}:{a.until}")
        lines += [f"{p.kind}:{p.name}:{p.term}:{p.goal}" for p in self.properties]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _field(f: AnyField) -> str:
    return f"{f!r}:{_sort(f.sort)}:{f.upto}:{f.start}:{f.rigid}:{f.budget}"


def _sort(sort: SortOf) -> str:
    """The name of a sort; an Enum with its members."""
    return sort_name(sort) + (
        f"({', '.join(m.name for m in sort)})" if isinstance(sort, type) and issubclass(sort, enum.Enum) else ""
    )


Named = TypeVar("Named", Action, Property)


def _named(items: tuple[Named, ...], name: str, place: str | None = None) -> Named:
    for item in items:
        if item.name == name:
            return item
    raise ModelError(unknown("the system", name, [item.name for item in items]), place)


class World:
    """Finitely many members of every sort. `leave_out`: actions that its question does not need, each with why."""

    def __init__(
        self, name: str, *members: Entity, reason: str = "", leave_out: Mapping[str, str] | None = None
    ) -> None:
        """A named world; `reason` says what it is for. Raises ModelError for two of a sort with one label."""
        self.name, self.members, self.reason, self.place = name, members, reason, position()
        self.leave_out = dict(leave_out or {})
        self._of: dict[Sort, list[Entity]] = {}
        self._labelled: dict[tuple[Sort, str], Entity] = {}
        self._rank: dict[Entity, int] = {}
        for member in members:
            sort = type(member)
            if (sort, member.label) in self._labelled:
                raise ModelError(f"{name} has two of {sort.__name__} called {member.label}")
            self._labelled[sort, member.label] = member
            self._rank[member] = len(self.of(sort))
            self._of.setdefault(sort, []).append(member)

    def of(self, sort: Sort) -> list[Entity]:
        """The members of a sort, in order; their rank is their number in states."""
        return self._of.get(sort, [])

    def labelled(self, sort: Sort, label: str, place: str | None = None) -> Entity:
        """The member of a sort with that label: so members refer to later ones. Raises ModelError if none has it."""
        if (sort, label) not in self._labelled:
            known = [member.label for member in self.of(sort)]
            raise ModelError(unknown(f"{self.name}, of {sort.__name__},", label, known), place or self.place)
        return self._labelled[sort, label]

    def rank(self, member: Entity, place: str | None = None) -> int:
        """The number of a member among those of its sort. Raises ModelError for a member of another world."""
        if member not in self._rank:
            raise ModelError(f"{member.label} is not a member of {self.name}", place or self.place)
        return self._rank[member]

    def __repr__(self) -> str:
        """The name."""
        return f"World({self.name})"


@dataclass(frozen=True)
class Step:
    """An action with its arguments: what happened."""

    action: str
    arguments: Arguments


class Instance:
    """A system in a world: slots, starts, bounds and constants, with what the world leaves out left out.

    A field that no remaining action writes keeps its start: it is a constant here, and takes no room in a
    state. Raises ModelError where the world does not fit the system.
    """

    def __init__(self, system: System, world: World) -> None:
        """Resolve the world against the system."""
        for name in world.leave_out:
            _named(system.actions, name, world.place)
        for member in world.members:
            if type(member) not in system.sorts:
                raise ModelError(
                    f"{member.label} is a {type(member).__name__}: no sort of the system",
                    place_of_member(member),
                )
        self.system, self.world = system, world
        self.actions = tuple(a for a in system.actions if a.name not in world.leave_out)
        written = {w.field for a in self.actions for w in a.writes}
        self.fields: tuple[AnyField, ...] = tuple(
            f
            for s in system.sorts
            for f in s.fields
            if not f.rigid and self.count(s) and (f in written or self._open(f))
        )
        self.base: dict[AnyField, int] = {}
        slots = 0
        for f in self.fields:
            self.base[f] = slots
            slots += self.count(f.owner)
        self.slots = slots
        self.fixed: dict[AnyField, tuple[int, ...]] = {
            f: tuple(self._start(f, i) for i in range(self.count(s)))
            for s in system.sorts
            for f in s.fields
            if f not in self.base
        }
        for f in self.fields:  # the world is wrong now, not when somebody first asks
            for i in range(self.count(f.owner)):
                if not self._is_open(f, i):
                    self._start(f, i)

    def count(self, sort: Sort) -> int:
        """How many members a sort has here."""
        return len(self.world.of(sort))

    def slot(self, field: AnyField, member: int) -> int:
        """Where a state holds the field of a member."""
        return self.base[field] + member

    def high(self, field: AnyField, member: int) -> int | None:
        """The largest value that the field of this member can hold; None where nothing bounds it."""
        if isinstance(field.sort, Sort):
            return self.count(field.sort) - 1
        if field.sort is BOOL:
            return 1
        if isinstance(field.sort, type) and issubclass(field.sort, enum.Enum):
            return len(field.sort) - 1
        return self._start(field.upto, member) if isinstance(field.upto, Field) else field.upto

    @cached_property
    def highs(self) -> tuple[int, ...]:
        """The largest value of every slot. Raises ModelError for a field that has none."""
        return tuple(self._bounded(f, i) for f in self.fields for i in range(self.count(f.owner)))

    def _bounded(self, field: AnyField, member: int) -> int:
        high = self.high(field, member)
        if high is None:
            raise ModelError(f"{field!r} is unbounded: a world that is explored needs upto=", field.place)
        return high

    def starts(self) -> Iterator[tuple[int, ...]]:
        """The possible first values of every slot, in order (those that `initially` excludes included)."""
        for f in self.fields:
            for i in range(self.count(f.owner)):
                is_open = self._is_open(f, i)
                yield tuple(range(self._bounded(f, i) + 1)) if is_open else (self._start(f, i),)

    def range(self, parameter: Parameter) -> range:
        """The values of a parameter: ranks of members, or numbers."""
        if parameter.range is None:
            return range(self.count(parameter.var.sort))
        return range(parameter.range.low, self.limit(parameter) + 1)

    def limit(self, parameter: Parameter) -> int:
        """The largest number that an integer parameter may be."""
        bound = parameter.range
        assert bound is not None, f"{parameter.var} ranges over a sort"
        if isinstance(bound.high, int):
            return bound.high
        if self.count(bound.high.owner) != 1:
            name = bound.high.owner.__name__
            raise ModelError(f"{bound.high!r} bounds {parameter.var}: this needs exactly one {name}", self.world.place)
        return self._start(bound.high, 0)

    def arguments(self, action: Action) -> Iterator[Arguments]:
        """Every choice of arguments for an action."""
        return product(*(self.range(p) for p in action.parameters))

    def steps(self) -> Iterator[tuple[Action, Arguments]]:
        """Every action with every choice of arguments."""
        return ((a, arguments) for a in self.actions for arguments in self.arguments(a))

    def roles(self, *roles: Role) -> tuple[Action, ...]:
        """The actions whose actor has one of these roles."""
        return tuple(a for a in self.actions if a.by.role in roles)

    def show(self, sort: Any, value: int) -> Any:
        """A value of a sort as a person names it: a label, a member of an Enum, a truth, or the number."""
        if isinstance(sort, Sort):
            return self.world.of(sort)[value].label
        if sort is BOOL:
            return bool(value)
        if isinstance(sort, type) and issubclass(sort, enum.Enum):
            return list(sort)[value].name
        return value

    def _is_open(self, field: AnyField, member: int) -> bool:
        given = self.world.of(field.owner)[member].values.get(field.name)
        return given is ANYTHING or (given is None and field.start is ANYTHING)

    def _open(self, field: AnyField) -> bool:
        return any(self._is_open(field, i) for i in range(self.count(field.owner)))

    def _start(self, field: AnyField, member: int) -> int:
        """The first value of a field of a member, from the world or from the field's own start."""
        one = self.world.of(field.owner)[member]
        value: Start = one.values.get(field.name, field.start)
        if isinstance(value, Field):
            number = self._start(value, member)
        elif value is None or value is ANYTHING:
            raise ModelError(f"{self.world.name}: {one.label} needs one value for {field!r}", place_of_member(one))
        elif isinstance(value, (Entity, str)):
            place = place_of_member(one)
            named = self.world.labelled(field.sort, value, place) if isinstance(value, str) else value
            number = self.world.rank(named, place)
        else:
            number = encode(value)
        high = self.high(field, member)
        if high is not None and not 0 <= number <= high:
            raise ModelError(f"{field!r} of {one.label} starts at {number}, outside 0..{high}", place_of_member(one))
        return number
