"""Products of two open numbers, kept out of z3's hands: nonlinear arithmetic is where it gets lost.

A product is spelled out over sums and choices; what is left, one open number times another, is an uninterpreted
function of the two with the facts about multiplication that proofs about capacities need. The facts are true of
multiplication, so whatever they prove is proved; what they do not say may be missed.
"""

from __future__ import annotations

from .z3types import Value, conj, identity, implied, is_ite, ite, known, number, plus, z3


class Products:
    """The products met so far, and the facts about them."""

    def __init__(self, facts: list[Value]) -> None:
        """Facts are appended to the list given."""
        self._facts = facts
        self._met: dict[frozenset[int], tuple[Value, Value, Value]] = {}
        self._function = z3.Function("times", z3.IntSort(), z3.IntSort(), z3.IntSort())

    def fork(self, facts: list[Value]) -> Products:
        """Another that goes on from here, with a list of its own."""
        other = Products(facts)
        other._met = dict(self._met)
        return other

    def times(self, a: Value, b: Value) -> Value:
        """The product, as a sum of atoms."""
        if known(a) or known(b):
            return a * b
        for one, other in ((a, b), (b, a)):
            spread = self._spread(one, other)
            if spread is not None:
                return spread
        return self._atom(a, b)

    def _spread(self, one: Value, other: Value) -> Value | None:
        """The product over the parts of `one`; None if it has none."""
        parts = [number(child) for child in one.children()]
        if is_ite(one):
            return ite(one.arg(0), self.times(parts[1], other), self.times(parts[2], other))
        if z3.is_add(one):
            return plus(self.times(part, other) for part in parts)
        if z3.is_sub(one):
            first, *rest = (self.times(part, other) for part in parts)
            return first - plus(rest)
        if z3.is_mul(one) and known(parts[0]):
            return parts[0] * self.times(parts[1], other)
        return None

    def _atom(self, a: Value, b: Value) -> Value:
        key = frozenset((identity(a), identity(b)))
        if key not in self._met:
            product = self._function(a, b)
            self._facts += [*_alone(a, b, product), *_alone(b, a, product)]
            for x, y, other in self._met.values():
                self._facts += _together((a, b, product), (x, y, other))
            self._met[key] = a, b, product
        return self._met[key][2]


def _alone(a: Value, b: Value, product: Value) -> list[Value]:
    """What is true of a * b by itself, as far as `a` says it."""
    return [
        implied(a == 0, product == 0),
        implied(a == 1, product == b),
        implied(conj((a >= 1, b >= 0)), product >= b),
    ]


def _together(one: tuple[Value, Value, Value], other: tuple[Value, Value, Value]) -> list[Value]:
    """Of two products with a factor in common that is not negative, the larger factor has the larger product."""
    facts: list[Value] = []
    for a, b in ((one[0], one[1]), (one[1], one[0])):
        for x, y in ((other[0], other[1]), (other[1], other[0])):
            if identity(a) == identity(x):
                facts += [
                    implied(conj((a >= 0, b < y)), one[2] + a <= other[2]),
                    implied(conj((a >= 0, y < b)), other[2] + a <= one[2]),
                    implied(b == y, one[2] == other[2]),
                ]
    return facts
