"""What an implementation has to answer, to be held against the model: the adapter, as a Python class.

Names are the model's: of actions, of their parameters, of fields as `label.field`; values are as traces show them (labels,
names of an Enum's members, truths, numbers). An adapter decides nothing about conformance: it brings about what it is asked
for, or says that the implementation would not, and tells what it saw.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Shown: TypeAlias = "Mapping[str, Any]"
"""`label.field`, or the name of a parameter, to a value."""


@dataclass(frozen=True)
class Happened:
    """Something that the implementation did. What was not seen is left out, of the arguments and of what held after it."""

    action: str
    arguments: Shown = field(default_factory=dict[str, Any])
    after: Shown = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Done:
    """It did what it was asked for, and nothing else."""

    after: Shown = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Refused:
    """It would not, and nothing happened. `reason` is for people."""

    reason: str = ""


@dataclass(frozen=True)
class Did:
    """It did these things instead, in this order; what it was asked for may be among them."""

    events: Sequence[Happened]


@dataclass(frozen=True)
class Unsupported:
    """The adapter has no way to bring this about, which says nothing about the implementation; nothing happened."""


Answer: TypeAlias = Done | Refused | Did | Unsupported


@dataclass(frozen=True)
class Greeting:
    """What an adapter says of itself.

    `unsupported` names actions that it is not to be asked for; `hidden` those that its implementation may take at any time
    without a word.
    """

    name: str
    unsupported: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()


class Adapter(ABC):
    """An implementation as the gate sees it."""

    def hello(self, world: Mapping[str, Any]) -> Greeting:
        """Learn the world: its `members` with their constants, its `fields`, its `actions` (docs/conformance.md)."""
        del world  # for those who want it
        return Greeting(f"{type(self).__module__}:{type(self).__qualname__}")

    @abstractmethod
    def reset(self, state: Shown) -> None:
        """Begin again in this state, whatever was before."""

    @abstractmethod
    def attempt(self, action: str, arguments: Shown) -> Answer:
        """Bring this about if the implementation would, now."""

    def observe(self) -> Shown:
        """What can be seen now: all, some, or none of the fields."""
        return {}

    def close(self) -> None:
        """Nothing more is asked."""
        return
