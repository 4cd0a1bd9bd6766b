"""Liveness by fixpoints says what the components of graph.py say: on toys, labelled graphs and random systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from holdfast.checkers import graph
from holdfast.checkers.fixpoint import forever, unrecoverable, wrong
from holdfast.checkers.graph import Graph
from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.verdict import Holds, Vacuous, Violated
from holdfast.model.language import Kind, Property, Role
from holdfast.specs.toys import TOYS
from tests.checkers.labelled_graphs import Label, Labelled, labelled
from tests.random_systems import Case, cases


def agrees(seen: Graph, p: Property) -> None:
    """Both roads say that the property fails, or both that it does not; where it fails, in the same states."""
    verdict = graph.recoverable(seen, p) if p.kind is Kind.RECOVERABLE else graph.leads_to(seen, p)
    found = wrong(seen, p)

    assert isinstance(verdict, Violated if found else (Holds, Vacuous))
    if isinstance(verdict, Violated):
        states = seen.run.replay(verdict.steps, verdict.initial)
        assert {seen.states.index(state) for state in states} & found


def drawn_graph(kind: Kind, *labels: Label, first: set[int], second: set[int]) -> tuple[Graph, Property]:
    drawn = Labelled(frozenset({0}), labels, frozenset(first), frozenset(second))
    run = Run(drawn.system(kind), drawn.world())
    return graph.explicit(run), run.system.property("asked")


@pytest.mark.parametrize("name", ["prisoners", "ewd840-3", "die-hard", "two-phase-3", "increment"])
def test_the_toys_agree(name: str) -> None:
    """With what they ask, and with each of their other predicates as a goal of both kinds."""
    run = Run(TOYS[name].system, TOYS[name].world())
    seen = graph.explicit(run)
    asked = [p for p in run.system.properties if p.kind in (Kind.LEADS_TO, Kind.RECOVERABLE)]
    plain = [p for p in run.system.properties if p.kind in (Kind.ALWAYS, Kind.SOMETIMES)]
    asked += [replace(p, kind=kind, goal=q.term) for kind in graph_kinds() for p in plain for q in plain]

    assert asked
    for p in asked:
        agrees(seen, p)


def graph_kinds() -> tuple[Kind, Kind]:
    return Kind.LEADS_TO, Kind.RECOVERABLE


@settings(max_examples=200, deadline=None)
@given(labelled(), st.sampled_from(graph_kinds()))
def test_labelled_graphs_agree(drawn: Labelled, kind: Kind) -> None:
    run = Run(drawn.system(kind), drawn.world())

    agrees(graph.explicit(run), run.system.property("asked"))


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from(graph_kinds()))
def test_random_systems_agree(case: Case, kind: Kind) -> None:
    """Their own predicates are the two kinds of states."""
    run = Run(case.system, case.world)
    plain = [p for p in run.system.properties if p.kind in (Kind.ALWAYS, Kind.SOMETIMES)]
    assume(plain)
    try:
        seen = graph.explicit(run)
    except OutOfRange:
        assume(False)
        return
    for p in plain:
        for q in plain:
            agrees(seen, replace(p, kind=kind, goal=q.term))


# ---------------------------------------------------------------------------------------------- known answers
def test_a_step_that_can_always_be_taken_pays_by_being_taken_only() -> None:
    """0 and 1 go round; the fair way out to 2 is open at both, so it is taken."""
    round_, out = Label(Role.ENVIRONMENT, ((0, 1), (1, 0))), Label(Role.AUTOMATIC, ((0, 2), (1, 2)))
    seen, p = drawn_graph(Kind.LEADS_TO, round_, out, first={0}, second={2})

    assert not wrong(seen, p)


def test_a_step_that_is_closed_now_and_then_may_be_left_out() -> None:
    round_, out = Label(Role.ENVIRONMENT, ((0, 1), (1, 0))), Label(Role.AUTOMATIC, ((0, 2),))
    seen, p = drawn_graph(Kind.LEADS_TO, round_, out, first={0}, second={2})

    assert {seen.states[i] for i in wrong(seen, p)} == {(0,)}
    assert {seen.states[i] for i in forever(seen, seen.where(p.goal))} == {(0,), (1,)}


def test_two_steps_that_pay_for_each_other_only_apart_are_not_both_paid() -> None:
    """Fair 0 -> 1 and fair 2 -> 3, with no way between the halves: each half owes its own step, and takes it."""
    one, other = Label(Role.AUTOMATIC, ((0, 1), (1, 2))), Label(Role.AUTOMATIC, ((2, 3), (3, 3)))
    seen, p = drawn_graph(Kind.LEADS_TO, one, other, first={0}, second={3})

    assert not wrong(seen, p)


def test_what_reaches_nothing_is_lost() -> None:
    on = Label(Role.FAULT, ((0, 1), (1, 0), (2, 2))), Label(Role.ENVIRONMENT, ((1, 2),))
    seen, p = drawn_graph(Kind.RECOVERABLE, *on, first={0, 1, 2}, second={0})

    assert {seen.states[i] for i in unrecoverable(seen, seen.where(p.goal))} == {(2,)}
    assert {seen.states[i] for i in wrong(seen, p)} == {(2,)}
