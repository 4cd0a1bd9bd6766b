"""What each function of the policy computes, exactly; and that each of these checks can say no."""

from __future__ import annotations

import pytest

from .exact import cases
from .judge import EXACT
from .mutants import Mutant, broken_by
from .slips import IN_RANGE


@pytest.fixture(autouse=True)
def cases_of_the_policy_itself() -> None:
    """What they are asked about is made before any mutant is in place, and kept."""
    cases()


@pytest.mark.parametrize("name", EXACT)
def test_it_computes_that(name: str) -> None:
    assert EXACT[name]()


def named(mutant: Mutant) -> str:
    """The full name of what must break."""
    (name,) = [name for name in EXACT if name.startswith(mutant.breaks)]
    return name


@pytest.mark.parametrize("mutant", IN_RANGE, ids=lambda m: m.name.replace(" ", "-"))
def test_mutant_is_caught(mutant: Mutant) -> None:
    with broken_by(mutant.original, mutant.replacement):
        assert not EXACT[named(mutant)]()


def test_each_of_them_can_fail() -> None:
    assert {named(m) for m in IN_RANGE} == set(EXACT)
