"""The fewest flow steps that bring about a condition at a control location, from one concrete state.

Flows of a location are taken in the order in which the model writes them, each at most once (twice, if once does not
do), by any amount; z3 finds the amounts. First only flows that move what the condition counts; if their number does not
meet the lower bound, all flows of the components in question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from ...model.language import State, Step
from .ground import NO, YES, Ground, linear, reduce, slots_of
from .moves import Flow, Moves
from .solve import truth


class Shortest:
    """Finds and remembers the fewest flow steps to a condition."""

    def __init__(self, moves: Moves) -> None:
        """Over the flows of one instance."""
        self.moves = moves
        self._known: dict[Any, tuple[Step, ...] | None] = {}

    def reach(self, wanted: Ground, state: State, least: int = 0, most: int = 40) -> tuple[Step, ...] | None:
        """The fewest steps after which `wanted` holds, control staying as it is; None if no flows bring it about.

        `least` is a known lower bound; more than `most` steps are of no interest.
        """
        goal = reduce(wanted, state, self.moves.control)
        if goal == NO:
            return None
        involved = sorted(self.moves.components_in(goal))
        flows = [f for c in involved for f in self.moves.running(c, state)]
        slots = sorted({k for c in involved for k in self.moves.components[c]} | self._asked(flows))
        key = goal, tuple((k, state[k]) for k in slots), tuple(id(f) for f in flows), least, most
        if key not in self._known:
            self._known[key] = () if goal == YES else self._search(goal, flows, state, least, most)
        return self._known[key]

    def _asked(self, flows: Sequence[Flow]) -> set[int]:
        return {
            k for f in flows for g in f.guards for c in self.moves.components_in(g) for k in self.moves.components[c]
        }

    def _search(self, goal: Ground, flows: list[Flow], state: State, least: int, most: int) -> tuple[Step, ...] | None:
        direct = [f for f in flows if self._moves_goal(goal, f)]
        found = _Attempt(self.moves, goal, direct, state).fewest(least, most)
        if found is not None and len(found) <= max(least, 1):
            return found
        limit = most if found is None else len(found) - 1
        for rounds in (1, 2):
            better = _Attempt(self.moves, goal, flows * rounds, state).fewest(least, limit)
            if better is not None or found is not None:
                return better if better is not None else found
        return None

    def _moves_goal(self, goal: Ground, f: Flow) -> bool:
        """Whether the flow changes the value of some inequality in the goal."""
        todo, delta = [goal], dict(f.delta)
        while todo:
            g = todo.pop()
            if g[0] in ("<=", "=="):
                forms = [dict(linear(side)[1]) for side in g[1:]]
                if sum(k * (forms[0].get(s, 0) - forms[1].get(s, 0)) for s, k in delta.items()):
                    return True
            elif g[0] in ("and", "or"):
                todo += g[1]
            elif g[0] == "not":
                todo.append(g[1])
        return False


class _Attempt:
    """One encoding: these flows in this order, each by an amount of 0 (not taken) or more."""

    def __init__(self, moves: Moves, goal: Ground, flows: Sequence[Flow], state: State) -> None:
        self.flows = flows
        self.amounts = [z3.Int(f"amount{i}") for i in range(len(flows))]
        self.taken = [a > 0 for a in self.amounts]
        self.solver = z3.SolverFor("QF_LIA")
        guards_of = [[moves.reduced(g, state) for g in f.guards] for f in flows]
        asked = {k for gs in (*guards_of, [goal]) for g in gs for k in slots_of(g)} | {
            k for f in flows for k, _ in f.delta
        }
        now: dict[Any, Any] = {k: z3.IntVal(state[k]) for k in asked}
        for f, guards, amount, taken in zip(flows, guards_of, self.amounts, self.taken, strict=True):
            self.solver.add(amount >= 0)
            scope = {**now, "amount": amount}
            self.solver.add(*(z3.Implies(taken, truth(g, scope)) for g in guards if g != YES))
            now = {**now, **{k: now[k] + times * amount for k, times in f.delta}}
        self.solver.add(truth(goal, now))

    def fewest(self, least: int, most: int) -> tuple[Step, ...] | None:
        """The steps of a solution with as few flows taken as possible."""
        for k in range(least, min(most, len(self.flows)) + 1):
            self.solver.push()
            self.solver.add(z3.PbLe([(t, 1) for t in self.taken], k))
            answer = self.solver.check()
            if answer == z3.sat:
                return self._steps(self.solver.model())
            self.solver.pop()
            if k == least and self.solver.check() != z3.sat:
                return None
        return None

    def _steps(self, model: Any) -> tuple[Step, ...]:
        found = [model.eval(a, model_completion=True).as_long() for a in self.amounts]
        return tuple(Step(f.action.name, f.step_arguments(n)) for f, n in zip(self.flows, found, strict=True) if n > 0)
