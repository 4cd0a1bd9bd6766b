"""Tiny labelled graphs as systems, and a second, dumb road to their liveness: walks with a list of debts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from hypothesis import strategies as st

from holdfast.model.language import (
    ANYTHING,
    BOOL,
    NUMBER,
    Action,
    Actor,
    Entity,
    Kind,
    Parameter,
    Property,
    Requirement,
    Role,
    System,
    Term,
    World,
    Write,
    check,
    varying,
)
from holdfast.model.language.terms import choose, const, equal, junction

MOST_NODES = 6


class Place(Entity):
    """Where the graph is."""

    node = varying(NUMBER, upto=MOST_NODES - 1, start=ANYTHING)


@dataclass(frozen=True)
class Label:
    """An action: from some nodes to one other each."""

    role: Role
    moves: tuple[tuple[int, int], ...]

    @property
    def is_fair(self) -> bool:
        """Whether weak fairness is owed to it."""
        return self.role in (Role.PLANNED, Role.AUTOMATIC)


@dataclass(frozen=True)
class Labelled:
    """A graph: the nodes that it starts in, its labels, and the nodes of the first and the second kind."""

    starts: frozenset[int]
    labels: tuple[Label, ...]
    first: frozenset[int]
    second: frozenset[int]

    def system(self, kind: Kind) -> System:
        """The graph as a system with one property of that kind."""
        var = Term("var", ("place", 0), Place)
        actions = tuple(_action(f"label{i}", label) for i, label in enumerate(self.labels))
        begins = Property(Kind.INITIALLY, "begins", "", _everywhere(_among(var, self.starts), var))
        goal = _everywhere(_among(var, self.second), var)
        asked = Property(kind, "asked", "first, then second", _everywhere(_among(var, self.first), var), (), goal)
        return check(System((Place,), actions, (begins, asked)))

    def world(self) -> World:
        """There is one place."""
        return World("labelled", Place("place"))

    def moves(self, node: int) -> Iterator[tuple[int, int]]:
        """The labels that leave a node, each with where it leads."""
        return ((i, b) for i, label in enumerate(self.labels) for a, b in label.moves if a == node)

    def reachable(self, nodes: frozenset[int], avoiding: frozenset[int] = frozenset()) -> frozenset[int]:
        """What can be reached from nodes, without some others."""
        found = nodes - avoiding
        while more := {b for a in found for _, b in self.moves(a)} - found - avoiding:
            found |= more
        return found


def _read(var: Term) -> Term:
    return Term("read", (Place.node, var), NUMBER)


def _among(var: Term, nodes: frozenset[int] | set[int]) -> Term:
    return junction("or", [equal(_read(var), const(node, NUMBER)) for node in sorted(nodes)])


def _everywhere(body: Term, var: Term) -> Term:
    return Term("forall", (var, const(True, BOOL), body), BOOL)


def _action(name: str, label: Label) -> Action:
    var = Term("var", ("place", 0), Place)
    asked = Requirement(_among(var, {a for a, _ in label.moves}), "the label leaves the node")
    goes = [(equal(_read(var), const(a, NUMBER)), const(b, NUMBER)) for a, b in label.moves]
    to = reduce(lambda otherwise, move: choose(move[0], move[1], otherwise), goes, _read(var))
    by = Actor(label.role.name.lower(), label.role)
    return Action(name, by, (Parameter(var),), (asked,), (Write(Place.node, var, to),))


# --------------------------------------------------------------------------------------------------- the dumb road
def breaks_recoverable(graph: Labelled) -> bool:
    """Whether a node of the first kind can be reached that cannot reach one of the second: one node at a time."""
    lost = (n for n in graph.reachable(graph.starts) & graph.first)
    return any(not graph.reachable(frozenset({n})) & graph.second for n in lost)


def breaks_leads_to(graph: Labelled) -> bool:
    """Whether a fair behaviour without the second kind goes on for ever after a node of the first."""
    begin = graph.reachable(graph.starts) & graph.first - graph.second
    return any(_fair_lasso(graph, node) for node in graph.reachable(begin, avoiding=graph.second))


def _fair_lasso(graph: Labelled, start: int) -> bool:
    """Whether some walk from a node back to it, without the second kind, pays what it owes to every fair label.

    A label is paid by being taken, or by a node that it does not leave. Walks are followed one by one, together with
    what each still owes; standing still is a walk.
    """
    owed = _owed(graph, start, frozenset(i for i, label in enumerate(graph.labels) if label.is_fair))
    seen = {(start, owed)}
    todo = [(start, owed)]
    while todo:
        node, owed = todo.pop()
        if node == start and not owed:
            return True
        for label, after in graph.moves(node):
            place = after, _owed(graph, after, owed - {label})
            if after not in graph.second and place not in seen:
                seen.add(place)
                todo.append(place)
    return False


def _owed(graph: Labelled, node: int, owed: frozenset[int]) -> frozenset[int]:
    """What is left after a visit to a node: only labels that leave it."""
    return owed & {label for label, _ in graph.moves(node)}


@st.composite
def labelled(draw: st.DrawFn) -> Labelled:
    """Two to six nodes and up to four labels."""
    nodes = draw(st.integers(2, MOST_NODES))
    node = st.integers(0, nodes - 1)
    roles = st.sampled_from([Role.AUTOMATIC, Role.PLANNED, Role.ENVIRONMENT, Role.FAULT])
    moves = st.dictionaries(node, node, min_size=1).map(lambda found: tuple(sorted(found.items())))
    labels = draw(st.lists(st.builds(Label, roles, moves), min_size=1, max_size=4))
    some = st.frozensets(node, min_size=1)
    return Labelled(draw(st.frozensets(node, min_size=1, max_size=2)), tuple(labels), draw(some), draw(some))
