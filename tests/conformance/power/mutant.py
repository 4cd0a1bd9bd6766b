"""A mistake in the implementation, and where it is to show."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field

from holdfast.specs.case import Case as World
from tests.impl.crashes import Mechanism
from tests.impl.worlds import Case

from .breaking import Breaking

WHOLE: Breaking = nullcontext


@dataclass(frozen=True)
class Mutant:
    """What is broken, what that breaks, and where it shows: in lock step in a world, or by crashes and faults in a case."""

    name: str
    mechanism: str
    expected: tuple[str, ...]
    breaking: Breaking = WHOLE
    world: World | None = None
    case: Case | None = None
    faults: tuple[str, ...] = ()
    crashes: bool = True
    """Whether the controller crashes; if not, the run is only looked at once it is over."""
    parts: Mechanism = field(default_factory=Mechanism)
