"""The registry of named worlds: small worlds of the model, the yardstick, and toys with published figures.

A name is all that the command line, the ledger and the mutants know of a world; systems and worlds are made when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from ..model.language import System, World
from . import small_worlds
from .case import Case

YARDSTICKS = {
    (2, 3, 8): "small enough for any checker: eight frames refuse the second of two copies",
    (2, 4, 8): "the same machine with larger VMs: less of them is copied at once",
    (3, 2, 8): "three VMs on the same machine: more interleavings of shorter copies",
    (3, 3, 9): "the size at which checkers are timed side by side",
    (4, 2, 11): "the largest with a published count",
}


def _yardstick(n: int, size: int, capacity: int) -> tuple[System, World]:
    from .yardstick import exchange

    return exchange(n, size, capacity)


def _toy(name: str) -> tuple[System, World]:
    from .toys import TOYS

    return TOYS[name].system, TOYS[name].world()


def _others() -> list[Case]:
    from .toys import TOYS

    ours = [
        Case(f"exchange-{n}-{size}-{frames}", f"The yardstick: {why}.", partial(_yardstick, n, size, frames))
        for (n, size, frames), why in YARDSTICKS.items()
    ]
    toys = [Case(f"toy-{name}", f"A toy: {toy.published.source}.", partial(_toy, name)) for name, toy in TOYS.items()]
    return ours + toys


MODEL_WORLDS: Mapping[str, Case] = MappingProxyType({case.name: case for case in small_worlds.CASES})
"""The worlds of the model itself: its ledger, its witnesses and its mutants are about these."""

WORLDS: Mapping[str, Case] = MappingProxyType({**MODEL_WORLDS, **{case.name: case for case in _others()}})
"""Every named world."""
