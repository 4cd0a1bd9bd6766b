"""A mutant: the model with one mechanism broken, and what must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..model.language import Kind, System, World
from .decided import deciding, is_liveness
from .worlds import MODEL_WORLDS


@dataclass(frozen=True)
class Mutant:
    """A deliberate bug: what it does, the property that must catch it, and the world in which it does."""

    name: str
    sentence: str
    breaks: str
    world: str
    apply: Callable[[System], System]

    def build(self) -> tuple[System, World]:
        """The broken system without witnesses, in its world. Raises ModelError where the bug does not fit.

        Where the property that it names is one of liveness, the system has those of that world, and no others.
        """
        system, world = deciding(self.world) if is_liveness(self.breaks) else MODEL_WORLDS[self.world].build()
        broken = self.apply(system)
        return replace(broken, properties=tuple(p for p in broken.properties if p.kind is not Kind.SOMETIMES)), world

    def alone(self) -> tuple[System, World]:
        """The same with no other property than the one that it names; assumptions stay."""
        system, world = self.build()
        kept = [p for p in system.properties if p.name == self.breaks or p.kind in (Kind.ASSUME, Kind.INITIALLY)]
        return replace(system, properties=tuple(kept)), world
