"""How many pages of a VM are in each memory usage class, from a sample, and how far off that may be (D1, D9).

What is certain is kept apart from what is likely: an estimate carries the size and age of its sample, and bounds. Sums of
classes have the same bound as one class, since "in one of these classes" is itself a class.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import cache
from math import ceil, isqrt

DOUBT_PERCENT = 5
"""How often a bound may fail (D1: 95 % confidence)."""

CLASSES = 6
"""The memory usage classes of US9529609 claim 1."""


@dataclass(frozen=True)
class ClassPages:
    """Pages by memory usage class (US9529609 claim 1): so many were seen, or are thought to be there."""

    unreclaimable: int = 0
    active_anonymous: int = 0
    active_buffer: int = 0
    inactive_anonymous: int = 0
    inactive_buffer: int = 0
    free: int = 0

    @property
    def total(self) -> int:
        """All six classes."""
        return self.working + self.idle

    @property
    def active(self) -> int:
        """Pages in use that could be reclaimed."""
        return self.active_anonymous + self.active_buffer

    @property
    def working(self) -> int:
        """The working set: what is in use, and what cannot be reclaimed."""
        return self.unreclaimable + self.active

    @property
    def idle(self) -> int:
        """What may be reclaimed without the guest missing it: free and inactive pages (D2)."""
        return self.free + self.inactive_buffer + self.inactive_anonymous


@dataclass(frozen=True)
class Sample:
    """Distinct pages drawn at random from those of a VM that have a frame; ballooned and swapped ones have none (D9)."""

    population_pages: int
    """The pages that were drawn from."""
    seen: ClassPages
    """How many of those looked at were in each class."""
    taken_at_s: int

    def __post_init__(self) -> None:
        """Raises ValueError where more was seen than there is, or less than nothing (D9)."""
        if min(astuple(self.seen)) < 0 or self.seen.total > self.population_pages:
            raise ValueError(f"{self.seen.total} pages cannot be seen of {self.population_pages}")


@dataclass(frozen=True)
class Estimate:
    """Pages by class as they are thought to be now; they sum to the pages that the VM has (M2)."""

    pages: ClassPages
    samples: int
    age_s: int
    error_pages: int
    """With 95 % confidence a class, or a sum of classes, was off by no more when the sample was taken (D1)."""

    def lower(self, pages: int) -> int:
        """The least that a class, or sum of classes, estimated at so many pages surely has (D1)."""
        return max(0, pages - self.error_pages)

    def upper(self, pages: int) -> int:
        """The most that it has (D1, M11)."""
        return min(self.pages.total, pages + self.error_pages)


def estimate(sample: Sample, resident_pages: int, now_s: int) -> Estimate | None:
    """What a sample says of a VM that has so many pages now; None where nothing was looked at (D1)."""
    seen = sample.seen
    if seen.total == 0:
        return None
    then = apportion(sample.population_pages, seen)
    error = half_width_pages(sample.population_pages, seen.total)
    return Estimate(carried_forward(then, resident_pages), seen.total, now_s - sample.taken_at_s, error)


def apportion(pages: int, seen: ClassPages) -> ClassPages:
    """N·s/n for each class in whole pages that sum to N: what is left over goes to the largest remainders (D1, M2).

    At equal remainders the class that is harder to reclaim comes first.
    """
    counts = astuple(seen)
    shares = [divmod(pages * count, seen.total) for count in counts]
    left = pages - sum(whole for whole, _ in shares)
    first = sorted(range(CLASSES), key=lambda c: -shares[c][1])[:left]
    return ClassPages(*(whole + (c in first) for c, (whole, _) in enumerate(shares)))


def carried_forward(then: ClassPages, resident_pages: int) -> ClassPages:
    """The classes of a VM that has more or fewer pages now than when it was sampled (M2), told so that less seems idle (D1).

    What has come since counts as active; what has gone since was idle, as far as there was enough.
    """
    gone = then.total - resident_pages
    if gone <= 0:
        return replace(then, active_anonymous=then.active_anonymous - gone)
    left: list[int] = []
    for pages in reversed(astuple(then)):
        left.append(max(0, pages - gone))
        gone = max(0, gone - pages)
    return ClassPages(*reversed(left))


def half_width_pages(pages: int, samples: int, classes: int = 1) -> int:
    """Hoeffding's bound, rounded up: how far so many estimates may be off at once, with 95 % confidence (D1).

    The least h with h² · 2n ≥ N² · ln(2·classes/δ). It holds for distinct pages too; who has looked at all, knows.
    """
    if samples >= pages:
        return 0
    square = ceil(pages * pages * _log_of_doubt(classes) / (2 * samples))
    return isqrt(square - 1) + 1


@cache
def _log_of_doubt(classes: int) -> Fraction:
    """ln(2·classes/δ), rounded up in the twentieth digit."""
    ratio = Decimal(2 * classes * 100) / Decimal(DOUBT_PERCENT)
    return Fraction(Context(prec=20, rounding=ROUND_CEILING).plus(ratio.ln(Context(prec=28))))
