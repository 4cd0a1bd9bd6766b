"""The registry of named worlds: small worlds of the model, the yardstick, and toys with published figures.

A name is all that the command line, the ledger and the mutants know of a world; systems and worlds are made when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from ..model.language import Kind, System, World
from . import forward_worlds, full_machines, small_worlds
from .case import Case
from .controller import worlds as controller
from .downtime import worlds as downtime
from .frames import worlds as frames
from .moves import worlds as moves
from .partitions import worlds as partitions
from .placement import worlds as placed
from .scheduler import worlds as scheduler
from .storage import worlds as storage
from .toys import TOYS, Toy

YARDSTICKS = {
    (2, 3, 8): "small enough for any checker: eight frames refuse the second of two copies",
    (2, 4, 8): "the same machine with larger VMs: less of them is copied at once",
    (3, 2, 8): "three VMs on the same machine: more interleavings of shorter copies",
    (3, 3, 9): "the size at which checkers are timed side by side",
    (4, 2, 11): "the largest with a published count",
}


def _yardstick(n: int, size: int, capacity: int) -> tuple[System, World]:
    from .yardstick import exchange  # traced only when asked for

    return exchange(n, size, capacity)


def _yardsticks() -> list[Case]:
    return [
        Case(f"exchange-{n}-{size}-{frames}", f"The yardstick: {why}.", partial(_yardstick, n, size, frames))
        for (n, size, frames), why in YARDSTICKS.items()
    ]


def _toy(name: str, toy: Toy) -> Case:
    """A toy is expected to come to what was published of it."""
    found = (p for p, steps in toy.published.shortest.items() if steps is not None)
    breaks = next((p for p in found if toy.system.property(p).kind is not Kind.SOMETIMES), None)
    reason = f"A toy: {toy.published.source}."

    def build() -> tuple[System, World]:
        world = toy.world()
        return toy.system, World(f"toy-{name}", *world.members, reason=reason, leave_out=world.leave_out)

    return Case(f"toy-{name}", reason, build, breaks=breaks)


CASES = (
    *small_worlds.CASES,
    *forward_worlds.CASES,
    *full_machines.CASES,
    *moves.CASES,
    *storage.CASES,
    *downtime.CASES,
    *placed.CASES,
    *frames.CASES,
    *partitions.CASES,
    *scheduler.CASES,
    *controller.CASES,
)
"""The worlds of every part, in the order of the parts."""

MODEL_WORLDS: Mapping[str, Case] = MappingProxyType({case.name: case for case in CASES})
"""The worlds of the model itself: its ledger, its witnesses and its mutants are about these."""

_others = {case.name: case for case in (*_yardsticks(), *(_toy(name, toy) for name, toy in TOYS.items()))}

WORLDS: Mapping[str, Case] = MappingProxyType({**MODEL_WORLDS, **_others})
"""Every named world."""
