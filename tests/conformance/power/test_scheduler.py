"""Schedulers with one mistake each, seeded by hand in every mechanism: who catches them, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ...impl.scheduler import test_admission, test_host_vm, test_liveness
from ...impl.scheduler.mutants import MUTANTS, Mutant, broken_by
from ...impl.scheduler.slips import IN_RANGE, STATED
from .citations import cited, name_of
from .scheduler import Report, at_the_gate, for_the_host_vm, in_rounds, judged, policy_itself
from .table import Record, Row, recorded

MECHANISMS = {
    "estimates": "estimates",
    "memory_state": "states",
    "technique": "technique",
    "targets": "targets",
    "division": "division",
    "settling": "settling",
    "policy": "policy",
    "snapshot": "snapshot",
}
"""Of each module of the policy, what the table calls it."""


def row(mutant: Mutant, mechanism: str, judge: Callable[[], Report | None], expected: tuple[str, ...] = ()) -> Row:
    """What becomes of a mutant; expected is what it is said to break, if nothing else is."""
    policy_itself()
    with broken_by(mutant.original, mutant.replacement):
        road, named = judge() or ("", ())
    return Row(mutant.name, mechanism, road, expected or (mutant.breaks.split()[0], *mutant.also), named)


def mechanism_of(mutant: Mutant) -> str:
    """The mechanism of the policy that a mutant is of."""
    return MECHANISMS[name_of(mutant.original).split(".")[0]]


def called(mutant: Mutant) -> str:
    """A mutant's name, for a test."""
    return mutant.name.replace(" ", "-")


@pytest.mark.parametrize("mutant", (*MUTANTS, *STATED), ids=called)
def test_policy(mutant: Mutant, record_property: Record) -> None:
    recorded(row(mutant, mechanism_of(mutant), judged), record_property)


@pytest.mark.parametrize("mutant", IN_RANGE, ids=called)
def test_function(mutant: Mutant, record_property: Record) -> None:
    """What it breaks is what the function says that it is there for: decisions may show it before the function is asked."""
    recorded(row(mutant, mechanism_of(mutant), judged, cited(name_of(mutant.original))), record_property)


@pytest.mark.parametrize("mutant", test_admission.MUTANTS, ids=called)
def test_gate(mutant: Mutant, record_property: Record) -> None:
    recorded(row(mutant, "admission", at_the_gate), record_property)


@pytest.mark.parametrize("mutant", test_liveness.BREAKS, ids=called)
def test_rounds(mutant: Mutant, record_property: Record) -> None:
    recorded(row(mutant, "rounds", in_rounds), record_property)


@pytest.mark.parametrize("mutant", test_host_vm.MUTANTS, ids=called)
def test_room_for_the_host_vm(mutant: Mutant, record_property: Record) -> None:
    recorded(row(mutant, "host VM", for_the_host_vm), record_property)


def test_nothing_is_said_of_the_scheduler_itself() -> None:
    assert [policy_itself(), judged(), at_the_gate(), in_rounds(), for_the_host_vm()] == [None] * 5
