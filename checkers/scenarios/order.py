"""What makes one counterexample lighter than another, and two of them different."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ...model.language import Action, Role, Sort, Step, Term
from ..interpret import Run


class Cost(NamedTuple):
    """Compared from left to right: steps by faults, changes of actor, different members that take part, steps."""

    faults: int
    changes: int
    members: int
    steps: int


@dataclass(frozen=True)
class Cause:
    """Why a counterexample is one: the properties that its last step broke, that step's action, the faults that struck.

    `last` is None where an initial state breaks them already.
    """

    properties: tuple[str, ...]
    last: str | None
    faults: frozenset[str]

    def covers(self, other: Cause) -> bool:
        """Whether the other one is the same with more faults, which then explain nothing."""
        return (self.properties, self.last) == (other.properties, other.last) and self.faults <= other.faults


@dataclass(frozen=True)
class Counterexample:
    """Steps from an initial state, by its number, to the first step that breaks anything; `cause` says what.

    Of a `leads_to`, the steps from `cycle_from` on repeat for ever, or end in a state that nothing leaves (None).
    """

    cause: Cause
    cost: Cost
    steps: tuple[Step, ...]
    initial: int = 0
    cycle_from: int | None = None


@dataclass(frozen=True)
class Weight:
    """What one step adds: who acts, the fault's name if it is one, and the members that take part, as bits."""

    actor: str
    fault: str | None
    members: int


class Scale:
    """Weighs the steps of a run. `counted`: the sorts whose members are counted.

    A member takes part in a step that names it: as an argument, or as a constant of an argument that the action reads
    (the product of a system with a plan has its arguments there).
    """

    def __init__(self, run: Run, counted: Collection[Sort] = ()) -> None:
        """The run that the steps are of."""
        self.run = run
        self._bit: dict[tuple[Sort, int], int] = {}
        for sort in counted:
            for rank in range(run.instance.count(sort)):
                self._bit[sort, rank] = 1 << len(self._bit)
        self._reads = {a.name: tuple(self._named(a)) for a in run.system.actions}
        self._known: dict[Step, Weight] = {}

    def weight(self, step: Step) -> Weight:
        """What this step adds."""
        if step not in self._known:
            self._known[step] = self._weight(step)
        return self._known[step]

    def cost(self, steps: Iterable[Step]) -> Cost:
        """What all of these steps come to."""
        weights = [self.weight(step) for step in steps]
        members = 0
        for w in weights:
            members |= w.members
        changes = sum(a.actor != b.actor for a, b in pairwise(weights))
        return Cost(sum(w.fault is not None for w in weights), changes, members.bit_count(), len(weights))

    def faults(self, steps: Iterable[Step]) -> frozenset[str]:
        """The faults among these steps."""
        return frozenset(w.fault for w in map(self.weight, steps) if w.fault is not None)

    def _weight(self, step: Step) -> Weight:
        action = self.run.system.action(step.action)
        env = self.run.environment(action, step.arguments)
        members = 0
        for term, sort in self._reads[step.action]:
            members |= self._bit[sort, self.run.value(term, (), env)]
        return Weight(action.by.name, action.name if action.by.role is Role.FAULT else None, members)

    def _named(self, action: Action) -> Iterator[tuple[Term, Sort]]:
        """The terms by which an action names members of the sorts that are counted, whatever the state."""
        counted = {sort for sort, _ in self._bit}
        said = [r.term for r in action.requires] + [t for w in action.writes for t in (w.ref, w.value)]
        constants = [t for term in said for t in term.walk() if t.op == "read" and self._is_constant_of(action, t)]
        for term in dict.fromkeys([*(p.var for p in action.parameters), *constants]):
            if isinstance(term.sort, Sort) and term.sort in counted:
                yield term, term.sort

    def _is_constant_of(self, action: Action, read: Term) -> bool:
        """Whether a term reads a constant of a parameter of the action."""
        field, ref = read.args
        return field.rigid and any(ref is p.var for p in action.parameters)
