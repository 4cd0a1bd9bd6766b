"""The lesser and the greater of two quantities: what targets, bounds and claims are said with."""

from __future__ import annotations

from .language import Quantity, where


def smaller(one: Quantity, other: Quantity) -> Quantity:
    """The smaller of the two."""
    return where(one <= other, one, other)


def larger(one: Quantity, other: Quantity) -> Quantity:
    """The larger of the two."""
    return where(one < other, other, one)


def positive(amount: Quantity) -> Quantity:
    """So many, or none where that is below zero."""
    return where(amount < 0, 0, amount)
