"""Liveness by fixpoints over the explicit state graph: a second road beside the components of graph.py.

`unrecoverable`: the states that reach one of the second kind are the least set with these and every predecessor.

`forever`: the states from which a fair behaviour can avoid the second kind for ever, by the nested fixpoint of Emerson and
Lei. It is the greatest set Z of states not of the second kind such that from each of them, inside Z, every fair step can be
paid for: by getting to a state where it cannot be taken, or by taking it between two states of Z. Each round keeps those
that can; what cannot pay for one step is gone for the others too. A behaviour in Z pays for one step after the other, and
begins again: it is fair. And the states of a fair behaviour without the second kind are such a set: so they are in Z.
A behaviour may stay where it is for ever, which is why Z needs no step that goes on.

What this does not check: it says which states are wrong, and has no counterexample; strong fairness, or worlds beyond
the limit of graph.py on states, whose graph it takes as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from ..model.language import Kind, Property, Step
from .graph import Graph


def wrong(graph: Graph, p: Property) -> frozenset[int]:
    """The reachable states of the first kind from which a `recoverable` or `leads_to` property fails."""
    first, second = graph.where(p.term), graph.where(p.goal)
    bad = unrecoverable(graph, second) if p.kind is Kind.RECOVERABLE else forever(graph, second)
    return first & bad


def unrecoverable(graph: Graph, second: Iterable[int]) -> frozenset[int]:
    """The states from which none of these can be reached."""
    everything = frozenset(range(len(graph.states)))
    return everything - _reaching(_predecessors(graph), second, everything)


def forever(graph: Graph, second: frozenset[int]) -> frozenset[int]:
    """The states from which a fair behaviour can avoid these for ever."""
    before = _predecessors(graph)
    taken = _taken(graph)
    kept, size = frozenset(range(len(graph.states))) - second, -1
    while len(kept) != size:
        size = len(kept)
        for step, edges in taken.items():
            paid = (i for i in kept if step not in graph.fair[i])
            by_taking = (i for i, j in edges if i in kept and j in kept)
            kept = _reaching(before, chain(paid, by_taking), kept)
    return kept


def _taken(graph: Graph) -> dict[Step, list[tuple[int, int]]]:
    """Every fair step with the pairs of states between which it is taken."""
    taken: dict[Step, list[tuple[int, int]]] = {}
    for i, edges in enumerate(graph.edges):
        for step, j in edges:
            if step in graph.fair[i]:
                taken.setdefault(step, []).append((i, j))
    return taken


def _predecessors(graph: Graph) -> list[list[int]]:
    """The states that lead to each state."""
    before: list[list[int]] = [[] for _ in graph.states]
    for i, edges in enumerate(graph.edges):
        for _, j in edges:
            before[j].append(i)
    return before


def _reaching(before: list[list[int]], goal: Iterable[int], inside: frozenset[int]) -> frozenset[int]:
    """The states of `inside` that reach one of the goal, which lies in it, without leaving it."""
    found = set(goal)
    todo = list(found)
    while todo:
        for i in before[todo.pop()]:
            if i in inside and i not in found:
                found.add(i)
                todo.append(i)
    return frozenset(found)
