"""Removals: the model without one requirement, for each requirement of each action of each part, made automatically.

Each is explored in the worlds in which its action fires, those with the fewest transitions first. It is killed by the first
property that fails there: by one that cites the catalogue if any does, or else by a lemma; or by a liveness property.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model.language import Kind, System, World
from .decided import asked, deciding
from .ledger import Ledger
from .model import full
from .worlds import MODEL_WORLDS

IN_RANGE = "quantities_in_range"
"""What kills a removal that lets an assignment leave its range: a count of pages below zero, or above what there is (M1)."""

MOST_TRANSITIONS = 1_000_000
"""Larger worlds are not asked: what they would add has a smaller world of its own."""


@dataclass(frozen=True)
class Removal:
    """A requirement of an action, taken away."""

    action: str
    sentence: str

    @property
    def name(self) -> str:
        """The name of its row in the ledger."""
        return f"{self.action}: {self.sentence}"

    def worlds(self, ledger: Ledger) -> tuple[str, ...]:
        """The worlds to explore it in: those in which its action fires; those that hold first, and the cheapest."""
        rows = {name: ledger.worlds[name] for name in MODEL_WORLDS}
        found = (name for name, row in rows.items() if row.firings.get(self.action))
        asked_for = (name for name in found if rows[name].transitions <= MOST_TRANSITIONS)

        def order(name: str) -> tuple[bool, tuple[str, ...], int, str]:
            case = MODEL_WORLDS[name]
            return case.breaks is not None, case.parts, rows[name].transitions, name

        return tuple(sorted(asked_for, key=order))

    def safe(self, world: str, *, cited: bool = False) -> tuple[System, World]:
        """What must hold in a world, without the requirement and without witnesses; or only what the catalogue names.

        What fails there anyway, in a world that shows how it does, is left out.
        """
        system, members = MODEL_WORLDS[world].build()
        forgetful, breaks = system.without(self.action, self.sentence), MODEL_WORLDS[world].breaks
        left_out = (p for p in system.properties if p.kind is Kind.SOMETIMES or (cited and _is_lemma(p.kind, p.cites)))
        dropped = frozenset((*left_out, *(p for p in system.properties if p.name == breaks)))
        return replace(forgetful, properties=tuple(p for p in forgetful.properties if p not in dropped)), members

    def live(self, ledger: Ledger) -> Iterator[tuple[System, World]]:
        """What is decided on the graphs of the worlds in which its action fires, without the requirement."""
        worlds = dict.fromkeys(one.world for one in asked())
        for name in (world for world in worlds if ledger.worlds[world].firings.get(self.action)):
            system, members = deciding(name)
            yield system.without(self.action, self.sentence), members


def _is_lemma(kind: Kind, cites: tuple[str, ...]) -> bool:
    return kind in (Kind.ALWAYS, Kind.STEP) and not cites


def removals() -> tuple[Removal, ...]:
    """Every requirement of every action of every part, in the order of the text."""
    return tuple(Removal(action.name, r.sentence) for action in full().actions for r in action.requires)
