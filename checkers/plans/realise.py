"""From what may be to what happens: concrete steps to a local control state, to a guard, to a violation.

Every component is brought along by its own edges and flows, the fewest first; nothing here is trusted: what it finds is
replayed in the reference interpreter before it is shown.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

from ...model.language import Role, State, Step
from .bounds import Bounds, conjuncts
from .cells import Cell, Part
from .gains import Taken
from .ground import Ground, compiled, join, literal, node, reduce, same
from .moves import Edge
from .shortest import Shortest, alternatives
from .solve import by_box, plain

Reached: TypeAlias = "tuple[tuple[Step, ...], State]"


class Realiser:
    """Finds short concrete steps in one planned instance."""

    def __init__(self, bounds: Bounds) -> None:
        """Over an instance's moves, within its bounds."""
        self.moves, self.support = bounds.moves, bounds.cells.support
        self.shortest = Shortest(bounds.moves, bounds.largest)
        self._known: dict[Any, tuple[tuple[Step, ...], tuple[tuple[int, int], ...]] | None] = {}

    def enable(self, state: State, e: Edge, cells: tuple[Cell, ...]) -> Reached | None:
        """Bring every component to where the edge's guards hold; None if this state does not lead there.

        A cell with one local state says that its component is to be in that one.
        """
        steps: tuple[Step, ...] = ()
        for i, cell in enumerate(cells):
            if len(cell) == 1:
                found = self.bring(state, i, cell[0])
                if found is None:
                    return None
                steps, state = (*steps, *found[0]), found[1]
        for clause in conjuncts(e.control):
            if not compiled(clause)(state):
                homes = self.moves.homes_in(clause)
                if len(homes) != 1:
                    return None
                found = self.advance(state, next(iter(homes)), clause)
                if found is None:
                    return None
                steps, state = (*steps, *found[0]), found[1]
        return self._flows(steps, state, e.guards)

    def _flows(self, steps: tuple[Step, ...], state: State, guards: tuple[Ground, ...]) -> Reached | None:
        if all(compiled(g)(state) for g in guards):
            return steps, state
        flows = self.shortest.reach(join("and", guards), state)
        if flows is None:
            return None
        for flow, amount in flows:
            state = flow.applied(state, amount)
        return (*steps, *(flow.step(amount) for flow, amount in flows)), state

    def advance(self, state: State, component: int, goal: Ground) -> Reached | None:
        """The fewest own steps of a component to a state that meets the goal (faults last)."""
        moves = self.moves
        own = (*moves.local[component], *moves.components[component])
        key = component, goal, tuple(state[k] for k in own), self.support(component, state)
        if key not in self._known:
            found = self._advance(state, component, goal)
            changed = () if found is None else tuple((k, v) for k, v in enumerate(found[1]) if v != state[k])
            self._known[key] = None if found is None else (found[0], changed)
        known = self._known[key]
        if known is None:
            return None
        after = list(state)
        for k, v in known[1]:
            after[k] = v
        return known[0], tuple(after)

    def bring(self, state: State, component: int, part: Part) -> Reached | None:
        """The fewest own steps of a component to the local control state of a part."""
        local = self.moves.local[component]
        if tuple(state[k] for k in local) == part.local:
            return (), state
        at = zip(local, part.local, strict=True)
        return self.advance(state, component, join("and", (same(node("slot", k), literal(v)) for k, v in at)))

    def _advance(self, state: State, component: int, goal: Ground) -> Reached | None:
        todo: deque[Reached] = deque([((), state)])
        later: deque[Reached] = deque()
        seen = {tuple(state[k] for k in self.moves.local[component])}
        while todo or later:
            steps, here = todo.popleft() if todo else later.popleft()
            if compiled(goal)(here):
                return steps, here
            for e in self.moves.edges_of[component]:
                if compiled(e.control)(here) and (found := self._flows((), here, e.guards)) is not None:
                    there = e.applied(found[1])
                    local = tuple(there[k] for k in self.moves.local[component])
                    if local not in seen:
                        seen.add(local)
                        queue = later if e.action.by.role is Role.FAULT else todo
                        queue.append(((*steps, *found[0], e.step), there))
        return None

    def violate(
        self, state: State, choice: tuple[Part, ...], wrong: Ground, least: int, limit: int
    ) -> tuple[Step, ...] | None:
        """The fewest steps from the state to these local control states and to quantities that meet `wrong`.

        Every component is brought along, also where `wrong` does not ask about it: whoever chose may have been asked.
        """
        steps: tuple[Step, ...] = ()
        for i, part in enumerate(choice):
            found = self.bring(state, i, part)
            if found is None:
                return None
            steps, state = (*steps, *found[0]), found[1]
        left = limit - len(steps)
        if left < 0:
            return None
        ranges = {
            k: r
            for slots, part in zip(self.moves.components, choice, strict=True)
            for k, r in zip(slots, part.box, strict=True)
        }
        goal = by_box(reduce(wrong, state, self.moves.control), ranges)
        ways = [self._exceeding(g, state, choice, max(0, least - len(steps)), left) for g in alternatives(goal)]
        flows = min((way for way in ways if way is not None), key=len, default=None)
        return None if flows is None else (*steps, *(flow.step(amount) for flow, amount in flows))

    def _exceeding(self, g: Ground, state: State, choice: tuple[Part, ...], least: int, most: int) -> Taken | None:
        if g[0] == "not" and g[1][0] == "<=" and plain(g[1][1]) and plain(g[1][2]):
            return self.shortest.exceed(g[1], state, choice, most)
        return self.shortest.reach(g, state, least, most)
