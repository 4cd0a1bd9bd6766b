"""The adapter's protocol: JSON Lines over standard input and output, one request and one answer a line.

| request   | with it                          | answers                                                                  |
|-----------|----------------------------------|--------------------------------------------------------------------------|
| `hello`   | `holdfast`: the version; `world` | `hello`: `holdfast`, `name`; maybe `unsupported`, `hidden`                |
| `reset`   | `state`: every field             | `ready`                                                                  |
| `attempt` | `action`, `arguments`            | `done` (`after`), `refused` (`reason`), `did` (`events`), `unsupported`   |
| `observe` |                                  | `state` (`after`)                                                        |
| `bye`     |                                  | `bye`, or the program just ends                                          |

Each request has an `id`, which its answer repeats. What is in brackets may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ..checkers.conform.accounts import Accounts
from ..checkers.interpret import Run
from ..model.language import Instance, Parameter, Sort, State
from ..model.language.terms import sort_name
from .adapter import Answer, Did, Done, Greeting, Happened, Refused, Unsupported

VERSION = 1


class Malformed(Exception):
    """What was answered is not of the protocol: what was found, and what was expected."""


# ------------------------------------------------------------------------------------------------------- requests
def world_record(run: Run) -> dict[str, Any]:
    """The world as an adapter is told of it: members with their constants, fields that vary, accounts, and actions."""
    instance = run.instance
    return {
        "name": run.world.name,
        "system": run.system.digest,
        "members": [
            {"sort": type(m).__name__, "label": m.label, "constants": _constants(instance, type(m), i)}
            for sort in run.system.sorts
            for i, m in enumerate(run.world.of(sort))
        ],
        "fields": {f"{m.label}.{f.name}": sort_name(f.sort) for f in instance.fields for m in run.world.of(f.owner)},
        "accounts": {key: sort_name(d.definition.sort) for key, (d, _) in Accounts(run).named.items()},
        "actions": [
            {
                "name": a.name,
                "actor": a.by.name,
                "role": a.by.role.name.lower(),
                "parameters": {str(p.var.args[0]): _parameter(instance, p) for p in a.parameters},
                "requires": [r.sentence for r in a.requires],
            }
            for a in instance.actions
        ],
    }


def _constants(instance: Instance, sort: Sort, member: int) -> dict[str, Any]:
    return {f.name: instance.show(f.sort, values[member]) for f, values in instance.fixed.items() if f.owner is sort}


def _parameter(instance: Instance, p: Parameter) -> dict[str, Any]:
    if p.range is None:
        return {"sort": sort_name(p.var.sort)}
    return {"sort": sort_name(p.var.sort), "from": p.range.low, "to": instance.limit(p)}


def hello(run: Run) -> dict[str, Any]:
    """The first request."""
    return {"request": "hello", "holdfast": VERSION, "world": world_record(run)}


def reset(run: Run, state: State) -> dict[str, Any]:
    """Begin in a state."""
    return {"request": "reset", "state": run.shown(state)}


# -------------------------------------------------------------------------------------------------------- answers
def answer_of(said: Mapping[str, Any], *expected: str) -> str:
    """Which answer it is. Raises Malformed where it is none of those expected."""
    found = said.get("answer")
    if found not in expected:
        raise Malformed(f'expected "answer": {" or ".join(map(json.dumps, expected))}, found {_short(found)}')
    return str(found)


def greeting(said: Mapping[str, Any]) -> Greeting:
    """The answer to hello. Raises Malformed."""
    answer_of(said, "hello")
    if said.get("holdfast") != VERSION:
        raise Malformed(
            f'expected "holdfast": {VERSION}, the version of the protocol, found {_short(said.get("holdfast"))}'
        )
    name = said.get("name")
    if not isinstance(name, str):
        raise Malformed(f'expected a text for "name", found {_short(name)}')
    return Greeting(name, _names(said, "unsupported"), _names(said, "hidden"))


def attempted(said: Mapping[str, Any]) -> Answer:
    """The answer to an attempt. Raises Malformed."""
    match answer_of(said, "done", "refused", "did", "unsupported"):
        case "done":
            return Done(shown(said, "after"))
        case "refused":
            return Refused(_text(said, "reason"))
        case "did":
            return Did(tuple(map(_happened, _listed(said, "events"))))
        case _:
            return Unsupported()


def shown(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object of names and values, empty where there is none. Raises Malformed."""
    value = said.get(key, {})
    if not isinstance(value, dict):
        raise Malformed(f'expected an object for "{key}", found {_short(value)}')
    found = cast("dict[str, Any]", value)
    for name, one in found.items():
        if not isinstance(one, str | int):
            raise Malformed(f'expected a text, a truth or a whole number for "{name}", found {_short(one)}')
    return found


def _happened(event: Any) -> Happened:
    if not isinstance(event, dict):
        raise Malformed(f"expected an object for an event, found {_short(event)}")
    found = cast("dict[str, Any]", event)
    if not isinstance(found.get("action"), str):
        raise Malformed(f'expected a text for "action", found {_short(found.get("action"))}')
    return Happened(found["action"], shown(found, "arguments"), shown(found, "after"))


def _names(said: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(map(str, _listed(said, key)))


def _listed(said: Mapping[str, Any], key: str) -> list[Any]:
    found: Any = said.get(key, [])
    if not isinstance(found, list):
        raise Malformed(f'expected a list for "{key}", found {_short(found)}')
    return cast("list[Any]", said.get(key, []))


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise Malformed(f'expected a text for "{key}", found {_short(value)}')
    return value


def decoded(line: bytes) -> dict[str, Any]:
    """A line as a JSON object. Raises Malformed."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed(
            f"expected a JSON object, found {_short(line.decode(errors='replace').strip())}: {error}"
        ) from None
    if not isinstance(said, dict):
        raise Malformed(f"expected a JSON object, found {_short(said)}")
    return cast("dict[str, Any]", said)


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return (json.dumps(message, ensure_ascii=False) + "\n").encode()


def _short(value: Any, most: int = 80) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else text[:most] + "…"
