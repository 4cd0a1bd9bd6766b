"""Every mutant of the policy is caught by the property that it names: the properties can say no."""

from __future__ import annotations

from functools import cache
from itertools import islice

import pytest

from holdfast.impl.scheduler import policy
from holdfast.impl.scheduler.snapshot import Snapshot

from .judge import PROPERTIES, broken
from .mutants import MUTANTS, Mutant, broken_by
from .slips import IN_RANGE, STATED
from .snapshots import stream

SEED = 2
COUNT = 4000


@cache
def pool() -> tuple[Snapshot, ...]:
    """The snapshots that are looked at."""
    return tuple(islice(stream(SEED), COUNT))


def property_of(mutant: Mutant) -> str:
    """The full name of the property that must break."""
    (name,) = [name for name in PROPERTIES if name.startswith(mutant.breaks)]
    return name


def test_the_policy_itself_has_every_property() -> None:
    assert [names for s in pool()[:1000] if (names := broken(s))] == []


@pytest.mark.parametrize("mutant", (*MUTANTS, *STATED), ids=lambda m: m.name.replace(" ", "-"))
def test_mutant_is_caught(mutant: Mutant) -> None:
    holds = PROPERTIES[property_of(mutant)]

    with broken_by(mutant.original, mutant.replacement):
        caught = any(not holds(s, policy.decide(s)) for s in pool())

    assert caught, f"{property_of(mutant)} holds in spite of it"


def test_every_property_catches_a_mutant() -> None:
    assert {property_of(m) for m in (*MUTANTS, *STATED)} == set(PROPERTIES)


def test_mutants_have_names_of_their_own() -> None:
    assert len({m.name for m in (*MUTANTS, *STATED, *IN_RANGE)}) == len(MUTANTS) + len(STATED) + len(IN_RANGE)
