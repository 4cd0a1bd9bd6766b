"""Traces: one format for counterexamples, witnesses, generated tests and an implementation's log.

JSON Lines. The first line is a header (`trace` version, system digest, world, property); every further line is an event:
step number, actor, action, arguments by name, and what changed. The alphabet is the model's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

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
    """A header and the events. `initial` numbers the initial state among those of the world."""

    world: str
    system: str
    property: str | None
    sentence: str
    initial: int
    events: tuple[Event, ...]


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


def trace(run: Run, steps: tuple[Step, ...], *, broken: str | None, sentence: str, initial: int = 0) -> Trace:
    """The trace of these steps, replayed. Raises Refused or OutOfRange."""
    _, events = narrate(run, steps, initial)
    return Trace(run.world.name, run.system.digest, broken, sentence, initial, tuple(events))


def dump(t: Trace) -> Iterator[str]:
    """The trace as JSON Lines."""
    yield json.dumps(
        {
            "trace": VERSION,
            "world": t.world,
            "system": t.system,
            "property": t.property,
            "sentence": t.sentence,
            "initial": t.initial,
        }
    )
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
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            rows.append(_row(number, line))
    if not rows or rows[0].get("trace") != VERSION:
        raise ValueError(f'line 1: expected a header with "trace": {VERSION}')
    head = rows[0]
    try:
        events = tuple(
            Event(
                r["step"],
                r["actor"],
                r["action"],
                dict(r["arguments"]),
                {k: (v[0], v[1]) for k, v in r.get("changed", {}).items()},
            )
            for r in rows[1:]
        )
        return Trace(head["world"], head["system"], head["property"], head["sentence"], head["initial"], events)
    except KeyError as missing:
        raise ValueError(f"the trace lacks the key {missing}") from None


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
        return int(shown)
    labels = [m.label for m in run.world.of(sort)]
    if shown not in labels:
        raise ModelError(f"{run.world.name} has no {sort.__name__} called {shown}; it has {', '.join(labels)}")
    return labels.index(shown)
