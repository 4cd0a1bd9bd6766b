"""Which liveness property is decided in which world, and in what system: the rows that the ledger has of them.

A part's module of liveness properties names its worlds (`WORLDS`). They are decided on the state graph, in the system
of the world's own parts, without properties of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from ..model.language import Kind, Property, System, World
from .model import PARTS, live
from .worlds import MODEL_WORLDS

LIVENESS = (Kind.LEADS_TO, Kind.RECOVERABLE)


@dataclass(frozen=True)
class Asked:
    """A liveness property and a world in which it is decided."""

    named: str
    world: str

    @property
    def row(self) -> str:
        """The name of its row in the ledger."""
        return f"{self.named} in {self.world}"


@cache
def asked() -> tuple[Asked, ...]:
    """Every liveness property in every world that decides it, in the order of the parts and of the text."""
    return tuple(_asked())


def _asked() -> Iterator[Asked]:
    for part in PARTS.values():
        for module in part.liveness:
            worlds: tuple[str, ...] = module.WORLDS
            found = [p.name for p in vars(module).values() if isinstance(p, Property) and p.kind in LIVENESS]
            yield from (Asked(name, world) for name in found for world in worlds)


def deciding(world: str) -> tuple[System, World]:
    """The system that asks the liveness properties of a world, in that world."""
    case = MODEL_WORLDS[world]
    named = {one.named for one in asked() if one.world == world}
    system = live(*case.parts)
    kept = tuple(p for p in system.properties if p.name in named or p.kind in (Kind.ASSUME, Kind.INITIALLY))
    return replace(system, properties=kept), case.build()[1]


def is_liveness(name: str) -> bool:
    """Whether the property of that name is one that the state graph decides."""
    return any(one.named == name for one in asked())
