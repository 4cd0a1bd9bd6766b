"""The ledger: what every named world, mutant and liveness property came to. A changed number is explained by somebody.

It is data (ledger.json, beside this file), written by the tests when `HOLDFAST_REWRITE=1`, and read by whoever shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("ledger.json")

SLOW_TRANSITIONS = 6_000_000
"""Worlds with more are explored by the slow tests only."""


@dataclass(frozen=True)
class WorldRow:
    """What exploring a world gave. Counts are those of the verdict's figures.

    A violated world has the property that failed first and the steps to it; any other the steps to each witness, and in
    `never` what did not happen.
    """

    verdict: str
    states: int
    transitions: int
    depth: int
    firings: Mapping[str, int]
    broke: str | None = None
    steps: int | None = None
    witnesses: Mapping[str, int] = field(default_factory=dict[str, int])
    never: tuple[str, ...] = ()

    @property
    def slow(self) -> bool:
        """Whether it takes too long for the default tests."""
        return self.transitions > SLOW_TRANSITIONS


@dataclass(frozen=True)
class MutantRow:
    """What a mutant came to: the property that caught it first, among all; and the steps to the one that it names."""

    first: str
    first_steps: int
    steps: int


@dataclass(frozen=True)
class LivenessRow:
    """What a liveness property came to in a world: the states of its graph, and those of the first kind among them.

    A violated one has the steps of its counterexample, the cycle included.
    """

    verdict: str
    states: int
    first: int
    steps: int | None = None


@dataclass(frozen=True)
class RemovalRow:
    """What the removal of a requirement came to: the property that kills it, where, and after how many steps.

    All of it is None where nothing kills it. The step that leaves a range is counted.
    """

    killer: str | None = None
    world: str | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Ledger:
    """The rows of worlds and mutants, by name; of liveness by "property in world", of removals by "action: sentence"."""

    worlds: Mapping[str, WorldRow] = field(default_factory=dict[str, WorldRow])
    mutants: Mapping[str, MutantRow] = field(default_factory=dict[str, MutantRow])
    liveness: Mapping[str, LivenessRow] = field(default_factory=dict[str, LivenessRow])
    removals: Mapping[str, RemovalRow] = field(default_factory=dict[str, RemovalRow])


def read(path: Path = PATH) -> Ledger:
    """The ledger; an empty one where there is no file. Raises ValueError for a file that is no ledger."""
    if not path.exists():
        return Ledger()
    try:
        said: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
        worlds = {name: WorldRow(**row) for name, row in said["worlds"].items()}
        worlds = {name: replace(row, never=tuple(row.never)) for name, row in worlds.items()}
        mutants = {name: MutantRow(**row) for name, row in said["mutants"].items()}
        alive = {name: LivenessRow(**row) for name, row in said["liveness"].items()}
        return Ledger(worlds, mutants, alive, {name: RemovalRow(**row) for name, row in said["removals"].items()})
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no ledger: {error}") from error


def write(ledger: Ledger, path: Path = PATH) -> None:
    """Write the ledger, in the order of names, so that a difference is one of figures."""
    sections: dict[str, Mapping[str, Any]] = {
        "worlds": ledger.worlds,
        "mutants": ledger.mutants,
        "liveness": ledger.liveness,
        "removals": ledger.removals,
    }
    rows = {name: {key: asdict(section[key]) for key in sorted(section)} for name, section in sections.items()}
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
