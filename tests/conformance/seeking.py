"""Walks for worlds whose graphs are too large for a suite: what was attempted least is attempted next.

In two walks of three nothing is given up, or the exchange only, since several VMs hardly ever come to its end otherwise.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator

from holdfast.checkers.conform.walks import REFUSED_EVERY, Attempt, Walk
from holdfast.checkers.interpret import Run
from holdfast.model.language import State, Step

BACK = frozenset({"cancel", "withdraw", "roll_back", "destroy_host_vm"})
"""What undoes what was done: the last of them only before the old hypervisor has ended."""
LEFT_OUT = (frozenset[str](), BACK, BACK - {"roll_back"})
"""Which of that is left out, walk by walk."""


class Seeker:
    """How often each action was taken, and refused, in walks of each kind so far; the same for the same seed."""

    def __init__(self, run: Run, seed: int, length: int) -> None:
        self.run, self.length, self.chance = run, length, random.Random(seed)
        self.times: dict[tuple[frozenset[str], bool], Counter[str]] = defaultdict(Counter)

    def walks(self, count: int) -> Iterator[Walk]:
        """So many walks, from the first initial state."""
        for number in range(1, count + 1):
            yield Walk(f"seeking walk {number}", 0, tuple(self._attempts(LEFT_OUT[number % len(LEFT_OUT)])))

    def _attempts(self, left_out: frozenset[str]) -> Iterator[Attempt]:
        state, back = self.run.initial()[0], left_out
        for _ in range(self.length):
            allowed, refused = self._possible(state)
            onward = {name: steps for name, steps in allowed.items() if name not in back}
            asked = onward if onward and (not refused or self.chance.randrange(REFUSED_EVERY)) else refused
            if not asked:
                return
            name = self._chosen(sorted(asked), self.times[left_out, asked is onward])
            step = self.chance.choice(asked[name])
            yield Attempt(step, allowed=asked is onward)
            state = self.run.take(state, step) if asked is onward else state
            back = back - {"destroy_host_vm"} if name == "tear_down_old" and asked is onward else back

    def _chosen(self, names: list[str], times: Counter[str]) -> str:
        """What was chosen least; every other time, whatever chance says, since counts alone fall into step."""
        least = min(names, key=lambda name: (times[name], self.chance.random()))
        name = self.chance.choice([least, self.chance.choice(names)])
        times[name] += 1
        return name

    def _possible(self, state: State) -> tuple[dict[str, list[Step]], dict[str, list[Step]]]:
        """What is allowed, and what is refused, by the name of the action."""
        allowed: dict[str, list[Step]] = defaultdict(list)
        refused: dict[str, list[Step]] = defaultdict(list)
        for action, arguments in self.run.every_step:
            found = refused if self.run.broken(state, action, arguments) else allowed
            found[action.name].append(Step(action.name, arguments))
        return allowed, refused
