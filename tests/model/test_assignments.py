"""Assignments read as in Python, one after the other, whichever references turn out to be one member."""

from __future__ import annotations

from typing import Annotated, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.model.language import Action, Actor, Quantity, Role, Term, action, between, require, total, where
from tests.model.meaning import (
    Case,
    Colour,
    Node,
    Said,
    Store,
    amounts,
    cases,
    meaning,
    pages,
    references,
    truths,
    value,
    write,
)

ANYBODY = Actor("anybody", Role.ENVIRONMENT)


def statements() -> st.SearchStrategy[tuple[str, Said, Said]]:
    """`reference.field = value`."""
    return st.one_of(
        st.tuples(st.just("x"), references(2), amounts(2)),
        st.tuples(st.just("flag"), references(2), truths(2)),
        st.tuples(st.just("next"), references(2), references(2)),
    )


def traced(program: list[tuple[str, Said, Said]]) -> Action:
    """The action that makes these assignments."""

    @action(by=ANYBODY)
    def act(first: Node, second: Node, n: Annotated[Quantity, between(pages, 0, 3)]) -> None:
        scope = first, second
        for name, ref, new in program:
            setattr(write(ref, scope, n), name, write(new, scope, n))

    return act


def effect(act: Action, case: Case) -> Store:
    """The state after the action: every write evaluated before, the later one stands."""
    numbers = {"first": case.first, "second": case.second, "n": case.n}
    env = {p.var: numbers[p.var.args[0]] for p in act.parameters}

    def of(term: Term) -> int:
        return meaning(term, case.store, env)

    written = [((w.field.name, of(w.ref)), int(of(w.value))) for w in act.writes]
    return {**case.store, **dict(written)}


def executed(program: list[tuple[str, Said, Said]], case: Case) -> Store:
    """The state after the assignments, by Python's own assignment."""
    store = dict(case.store)
    scope = case.first, case.second
    for name, ref, new in program:
        store[name, value(ref, store, scope, case.n)] = int(value(new, store, scope, case.n))
    return store


@given(st.lists(statements(), min_size=1, max_size=4), cases())
@settings(max_examples=150, deadline=None)
def test_writes_at_once_do_what_assignments_in_order_do(program: list[tuple[str, Said, Said]], case: Case) -> None:
    assert effect(traced(program), case) == executed(program, case)


def state(**changed: Any) -> Store:
    """Three nodes in a ring, all 0, but for what is given as `x0=3`."""
    store = {(f, i): 0 for f in ("x", "flag", "colour") for i in range(3)}
    store |= {("next", i): (i + 1) % 3 for i in range(3)}
    return store | {(name[:-1], int(name[-1])): new for name, new in changed.items()}


def test_a_pair_of_references_to_one_member_gains_twice() -> None:
    @action(by=ANYBODY)
    def both(first: Node, second: Node) -> None:
        first.x += 1
        second.x += 1

    assert effect(both, Case(0, 1, 0, state()))["x", 0] == 1
    assert effect(both, Case(0, 0, 0, state()))["x", 0] == 2


def test_a_value_is_read_through_an_earlier_assignment_to_what_may_be_the_same_member() -> None:
    @action(by=ANYBODY)
    def pass_on(first: Node, second: Node) -> None:
        first.x = 3
        second.x = first.x + second.x

    assert effect(pass_on, Case(0, 1, 0, state(x1=1)))["x", 1] == 4
    assert effect(pass_on, Case(0, 0, 0, state(x0=1)))["x", 0] == 6


def test_a_reference_is_followed_where_it_points_by_then() -> None:
    @action(by=ANYBODY)
    def turn(first: Node, second: Node) -> None:
        first.next = second
        first.next.x = 2

    assert effect(turn, Case(0, 2, 0, state())) == state(next0=2, x2=2)


def test_a_definition_after_an_assignment_is_about_the_new_state() -> None:
    @action(by=ANYBODY)
    def weigh(first: Node, second: Node) -> None:
        first.x += 2
        second.x = second.next.held

    assert effect(weigh, Case(0, 0, 0, state(x0=1)))["x", 0] == 3
    assert not any(t.op == "derived" for w in weigh.writes for t in w.value.walk())


def test_a_definition_before_assignments_keeps_its_name() -> None:
    @action(by=ANYBODY)
    def look(first: Node) -> None:
        require(first.held > 0, "it holds something")
        first.x = first.held

    assert str(look.requires[0].term) == "(0 < first.held)"
    assert [w.value.op for w in look.writes] == ["derived"]


def test_what_was_assigned_is_read_back() -> None:
    @action(by=ANYBODY)
    def swap(first: Node) -> None:
        first.colour = Colour.BLUE
        first.flag = ~(first.colour == Colour.BLUE)
        first.x = where(first.flag, total(v.x for v in Node), first.x)

    assert effect(swap, Case(0, 0, 0, state(flag0=1, x0=2, x1=3)))["x", 0] == 2
    assert effect(swap, Case(0, 0, 0, state(flag0=1)))["flag", 0] == 0


def test_a_second_assignment_to_a_reference_replaces_the_first() -> None:
    @action(by=ANYBODY)
    def thrice(first: Node, second: Node) -> None:
        first.x = 1
        second.x = 2
        first.x = 3

    assert [str(w.ref) for w in thrice.writes] == ["second", "first"]
    assert effect(thrice, Case(0, 0, 0, state()))["x", 0] == 3


def test_requirements_and_until_are_about_the_state_before() -> None:
    @action(by=ANYBODY, until=lambda node: node.x == 0)
    def drain(node: Node) -> None:
        """Take a page.

        And no more.
        """
        require(node.x > 0, "it holds a page")
        require(node.flag, "it is open")
        node.x -= 1

    assert [(str(r.term), r.sentence) for r in drain.requires] == [
        ("(0 < node.x)", "it holds a page"),
        ("node.flag", "it is open"),
    ]
    assert str(drain.until) == "(node.x == 0)"
    assert drain.doc.startswith("Take a page.") and repr(drain) == "drain(node)"
