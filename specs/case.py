"""What a named world is: a question, the system and the world that ask it, and what the question leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..model.language import Kind, ModelError, System, World


@dataclass(frozen=True)
class Case:
    """A named world. `build` makes its system and its world when they are asked for.

    `bounds` gives each bound its reason, `unseen` the witnesses that it cannot show, each with why. A world that is there
    to show a failure names in `breaks` the property that fails; every other world of the model is expected to hold.
    `parts` are those of the model that it has beside the exchange.
    """

    name: str
    reason: str
    build: Callable[[], tuple[System, World]]
    bounds: Mapping[str, str] = field(default_factory=dict[str, str])
    unseen: Mapping[str, str] = field(default_factory=dict[str, str])
    breaks: str | None = None
    parts: tuple[str, ...] = ()


def seeing(system: System, unseen: Mapping[str, str]) -> System:
    """The system without these witnesses. Raises ModelError for a name that is no `sometimes` of the system."""
    for name in unseen:
        if system.property(name).kind is not Kind.SOMETIMES:
            raise ModelError(f"{name} is no witness: only a sometimes is left out by name")
    return replace(system, properties=tuple(p for p in system.properties if p.name not in unseen))
