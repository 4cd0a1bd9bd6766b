"""What a suite of walks has to show of a run, and where it can be shown: the obligations, read off the explicit graph.

- An *action* is taken. Faults are actions, and counted once more by themselves.
- A *pair* is a control state and an action that is taken in it, or that is refused in it for want of one requirement and
  no other. Control is the state without its quantities: the fields that hold a truth, a member of an Enum, or a reference.
  Quantities are what makes graphs large; what an implementation does differently, it mostly does by phase. Refusals are
  part of it because an implementation that asks for too little does so in some phase, and not in all.
- A *refusal* is a requirement of an action that refuses it. The places that count are those where it is the only one that
  is broken; where there is none in the whole graph, those where it is the first of the broken ones, in the order written.

What no reachable state shows is `unreachable`: listed with the rest, and asked of nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from ...model.language import Action, Arguments, Instance, Requirement, Role, State, Step
from ...model.language.terms import is_quantity
from ..graph import LIMIT_STATES, Graph, explicit
from ..interpret import Run
from .compiled import Compiled

Control: TypeAlias = "tuple[int, ...]"
"""The slots of a state that are no quantities."""

PLACES_MOST = 20
"""So many places are kept for each refusal: the first found, which are the nearest to the start."""


@dataclass(frozen=True)
class Taken:
    """An action that is to be taken."""

    action: str


@dataclass(frozen=True)
class Pair:
    """An action that is to be taken in a control state; or, with a sentence, refused for want of just that."""

    control: Control
    action: str
    sentence: str = ""


@dataclass(frozen=True)
class Refusal:
    """An action that is to be refused for want of one requirement; `alone`: for want of no other."""

    action: str
    sentence: str
    alone: bool = True


Obligation: TypeAlias = Taken | Pair | Refusal


def control_slots(instance: Instance) -> tuple[int, ...]:
    """The slots of a state that hold no quantity."""
    return tuple(
        instance.slot(f, i) for f in instance.fields if not is_quantity(f.sort) for i in range(instance.count(f.owner))
    )


@dataclass(frozen=True)
class Obligations:
    """All that a run's graph can show. `pairs` are of actions that are taken; `places` says where what is refused is.

    `unreachable` says in words what a reader of the system may miss here.
    """

    run: Run
    graph: Graph
    pairs: frozenset[Pair]
    places: dict[Refusal | Pair, tuple[tuple[int, Step], ...]]
    unreachable: tuple[str, ...]

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """The actions that some state allows, in the order of the system."""
        return tuple(a.name for a in self.run.instance.actions if self.graph.figures.firings[a.name])

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """Those of them that are faults."""
        roles = {a.name for a in self.run.instance.roles(Role.FAULT)}
        return tuple(name for name in self.actions if name in roles)

    @cached_property
    def refusals(self) -> frozenset[Refusal]:
        """The refusals that some state shows."""
        return frozenset(o for o in self.places if isinstance(o, Refusal))

    @cached_property
    def denials(self) -> frozenset[Pair]:
        """The pairs whose action is refused."""
        return frozenset(o for o in self.places if isinstance(o, Pair))

    @cached_property
    def _slots(self) -> tuple[int, ...]:
        return control_slots(self.run.instance)

    def control(self, state: State) -> Control:
        """The control of a state."""
        return tuple(state[i] for i in self._slots)

    def taken(self, state: State, action: str) -> tuple[Obligation, ...]:
        """What is shown by an action that is taken in a state."""
        return Taken(action), Pair(self.control(state), action)

    def refused(self, state: State, action: Action, arguments: Arguments) -> tuple[Obligation, ...]:
        """What is shown by an action that is refused in a state: none where the model would not refuse it."""
        broken = self.run.broken(state, action, arguments)
        if not broken:
            return ()
        found: list[Refusal | Pair] = [Refusal(action.name, broken[0].sentence, alone=False)]
        if len(broken) == 1:
            found = [
                Refusal(action.name, broken[0].sentence),
                Pair(self.control(state), action.name, broken[0].sentence),
                *found,
            ]
        return tuple(o for o in found if o in self.places)

    def where(self, pair: Pair) -> dict[str, object]:
        """The control of a pair as a person reads it: `label.field` and what it holds."""
        instance = self.run.instance
        named = [
            (f"{member.label}.{f.name}", f.sort)
            for f in instance.fields
            if not is_quantity(f.sort)
            for member in self.run.world.of(f.owner)
        ]
        return {name: instance.show(sort, value) for (name, sort), value in zip(named, pair.control, strict=True)}


class _Noting(Compiled):
    """A run that notes, while somebody walks its graph, where each requirement refuses."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.instance)
        self._slots = control_slots(run.instance)
        self.places: dict[Refusal | Pair, list[tuple[State, Step]]] = defaultdict(list)

    def broken(self, state: State, action: Action, arguments: Arguments) -> tuple[Requirement, ...]:
        """The requirements that do not hold; noted."""
        broken = super().broken(state, action, arguments)
        if broken:
            name, sentence, place = action.name, broken[0].sentence, (state, Step(action.name, arguments))
            alone = len(broken) == 1
            self._note(Refusal(name, sentence, alone), place)
            if alone:
                self._note(Pair(tuple(state[i] for i in self._slots), name, sentence), place)
        return broken

    def _note(self, obligation: Refusal | Pair, place: tuple[State, Step]) -> None:
        places = self.places[obligation]
        if len(places) < PLACES_MOST:
            places.append(place)


def obligations(run: Run, limit: int = LIMIT_STATES) -> Obligations:
    """What the graph of a run can show. Raises TooLarge beyond the limit, OutOfRange where the model is wrong."""
    noting = _Noting(run)
    graph = explicit(noting, limit)
    number = {state: i for i, state in enumerate(graph.states)}
    places = {
        o: tuple((number[state], step) for state, step in found)
        for o, found in noting.places.items()
        if not (isinstance(o, Refusal) and not o.alone and Refusal(o.action, o.sentence) in noting.places)
    }
    slots = control_slots(run.instance)
    controls = [tuple(state[i] for i in slots) for state in graph.states]
    pairs = frozenset(Pair(controls[i], step.action) for i, out in enumerate(graph.edges) for step, _ in out)
    return Obligations(Compiled(run.instance), graph, pairs, places, tuple(_unreachable(run, graph, places)))


def _unreachable(run: Run, graph: Graph, places: Container[Refusal | Pair]) -> Iterator[str]:
    """What no state shows, in words."""
    for name, why in run.world.leave_out.items():
        yield f"{name} is left out of this world: {why}"
    for action in run.instance.actions:
        if not graph.figures.firings[action.name]:
            yield f"{action.name} is taken in no state"
        for r in action.requires:
            if not any(Refusal(action.name, r.sentence, alone) in places for alone in (True, False)):
                yield f"{action.name} is never refused first for want of: {r.sentence}"
