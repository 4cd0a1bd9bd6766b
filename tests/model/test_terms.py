"""Terms: equal ones are one object, construction and substitution preserve meaning, and nothing is captured."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.model.language import NUMBER, Entity, Quantity, Term, Truth, Unit, all_of, any_of, constant, proxy, total
from holdfast.model.language.expressions import lift, quantity
from holdfast.model.language.terms import (
    BOOL,
    FALSE,
    TRUE,
    bound_variable,
    const,
    quantified,
    substitute,
    transform,
)
from tests.model.meaning import Case, Node, Said, amounts, cases, meaning, pages, references, truths, value, write

FIRST, SECOND = Term("var", ("first", 0), Node), Term("var", ("second", 0), Node)
N = Term("var", ("n", 0), pages)
CAPTIVES = tuple(Term("var", ("node", i), Node) for i in (1, 2, 3))
"""Free variables that are called as the bound ones of `Node` are."""


def term_of(said: Said) -> Term:
    """The term for what is said of two nodes and a number."""
    return lift(write(said, (proxy(Node, FIRST), proxy(Node, SECOND)), Quantity(N)))


def environment(case: Case) -> dict[Term, int]:
    """The values of the variables."""
    return {FIRST: case.first, SECOND: case.second, N: case.n}


@given(st.one_of(truths(), amounts()), cases())
@settings(max_examples=150, deadline=None)
def test_a_term_means_what_was_said(said: Said, case: Case) -> None:
    assert meaning(term_of(said), case.store, environment(case)) == value(
        said, case.store, (case.first, case.second), case.n
    )


@given(st.one_of(truths(), amounts()))
@settings(max_examples=60, deadline=None)
def test_what_is_said_twice_is_one_term(said: Said) -> None:
    term = term_of(said)

    assert term_of(said) is term
    assert pickle.loads(pickle.dumps(term)) is term
    assert copy.deepcopy(term) is term
    assert transform(term, lambda _: None) is term
    assert Term(term.op, term.args, term.sort) is term


@given(
    st.one_of(truths(), amounts()),
    references(2),
    references(2),
    amounts(2),
    cases(),
    st.tuples(*[st.sampled_from(range(3))] * 3),
)
@settings(max_examples=150, deadline=None)
def test_substitution_is_evaluation_in_a_changed_environment(
    said: Said, one: Said, two: Said, amount: Said, case: Case, numbers: tuple[int, ...]
) -> None:
    term = term_of(said)
    env = dict(zip(CAPTIVES, numbers, strict=True)) | {N: case.n}
    scope = (proxy(Node, CAPTIVES[0]), proxy(Node, CAPTIVES[1]))
    table = {FIRST: lift(write(one, scope, Quantity(N))), SECOND: lift(write(two, (*scope[::-1],), Quantity(N)))}
    table[N] = lift(write(amount, (proxy(Node, CAPTIVES[2]), scope[0]), Quantity(N)))

    swapped = substitute(term, table)

    changed = {var: meaning(new, case.store, env) for var, new in table.items()}
    assert meaning(swapped, case.store, env) == meaning(term, case.store, changed)
    assert swapped.free <= frozenset[Term]().union(*(table[var].free for var in term.free))


@given(truths())
@settings(max_examples=60, deadline=None)
def test_bound_variables_are_numbered_by_depth(said: Said) -> None:
    for t in term_of(said).walk():
        if t.op in ("forall", "exists", "sum"):
            var, keep, body = t.args
            assert var.args == ("node", t.binders)
            assert t.binders == 1 + max(keep.binders, body.binders)
            assert var not in t.free


def test_quantifiers_side_by_side_share_their_names() -> None:
    low = all_of(v.x <= 3 for v in Node)
    both = low & any_of(all_of(a.x <= b.x for b in Node) for a in Node)

    assert str(lift(low)) == "all_of((node1.x <= 3) for node1 in Node)"
    assert str(lift(both)).endswith("any_of(all_of((node2.x <= node1.x) for node1 in Node) for node2 in Node))")


def test_a_later_range_may_speak_of_an_earlier_one() -> None:
    pairs = total(b.x for a in Node.where(flag=True) for b in Node.where(next=a))

    assert str(lift(pairs)) == (
        "total(total(node1.x for node1 in Node if (node1.next == node2)) for node2 in Node if (node2.flag == True))"
    )


def test_substitution_renames_a_bound_variable_that_would_capture() -> None:
    inner = Term("==", (Term("read", (Node.next, CAPTIVES[0]), Node), FIRST), BOOL)
    before = Term("exists", (CAPTIVES[0], TRUE, inner), BOOL)

    after = substitute(before, {FIRST: CAPTIVES[0]})

    assert after.args[0] is not CAPTIVES[0]
    assert after.free == {CAPTIVES[0]}
    assert str(after) == "any_of((node2.next == node1) for node2 in Node)"


def test_a_bound_variable_is_not_substituted() -> None:
    term = lift(all_of(v.flag for v in Node))
    var: Term = term.args[0]

    assert substitute(term, {var: FIRST}) is term


def test_an_open_variable_is_made_canonical() -> None:
    one, two = bound_variable("node", Node), bound_variable("node", Node)

    def flagged(var: Term) -> Term:
        return quantified("forall", var, TRUE, Term("read", (Node.flag, var), BOOL))

    assert one is not two
    assert flagged(one) is flagged(two)


def test_one_and_true_are_different_constants() -> None:
    assert const(1, NUMBER) is not const(True, BOOL)
    assert Term("var", ("v", 1), BOOL) is not Term("var", ("v", True), BOOL)
    assert const(1, Unit("pages")) is const(1, pages)
    assert const(1, pages) is not const(1, NUMBER)


def test_terms_that_nobody_holds_are_forgotten() -> None:
    def model() -> Any:
        class Passing(Entity):
            size = constant(pages)

        return all_of(total(p.size for p in Passing) > p.size for p in Passing)

    gc.collect()
    before = len(Term._table)  # pyright: ignore[reportPrivateUsage] # the leak is only to be seen here
    held = model()
    during = len(Term._table)  # pyright: ignore[reportPrivateUsage]
    del held
    gc.collect()

    assert during > before
    assert len(Term._table) == before  # pyright: ignore[reportPrivateUsage]


def test_constants_fold() -> None:
    p = Truth(Term("var", ("p", 0), BOOL))

    assert lift(p & True) is lift(p) and lift(p | False) is lift(p)
    assert lift(p & False) is FALSE and lift(True | p) is TRUE
    assert lift(~~p) is lift(p)
    assert lift(quantity(2, pages) * 3 + 1) is const(7, pages)
    assert lift((p & p) & (p & p)) is lift(p)
    assert lift(Quantity(N) + 0) is N and lift(0 * Quantity(N)) is const(0, pages)
    assert lift(0 - Quantity(N)).op == "-" and lift(Quantity(N) - 0) is N


def test_a_product_with_one_keeps_its_unit() -> None:
    times = Quantity(Term("var", ("times", 0), NUMBER))

    assert lift(1 * Quantity(N)) is N and lift(Quantity(N) * 1) is N
    assert lift(quantity(1, pages) * times).sort == pages
    assert lift(times * quantity(1, pages)).sort == pages
