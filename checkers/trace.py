"""Traces: one format for counterexamples, witnesses, generated tests and an implementation's log.

JSON Lines. The first line is a header (`trace` version, system digest, world, property; and, optionally, `cycle_from`,
after how many steps a cycle begins that repeats for ever, and an `origin` object that says how whoever wrote the trace got
its run); every further line is an event: step number, actor, action, arguments by name, and what changed. The alphabet is
the model's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..model.language import ModelError, Sort, State, Step
from .interpret import Run

VERSION = 1


@dataclass(frozen=True)
class Event:
    """One step as a person reads it. `changed` maps `label.field` to (before, after)."""

    number: int
    actor: str
    action: str
    arguments: dict[str, Any]
    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])


@dataclass(frozen=True)
class Trace:
    """A header and the events. `initial` numbers the initial state among those of the world.

    The events after the first `cycle_from` repeat for ever, where that is a number. `origin` is for whoever wrote the
    trace: how to get the run again. Nothing here looks into it.
    """

    world: str
    system: str
    property: str | None
    sentence: str
    initial: int
    events: tuple[Event, ...]
    origin: dict[str, Any] = field(default_factory=dict[str, Any])
    cycle_from: int | None = None


def narrate(run: Run, steps: tuple[Step, ...], initial: int = 0) -> tuple[list[State], list[Event]]:
    """Replay the steps in the reference interpreter: the states, and each step with what it changed.

    Raises Refused or OutOfRange if the steps are not a behaviour of the system.
    """
    states = run.replay(steps, initial)
    events = [event(run, i, step, states[i], states[i + 1]) for i, step in enumerate(steps)]
    return states, events


def event(run: Run, index: int, step: Step, before: State, after: State) -> Event:
    """A step with its names and what it changed; `index` counts from 0, the event's number from 1."""
    action = run.system.action(step.action)
    arguments = {
        str(p.var.args[0]): run.instance.show(p.var.sort, value)
        for p, value in zip(action.parameters, step.arguments, strict=True)
    }
    old, new = run.shown(before), run.shown(after)
    changed = {k: (old[k], new[k]) for k in old if old[k] != new[k]}
    return Event(index + 1, action.by.name, action.name, arguments, changed)


def trace(
    run: Run,
    steps: tuple[Step, ...],
    *,
    broken: str | None,
    sentence: str,
    initial: int = 0,
    cycle_from: int | None = None,
) -> Trace:
    """The trace of these steps, replayed. Raises Refused or OutOfRange."""
    _, events = narrate(run, steps, initial)
    return Trace(run.world.name, run.system.digest, broken, sentence, initial, tuple(events), cycle_from=cycle_from)


def dump(t: Trace) -> Iterator[str]:
    """The trace as JSON Lines."""
    head: dict[str, Any] = {
        "trace": VERSION,
        "world": t.world,
        "system": t.system,
        "property": t.property,
        "sentence": t.sentence,
        "initial": t.initial,
    }
    head |= {} if t.cycle_from is None else {"cycle_from": t.cycle_from}
    yield json.dumps(head | {"origin": t.origin} if t.origin else head)
    for e in t.events:
        changed = {k: list(pair) for k, pair in e.changed.items()}
        yield json.dumps(
            {
                "step": e.number,
                "actor": e.actor,
                "action": e.action,
                "arguments": e.arguments,
                "changed": changed,
            }
        )


def load(lines: Iterable[str]) -> Trace:
    """The trace that JSON Lines hold. Raises ValueError naming the line that is not of the format."""
    rows = [(number, _row(number, line)) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows or rows[0][1].get("trace") != VERSION:
        raise ValueError(f'line 1: expected a header with "trace": {VERSION}')
    number, head = rows[0]
    broken = _entry(number, head, "property", str) if head.get("property") is not None else None
    return Trace(
        _entry(number, head, "world", str),
        _entry(number, head, "system", str),
        broken,
        _entry(number, head, "sentence", str),
        _entry(number, head, "initial", int),
        tuple(_event(number, row) for number, row in rows[1:]),
        _entry(number, {"origin": {}, **head}, "origin", dict),
        _entry(number, head, "cycle_from", int) if "cycle_from" in head else None,
    )


def _event(number: int, row: dict[str, Any]) -> Event:
    changed = _entry(number, {"changed": {}, **row}, "changed", dict)
    return Event(
        _entry(number, row, "step", int),
        _entry(number, row, "actor", str),
        _entry(number, row, "action", str),
        _entry(number, row, "arguments", dict),
        {key: _pair(number, key, value) for key, value in changed.items()},
    )


def _pair(number: int, key: str, value: Any) -> tuple[Any, Any]:
    match value:
        case [before, after]:
            return before, after
        case _:
            raise ValueError(f"line {number}: expected [before, after] for {key}, found {json.dumps(value)}")


Entry = TypeVar("Entry", str, int, dict[str, Any])


def _entry(number: int, row: dict[str, Any], key: str, kind: type[Entry]) -> Entry:
    if key not in row:
        raise ValueError(f"line {number}: the trace lacks the key {key!r}")
    value = row[key]
    if type(value) is not kind:  # a truth is no number
        raise ValueError(f"line {number}: expected {kind.__name__} for {key!r}, found {json.dumps(value)}")
    return value


def _row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}, column {error.colno}: {error.msg}") from None
    if not isinstance(row, dict):
        raise ValueError(f"line {number}: expected an object, found {type(row).__name__}")
    return row  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings


def steps_of(run: Run, t: Trace) -> tuple[Step, ...]:
    """The trace's events as steps of this run. Raises ModelError for an action or argument that it does not know."""
    return tuple(_step(run, e) for e in t.events)


def _step(run: Run, e: Event) -> Step:
    action = run.system.action(e.action)
    names = [str(p.var.args[0]) for p in action.parameters]
    if set(names) != set(e.arguments):
        raise ModelError(f"step {e.number}: {e.action} takes {', '.join(names)}, not {', '.join(e.arguments)}")
    return Step(
        e.action,
        tuple(_rank(run, p.var.sort, e.arguments[n]) for p, n in zip(action.parameters, names, strict=True)),
    )


def _rank(run: Run, sort: Any, shown: Any) -> int:
    if not isinstance(sort, Sort):
        if type(shown) is not int:
            raise ModelError(f"expected a number, found {shown!r}")
        return shown
    labels = [m.label for m in run.world.of(sort)]
    if shown not in labels:
        raise ModelError(f"{run.world.name} has no {sort.__name__} called {shown}; it has {', '.join(labels)}")
    return labels.index(shown)
