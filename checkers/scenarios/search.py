"""The lightest counterexample of every cause: shortest paths, by several measures at once.

A node is a state, the actor of the step that led there, the faults that struck and the members that took part on the
way. Nodes are expanded in the order of their cost (Dijkstra), which no step lowers; so the first that breaks something
for a cause is the lightest of it. A node is passed over where another one in the same state, after the same actor and
the same faults, had fewer steps by faults or fewer changes of actor; or as many, no other members, and no more steps:
whatever follows, follows from that one at no higher cost.

Growth: at most one node for every state, actor, set of faults, and (where no set is in another) set of members. Each is
expanded once, for the price of its heap entry; each state once by the interpreter, which takes nearly all of the time.

Unless a limit on steps is asked for, none is longer than the shortest: where the lightest is, one is looked for within as
many steps as the shortest has (`shortest.py`). The first that breaks something after some faults is no longer than any that
breaks it after these; the others, no longer than any of their own cause.

What it does not do: `leads_to` and `recoverable`, which the graph decides (graph.py). Past a limit on states or nodes,
what was found so far is still the lightest of its cause, and `unfinished` says why there may be more.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple, TypeAlias

from ...model.language import ModelError, Sort, Step
from ..interpret import Run
from .order import Cause, Cost, Counterexample, Scale
from .shortest import fewest_steps
from .steps import Edge, Places, Steps, TooLarge

LIMIT_STATES = 50_000
LIMIT_NODES = 1_000_000


@dataclass(frozen=True)
class Limits:
    """How far a search goes: faults and steps in one counterexample, states, and nodes.

    `faults` None: as many as it takes. `steps` None: no more than the shortest that breaks the same after the same faults.
    """

    faults: int | None = None
    steps: int | None = None
    states: int = LIMIT_STATES
    nodes: int = LIMIT_NODES


@dataclass(frozen=True)
class Found:
    """Counterexamples of different causes, the lightest first (but for what shorter ones cost more).

    `unfinished` says why there may be more; it is None where there is no other cause with so few faults.
    `out_of_range` counts steps that were not followed since they leave the range of a field.
    """

    counterexamples: tuple[Counterexample, ...]
    states: int
    nodes: int
    unfinished: str | None = None
    out_of_range: int = 0


class Node(NamedTuple):
    """A way of having come to a state; `broken` is what the last step broke, and nothing follows where it is something."""

    cost: Cost
    state: int
    actor: str | None
    faults: frozenset[str]
    members: int
    broken: tuple[str, ...]
    step: Step | None
    before: Node | None


Place: TypeAlias = "tuple[int, str | None, frozenset[str]]"


class _Known:
    """How places were reached, each way with its faults and changes, its members, and its steps.

    Where steps are limited, a way with more of them is not as good as it would be otherwise: it may come to its end.
    """

    def __init__(self, *, steps_are_limited: bool) -> None:
        self.steps_are_limited = steps_are_limited
        self._ways: dict[Place, list[tuple[tuple[int, ...], int, int]]] = {}

    def improves(self, node: Node) -> bool:
        """Whether no earlier way is at least as good, whatever follows; the node is remembered where it is so."""
        ways = self._ways.setdefault((node.state, node.actor, node.faults), [])
        lead, steps = node.cost[:2], node.cost.steps
        for other, members, fewer in ways:
            if other < lead and (fewer <= steps or not self.steps_are_limited):
                return False
            if other == lead and members & ~node.members == 0 and fewer <= steps:
                return False
        ways.append((lead, node.members, steps))
        return True


def find(run: Run, *, most: int | None = None, counted: Collection[Sort] = (), limits: Limits = Limits()) -> Found:
    """Counterexamples to the `always` and `step` properties of the run's system, one for each cause: `most`, or all.

    Raises ModelError where the world does not meet what the model assumes.
    """
    if unmet := run.unmet_assumptions():
        said = "; ".join(p.sentence for p in unmet)
        raise ModelError(f"{run.world.name} does not meet what the model assumes: {said}")
    return search(Steps(run, limits.states), Scale(run, counted), most, limits)


def search(places: Places, scale: Scale, most: int | None, limits: Limits) -> Found:
    """The lightest counterexample of each cause, in any graph."""
    return _Search(places, scale, limits).go(most)


class _Search:
    """The state of one search."""

    def __init__(self, places: Places, scale: Scale, limits: Limits) -> None:
        self.graph, self.scale, self.limits = places, scale, limits
        self.serial = count()
        self.heap: list[tuple[Cost, int, Node]] = []
        self.nodes = 0

    def go(self, most: int | None) -> Found:
        found: list[Counterexample] = []
        why: str | None = None
        try:
            for one in self.no_longer_than_the_shortest():
                if not any(earlier.cause.covers(one.cause) for earlier in found):
                    found.append(one)
                    if len(found) == most:
                        why = f"{most} were asked for"
                        break
        except TooLarge as limit:
            why = str(limit) or f"the limit of {self.limits.states} states is reached"
        return Found(tuple(found), len(self.graph.states), self.nodes, why, self.graph.out_of_range)

    def no_longer_than_the_shortest(self) -> Iterator[Counterexample]:
        """What is found, in its place the lightest that is no longer than the shortest. Raises TooLarge.

        First by whatever action, then of the cause: that another action breaks the same takes as many steps as it takes.
        """
        asked, met = set[tuple[tuple[str, ...], frozenset[str]]](), set[Cause]()
        for one in self.causes():
            if self.limits.steps is not None or any(earlier.covers(one.cause) for earlier in met):
                yield one
                continue
            met.add(one.cause)
            if (one.cause.properties, one.cause.faults) not in asked:
                asked.add((one.cause.properties, one.cause.faults))
                yield self.within(one, None)
            yield self.within(one, one.cause.last)

    def within(self, one: Counterexample, last: str | None) -> Counterexample:
        """The lightest of those that are no longer than the shortest; past the limit on states, the one given."""
        try:
            steps = fewest_steps(self.graph, self.scale, one, last)
            if steps == one.cost.steps:
                return one
            short = _Search(self.graph, self.scale, replace(self.limits, faults=one.cost.faults, steps=steps))
            return next(o for o in short.causes() if o.cause == replace(one.cause, last=last or o.cause.last))
        except TooLarge:
            return one

    def causes(self) -> Iterator[Counterexample]:
        """Whatever breaks something, lightest first; of one cause there may be several. Raises TooLarge."""
        known = _Known(steps_are_limited=self.limits.steps is not None)
        for state in self.graph.initial:
            self.push(Node(Cost(0, 0, 0, 0), state, None, frozenset(), 0, self.graph.broken(state), None, None))
        while self.heap:
            _, _, node = heapq.heappop(self.heap)
            if node.broken:
                yield _counterexample(node)
            elif known.improves(node):
                self.nodes += 1
                if self.nodes > self.limits.nodes:
                    raise TooLarge(f"the limit of {self.limits.nodes} nodes is reached")
                for edge in self.graph.edges(node.state):
                    self.follow(node, edge)

    def follow(self, node: Node, edge: Edge) -> None:
        w = self.scale.weight(edge.step)
        faults = node.faults if w.fault is None else node.faults | {w.fault}
        members = node.members | w.members
        cost = Cost(
            node.cost.faults + (w.fault is not None),
            node.cost.changes + (node.actor not in (None, w.actor)),
            members.bit_count(),
            node.cost.steps + 1,
        )
        limits = self.limits
        if cost.faults > (limits.faults if limits.faults is not None else cost.faults):
            return
        if cost.steps > (limits.steps if limits.steps is not None else cost.steps):
            return
        self.push(Node(cost, edge.after, w.actor, faults, members, edge.broken, edge.step, node))

    def push(self, node: Node) -> None:
        heapq.heappush(self.heap, (node.cost, next(self.serial), node))


def _counterexample(node: Node) -> Counterexample:
    steps: list[Step] = []
    at = node
    while at.before is not None and at.step is not None:
        steps.append(at.step)
        at = at.before
    cause = Cause(node.broken, steps[0].action if steps else None, node.faults)
    return Counterexample(cause, node.cost, tuple(reversed(steps)), at.state)
