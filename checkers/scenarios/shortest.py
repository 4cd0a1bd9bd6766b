"""How few steps it takes to break the same after the same faults: breadth first, whoever acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from .order import Counterexample, Scale
from .steps import Edge, Places

Place: TypeAlias = "tuple[int, frozenset[str], int]"
"""A state, the faults that struck on the way there, and how often."""


def fewest_steps(places: Places, scale: Scale, one: Counterexample, last: str | None) -> int:
    """The steps of the shortest that breaks the same after the same and as few faults. Raises TooLarge.

    `last`: by this action; None: by any.
    """
    wanted = one.cause.properties, one.cause.faults
    level: list[Place] = [(state, frozenset(), 0) for state in places.initial if not places.broken(state)]
    least: dict[tuple[int, frozenset[str]], int] = {}
    for steps in range(1, one.cost.steps):
        following: list[Place] = []
        for place in level:
            for edge, there in _onwards(places, scale, one, place):
                if edge.broken:
                    if (edge.broken, there[1]) == wanted and last in (None, edge.step.action):
                        return steps
                elif there[2] < least.get(there[:2], one.cost.faults + 1):
                    least[there[:2]] = there[2]
                    following.append(there)
        level = following
    return one.cost.steps


def _onwards(places: Places, scale: Scale, one: Counterexample, place: Place) -> Iterator[tuple[Edge, Place]]:
    """The steps from a place that add no fault which the counterexample does not have."""
    state, faults, struck = place
    for edge in places.edges(state):
        fault = scale.weight(edge.step).fault
        if fault is None:
            yield edge, (edge.after, faults, struck)
        elif fault in one.cause.faults and struck < one.cost.faults:
            yield edge, (edge.after, faults | {fault}, struck + 1)
