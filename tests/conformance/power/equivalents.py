"""Made mutants that do the same as the policy, by the text that they change; each with the reason, and a check that runs.

Nothing is excused by its number, which shifts, or by its name alone: both functions are asked all of a range, and must
answer alike. What is listed and not made any more fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

from holdfast.impl.scheduler.division import Claim
from holdfast.impl.scheduler.estimates import CLASSES, ClassPages
from holdfast.impl.scheduler.memory_state import lines_of

from ...impl.scheduler.exact import PRICES, claims, givers
from ...impl.scheduler.snapshots import stream

Asked = Iterable[tuple[Any, ...]]
"""What a function is asked: arguments, one tuple after the other."""


@dataclass(frozen=True)
class Equivalent:
    """A change of a line of a function that changes nothing, why, and what both are asked."""

    function: str
    before: str
    after: str
    reason: str
    asked: Callable[[], Asked]


def alike(one: Callable[..., Any], other: Callable[..., Any], asked: Asked) -> bool:
    """Whether two functions answer the same, whatever they are asked, and are asked something."""
    answers = [one(*arguments) == other(*arguments) for arguments in asked]
    return bool(answers) and all(answers)


def machines() -> Asked:
    """Snapshots, with the lines of their machines."""
    return ((s, lines_of(s.machine.memory_pages)) for s in islice(stream(11), 300))


def revocations() -> Asked:
    """Some VMs with idle pages, more than they have, and prices of an idle page."""
    return product(givers(), range(0, 20, 2), PRICES)


def divisions() -> Asked:
    """Claims, and amounts from less than the least to more than the most, by halves."""
    asked = [[Claim(shares, Fraction(least), Fraction(most)) for shares, least, most in some] for some in claims()]
    return product(asked, (Fraction(halves, 2) for halves in range(-2, 52)))


def carried() -> Asked:
    """Few pages of each class, and fewer or more now."""
    return (
        (ClassPages(*counts), now) for counts in product(range(3), repeat=CLASSES) for now in range(sum(counts) + 3)
    )


STRICT = (
    "both are made of the same sequence, one for one, so they are equally long and nothing is left to be strict about"
)


def _never_strict(function: str, line: str, asked: Callable[[], Asked]) -> tuple[Equivalent, ...]:
    """The three ways in which the strictness of a line's zip is undone."""
    changes = ("strict=None", "", "strict=False")
    return tuple(Equivalent(function, line, line.replace("strict=True", change), STRICT, asked) for change in changes)


REVOKE = "division.revoke"

EQUIVALENTS = (
    *_never_strict(
        "targets.entitlements",
        "return {vm.name: floor(pages) for vm, pages in zip(vms, divide(claims, Fraction(amount)), strict=True)}",
        machines,
    ),
    *_never_strict(
        REVOKE,
        "Claim(g.shares, g.weight(idle_price, g.spare_pages), weight) for g, weight in zip(givers, heavy, strict=True)",
        revocations,
    ),
    *_never_strict(
        REVOKE, "exact = [(weight - kept) / idle_price for weight, kept in zip(heavy, left, strict=True)]", revocations
    ),
    *_never_strict(
        REVOKE, "given = {g.name: floor(pages) for g, pages in zip(givers, exact, strict=True)}", revocations
    ),
    *_never_strict(
        REVOKE, "broken = [g for g, pages in zip(givers, exact, strict=True) if pages != floor(pages)]", revocations
    ),
    Equivalent(
        REVOKE,
        "left = divide(claims, sum(heavy, Fraction(0)) - idle_price * wanted)",
        "left = divide(claims, sum(heavy, ) - idle_price * wanted)",
        "a sum that starts at 0 is the same number; the fraction is for the type",
        revocations,
    ),
    Equivalent(
        "division._handed_out",
        "return sum((c.at(level) for c in claims), Fraction(0))",
        "return sum((c.at(level) for c in claims), )",
        "a sum that starts at 0 is the same number; the fraction is for the type",
        divisions,
    ),
    Equivalent(
        "division.divide",
        "if amount <= sum(c.least for c in claims):",
        "if amount < sum(c.least for c in claims):",
        "at the sum of the least, the level is the highest at which nobody gets more than its least; and where that is also"
        " the sum of the most, the next line returns it",
        divisions,
    ),
    Equivalent(
        "estimates.carried_forward",
        "if gone <= 0:",
        "if gone < 0:",
        "where as many pages are there as before, nothing is taken from any class, as nothing is added to one",
        carried,
    ),
)
