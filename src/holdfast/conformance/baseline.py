"""Known deviations: a file that says which ones are accepted, why, and until when.

    baseline: 1
    deviations:
      - id: 3f2a90c1d4be            # as the report shows it
        reason: the balancer of release 7 gives before it takes; issue 812
        expires: 2027-03-31

A known deviation ends its walk, since nobody knows what state it leads to, and does not fail it, until its day is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem, quoted

VERSION = 1


@dataclass(frozen=True)
class Known:
    """One accepted deviation. `expired` is as of the day on which it was read."""

    identity: str
    reason: str
    expires: date
    expired: bool


@dataclass(frozen=True)
class Baseline:
    """The accepted deviations, by identity."""

    known: Mapping[str, Known]


NONE = Baseline({})


def read(file: Path, today: date) -> Baseline:
    """The baseline in a file. Raises BadInput with everything that is wrong with it."""
    import yaml

    try:
        found: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput([_problem(file, f"a file that cannot be read ({error.strerror})", "a baseline")]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput([_problem(file, f"what is no YAML: {error}", "a baseline")]) from None
    if not isinstance(found, dict) or cast("dict[str, Any]", found).get("baseline") != VERSION:
        raise BadInput([_problem(file, "no baseline", f"the key baseline: {VERSION}")])
    said = cast("dict[str, Any]", found)
    if not isinstance(said.get("deviations", []), list):
        raise BadInput([_problem(file, f"{quoted(str(said['deviations']))} for deviations", "a list")])
    return Baseline({known.identity: known for known in _entries(file, said.get("deviations", []), today)})


def _entries(file: Path, entries: list[Any], today: date) -> Iterator[Known]:
    problems = [p for i, entry in enumerate(entries, 1) for p in _problems(file, i, entry)]
    if problems:
        raise BadInput(problems)
    return (Known(str(e["id"]), e["reason"], e["expires"], e["expires"] < today) for e in entries)


def _problems(file: Path, number: int, entry: Any) -> list[Problem]:
    """What is wrong with one entry."""
    if not isinstance(entry, dict):
        return [_problem(file, f"deviation {number}: {quoted(str(entry))}", "id, reason and expires")]
    said = cast("dict[str, Any]", entry)
    problems: list[Problem] = []
    if not str(said.get("id") or "").strip():
        problems.append(_problem(file, f"deviation {number} without an id", "the id that the report shows"))
    reason = said.get("reason")
    if not (isinstance(reason, str) and reason.strip()):
        problems.append(
            _problem(file, f"deviation {number} without a reason", "a sentence that says why it is accepted")
        )
    if not isinstance(said.get("expires"), date):
        problems.append(_problem(file, f"deviation {number} without a day on which it expires", "expires: YYYY-MM-DD"))
    return problems


def _problem(file: Path, found: str, expected: str) -> Problem:
    return Problem(Position(str(file), 0, 0), found, expected)
