"""How few steps make a sum exceed a limit: every member gains what it can by so many steps; the rest is a knapsack.

A member's gain by m steps is found by trying its flows, each by as much as its guards allow, and by z3 where that does
not come up to the most that its invariants allow. What is not known yet counts as that most; the best allocation of
steps is recomputed until it uses known gains only: then none is shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

from ...model.language import State
from ..smt.z3types import z3
from .ground import YES
from .moves import Flow, Moves
from .solve import truth

Taken: TypeAlias = "tuple[tuple[Flow, int], ...]"
"""Flows with their amounts, in order."""

Weights: TypeAlias = "dict[int, int]"
"""What a slot counts for in the sum."""

MOST_EACH = 9
"""Steps of one member that are told apart; by more than these it is taken to gain the most that it can."""

MOST_TRIED = 3
"""Steps up to which every order of flows is tried before z3 is asked."""

ROUNDS = 4
"""How often z3 may take each flow: one flow may make way for another, again and again."""


@dataclass
class Member:
    """One component: the most that it can gain, and what it gains by 0, 1, … steps as far as that is known.

    `most` is what its invariants allow until it is `attained`: then it is what flows bring about.
    """

    flows: Sequence[Flow]
    most: int
    attained: bool = False
    known: list[tuple[int, Taken]] = field(default_factory=lambda: [(0, ())])

    def gain(self, steps: int) -> int:
        """What so many steps gain; the most where that is not known yet."""
        return self.known[steps][0] if steps < len(self.known) else self.most

    @property
    def levels(self) -> int:
        """How many steps are worth telling apart: none beyond those that gain the most."""
        best = next((m for m, (gain, _) in enumerate(self.known) if gain >= self.most), None)
        return best if best is not None else min(len(self.known), MOST_EACH)


class Gains:
    """Allocates steps to members."""

    def __init__(self, moves: Moves, largest: Callable[[Flow, State], int]) -> None:
        """`largest` gives the largest amount that a flow's guards allow in a state."""
        self.moves, self.largest = moves, largest

    def fewest(
        self, weights: dict[int, Weights], most: dict[int, int], missing: int, state: State, limit: int
    ) -> Taken | None:
        """The fewest steps by which the weighted sum gains at least `missing`; None if that takes more than `limit`.

        `weights` gives every component's slots with their weight, `most` the most that each can gain.
        """
        members = {i: Member(self.moves.running(i, state), most[i]) for i in weights if most[i] > 0}
        while True:
            plan = _allocate(members, missing, limit)
            if plan is None:
                return None
            unknown = [(i, m) for i, m in plan.items() if m >= len(members[i].known)]
            if not unknown:
                return tuple(taken for i, m in plan.items() for taken in members[i].known[m][1])
            for i, _ in unknown:
                found = self._gain(members[i], weights[i], state)
                if found is None:
                    members[i].most = members[i].known[-1][0]
                else:
                    members[i].known.append(found)

    def _gain(self, member: Member, weights: Weights, state: State) -> tuple[int, Taken] | None:
        """What one step more than known gains, and how; None if nothing more is gained."""
        steps, before = len(member.known), member.known[-1][0]
        best = self._best_tried(member, weights, state, steps)
        if best[0] < member.most and steps > 1 and not member.attained:
            everything = [*member.flows] * ROUNDS
            member.most = max(best[0], self._solved(everything, weights, state, len(everything))[0])
            member.attained = True
        if best[0] < member.most:
            flows = [*member.flows] * min(steps, ROUNDS)
            best = max(best, self._solved(flows, weights, state, steps), key=_gained)
        if steps == MOST_EACH and best[0] < member.most:
            return None
        return best if best[0] > before or steps == 1 else (before, member.known[-1][1])

    def _best_tried(self, member: Member, weights: Weights, state: State, steps: int) -> tuple[int, Taken]:
        """The most that so many steps gain when each goes as far as it can, and each gains something."""
        if steps > MOST_TRIED:
            return 0, ()
        direct = [f for f in member.flows if sum(weights.get(k, 0) * n for k, n in f.delta) > 0]
        tried = (self._tried(order, weights, state) for order in product(direct, repeat=steps))
        return max(tried, key=_gained, default=(0, ()))

    def _tried(self, order: Sequence[Flow], weights: Weights, state: State) -> tuple[int, Taken]:
        gain = 0
        taken: list[tuple[Flow, int]] = []
        for f in order:
            amount = self.largest(f, state)
            if amount > 0:
                gain += amount * sum(weights.get(k, 0) * n for k, n in f.delta)
                taken.append((f, amount))
                state = f.applied(state, amount)
        return gain, tuple(taken)

    def _solved(self, flows: Sequence[Flow], weights: Weights, state: State, steps: int) -> tuple[int, Taken]:
        """The most that so many of these flows gain, taken in this order."""
        amounts = [z3.Int(f"amount{i}") for i in range(len(flows))]
        now: dict[Any, Any] = {k: z3.IntVal(state[k]) for k in self.moves.quantities}
        solver = z3.Optimize()
        for f, amount in zip(flows, amounts, strict=True):
            scope = {**now, "amount": amount}
            guards = [self.moves.reduced(g, state) for g in f.guards]
            solver.add(amount >= 0, *(z3.Implies(amount > 0, truth(g, scope)) for g in guards if g != YES))
            now = {**now, **{k: now[k] + times * amount for k, times in f.delta}}
        solver.add(z3.PbLe([(a > 0, 1) for a in amounts], steps))
        solver.maximize(z3.Sum([w * (now[k] - state[k]) for k, w in weights.items()]))
        assert solver.check() == z3.sat, "taking no flow at all is possible"
        model = solver.model()
        found = [model.eval(a, model_completion=True).as_long() for a in amounts]
        gain = model.eval(z3.Sum([w * (now[k] - state[k]) for k, w in weights.items()])).as_long()
        return gain, tuple((f, n) for f, n in zip(flows, found, strict=True) if n > 0)


def _gained(found: tuple[int, Taken]) -> tuple[int, int]:
    return found[0], -len(found[1])


def _allocate(members: dict[int, Member], missing: int, limit: int) -> dict[int, int] | None:
    """So many steps for each member, as few as possible, that together gain what is missing."""
    best: list[tuple[int, dict[int, int]]] = [(0, {})]
    for i, member in members.items():
        wider = list(best)
        for steps, (gain, plan) in enumerate(best):
            for m in range(1, member.levels + 1):
                if steps + m <= limit:
                    tried = gain + member.gain(m)
                    while len(wider) <= steps + m:
                        wider.append((-1, {}))
                    if tried > wider[steps + m][0]:
                        wider[steps + m] = (tried, {**plan, i: m})
        best = wider
    return next((plan for gain, plan in best if gain >= missing), None)
