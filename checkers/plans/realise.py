"""From what may be to what happens: concrete steps to a local control state, to a guard, to a violation.

Every component is brought along by its own edges and flows, the fewest first; nothing here is trusted: what it finds is
replayed in the reference interpreter before it is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from ...model.language import Role, State, Step
from ..interpret import Run
from .bounds import conjuncts
from .cells import Part
from .ground import Ground, compiled, join
from .moves import Edge, Moves
from .shortest import Shortest

Reached: TypeAlias = "tuple[tuple[Step, ...], State]"


class Realiser:
    """Finds short concrete steps in one planned instance."""

    def __init__(self, run: Run, moves: Moves) -> None:
        """Over the moves of the run's instance."""
        self.run, self.moves = run, moves
        self.shortest = Shortest(moves)

    def enable(self, state: State, e: Edge) -> Reached | None:
        """Bring every component to where the edge's guards hold; None if this state does not lead there."""
        steps: tuple[Step, ...] = ()
        for clause in conjuncts(e.control):
            if not compiled(clause)(state):
                homes = self.moves.homes_in(clause)
                if len(homes) != 1:
                    return None
                found = self.advance(state, next(iter(homes)), compiled(clause))
                if found is None:
                    return None
                steps, state = (*steps, *found[0]), found[1]
        return self._flows(steps, state, join("and", e.guards))

    def _flows(self, steps: tuple[Step, ...], state: State, wanted: Ground) -> Reached | None:
        flows = self.shortest.reach(wanted, state)
        if flows is None:
            return None
        for step in flows:
            state = self.run.take(state, step)
        return (*steps, *flows), state

    def advance(self, state: State, component: int, goal: Callable[[State], int]) -> Reached | None:
        """The fewest own steps of a component to a state that meets the goal (faults last)."""
        todo: deque[Reached] = deque([((), state)])
        seen = {tuple(state[k] for k in self.moves.local[component])}
        later: deque[Reached] = deque()
        while todo or later:
            steps, here = todo.popleft() if todo else later.popleft()
            if goal(here):
                return steps, here
            for e in self.moves.edges_of[component]:
                if compiled(e.control)(here):
                    found = self._flows((), here, join("and", e.guards))
                    if found is not None:
                        taken = Step(e.action.name, e.arguments)
                        there = self.run.take(found[1], taken)
                        local = tuple(there[k] for k in self.moves.local[component])
                        if local not in seen:
                            seen.add(local)
                            (later if e.action.by.role is Role.FAULT else todo).append(
                                ((*steps, *found[0], taken), there)
                            )
        return None

    def violate(
        self, state: State, choice: tuple[Part, ...], wrong: Ground, least: int, limit: int
    ) -> tuple[Step, ...] | None:
        """The fewest steps from the state to these local control states and to quantities that meet `wrong`."""
        steps: tuple[Step, ...] = ()
        for i in sorted(self.moves.homes_in(wrong)):
            local = choice[i].local

            def there(s: State, i: int = i, local: tuple[int, ...] = local) -> bool:
                return tuple(s[k] for k in self.moves.local[i]) == local

            if not there(state):
                found = self.advance(state, i, there)
                if found is None:
                    return None
                steps, state = (*steps, *found[0]), found[1]
        flows = self.shortest.reach(wrong, state, max(0, least - len(steps)), limit - len(steps))
        return None if flows is None else (*steps, *flows)
