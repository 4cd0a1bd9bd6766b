"""Locations: shared control, a cell per component, and facts; and which locations follow one.

A *location* is what shared control says, a cell per component (cells.py), and the facts that guards established and
nothing has touched since. Each also has one concrete state, the one that the fewest steps lead to, where one is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from ...model.language import State, Step
from .bounds import Bounds, Impossible, conjuncts
from .cells import Cell, Part
from .ground import Ground, compiled, slots_of
from .moves import Edge
from .realise import Realiser

MOST_COMBINATIONS = 4096
"""Combinations of local control states that are looked at one by one; more of them end in Unknown."""


@dataclass(frozen=True, eq=False)
class Location:
    """Shared control, cells and facts, with one state there: the one that the fewest steps lead to, if `realized`."""

    state: State
    cells: tuple[Cell, ...]
    facts: frozenset[Ground]
    length: int
    realized: bool
    before: Location | None
    steps: tuple[Step, ...]

    def path(self) -> tuple[Step, ...]:
        """The steps from the initial state to the location's state."""
        parts: list[tuple[Step, ...]] = []
        here: Location | None = self
        while here is not None:
            parts.append(here.steps)
            here = here.before
        return tuple(step for part in reversed(parts) for step in part)


class Locations:
    """The first location, and those that an edge over shared control leads to."""

    def __init__(self, bounds: Bounds, realise: Realiser, first: State) -> None:
        """`first` is the initial state."""
        self.bounds, self.realise, self.initial = bounds, realise, first
        self.moves, self.cells = bounds.moves, bounds.cells
        self.edges_taken = 0

    def first(self) -> Location:
        """Where the plan begins."""
        state = self.initial
        none = (0,) * len(self.moves.budgets)
        entry = tuple(
            (Part(tuple(state[k] for k in local), tuple((state[k], state[k]) for k in slots), none),)
            for local, slots in zip(self.moves.local, self.moves.components, strict=True)
        )
        return Location(state, entry, frozenset(), 0, True, None, ())

    def closed(self, here: Location) -> Location:
        """The location with all that its members can come to by themselves, and the facts that this leaves true."""
        closed = [self.cells.closed(i, cell, here.state) for i, cell in enumerate(here.cells)]
        still = {i for i, (_, still) in enumerate(closed) if still}
        facts = frozenset(f for f in here.facts if self.moves.components_in(f) <= still)
        return replace(here, cells=tuple(cell for cell, _ in closed), facts=facts)

    def after(self, here: Location) -> Iterator[Location]:
        """The locations that one edge leads to."""
        for e in self.moves.shared_edges:
            cells = self._meeting(here, e)
            if cells is not None:
                for chosen in self._admitted(here, e, cells):
                    self.edges_taken += 1
                    yield self._take(here, e, chosen)

    def _admitted(self, here: Location, e: Edge, cells: tuple[Cell, ...]) -> list[tuple[Cell, ...]]:
        """The cells as they are if the guards admit every combination of local states; else each that they admit."""
        doubtful = [g for g in e.guards if not self._certain(g, here, cells)]
        split = sorted({i for g in doubtful for i in self.moves.homes_in(g) if len(cells[i]) > 1})
        if math.prod(len(cells[i]) for i in split) > MOST_COMBINATIONS:
            split = []
        options = [[(part,) for part in cell] if i in split else [cell] for i, cell in enumerate(cells)]
        tried = list(product(*options))
        admitted = [chosen for chosen in tried if all(self._possible(g, here, chosen) for g in e.guards)]
        return [cells] if len(admitted) == len(tried) else admitted

    def _certain(self, g: Ground, here: Location, cells: tuple[Cell, ...]) -> bool:
        try:
            return self.bounds.certain(g, here.state, cells)
        except Impossible:
            return False

    def _possible(self, g: Ground, here: Location, cells: tuple[Cell, ...]) -> bool:
        try:
            return self.bounds.possible(g, here.state, cells)
        except Impossible:
            return False

    def _meeting(self, here: Location, e: Edge) -> tuple[Cell, ...] | None:
        """The cells that meet what the edge asks of control; None where some cell cannot."""
        cells = list(here.cells)
        for clause in conjuncts(e.control):
            asked = self.moves.homes_in(clause)
            if not asked and not compiled(clause)(here.state):
                return None
            if len(asked) == 1:
                (i,) = asked
                cells[i] = tuple(part for part in cells[i] if compiled(clause)(self.cells.put(here.state, i, part)))
                if not cells[i]:
                    return None
        return tuple(cells)

    def _take(self, here: Location, e: Edge, cells: tuple[Cell, ...]) -> Location:
        entry = tuple(self._moved(i, cell, here.state, e) for i, cell in enumerate(cells))
        steps, state = self._steps(here, e, cells)
        realized = here.realized and state is not None
        shown = state if state is not None else e.applied(here.state)
        facts = self._facts(here, e, cells)
        return Location(shown, entry, facts, here.length + len(steps), realized, here, steps)

    def _steps(self, here: Location, e: Edge, cells: tuple[Cell, ...]) -> tuple[tuple[Step, ...], State | None]:
        """The fewest steps from the location's state, through the cells' local states, that end with the edge."""
        before = self.realise.enable(here.state, e, cells) if here.realized else None
        if before is None:
            return (e.step,), None
        steps, state = before
        return (*steps, e.step), e.applied(state)

    def _moved(self, component: int, cell: Cell, state: State, e: Edge) -> Cell:
        """What the edge makes of a cell: its guards narrow it, its writes change it."""
        if component not in self.moves.concerned[e]:
            return cell
        found: dict[tuple[int, ...], Part] = {}
        for part in cell:
            here = self.cells.put(state, component, part)
            for after in self.cells.take(component, part, here, e):
                known = found.get(after.local)
                found[after.local] = after if known is None else self.cells.join(known, after)
        return tuple(sorted(found.values()))

    def _facts(self, here: Location, e: Edge, cells: tuple[Cell, ...]) -> frozenset[Ground]:
        """Conditions between components that the guards established, or that held before, and that no write touches."""
        written = {slot[1] for slot, _ in e.writes if slot[0] == "slot"}
        learned: list[Ground] = []
        if all(len(cells[i]) == 1 for g in e.guards for i in self.moves.homes_in(g)):
            state = here.state
            for i, cell in enumerate(cells):
                state = self.cells.put(state, i, cell[0])
            learned = [p for g in e.guards for p in conjuncts(self.moves.reduced(g, state))]
        return frozenset(
            f for f in (*here.facts, *learned) if len(self.moves.components_in(f)) > 1 and not slots_of(f) & written
        )
