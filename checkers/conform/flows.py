"""Hidden steps that move amounts: any number of them, by any amounts, as linear arithmetic.

A hidden action with one amount that only adds multiples of it to slots, and whose other requirements do not ask for more
than linear inequalities, is a *flow*. How often it happens between two events, and with which amounts, makes no difference
to where it leads: only the sum of its amounts does. What the flows of one group (those that concern one another) can do in
between is contained in: each slot changed by multiples of those sums, within its range, and no bound overstepped that all
flows which could overstep it ask for. That set may be too large, never too small; so what it refutes is refuted, and what it
allows is carried out in the interpreter before anybody believes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ...model.language import Action, Arguments, Instance, ModelError, Sort
from ..plans.ground import NO, Ground, Grounder, linear, literal, node, slots_of

AMOUNT: Ground = node("amount", "amount")

Form = tuple[int, tuple[tuple[Any, int], ...]]
"""A linear form over slots, constant and coefficients, that is not above 0."""


@dataclass(frozen=True, eq=False)
class Flow:
    """A hidden action with its members chosen: what it asks for, and which slots it moves by how many times its amount."""

    action: Action
    members: tuple[int | None, ...]
    least: int
    asked: tuple[Ground, ...]
    delta: Mapping[int, int]

    def arguments(self, amount: int) -> Arguments:
        """The arguments of a step that moves so much."""
        return tuple(amount if m is None else m for m in self.members)

    @property
    def reads(self) -> frozenset[int]:
        """The slots that it asks for."""
        return frozenset[int]().union(*map(slots_of, self.asked))


@dataclass(frozen=True, eq=False)
class Group:
    """Flows of which each moves what another one of them moves or asks for."""

    flows: tuple[Flow, ...]

    @property
    def slots(self) -> frozenset[int]:
        """Those that its flows move."""
        return frozenset(slot for f in self.flows for slot in f.delta)


def is_flow(action: Action) -> bool:
    """Whether the action has exactly one amount."""
    return sum(not isinstance(p.var.sort, Sort) for p in action.parameters) == 1


def groups_of(instance: Instance, grounder: Grounder, control: frozenset[int], hidden: Iterable[str]) -> list[Group]:
    """The flows of the hidden actions with an amount. Raises ModelError for one that does not only add multiples of it."""
    flows: list[Flow] = []
    for action in instance.actions:
        if action.name in hidden and is_flow(action):
            flows += _flows(instance, grounder, control, action)
    groups: list[list[Flow]] = []
    for flow in flows:
        meeting = [g for g in groups if any(_meet(f, flow) for f in g)]
        groups = [g for g in groups if g not in meeting]
        groups.append([f for g in meeting for f in g] + [flow])
    return [Group(tuple(g)) for g in groups]


def _meet(one: Flow, other: Flow) -> bool:
    """Whether one of them moves what the other moves or asks for."""
    moved, also = one.delta.keys(), other.delta.keys()
    return not (moved.isdisjoint(also) and moved.isdisjoint(other.reads) and also.isdisjoint(one.reads))


def _flows(instance: Instance, grounder: Grounder, control: frozenset[int], action: Action) -> list[Flow]:
    found: list[Flow] = []
    ranges = [instance.range(p) if isinstance(p.var.sort, Sort) else (None,) for p in action.parameters]
    least = next(p.range.low for p in action.parameters if p.range is not None)
    for members in product(*ranges):
        env = {p.var: AMOUNT if m is None else literal(m) for p, m in zip(action.parameters, members, strict=True)}
        asked = tuple(grounder.ground(r.term, env) for r in action.requires)
        if NO in asked:
            continue
        delta: dict[int, int] = {}
        for w in action.writes:
            ref, value = grounder.ground(w.ref, env), grounder.ground(w.value, env)
            if ref[0] != "lit" or instance.base[w.field] + ref[1] in control:
                raise ModelError(f"{action.name} cannot stay unobserved: it does not only move amounts")
            slot = instance.base[w.field] + ref[1]
            delta[slot] = _multiple(action, slot, value)
        found.append(Flow(action, members, least, asked, {k: n for k, n in delta.items() if n}))
    return found


def _multiple(action: Action, slot: int, value: Ground) -> int:
    constant, coefficients = linear(value)
    found = dict(coefficients)
    if constant or found.pop(slot, 0) != 1 or set(found) - {"amount"}:
        raise ModelError(f"{action.name} cannot stay unobserved: it does not only add multiples of its amount")
    return found.get("amount", 0)


def bounds(running: Sequence[tuple[Flow, Sequence[Ground]]]) -> list[Form]:
    """What every one of these flows that could overstep it asks for: forms over the slots *after* a step of it.

    `running` are the flows that can happen, with what they ask for, reduced by control.
    """
    asking: dict[Form, set[Flow]] = {}
    for flow, asked in running:
        for g in asked:
            form = _after(flow, g)
            if form is not None:
                asking.setdefault(form, set()).add(flow)
    return [
        form for form, flows in asking.items() if all(flow in flows or _raises(flow, form) <= 0 for flow, _ in running)
    ]


def _after(flow: Flow, asked: Ground) -> Form | None:
    """A requirement as a bound on the slots after the step; None where it is something else."""
    if asked[0] != "<=":
        return None
    try:
        (low, left), (high, right) = linear(asked[1]), linear(asked[2])
    except ModelError:
        return None
    form = dict(left)
    for k, n in right:
        form[k] = form.get(k, 0) - n
    amount = form.pop("amount", 0)
    kept = tuple(sorted((k, n) for k, n in form.items() if n))
    found = low - high, kept
    return found if amount and amount == _raises(flow, found) else None


def _raises(flow: Flow, form: Form) -> int:
    """How much the form rises with each unit of the flow's amount."""
    return sum(n * flow.delta.get(k, 0) for k, n in form[1])
