"""Mutants of the model pose as implementations: the gate catches each, and names the requirement that it breaks.

An implementation is the interpreter of the broken model, held against the intact one in the mutant's world. What is measured
is the deviation that the report shows first: whether the mutant's own property is among those that it breaks or lets break.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.session import LIMIT_STATES, Settings, conform, prepare
from holdfast.conformance.verdicts import Deviates, Deviation
from holdfast.specs.decided import is_liveness
from holdfast.specs.ledger import read
from holdfast.specs.mutant import Mutant
from holdfast.specs.mutants import MUTANTS
from holdfast.specs.worlds import MODEL_WORLDS

from .implementations.mutated import Mutated

SETTINGS = Settings(walks=2, first_only=True)
QUICK_STATES = 600
NAMED_AT_LEAST = 0.9
CITED_MOST, CITED_SLACK = 4, 5
"""Properties that a deviation names, on the average of a world: who names all names the right one as well."""

UNNAMED = frozenset(
    {
        "balloon-without-bound",
        "bequeathed-with-the-host-vm",
        "freed-again-while-loaded",
        "guest-hypervisor-left-behind",
        "hung-taken-for-ended",
        "listed-before-last-page",
        "map-not-validated",
        "negative-target",
        "not-zeroed",
        "pages-left-behind",
        "processor-left-behind",
        "reclaimed-in-flight-for-newcomer",
        "replaced-while-running",
        "reserved-pages-reclaimed",
        "verified-before-durable",
    }
)
"""Mutants of which the report names other properties only: what they name breaks further on, or elsewhere."""


def worlds() -> dict[str, list[Mutant]]:
    """The safety mutants in worlds that have a suite, by world."""
    found: dict[str, list[Mutant]] = defaultdict(list)
    sizes = {name: row.states for name, row in read().worlds.items()}
    for mutant in MUTANTS.values():
        if not is_liveness(mutant.breaks) and sizes[mutant.world] <= LIMIT_STATES:
            found[mutant.world].append(mutant)
    return dict(found)


WORLDS = worlds()


def parameters() -> Iterator[object]:
    """The worlds, the large ones marked as slow."""
    for name in WORLDS:
        marks = [pytest.mark.slow] if read().worlds[name].states > QUICK_STATES else []
        yield pytest.param(name, marks=marks)


def caught(world: str) -> dict[str, Deviation | None]:
    """What the gate reports first of each mutant of a world; None where it lets it pass."""
    prepared = prepare(Run(*MODEL_WORLDS[world].build()), SETTINGS)
    assert prepared.suite is not None
    found: dict[str, Deviation | None] = {}
    for mutant in WORLDS[world]:
        verdict = conform(prepared, partial(Mutated, prepared.run, mutant), SETTINGS)
        found[mutant.name] = verdict.report.failing[0].deviation if isinstance(verdict, Deviates) else None
    return found


@pytest.mark.parametrize("world", [*parameters()])
def test_the_gate_catches_every_mutant_and_names_what_it_breaks(world: str) -> None:
    found = caught(world)
    named = {
        mutant.name: sorted(c.property for c in deviation.consequences)
        for mutant in WORLDS[world]
        if (deviation := found[mutant.name]) is not None
    }
    unnamed = {mutant.name for mutant in WORLDS[world] if mutant.breaks not in named.get(mutant.name, ())}

    assert [name for name, deviation in found.items() if deviation is None] == []
    assert unnamed == UNNAMED & set(found), named
    assert sum(map(len, named.values())) <= CITED_MOST * len(named) + CITED_SLACK


def test_of_ten_mutants_nine_are_named() -> None:
    every = {mutant.name for mutants in WORLDS.values() for mutant in mutants}

    assert every >= UNNAMED
    assert len(UNNAMED) <= (1 - NAMED_AT_LEAST) * len(every)
