"""What can happen in a planned instance: flows move quantities and leave control alone, edges change control.

A *component* is the quantities of one member, among which flows move. Components meet only in guards, in properties and
in invariants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from operator import itemgetter
from typing import Any, TypeAlias

from ...model.language import Action, Arguments, Instance, ModelError, Sort, State, Step
from .ground import (
    NO,
    Ground,
    Grounder,
    add,
    compiled,
    control_slots,
    join,
    linear,
    literal,
    node,
    reduce,
    slots_of,
    with_amount,
)
from .solve import Limit, difference

AMOUNT: Ground = node("amount", "amount")

Box: TypeAlias = "tuple[tuple[int, int], ...]"
"""For every slot of a component, in order, the least and the largest value."""


@dataclass(frozen=True, eq=False)
class Flow:
    """An action that adds a multiple of its amount to slots of one component, where its guards allow it."""

    action: Action
    arguments: Arguments
    amount_at: int
    control: Ground
    guards: tuple[Ground, ...]
    delta: tuple[tuple[int, int], ...]

    @cached_property
    def least(self) -> tuple[Ground, ...]:
        """The guards with an amount of one."""
        return tuple(with_amount(g, literal(1)) for g in self.guards)

    def step(self, amount: int) -> Step:
        """The step that moves this amount."""
        at = self.amount_at
        return Step(self.action.name, (*self.arguments[:at], amount, *self.arguments[at:]))

    def applied(self, state: State, amount: int) -> State:
        """The state after it, its guards taken for granted."""
        after = list(state)
        for k, times in self.delta:
            after[k] += times * amount
        return tuple(after)


@dataclass(frozen=True, eq=False)
class Edge:
    """An action with its arguments that changes control. `guards` are the requirements that also ask for quantities."""

    action: Action
    arguments: Arguments
    control: Ground
    guards: tuple[Ground, ...]
    writes: tuple[tuple[Ground, Ground], ...]

    @property
    def step(self) -> Step:
        """The step that takes it."""
        return Step(self.action.name, self.arguments)

    def applied(self, state: State) -> State:
        """The state after it, its guards taken for granted."""
        after = list(state)
        for slot, value in self.writes:
            at = slot[1] if slot[0] == "slot" else compiled(slot)(state)
            after[at] = int(compiled(value)(state))
        return tuple(after)


class Moves:
    """The flows and edges of an instance, and its components."""

    def __init__(self, instance: Instance) -> None:
        """Ground every action with every choice of members. Raises ModelError for what has no place in a plan."""
        self.instance = instance
        self.grounder = Grounder(instance)
        self.control = control_slots(instance, self.grounder)
        self.budgets = frozenset(
            instance.base[f] + i for f in instance.fields if f.budget for i in range(instance.count(f.owner))
        )
        self.quantities = tuple(k for k in range(instance.slots) if k not in self.control)
        self._asked: dict[Ground, frozenset[int]] = {}
        self._homes: dict[Ground, frozenset[int]] = {}
        self.flows: list[Flow] = []
        self.edges: list[Edge] = []
        for action in instance.actions:
            self._instances(action)
        self.component_of, self.components = self._components()
        self.flows_of: list[list[Flow]] = [[] for _ in self.components]
        for f in self.flows:
            self.flows_of[self.component_of[f.delta[0][0]]].append(f)
        self.flow_support = [self._support(flows) for flows in self.flows_of]
        self.local = self._local_slots()
        self.home_of = {k: i for i, slots in enumerate(self.local) for k in slots}
        self.edges_of: list[list[Edge]] = [[] for _ in self.components]
        self.shared_edges: list[Edge] = []
        for e in self.edges:
            home = self._home(e)
            (self.shared_edges if home is None else self.edges_of[home]).append(e)
        self.concerned = {e: self._concerned(e) for e in self.edges}
        self.shared = sorted(self.control - self.budgets - self.home_of.keys())
        self.shared_of = chosen(self.shared)
        self.budget_of = chosen(sorted(self.budgets))
        self._closures: dict[Any, tuple[Box, bool]] = {}
        self._reductions: dict[Ground, tuple[Callable[[State], tuple[int, ...]], dict[Any, Ground]]] = {}

    # -------------------------------------------------------------------------------------------- construction
    def _instances(self, action: Action) -> None:
        members = [i for i, p in enumerate(action.parameters) if isinstance(p.var.sort, Sort)]
        numbers = [i for i in range(len(action.parameters)) if i not in members]
        if len(numbers) > 1 or (numbers and self._changes_control(action)):
            raise ModelError(f"{action}: in a plan, an action with an amount moves quantities only")
        for chosen_members in product(*(self.instance.range(action.parameters[i]) for i in members)):
            env = {action.parameters[i].var: literal(v) for i, v in zip(members, chosen_members, strict=True)}
            env |= {action.parameters[i].var: AMOUNT for i in numbers}
            asked = [self.grounder.ground(r.term, env) for r in action.requires]
            if NO in asked:
                continue
            control = join("and", (g for g in asked if not self._asks_quantity(g)))
            guards = tuple(part for g in asked if self._asks_quantity(g) for part in (g[1] if g[0] == "and" else (g,)))
            writes = tuple((self._slot(w, env), self.grounder.ground(w.value, env)) for w in action.writes)
            if numbers:
                delta = tuple((slot[1], self._multiple(action, slot, value)) for slot, value in writes)
                self.flows.append(Flow(action, chosen_members, numbers[0], control, guards, delta))
            else:
                self.edges.append(Edge(action, chosen_members, control, guards, writes))

    def _changes_control(self, action: Action) -> bool:
        return any(self.instance.base.get(w.field) in self.control for w in action.writes)

    def _asks_quantity(self, g: Ground) -> bool:
        return not slots_of(g) <= self.control or "'amount'" in repr(g)

    def _slot(self, write: Any, env: Any) -> Ground:
        """Where a write goes: a literal slot, or an expression over control that computes one."""
        base, ref = self.instance.base[write.field], self.grounder.ground(write.ref, env)
        return node("slot", base + ref[1]) if ref[0] == "lit" else add((literal(base), ref))

    def _multiple(self, action: Action, slot: Ground, value: Ground) -> int:
        constant, coefficients = linear(value) if slots_of(value) <= {slot[1]} else (1, ())
        found = dict(coefficients)
        if slot[0] != "slot" or constant or found.pop(slot[1], 0) != 1 or set(found) - {"amount"}:
            raise ModelError(f"{action}: in a plan, an action with an amount adds multiples of it")
        return found.get("amount", 0)

    def _components(self) -> tuple[dict[int, int], list[tuple[int, ...]]]:
        """The quantity slots of every member. Raises ModelError for a flow between members."""
        groups: dict[tuple[Sort, int], list[int]] = {}
        for f in self.instance.fields:
            for i in range(self.instance.count(f.owner)):
                if self.instance.slot(f, i) not in self.control:
                    groups.setdefault((f.owner, i), []).append(self.instance.slot(f, i))
        components = [tuple(g) for g in groups.values()]
        of = {k: i for i, g in enumerate(components) for k in g}
        for flow in self.flows:
            if len({of[k] for k, _ in flow.delta}) != 1:
                raise ModelError(f"{flow.action}: in a plan, an amount moves within one member")
        return of, components

    def _local_slots(self) -> list[tuple[int, ...]]:
        """The control slots of every component's member."""
        owner = {k: (f.owner, k - self.instance.base[f]) for f in self.instance.fields for k in self._slots(f)}
        return [
            tuple(k for k in owner if owner[k] == owner[slots[0]] and k in self.control) for slots in self.components
        ]

    def _slots(self, field: Any) -> range:
        return range(self.instance.base[field], self.instance.base[field] + self.instance.count(field.owner))

    def _home(self, e: Edge) -> int | None:
        """The one component that the edge concerns: it writes nothing else but budgets, and reads no other."""
        if any(slot[0] != "slot" for slot, _ in e.writes):
            return None
        written = {slot[1] for slot, _ in e.writes} - self.budgets
        read = {k for g in (e.control, *e.guards, *(v for _, v in e.writes)) for k in slots_of(g)}
        homes = {self._component(k) for k in written} | ({self._component(k) for k in read} - {None})
        return homes.pop() if len(homes) == 1 else None

    def _concerned(self, e: Edge) -> frozenset[int]:
        """The components that an edge writes, or whose own quantities a guard of it asks for."""
        if any(slot[0] != "slot" for slot, _ in e.writes):
            return frozenset(range(len(self.components)))
        written = frozenset(c for slot, _ in e.writes if (c := self._component(slot[1])) is not None)
        alone = (self.components_in(g) for g in e.guards)
        return written.union(*(asked for asked in alone if len(asked) == 1))

    def _component(self, slot: int) -> int | None:
        return self.component_of.get(slot, self.home_of.get(slot))

    def _support(self, flows: Iterable[Flow]) -> Callable[[State], tuple[int, ...]]:
        slots = {k for f in flows for g in (f.control, *f.guards) for k in slots_of(g)} & self.control
        return chosen(sorted(slots - self.budgets))

    # ------------------------------------------------------------------------------------------------ questions
    def components_in(self, g: Ground) -> frozenset[int]:
        """The components whose quantities the expression asks for."""
        if g not in self._asked:
            self._asked[g] = frozenset(self.component_of[k] for k in slots_of(g) - self.control)
        return self._asked[g]

    def homes_in(self, g: Ground) -> frozenset[int]:
        """The components that the expression asks for, be it for their quantities or for their local control."""
        if g not in self._homes:
            self._homes[g] = frozenset(c for k in slots_of(g) if (c := self._component(k)) is not None)
        return self._homes[g]

    def running(self, component: int, state: State) -> list[Flow]:
        """The flows of a component that control allows here."""
        return [f for f in self.flows_of[component] if compiled(f.control)(state)]

    def reduced(self, g: Ground, state: State) -> Ground:
        """The expression with control put in, remembered by the control that it asks for."""
        known = self._reductions.get(g)
        if known is None:
            known = self._reductions[g] = chosen(sorted(slots_of(g) & self.control)), {}
        pick, table = known
        key = pick(state)
        if key not in table:
            table[key] = reduce(g, state, self.control)
        return table[key]

    def closed(self, component: int, box: Box, state: State) -> tuple[Box, bool]:
        """The values that a component's slots can come to while control stays; and whether nothing can move them."""
        key = component, box, self.flow_support[component](state)
        if key not in self._closures:
            self._closures[key] = self._close(component, box, state)
        return self._closures[key]

    def _close(self, component: int, box: Box, state: State) -> tuple[Box, bool]:
        slots = self.components[component]
        values = dict(zip(slots, box, strict=True))
        flows = [(f, self._limits(component, f, state)) for f in self.running(component, state)]
        changed = True
        while changed:
            changed = False
            for f, limits in flows:
                if not any(_least(limit, values, 1) > 0 for limit in limits):
                    for slot, k in f.delta:
                        wider = self._widened(slot, k, values[slot], limits)
                        changed |= wider != values[slot]
                        values[slot] = wider
        return tuple(values[k] for k in slots), not flows

    def _limits(self, component: int, f: Flow, state: State) -> list[Limit]:
        """The guards of a flow that ask for its own component only, as linear forms that must not be above 0."""
        own = (self.reduced(g, state) for g in f.guards if self.components_in(g) <= {component})
        return [difference(g) for g in own if g[0] == "<="]

    def _widened(
        self, slot: int, k: int, now: tuple[int, int], limits: list[tuple[int, dict[Any, int]]]
    ) -> tuple[int, int]:
        """The range of a slot once a flow has added any number of times k to it."""
        least, most = now
        own = [(c, form) for c, form in limits if set(form) == {slot, "amount"} and form["amount"] == 1]
        if k > 0:
            caps = [-c for c, form in own if form[slot] == 1]
            most = max(most, min([self.high(slot), *caps]))
        else:
            floors = [c for c, form in own if form[slot] == -1]
            least = min(least, max([0, *floors]))
        return least, most

    def high(self, slot: int) -> int:
        """The largest value that a slot's field can hold."""
        return self.instance.highs[slot]


def chosen(slots: list[int]) -> Callable[[State], tuple[int, ...]]:
    """A function that picks these slots out of a state, as a tuple."""
    if len(slots) > 1:
        return itemgetter(*slots)
    return (lambda s: (s[slots[0]],)) if slots else (lambda _: ())


def _least(form: tuple[int, dict[Any, int]], values: dict[int, tuple[int, int]], amount: int) -> int:
    """The least value of a linear form over a box."""
    constant, coefficients = form
    return constant + sum(
        c * (amount if k == "amount" else values[k][0] if c > 0 else values[k][1]) for k, c in coefficients.items()
    )
