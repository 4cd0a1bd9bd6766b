"""A log of an implementation: JSON Lines in the project's trace format, of which only `action` has to be there.

The first line may be a trace's header. An event may have `arguments` (by the parameter's name; what is missing was not
seen), `changed` (`label.field` to [before, after], of which the second counts), `after` (`label.field` to the value seen
after it) and `process`. Everything that is wrong with a log is said at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkers.conform.observation import Observed, resolve
from ..checkers.interpret import Run
from ..checkers.trace import VERSION
from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem, quoted
from ..model.language import ModelError

STDIN = Path("-")
LOG_BYTES_MAX = 256 << 20
KNOWN = ("step", "actor", "action", "arguments", "changed", "after", "process")


@dataclass(frozen=True)
class Log:
    """A log as it was written: its header, if it has one, and its events."""

    file: str
    head: dict[str, Any]
    events: tuple[Observed, ...]


def read_log(file: Path) -> Log:
    """The log in a file (`-`: stdin). Raises BadInput with everything that is wrong with it."""
    lines = _lines(file)
    problems: list[Problem] = []
    rows = [(n, row) for n, line in enumerate(lines, 1) if line.strip() and (row := _row(file, n, line, problems))]
    head: dict[str, Any] = {}
    if rows and "trace" in rows[0][1] and "action" not in rows[0][1]:
        number, head = rows.pop(0)
        if head["trace"] != VERSION:
            problems.append(_problem(file, number, f"a trace of version {json.dumps(head['trace'])}", f"{VERSION}"))
    events: list[Observed] = []
    for number, row in rows:
        said: list[tuple[str, str]] = []
        events += _event(row, number, said)
        problems += [_problem(file, number, found, expected) for found, expected in said]
    if not rows and not problems:
        problems.append(_problem(file, 0, "a log without any event", "a line for each event"))
    if problems:
        raise BadInput(problems)
    return Log(str(file), head, tuple(events))


def understood(run: Run, log: Log, events: Iterable[Observed]) -> tuple[Observed, ...]:
    """The events, if the run knows all of them. Raises BadInput with every action, argument, field and value it does not."""
    problems: list[Problem] = []
    kept = tuple(events)
    for event in kept:
        try:
            resolve(run, event)
        except ModelError as error:
            problems.append(
                _problem(Path(log.file), event.line, f"an event that {run.world.name} does not know", f"{error}")
            )
    if problems:
        raise BadInput(problems)
    return kept


def lines_of(events: Iterable[Observed], head: dict[str, Any]) -> Iterator[str]:
    """Events as lines of a log."""
    yield json.dumps(
        {"trace": VERSION, "world": "", "system": "", "property": None, "sentence": "", "initial": 0, **head}
    )
    for number, event in enumerate(events, 1):
        row: dict[str, Any] = {"step": number, "action": event.action, "arguments": dict(event.arguments)}
        row |= {"after": dict(event.after)} if event.after else {}
        yield json.dumps(row | ({"process": event.process} if event.process is not None else {}))


# ---------------------------------------------------------------------------------------------------------------- lines
def _lines(file: Path) -> list[str]:
    try:
        if file == STDIN:
            return sys.stdin.read().splitlines()
        if file.stat().st_size > LOG_BYTES_MAX:
            raise BadInput([_problem(file, 0, "a file too large for a log", f"at most {LOG_BYTES_MAX} bytes")])
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInput([_problem(file, 0, f"a file that cannot be read ({error.strerror})", "a log")]) from None
    except UnicodeDecodeError:
        raise BadInput([_problem(file, 0, "a file that is not UTF-8 text", "a log: JSON Lines")]) from None


def _problem(file: Path, line: int, found: str, expected: str) -> Problem:
    return Problem(Position(str(file), line, 1 if line else 0), found, expected)


def _row(file: Path, number: int, line: str, problems: list[Problem]) -> dict[str, Any]:
    """The object on a line; empty, and the problem noted, where there is none."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        place = Position(str(file), number, error.colno)
        problems.append(Problem(place, f"{quoted(line)}, which is not JSON ({error.msg})", "a JSON object"))
        return {}
    except RecursionError:
        problems.append(_problem(file, number, "values nested too deep", "an event"))
        return {}
    if not isinstance(row, dict) or not row:
        problems.append(_problem(file, number, quoted(line), "a JSON object with an `action`"))
        return {}
    return row  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings


def _event(row: dict[str, Any], number: int, said: list[tuple[str, str]]) -> list[Observed]:
    """One event, if it is one; what is wrong with it is noted as found and expected."""
    if not isinstance(row.get("action"), str):
        found = f"the action {json.dumps(row['action'])}" if "action" in row else "an event without an action"
        said.append((found, '`"action"`: the name of an action of the model'))
        return []
    said += [(f"the key {quoted(key)}", f"one of {', '.join(KNOWN)}") for key in row if key not in KNOWN]
    arguments, changed, after = (_object(row, key, said) for key in ("arguments", "changed", "after"))
    process = row.get("process")
    if process is not None and not isinstance(process, str):
        said.append((f"process {json.dumps(process)}", "a name, between quotes"))
    seen = {key: pair[1] for key, pair in changed.items() if _is_pair(key, pair, said)}
    for where, values in (("arguments", arguments), ("after", {**seen, **after})):
        said += [_no_value(where, key, v) for key, v in values.items() if isinstance(v, (dict, list, float))]
    return [Observed(row["action"], arguments, {**seen, **after}, process, number)]


def _no_value(where: str, key: str, value: Any) -> tuple[str, str]:
    return f"{quoted(json.dumps(value))} for {key}, in {where}", "a label, a number, or true or false"


def _object(row: dict[str, Any], key: str, said: list[tuple[str, str]]) -> dict[str, Any]:
    value = row.get(key, {})
    if isinstance(value, dict):
        return value  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings
    said.append((f"{key}: {quoted(json.dumps(value))}", "an object"))
    return {}


def _is_pair(key: str, pair: Any, said: list[tuple[str, str]]) -> bool:
    if isinstance(pair, list) and len(pair) == 2:  # pyright: ignore[reportUnknownArgumentType]
        return True
    said.append((f"{quoted(json.dumps(pair))} for {key}, in changed", "[before, after]"))
    return False
