"""The toys: native code and z3 say what the interpreter says."""

from __future__ import annotations

from functools import cache

import pytest

from holdfast.checkers.interpret import Run
from holdfast.checkers.smt.bounded import Witness, find
from holdfast.checkers.verdict import Violated
from holdfast.model.language import Kind, check
from holdfast.specs.toys import TOYS
from tests.checkers.differential.roads import agrees_with_explorer, agrees_with_z3
from tests.plain_search import Everything, search

SHORT = {"two-phase-3": 4, "transaction-commit": 6, "ewd840-3": 3, "prisoners": 5, "increment": 5, "die-hard": 6}
"""How many steps z3 looks ahead: to the end of a toy, or as far as it gets in a moment."""


def run_of(name: str) -> Run:
    return Run(check(TOYS[name].system), TOYS[name].world())


@cache
def interpreted(name: str) -> Everything:
    return search(run_of(name))


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("engine", ["python", "native"])
def test_the_explorer_agrees_on_verdict_figures_and_lengths(name: str, engine: str) -> None:
    agrees_with_explorer(run_of(name), interpreted(name), "native" if engine == "native" else "python")


@pytest.mark.parametrize("name", SHORT)
def test_z3_agrees_on_verdict_and_length(name: str) -> None:
    agrees_with_z3(run_of(name), interpreted(name), SHORT[name])


@pytest.mark.parametrize("name", TOYS)
def test_z3_finds_what_was_published_in_as_many_steps(name: str) -> None:
    run = run_of(name)
    for said, steps in TOYS[name].published.shortest.items():
        if steps is None:
            assert find(run, said, 2) is None
        else:
            found = find(run, said, steps)
            assert isinstance(found, Witness if run.system.property(said).kind is Kind.SOMETIMES else Violated)
            assert len(found.steps) == steps
