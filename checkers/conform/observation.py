"""One event of an implementation, as far as it was observed; and what that leaves open in a run.

What was not observed is open: an argument that is missing may have any value, and a field that is not named in `after` may
hold anything. A value that is a tuple stands for any one of its members.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...model.language import Action, Instance, ModelError, Sort, State
from ...model.language.errors import unknown
from ...model.language.terms import BOOL
from ..interpret import Run


@dataclass(frozen=True)
class Observed:
    """One event. `arguments` go by the parameter's name, `after` maps `label.field` to the value shown after the event.

    `process` is who wrote it, where several logs were put together; `line` is where, from 1 (0: nowhere).
    """

    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    after: Mapping[str, Any] = field(default_factory=dict[str, Any])
    process: str | None = None
    line: int = 0

    def __str__(self) -> str:
        """The action with the arguments that were seen."""
        return " ".join([self.action, *map(str, self.arguments.values())])


@dataclass(frozen=True)
class Pattern:
    """An event in a run: the values that each parameter may have (None: any), and what slots must hold after it.

    `keys` names those slots as they are shown. `never` says why no state at all can be such; it is empty where some could.
    """

    action: Action
    allowed: tuple[frozenset[int] | None, ...]
    after: tuple[tuple[int, frozenset[int]], ...]
    keys: tuple[str, ...] = ()
    never: str = ""

    def shows(self, state: State) -> bool:
        """Whether the state is as it was observed after the event."""
        return all(state[slot] in values for slot, values in self.after)


def resolve(run: Run, observed: Observed) -> Pattern:
    """The event in terms of the run. Raises ModelError for an action, argument, field or value that it does not know."""
    action = run.system.action(observed.action)
    names = [str(p.var.args[0]) for p in action.parameters]
    for name in observed.arguments:
        if name not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes no arguments"
            raise ModelError(f"{action.name} has no argument {name}; {takes}")
    allowed = tuple(
        _values(run.instance, p.var.sort, observed.arguments[n], n) if n in observed.arguments else None
        for p, n in zip(action.parameters, names, strict=True)
    )
    never = f"{action.name} is left out of {run.world.name}" if action not in run.instance.actions else ""
    after: dict[str, tuple[int, frozenset[int]]] = {}
    for key, shown in observed.after.items():
        constant = _after(run, key, shown, after)
        never = never or constant
    return Pattern(action, allowed, tuple(after.values()), tuple(after), never)


def _after(run: Run, key: str, shown: Any, after: dict[str, tuple[int, frozenset[int]]]) -> str:
    """Note what a slot must hold; for a field that never changes here, why that was not seen, or nothing."""
    places = _places(run.instance)
    if key not in places:
        raise ModelError(unknown(run.world.name, key, list(places)))
    sort, at = places[key]
    values = _values(run.instance, sort, shown, key)
    if isinstance(at, int):
        after[key] = at, values
    elif at.value not in values:
        return f"{key} is always {run.instance.show(sort, at.value)} in {run.world.name}, not {shown}"
    return ""


@dataclass(frozen=True)
class _Constant:
    value: int


@lru_cache(maxsize=16)
def _places(instance: Instance) -> Mapping[str, tuple[Any, int | _Constant]]:
    """Every field of every member as it is shown: its sort, and its slot or its constant value."""
    found: dict[str, tuple[Any, int | _Constant]] = {}
    for f, values in instance.fixed.items():
        for i, member in enumerate(instance.world.of(f.owner)):
            found[f"{member.label}.{f.name}"] = f.sort, _Constant(values[i])
    for f in instance.fields:
        for i, member in enumerate(instance.world.of(f.owner)):
            found[f"{member.label}.{f.name}"] = f.sort, instance.slot(f, i)
    return found


def _values(instance: Instance, sort: Any, shown: Any, what: str) -> frozenset[int]:
    parts: tuple[Any, ...] = shown if isinstance(shown, tuple) else (shown,)  # pyright: ignore[reportUnknownVariableType]
    return frozenset(_value(instance, sort, part, what) for part in parts)


def _value(instance: Instance, sort: Any, shown: Any, what: str) -> int:
    """A value as states hold it. It is shown as a label, a member of an Enum (its name or value), a truth or a number."""
    if isinstance(sort, Sort):
        labels = [m.label for m in instance.world.of(sort)]
        if shown not in labels:
            raise ModelError(f"{what}: {unknown(instance.world.name, str(shown), labels)}")
        return labels.index(shown)
    if isinstance(sort, type) and issubclass(sort, enum.Enum):
        for rank, member in enumerate(sort):
            if shown in (member.name, member.value):
                return rank
        raise ModelError(f"{what}: expected one of {', '.join(m.name for m in sort)}, found {shown!r}")
    expected = bool if sort == BOOL else int
    if type(shown) is not expected:
        raise ModelError(f"{what}: expected a {'truth' if expected is bool else 'number'}, found {shown!r}")
    return int(shown)


def seen(run: Run, action: str, arguments: tuple[int, ...], after: State | None = None) -> Observed:
    """A step as an event that was observed whole: with every argument, and the whole state after it if that is given."""
    parameters = run.system.action(action).parameters
    named = {
        str(p.var.args[0]): run.instance.show(p.var.sort, value) for p, value in zip(parameters, arguments, strict=True)
    }
    return Observed(action, named, {} if after is None else run.shown(after))
