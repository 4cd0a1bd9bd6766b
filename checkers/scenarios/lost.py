"""Counterexamples to what needs the whole graph: `recoverable` and `leads_to` (graph.py).

To `recoverable`, the lightest: a counterexample ends in the first state from which there is no way on. To `leads_to`,
the one that the graph gives: the shortest way into a cycle, and the cycle, however heavy; its cause is what it breaks
and the faults on the way.
"""

from __future__ import annotations

from collections.abc import Collection

from ...model.language import Kind, Property, Sort
from ..graph import Graph, explicit, leads_to, recoverable
from ..graph import TooLarge as GraphTooLarge
from ..interpret import Run
from ..verdict import Violated
from .order import Cause, Counterexample, Scale
from .search import Found, Limits, search
from .steps import Edge


class Lost:
    """A state graph in which the states that have no way to a goal are what breaks."""

    out_of_range = 0

    def __init__(self, graph: Graph, p: Property) -> None:
        """`p` is `recoverable`."""
        self.graph, self.name = graph, p.name
        self.initial, self.states = list(range(graph.initial)), graph.states
        self.lost = graph.where(p.term) - _saved(graph, graph.where(p.goal))

    def broken(self, at: int) -> tuple[str, ...]:
        """The property, in a state that is lost."""
        return (self.name,) if at in self.lost else ()

    def edges(self, at: int) -> tuple[Edge, ...]:
        """Every step from a state."""
        return tuple(Edge(step, after, self.broken(after)) for step, after in self.graph.edges[at])


def _saved(graph: Graph, goal: frozenset[int]) -> set[int]:
    """The states from which one of the goal can be reached."""
    before: dict[int, list[int]] = {}
    for i, edges in enumerate(graph.edges):
        for _, after in edges:
            before.setdefault(after, []).append(i)
    saved, todo = set(goal), list(goal)
    while todo:
        for i in before.get(todo.pop(), ()):
            if i not in saved:
                saved.add(i)
                todo.append(i)
    return saved


def find_lost(run: Run, *, most: int | None = None, counted: Collection[Sort] = (), limits: Limits = Limits()) -> Found:  # noqa: B008 - frozen
    """Counterexamples to the `recoverable` and `leads_to` properties of the run's system, in the order written."""
    try:
        graph = explicit(run, limits.states)
    except GraphTooLarge as large:
        return Found((), large.figures.states, 0, f"the graph has {large}, which is the limit")
    scale = Scale(run, counted)
    found: list[Counterexample] = []
    nodes, why = 0, None
    for p in run.system.of_kind(Kind.RECOVERABLE, Kind.LEADS_TO):
        left = None if most is None else most - len(found)
        if left == 0:
            return Found(tuple(found), len(graph.states), nodes, f"{most} were asked for")
        if p.kind is Kind.LEADS_TO:
            found += _led_astray(scale, graph, p)
        elif isinstance(recoverable(graph, p), Violated):
            one = search(Lost(graph, p), scale, left, limits)
            found += one.counterexamples
            nodes, why = nodes + one.nodes, why or one.unfinished
    return Found(tuple(found), len(graph.states), nodes, why)


def _led_astray(scale: Scale, graph: Graph, p: Property) -> list[Counterexample]:
    verdict = leads_to(graph, p)
    if not isinstance(verdict, Violated):
        return []
    last = verdict.steps[-1].action if verdict.steps else None
    cause = Cause((p.name,), last, scale.faults(verdict.steps))
    return [Counterexample(cause, scale.cost(verdict.steps), verdict.steps, verdict.initial, verdict.cycle_from)]
