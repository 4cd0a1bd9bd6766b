"""The explicit graph and its two properties: known answers, unfair lassos, and a dumb second road."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from holdfast.checkers import graph
from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.verdict import Holds, Unknown, Vacuous, Verdict, Violated
from holdfast.model.language import FALSE, Kind, ModelError, Property, Role, Step, World, check
from holdfast.specs.toys import TOYS
from tests.checkers.labelled_graphs import Label, Labelled, breaks_leads_to, breaks_recoverable, labelled
from tests.plain_search import search

FAIR, FREE = Role.AUTOMATIC, Role.ENVIRONMENT


def decide(kind: Kind, *labels: Label, first: set[int], second: set[int], start: int = 0) -> Verdict:
    drawn = Labelled(frozenset({start}), labels, frozenset(first), frozenset(second))
    return graph.check(Run(drawn.system(kind), drawn.world()))


def leads_to(*labels: Label, first: set[int], second: set[int]) -> Verdict:
    return decide(Kind.LEADS_TO, *labels, first=first, second=second)


def recoverable(*labels: Label, first: set[int], second: set[int]) -> Verdict:
    return decide(Kind.RECOVERABLE, *labels, first=first, second=second)


def taken(verdict: Verdict) -> tuple[list[str], int | None]:
    assert isinstance(verdict, Violated)
    return [step.action for step in verdict.steps], verdict.cycle_from


# ------------------------------------------------------------------------------------------------------- leads to
def test_what_a_fair_actor_does_comes() -> None:
    assert isinstance(leads_to(Label(FAIR, ((0, 1), (1, 2))), first={0}, second={2}), Holds)


def test_what_the_environment_does_need_not_come() -> None:
    verdict = leads_to(Label(FREE, ((0, 1),)), first={0}, second={1})

    assert taken(verdict) == ([], None)


def test_a_state_that_only_the_environment_leaves_is_a_dead_end() -> None:
    verdict = leads_to(Label(FAIR, ((0, 1),)), Label(FREE, ((1, 2),)), first={0}, second={2})

    assert taken(verdict) == (["label0"], None)


def test_a_lasso_of_the_environment_cannot_keep_a_fair_step_waiting() -> None:
    """0 and 1 go around for ever, and the fair step that leaves both is never taken: that is unfair."""
    around = Label(FREE, ((0, 1), (1, 0)))

    assert isinstance(leads_to(around, Label(FAIR, ((0, 2), (1, 2))), first={0}, second={2}), Holds)


def test_a_step_that_can_be_taken_only_now_and_then_may_be_left_out() -> None:
    """Weak fairness: in 1 the fair step cannot be taken, so going around leaves nothing waiting all the time."""
    around = Label(FREE, ((0, 1), (1, 0)))

    assert taken(leads_to(around, Label(FAIR, ((0, 2),)), first={0}, second={2})) == (["label0", "label0"], 0)


def test_a_lasso_takes_every_fair_step_that_it_owes() -> None:
    """Two fair loops through 0: going around one of them alone would leave the other waiting."""
    loops = Label(FAIR, ((0, 1), (1, 0), (2, 0))), Label(FAIR, ((0, 2), (1, 1), (2, 2)))
    verdict = leads_to(*loops, first={0}, second={5})

    steps, cycle_from = taken(verdict)
    assert cycle_from == 0
    assert set(steps) == {"label0", "label1"}


def test_planned_steps_are_owed_and_faults_are_not() -> None:
    for role, kind in ((Role.PLANNED, Holds), (Role.FAULT, Violated)):
        assert isinstance(leads_to(Label(role, ((0, 1),)), first={0}, second={1}), kind)


def test_fairness_is_owed_to_each_choice_of_arguments() -> None:
    """Three prisoners are one action with three arguments: the liveness of the puzzle needs fairness to each."""
    toy = TOYS["prisoners"]

    assert isinstance(graph.check(Run(toy.system, toy.world())), Holds)


def test_the_second_kind_may_be_there_already() -> None:
    assert isinstance(leads_to(Label(FREE, ((0, 1),)), first={0, 1}, second={0, 1}), Holds)


def test_the_second_kind_before_the_first_does_not_count() -> None:
    """0 is of the second kind; 1, of the first, comes after it and never goes back."""
    assert taken(leads_to(Label(FAIR, ((0, 1),)), first={1}, second={0})) == (["label0"], None)


def test_the_first_kind_may_come_again_after_the_second() -> None:
    """0 leads to 1 all right; but 2, of the first kind too, is a dead end behind it."""
    on = Label(FAIR, ((0, 1), (1, 2)))

    assert taken(leads_to(on, first={0, 2}, second={1})) == (["label0", "label0"], None)


def test_the_way_that_is_shown_does_not_pass_the_second_kind() -> None:
    """From 0 there are two ways into the dead end 2; the shorter one goes through 1, of the second kind."""
    short, long = Label(FAIR, ((0, 1), (1, 2))), Label(FAIR, ((0, 3), (3, 4), (4, 2)))

    assert taken(leads_to(short, long, first={0}, second={1})) == (["label1"] * 3, None)


def test_termination_is_detected_on_the_ring() -> None:
    toy = TOYS["ewd840-3"]

    assert isinstance(graph.check(Run(toy.system, toy.world())), Holds)


# ---------------------------------------------------------------------------------------------------- recoverable
def test_a_way_back_that_only_a_fault_knows_is_a_way_back() -> None:
    assert isinstance(recoverable(Label(Role.FAULT, ((0, 1), (1, 0))), first={1}, second={0}), Holds)


def test_the_shortest_way_to_where_nothing_leads_back() -> None:
    on = Label(FREE, ((0, 1), (1, 2), (2, 3))), Label(FREE, ((0, 0), (1, 0), (2, 2)))

    assert taken(recoverable(*on, first={1, 2, 3}, second={0})) == (["label0", "label0"], None)


def test_nothing_of_the_second_kind_is_nowhere_to_go() -> None:
    assert taken(recoverable(Label(FREE, ((0, 0),)), first={0}, second={5})) == ([], None)


# ------------------------------------------------------------------------------------------- vacuous, unknown, wrong
def test_a_first_kind_that_never_comes_is_vacuous() -> None:
    for kind in (Kind.LEADS_TO, Kind.RECOVERABLE):
        verdict = decide(kind, Label(FAIR, ((0, 1),)), first={5}, second={1})

        assert isinstance(verdict, Vacuous)
        assert verdict.never_witnessed == ("asked",)


def test_what_the_world_leaves_out_is_an_assumption_of_the_verdict() -> None:
    drawn = Labelled(frozenset({0}), (Label(FAIR, ((0, 1),)), Label(FREE, ((0, 0),))), frozenset({0}), frozenset({1}))
    world = World("less", *drawn.world().members, leave_out={"label0": "to see what it is good for"})
    verdict = graph.check(Run(drawn.system(Kind.LEADS_TO), world))

    assert isinstance(verdict, Violated)
    assert verdict.assumptions == ("label0 is left out: to see what it is good for",)


def test_a_world_that_the_model_does_not_speak_of_is_refused() -> None:
    drawn = Labelled(frozenset({0}), (Label(FAIR, ((0, 1),)),), frozenset({0}), frozenset({1}))
    system = drawn.system(Kind.LEADS_TO)
    never = Property(Kind.ASSUME, "never", "there is no such world", FALSE)

    with pytest.raises(ModelError, match="there is no such world"):
        graph.check(Run(replace(system, properties=(*system.properties, never)), drawn.world()))


def test_no_property_to_decide_is_vacuous() -> None:
    toy = TOYS["die-hard"]

    assert isinstance(graph.check(Run(toy.system, toy.world())), Vacuous)


def test_beyond_the_limit_the_answer_is_unknown() -> None:
    toy = TOYS["ewd840-3"]
    run = Run(toy.system, toy.world())

    assert isinstance(graph.check(run, limit=301), Unknown)
    assert isinstance(graph.check(run, limit=302), Holds)


def test_a_model_that_leaves_a_range_gets_no_verdict() -> None:
    with pytest.raises(OutOfRange):
        leads_to(Label(FAIR, ((0, 1), (1, 6))), first={0}, second={1})


def test_the_graph_counts_as_the_plain_search_does() -> None:
    for name in ("two-phase-3", "ewd840-3", "die-hard", "increment"):
        run = Run(check(TOYS[name].system), TOYS[name].world())
        seen, plain = graph.explicit(run), search(run)

        assert (seen.figures.states, seen.figures.transitions) == (plain.figures.states, plain.figures.transitions)
        assert (seen.figures.depth, seen.figures.firings) == (plain.figures.depth, plain.figures.firings)
        assert set(seen.states) == plain.seen


# ------------------------------------------------------------------------------------------------- a second road
@settings(max_examples=250, deadline=None)
@given(labelled())
def test_leads_to_agrees_with_walks_that_pay_their_debts(drawn: Labelled) -> None:
    verdict = graph.check(Run(drawn.system(Kind.LEADS_TO), drawn.world()))

    if not drawn.reachable(drawn.starts) & drawn.first:
        assert isinstance(verdict, Vacuous)
    elif breaks_leads_to(drawn):
        assert isinstance(verdict, Violated)
        assert_is_fair_and_never_second(drawn, verdict)
    else:
        assert isinstance(verdict, Holds)


@settings(max_examples=120, deadline=None)
@given(labelled())
def test_recoverable_agrees_with_a_look_at_every_node(drawn: Labelled) -> None:
    verdict = graph.check(Run(drawn.system(Kind.RECOVERABLE), drawn.world()))

    if not drawn.reachable(drawn.starts) & drawn.first:
        assert isinstance(verdict, Vacuous)
    else:
        assert isinstance(verdict, Violated if breaks_recoverable(drawn) else Holds)


def assert_is_fair_and_never_second(drawn: Labelled, verdict: Violated) -> None:
    """The trace, followed in the drawn graph: a first kind, never a second from there, and a fair end."""
    nodes = [sorted(drawn.starts)[verdict.initial]]
    for step in verdict.steps:
        nodes.append(dict(drawn.moves(nodes[-1]))[label_of(step)])
    began = len(nodes) - 1 if verdict.cycle_from is None else verdict.cycle_from
    assert nodes[began] == nodes[-1]
    last_second = max((i for i, node in enumerate(nodes) if node in drawn.second), default=-1)
    assert any(node in drawn.first for node in nodes[last_second + 1 : began + 1])
    for i, label in enumerate(drawn.labels):
        waits = all(i in dict(drawn.moves(node)) for node in nodes[began:])
        assert not (label.is_fair and waits) or i in map(label_of, verdict.steps[began:])


def label_of(step: Step) -> int:
    return int(step.action.removeprefix("label"))
