"""The fewest flow steps that bring about a condition at a control location, from one concrete state.

To exceed a sum: gains.py. For any other condition: no step, one flow by the right amount, or as few as z3 finds when
the flows are taken in the order in which the model writes them, each at most once (twice, if once does not do).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ...model.language import State
from ..smt.z3types import z3
from .cells import Part
from .gains import Gains, Taken
from .ground import NO, YES, Ground, compiled, linear, negate, reduce, slots_of
from .moves import Flow, Moves
from .solve import decided, difference, plain, truth

Extreme: TypeAlias = "Callable[[int, tuple[tuple[int, int], ...], Part, State], int | None]"


class Shortest:
    """Finds and remembers the fewest flow steps to a condition."""

    def __init__(self, moves: Moves, extreme: Extreme) -> None:
        """Over the flows of one instance; `extreme` gives the largest value of a linear form over a part."""
        self.moves, self.extreme = moves, extreme
        self.gains = Gains(moves, self._largest)
        self._known: dict[Any, Taken | None] = {}

    def reach(self, wanted: Ground, state: State, least: int = 0, most: int = 60) -> Taken | None:
        """The fewest steps after which `wanted` holds, control staying as it is; None if no flows bring it about.

        `least` is a known lower bound; more than `most` steps are of no interest.
        """
        goal = reduce(wanted, state, self.moves.control)
        if goal == NO:
            return None
        if goal == YES or compiled(goal)(state):
            return ()
        involved = sorted(self.moves.components_in(goal))
        flows = [f for c in involved for f in self.moves.running(c, state)]
        slots = sorted({k for c in involved for k in self.moves.components[c]} | self._asked(flows))
        key = goal, tuple((k, state[k]) for k in slots), tuple(map(id, flows)), least, most
        if key not in self._known:
            self._known[key] = self._search(goal, flows, state, least, most)
        return self._known[key]

    def _asked(self, flows: Sequence[Flow]) -> set[int]:
        return {
            k for f in flows for g in f.guards for c in self.moves.components_in(g) for k in self.moves.components[c]
        }

    def _search(self, goal: Ground, flows: list[Flow], state: State, least: int, most: int) -> Taken | None:
        direct = [f for f in flows if self._moves_goal(goal, f)]
        single = self._single(goal, direct, state)
        if single is not None and most >= 1:
            return (single,)
        for rounds in (1, 2):
            found = _Attempt(self.moves, goal, flows * rounds, state).fewest(max(least, 1), most)
            if found is not None:
                return found
        return None

    def exceed(self, atom: Ground, state: State, parts: tuple[Part, ...], most: int) -> Taken | None:
        """The fewest steps after which `a <= b` does not hold, each component staying in its part; None if none do."""
        constant, mixed = difference(self.moves.reduced(atom, state))
        form: dict[int, int] = dict(mixed)
        missing = 1 - constant - sum(c * state[k] for k, c in form.items())
        if missing <= 0:
            return ()
        weights: dict[int, dict[int, int]] = {}
        for k, c in form.items():
            weights.setdefault(self.moves.component_of[k], {})[k] = c
        gains: dict[int, int] = {}
        for i, weight in weights.items():
            largest = self.extreme(i, tuple(sorted(weight.items())), parts[i], state)
            gains[i] = 0 if largest is None else largest - sum(c * state[k] for k, c in weight.items())
        taken = self.gains.fewest(weights, gains, missing, state, most)
        return None if taken is None else self._trimmed(atom, taken, state)

    def _trimmed(self, atom: Ground, taken: Taken, state: State) -> Taken:
        """The same steps, the last by the least amount that does."""
        for f, amount in taken[:-1]:
            state = f.applied(state, amount)
        last = self._single(negate(self.moves.reduced(atom, state)), [taken[-1][0]], state)
        return taken if last is None else (*taken[:-1], last)

    def _largest(self, f: Flow, state: State) -> int:
        """The largest amount that the flow's guards allow now; 0 if none."""
        least, most = 1, 1 << 62
        for g in f.guards:
            least, most = _amounts(self.moves.reduced(g, state), {}, state, least, most)
        return most if least <= most < 1 << 62 else 0

    def _single(self, goal: Ground, flows: Sequence[Flow], state: State) -> tuple[Flow, int] | None:
        """One flow whose amount alone brings the goal about: the amounts that each condition allows are a range."""
        for f in flows:
            least, most = 1, 1 << 62
            for g in f.guards:
                least, most = _amounts(self.moves.reduced(g, state), {}, state, least, most)
            for g in goal[1] if goal[0] == "and" else (goal,):
                least, most = _amounts(g, dict(f.delta), state, least, most)
            if least <= most:
                return f, least
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


def _amounts(g: Ground, delta: dict[int, int], state: State, least: int, most: int) -> tuple[int, int]:
    """The amounts from `least` to `most` for which a condition holds; none where it compares no linear forms."""
    if g == YES:
        return least, most
    atom, sign = (g[1], -1) if g[0] == "not" else (g, 1)
    if atom[0] not in ("<=", "==") or (atom[0] == "==" and sign < 0) or not (plain(atom[1]) and plain(atom[2])):
        return 1, 0
    constant, form = difference(atom)
    slots: dict[int, int] = {k: c for k, c in form.items() if k != "amount"}
    now = constant + sum(c * state[k] for k, c in slots.items())
    slope = form.get("amount", 0) + sum(form.get(k, 0) * times for k, times in delta.items())
    if sign < 0:  # not (x <= 0): 1 - x <= 0
        now, slope = 1 - now, -slope
    for n, s in ((now, slope), (-now, -slope))[: 2 if atom[0] == "==" else 1]:  # n + s·amount <= 0
        if s > 0:
            most = min(most, -n // s)
        elif s < 0:
            least = max(least, -(-n // -s))
        elif n > 0:
            return 1, 0
    return least, most


def alternatives(goal: Ground) -> tuple[Ground, ...]:
    """Conditions any one of which brings the goal about, where it is plainly such a choice; else the goal itself."""
    if goal[0] == "or":
        return tuple(a for p in goal[1] for a in alternatives(p))
    if goal[0] == "not" and goal[1][0] == "and":
        return tuple(a for p in goal[1][1] for a in alternatives(negate(p)))
    return (goal,)


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

    def fewest(self, least: int, most: int) -> Taken | None:
        """A solution with as few flows taken as possible."""
        if not decided(self.solver.check()):
            return None
        for k in range(least, min(most, len(self.flows)) + 1):
            self.solver.push()
            self.solver.add(z3.PbLe([(t, 1) for t in self.taken], k))
            if decided(self.solver.check()):
                return self._taken(self.solver.model())
            self.solver.pop()
        return None

    def _taken(self, model: Any) -> Taken:
        found = [model.eval(a, model_completion=True).as_long() for a in self.amounts]
        return tuple((f, n) for f, n in zip(self.flows, found, strict=True) if n > 0)
