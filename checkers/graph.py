"""The explicit state graph of a small run, and the two kinds of property that need one: recoverable and leads to.

`recoverable`: from every reachable state of the first kind, one of the second is reachable, by whatever steps.

`leads_to`: every fair behaviour in a state of the first kind is then, or later, in one of the second. A behaviour may
stay where it is for ever. It is fair if every step (an action with its arguments) whose actor is PLANNED or AUTOMATIC
is taken again and again, once it can always be taken (weak fairness). What the environment and faults do, they may
leave undone.

Why looking at strongly connected components is exact. A behaviour that breaks the property stays, from some point on,
among states that are not of the second kind. Those that it is in again and again, with the steps that it takes again
and again, are connected both ways: they lie in one component M of the graph without states of the second kind. Fairness
asks, step by step, for a state where it cannot be taken, or for the step itself: what a part of M has of these, M has
too. So if a behaviour breaks the property, M passes the test of `_fair`; and if M passes, the walk around it that
`_cycle` builds is fair, and can be repeated for ever. A single state is a component too, with or without a step back to
itself: staying there is fair where no fair step can be taken.

What this does not check: strong fairness (a step that can be taken now and then, for ever, may be left out); fairness
towards an actor as a whole; `always`, `step` and `sometimes`, which the explorer decides; worlds beyond the limit on
states, which are Unknown. A counterexample has the shortest way into a component, but not the shortest cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import TypeAlias

from ..model.language import Kind, ModelError, Property, Role, State, Step, Term
from .interpret import Run
from .verdict import Figures, Holds, Unknown, Vacuous, Verdict, Violated

LIMIT_STATES = 200_000

Edge: TypeAlias = "tuple[Step, int]"
"""A step and the number of the state that it leads to."""


@dataclass(frozen=True)
class Path:
    """A walk through the graph: where it starts, and the edges that it takes."""

    start: int
    edges: tuple[Edge, ...]

    @property
    def end(self) -> int:
        """The state that it leads to."""
        return self.edges[-1][1] if self.edges else self.start


class TooLarge(Exception):
    """The graph has more states than the limit; the figures say how far it got."""

    def __init__(self, figures: Figures) -> None:
        """How far it got."""
        super().__init__(f"more than {figures.states} states")
        self.figures = figures


@dataclass(frozen=True)
class Graph:
    """Every reachable state, numbered in the order found: first the initial ones, as `Run.initial()` numbers them."""

    run: Run
    initial: int
    states: tuple[State, ...]
    edges: tuple[tuple[Edge, ...], ...]
    figures: Figures

    def where(self, predicate: Term) -> frozenset[int]:
        """The states in which a predicate holds."""
        return frozenset(i for i, state in enumerate(self.states) if self.run.value(predicate, state, {}))

    @cached_property
    def fair(self) -> tuple[frozenset[Step], ...]:
        """For every state, the steps that can be taken there and must not be left out for ever."""
        fair = {a.name for a in self.run.instance.roles(Role.PLANNED, Role.AUTOMATIC)}
        return tuple(frozenset(step for step, _ in edges if step.action in fair) for edges in self.edges)


def explicit(run: Run, limit: int = LIMIT_STATES) -> Graph:
    """The state graph, breadth first. Raises TooLarge beyond the limit, OutOfRange where the model is wrong."""
    began = perf_counter()
    number = {state: i for i, state in enumerate(run.initial())}
    initial, states = len(number), list(number)
    edges: list[tuple[Edge, ...]] = []
    firings = dict.fromkeys((a.name for a in run.instance.actions), 0)
    depth = level_end = 0

    def figures() -> Figures:
        return Figures(len(states), sum(firings.values()), depth, firings, perf_counter() - began)

    for i, state in enumerate(states):  # the list grows while it is read: breadth first
        if len(states) > limit:
            raise TooLarge(figures())
        if i == level_end:
            depth, level_end = depth + 1, len(states)
        out: list[Edge] = []
        for step, after in run.successors(state):
            firings[step.action] += 1
            if after not in number:
                number[after] = len(states)
                states.append(after)
            out.append((step, number[after]))
        edges.append(tuple(out))
    return Graph(run, initial, tuple(states), tuple(edges), figures())


def check(run: Run, limit: int = LIMIT_STATES) -> Verdict:
    """Every `recoverable` and `leads_to` property of the run's system; the first that fails, in the order written.

    Vacuous where the first predicate of a property holds in no reachable state, or where there is no such property.
    Raises OutOfRange where the model is wrong, ModelError where the world does not meet what the model assumes.
    """
    if unmet := run.unmet_assumptions():
        said = "; ".join(p.sentence for p in unmet)
        raise ModelError(f"{run.world.name} does not meet what the model assumes: {said}")
    try:
        graph = explicit(run, limit)
    except TooLarge as large:
        return Unknown(run.world.name, f"the graph has {large}, which is the limit", large.figures)
    asked = run.system.of_kind(Kind.RECOVERABLE, Kind.LEADS_TO)
    decided = [recoverable(graph, p) if p.kind is Kind.RECOVERABLE else leads_to(graph, p) for p in asked]
    for verdict in decided:
        if isinstance(verdict, Violated):
            return verdict
    idle = tuple(name for verdict in decided if isinstance(verdict, Vacuous) for name in verdict.never_witnessed)
    if idle or not asked:
        return Vacuous(run.world.name, (), idle, graph.figures)
    return _holds(graph, *asked)


def recoverable(graph: Graph, p: Property) -> Verdict:
    """Whether a state of the second kind can be reached from every reachable state of the first."""
    import networkx as nx

    first, second = graph.where(p.term), graph.where(p.goal)
    if not first:
        return Vacuous(graph.run.world.name, (), (p.name,), graph.figures)
    backwards: nx.DiGraph[int] = nx.DiGraph()
    backwards.add_node(_SOURCE)
    backwards.add_edges_from((target, i) for i, edges in enumerate(graph.edges) for _, target in edges)
    backwards.add_edges_from((_SOURCE, i) for i in second)
    saved: set[int] = nx.descendants(backwards, _SOURCE)  # pyright: ignore[reportUnknownMemberType] - its stub
    lost = first - saved
    if not lost:
        return _holds(graph, p)
    stem = _walk(range(graph.initial), lambda i: graph.edges[i], lost.__contains__)
    assert stem is not None, "every state of the graph is reachable"
    return _violated(graph, p, stem, ())


_SOURCE = -1
"""A node before several others: what can be reached from it can be reached from one of them."""


def leads_to(graph: Graph, p: Property) -> Verdict:
    """Whether every fair behaviour in a state of the first kind gets to one of the second."""
    first, second = graph.where(p.term), graph.where(p.goal)
    if not first:
        return Vacuous(graph.run.world.name, (), (p.name,), graph.figures)
    trap = _fair_components(graph, first - second, second)
    stem = _stem(graph, first - second, second, trap)
    if stem is None:
        return _holds(graph, p)
    return _violated(graph, p, stem, _cycle(graph, stem.end, trap[stem.end]))


# ------------------------------------------------------------------------------------------------------ fairness
def _fair_components(graph: Graph, begin: frozenset[int], second: frozenset[int]) -> dict[int, frozenset[int]]:
    """Where a fair behaviour can stay for ever after `begin` without `second`: each state with its component."""
    import networkx as nx

    rest = [i for i in range(len(graph.states)) if i not in second]
    avoiding: nx.DiGraph[int] = nx.DiGraph()
    avoiding.add_node(_SOURCE)
    avoiding.add_edges_from((i, j) for i in rest for _, j in graph.edges[i] if j not in second)
    avoiding.add_edges_from((_SOURCE, i) for i in begin)
    reached: set[int] = nx.descendants(avoiding, _SOURCE)  # pyright: ignore[reportUnknownMemberType] - its stub
    found: Iterable[set[int]] = nx.strongly_connected_components(avoiding.subgraph(reached))
    components = (frozenset(component) for component in found)
    return {i: component for component in components if _fair(graph, component) for i in component}


def _fair(graph: Graph, component: frozenset[int]) -> bool:
    """Whether every fair step that can be taken all over the component is taken inside it."""
    first, *others = (graph.fair[i] for i in component)
    everywhere = first.intersection(*others)
    inside = {step for i in component for step, j in graph.edges[i] if j in component}
    return everywhere <= inside


def _stem(graph: Graph, begin: frozenset[int], second: frozenset[int], trap: Container[int]) -> Path | None:
    """The shortest way through a state of `begin`, and no `second` from there on, into the trap.

    A search over states twice: those numbered -1 - i have not passed a state of `begin` yet.
    """

    def follow(place: int) -> Iterator[Edge]:
        waiting, i = (True, -1 - place) if place < 0 else (False, place)
        for step, j in graph.edges[i]:
            if waiting:
                yield step, -1 - j
            if j in begin or not (waiting or j in second):
                yield step, j

    starts = range(graph.initial)
    places = [*(i for i in starts if i in begin), *(-1 - i for i in starts)]
    return _walk(places, follow, lambda place: place >= 0 and place in trap)


def _cycle(graph: Graph, start: int, component: frozenset[int]) -> tuple[Edge, ...]:
    """A walk from `start` back to it that is fair; empty where staying there is."""

    def inside(i: int) -> Iterator[Edge]:
        return (edge for edge in graph.edges[i] if edge[1] in component)

    def pays(i: int) -> bool:
        return not owed <= graph.fair[i] or any(step in owed for step, _ in inside(i))

    walk: list[Edge] = []
    owed, here = graph.fair[start], start
    while owed:  # each round pays for a step at least: in a state where it cannot be taken, or by taking it
        paid = _walk([here], inside, pays)
        assert paid is not None, "a fair component pays for every step"
        walk += paid.edges
        here = paid.end
        if owed <= graph.fair[here]:
            walk.append(next(edge for edge in inside(here) if edge[0] in owed))
            here = walk[-1][1]
        owed = (owed & graph.fair[here]) - {step for step, _ in walk}
    back = _walk([here], inside, start.__eq__)
    assert back is not None, "a component is connected both ways"
    return (*walk, *back.edges)


def _walk(starts: Iterable[int], follow: Callable[[int], Iterable[Edge]], stop: Callable[[int], bool]) -> Path | None:
    """The shortest walk, breadth first, from one of the starts to a place where to stop; None if there is none."""
    came: dict[int, tuple[int, Step] | None] = dict.fromkeys(starts)
    todo = deque(came)
    while todo:
        place = todo.popleft()
        if stop(place):
            return _back(came, place)
        for step, other in follow(place):
            if other not in came:
                came[other] = place, step
                todo.append(other)
    return None


def _back(came: dict[int, tuple[int, Step] | None], end: int) -> Path:
    """The walk that a search took to a place."""
    edges: list[Edge] = []
    place = end
    while (before := came[place]) is not None:
        edges.append((before[1], place))
        place = before[0]
    return Path(place, tuple(reversed(edges)))


# ------------------------------------------------------------------------------------------------------ verdicts
def _holds(graph: Graph, *properties: Property) -> Holds:
    how = "every reachable state, as an explicit graph"
    names = tuple(p.name for p in properties)
    return Holds(graph.run.world.name, how, names, graph.figures, assumptions=_assumptions(graph.run))


def _assumptions(run: Run) -> tuple[str, ...]:
    """What the world leaves out, each with why."""
    return tuple(f"{name} is left out: {why}" for name, why in run.world.leave_out.items())


def _violated(graph: Graph, p: Property, stem: Path, cycle: tuple[Edge, ...]) -> Violated:
    """The verdict, its trace replayed by the interpreter. The last state is that which the cycle began in."""
    initial = stem.start if stem.start >= 0 else -1 - stem.start
    steps = tuple(step for step, _ in (*stem.edges, *cycle))
    states = graph.run.replay(steps, initial)
    cycle_from = len(stem.edges) if cycle else None
    if cycle_from is not None and states[cycle_from] != states[-1]:
        raise RuntimeError(f"{p.name}: the trace does not come back to where its cycle begins")
    return Violated(
        graph.run.world.name,
        p.name,
        p.sentence,
        steps,
        graph.figures,
        initial,
        cycle_from,
        assumptions=_assumptions(graph.run),
    )
