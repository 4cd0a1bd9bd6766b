"""The whole model with what must hold, traced and checked: what every engine starts from."""

from __future__ import annotations

from functools import cache

from ..model import exchange, faults, guests, inventory, memory, migration
from ..model.language import System, check
from . import lemmas, properties, witnesses

DEFINITIONS = (inventory, guests, memory, migration, exchange, faults)


@cache
def full() -> System:
    """Sorts, actions, properties, witnesses and assumptions of the exchange."""
    return check(System.of(*DEFINITIONS, properties, lemmas, witnesses))


@cache
def safety() -> System:
    """The same without witnesses: what a plan is verified against."""
    return check(System.of(*DEFINITIONS, properties, lemmas))
