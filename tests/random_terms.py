"""Random terms over some variables: see random_systems.py."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from holdfast.model.language import BOOL, NUMBER, Sort, Term, Unit
from holdfast.model.language.terms import (
    TRUE,
    arithmetic,
    bound_variable,
    choose,
    const,
    equal,
    is_quantity,
    junction,
    negation,
    quantified,
)

Colour = enum.Enum("Colour", "RED GREEN BLUE")
Switch = enum.Enum("Switch", "OFF ON")
pages = Unit("pages")
UNITS = (NUMBER, pages)

_SEEDS = st.integers(0, 2**32 - 1)


@cache
def _below(n: int) -> st.SearchStrategy[int]:
    return st.integers(0, n - 1)


class Dice:
    """Choices made by Hypothesis, so that it can shrink them; one cheap strategy serves them all.

    Hypothesis likes small numbers and repeats itself, which makes dull systems. So each choice is turned by a random
    number, drawn from a seed; the seed 0, which shrinking soon comes to, turns nothing.
    """

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        """Around the `draw` of a composite strategy."""
        self.draw = draw
        seed = draw(_SEEDS)
        self.turn = Random(seed) if seed else None

    def pick(self, *options: Any) -> Any:
        """One of these; shrinking prefers the first."""
        return options[self.upto(len(options) - 1)]

    def upto(self, high: int) -> int:
        """A number from 0."""
        if high == 0:
            return 0
        drawn = int(self.draw(_below(high + 1)))
        return drawn if self.turn is None else (drawn + self.turn.randrange(high + 1)) % (high + 1)

    def once_in(self, n: int) -> bool:
        """True once in so many times; shrinking prefers False."""
        return self.upto(n - 1) == n - 1


class Author:
    """Draws terms over some variables. `known` holds what can be read through them, by sort."""

    def __init__(self, dice: Dice, sorts: tuple[Sort, ...], variables: tuple[Term, ...], *, step: bool = False) -> None:
        """Terms over these sorts and variables; in a step property, `after` too."""
        self.dice, self.sorts, self.variables, self.step = dice, sorts, variables, step
        self.known: dict[Any, list[Term]] = {}
        for var in variables:
            self._reach(var, 2)

    def _reach(self, term: Term, links: int) -> None:
        """What can be read from a reference, through so many others."""
        self.known.setdefault(term.sort, []).append(term)
        if self.step and term.op in ("read", "derived"):
            self.known[term.sort].append(Term("after", (term,), term.sort))
        if not isinstance(term.sort, Sort) or links == 0:
            return
        for f in term.sort.fields:
            if not f.budget:
                self._reach(Term("read", (f, term), f.sort), links - 1)
        for d in term.sort.definitions:
            self._reach(Term("derived", (d, term), d.definition.sort), links - 1)

    def some(self, *terms: Term) -> Term:
        """One of these terms."""
        return terms[self.dice.upto(len(terms) - 1)]

    def value(self, sort: Any, depth: int) -> Term:
        """A term of any sort that has one here."""
        if sort is BOOL:
            return self.truth(depth)
        if is_quantity(sort):
            return self.quantity(sort, depth)
        known = self.known.get(sort, [])
        constants = [] if isinstance(sort, Sort) else [const(member, sort) for member in sort]
        one = self.some(*known, *constants)
        if depth > 0 and self.dice.once_in(3):
            return choose(self.truth(depth - 1), self.value(sort, depth - 1), one)
        return one

    def truth(self, depth: int) -> Term:
        """A truth."""
        shapes = ["atom"] * 2 if self.variables else ["forall", "exists"]
        if depth > 0:
            shapes += ["not", "and", "or", "ite", "forall", "exists", "compare", "same"] + ["after"] * self.step
        shape = self.dice.pick(*shapes)
        if shape == "atom":
            return self.atom()
        if shape == "not":
            return negation(self.truth(depth - 1))
        if shape in ("and", "or"):
            return junction(shape, (self.truth(depth - 1), self.truth(depth - 1)))
        if shape == "ite":
            return choose(self.truth(depth - 1), self.truth(depth - 1), self.truth(depth - 1))
        if shape == "compare":
            unit = self.dice.pick(*UNITS)
            return arithmetic(self.dice.pick("<", "<="), self.quantity(unit, depth - 1), self.quantity(unit, depth - 1))
        if shape == "same":
            sort = self.dice.pick(*self.known) if self.known else NUMBER
            return equal(self.value(sort, depth - 1), self.value(sort, depth - 1))
        if shape == "after":
            return Term("after", (Author(self.dice, self.sorts, self.variables).truth(depth - 1),), BOOL)
        return self.quantified(shape, lambda inner: inner.truth(depth - 1))

    def atom(self) -> Term:
        """Something that a state says of one member."""
        sort = self.dice.pick(*self.known)
        term = self.dice.pick(*self.known[sort])
        if sort is BOOL:
            return self.some(term, negation(term))
        if is_quantity(sort):
            compare: Callable[[Term, Term], Term] = self.dice.pick(equal, less, at_most)
            return compare(term, const(self.dice.upto(3), sort))
        return equal(term, self.value(sort, 0))

    def quantity(self, unit: Unit, depth: int) -> Term:
        """A number of the unit, negative ones included."""
        known = self.known.get(unit, [])
        shapes = ["read"] * 3 if known else ["const"]
        shapes += ["const"] + (["ite", "+", "-", "*", "sum"] if depth > 0 else [])
        shape = self.dice.pick(*shapes)
        if shape == "read":
            return self.some(*known)
        if shape == "ite":
            return choose(self.truth(depth - 1), self.quantity(unit, depth - 1), self.quantity(unit, depth - 1))
        if shape in ("+", "-"):
            return arithmetic(shape, self.quantity(unit, depth - 1), self.quantity(unit, depth - 1))
        if shape == "*":
            return arithmetic("*", self._factor(), self.quantity(unit, depth - 1))
        if shape == "sum":
            return self.quantified("sum", lambda inner: inner.quantity(unit, depth - 1))
        return const(self.dice.upto(3), unit)

    def _factor(self) -> Term:
        """A number without a unit that no action changes."""
        rigid = [t for t in self.known.get(NUMBER, []) if t.op == "read" and t.args[0].rigid and t.args[1].op == "var"]
        return self.some(const(self.dice.upto(3) - 1, NUMBER), *rigid)

    def quantified(self, op: str, body: Callable[[Author], Term]) -> Term:
        """A quantifier or a sum over the members of a sort, filtered or not."""
        sort = self.dice.pick(*self.sorts)
        var = bound_variable(sort.__name__.lower(), sort)
        inner = Author(self.dice, self.sorts, (*self.variables, var), step=self.step)
        keep = self.dice.once_in(2) and inner.atom()
        return quantified(op, var, keep or TRUE, body(inner))


def less(a: Term, b: Term) -> Term:
    """a < b."""
    return arithmetic("<", a, b)


def at_most(a: Term, b: Term) -> Term:
    """a <= b."""
    return arithmetic("<=", a, b)
