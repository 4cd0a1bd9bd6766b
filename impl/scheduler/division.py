"""Who gets, or gives, how much: memory divided by shares, in exact fractions.

One principle serves both. Everyone has a claim between a least and a most; a level is sought at which the claims, shares
times level within their bounds, come to what there is. Entitlements are claims to pages. Min-funding revocation leaves
claims to weighted pages: whoever has most of them per share pays the lowest price for each, and gives first, until prices
are even [W02].
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Claim:
    """So many shares, and the bounds of what they may come to."""

    shares: int
    least: Fraction
    most: Fraction

    def at(self, level: Fraction) -> Fraction:
        """What the shares come to at that level [W02]."""
        return min(max(self.shares * level, self.least), self.most)


def divide(claims: Sequence[Claim], amount: Fraction) -> list[Fraction]:
    """The claims at the level where they come to the amount; at their least or most where it is too little or much [W02]."""
    if amount <= sum(c.least for c in claims):
        return [c.least for c in claims]
    if amount >= sum(c.most for c in claims):
        return [c.most for c in claims]
    bends = sorted({bound / c.shares for c in claims for bound in (c.least, c.most)})
    below = bends[bisect_right(bends, amount, key=lambda level: _handed_out(claims, level)) - 1]
    rising = sum(c.shares for c in claims if c.least <= below * c.shares < c.most)
    level = below + (amount - _handed_out(claims, below)) / rising
    return [c.at(level) for c in claims]


def _handed_out(claims: Sequence[Claim], level: Fraction) -> Fraction:
    """What the claims come to at that level [W02]."""
    return sum((c.at(level) for c in claims), Fraction(0))


@dataclass(frozen=True)
class Giver:
    """A VM that can spare pages: all of them idle."""

    name: str
    shares: int
    working_pages: int
    idle_pages: int
    spare_pages: int

    def weight(self, idle_price: Fraction, taken_pages: Fraction | int = 0) -> Fraction:
        """Its pages once so many are taken, an idle one counted as several active ones (D2, [W02])."""
        return self.working_pages + idle_price * (self.idle_pages - taken_pages)


def revoke(givers: Sequence[Giver], wanted_pages: int, idle_price: Fraction) -> dict[str, int]:
    """How many pages each gives, so that as many as are wanted are given (F1), or all that can be spared.

    Price = shares / (pages · (f + k·(1 - f))), f the active part and k the price of an idle page (D2, [W02]). Pages of a
    fraction that rounding leaves go to the lowest prices.
    """
    wanted = min(wanted_pages, sum(g.spare_pages for g in givers))
    heavy = [g.weight(idle_price) for g in givers]
    claims = [
        Claim(g.shares, g.weight(idle_price, g.spare_pages), weight) for g, weight in zip(givers, heavy, strict=True)
    ]
    left = divide(claims, sum(heavy, Fraction(0)) - idle_price * wanted)
    exact = [(weight - kept) / idle_price for weight, kept in zip(heavy, left, strict=True)]
    given = {g.name: floor(pages) for g, pages in zip(givers, exact, strict=True)}
    broken = [g for g, pages in zip(givers, exact, strict=True) if pages != floor(pages)]
    broken.sort(key=lambda g: Fraction(g.shares) / max(g.weight(idle_price, given[g.name]), Fraction(1)))
    for giver in broken[: wanted - sum(given.values())]:
        given[giver.name] += 1
    return given
