"""Real states that block a proof: a few members of every sort, everything about them open, constants included.

What is found is the smallest of its kind that a short search finds (few members, then small numbers), made into a
world and a state, and held against the interpreter before it is shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...model.language import (
    ANYTHING,
    Action,
    Entity,
    Field,
    Instance,
    Kind,
    Property,
    Sort,
    State,
    System,
    Term,
    World,
)
from ...model.language.terms import BOOL, encode
from ..interpret import OutOfRange, Run
from .inplay import parameter_limits
from .meaning import Finite, Rows, bounded
from .z3types import Value, disj, implied, is_choice, neg, of_rank, plus, rank_in, same, variable, z3

MOST_MEMBERS = 3
"""A blocking state with more members of a sort than this is not looked for."""


@dataclass(frozen=True)
class Question:
    """What a blocking state is: all that is `held` is true of it, and then something goes wrong.

    Without `broken`, the action assigns out of range (`leaves`), or simply can happen. `starting` asks for an initial
    state instead, and takes no action.
    """

    system: System
    held: tuple[Property, ...]
    action: Action | None = None
    broken: Property | None = None
    leaves: bool = False
    starting: bool = False


@dataclass(frozen=True)
class Blocking:
    """A state of a world that blocks a proof; the interpreter agrees that it does."""

    world: World
    arguments: dict[str, Any]
    before: dict[str, Any]
    changed: dict[str, tuple[Any, Any]]

    def lines(self) -> Iterator[str]:
        """The state as a person reads it."""
        yield "in " + ", ".join(f"{name} = {value}" for name, value in self.before.items())
        if self.arguments:
            yield "with " + ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        if self.changed:
            yield "then " + ", ".join(f"{name}: {a} → {b}" for name, (a, b) in self.changed.items())


def blocking(question: Question, seconds: float, *, least: bool = True) -> Blocking | None:
    """The smallest blocking state (any, unless `least`); None if none with few members was found in so many seconds."""
    until = time.perf_counter() + seconds
    for size in range(1, MOST_MEMBERS + 1):
        scope = Scope(question, size)
        model = scope.model(until)
        if model is not None:
            return _verified(question, scope, scope.least(model, until) if least else model)
    return None


class UpTo(Finite):
    """The reading over at most so many members of every sort: how many there are is open."""

    def __init__(self, system: System, size: int) -> None:
        """Up to `size` of every sort; exactly one of a sort that bounds a parameter."""
        super().__init__(dict.fromkeys(system.sorts, size))
        self.single = {limit.owner for limit in parameter_limits(system)}
        self.number = {s: z3.Int(f"how many {s.__name__}") for s in system.sorts}

    def limits(self) -> list[Value]:
        """What is known of how many there are."""
        least = {s: 1 if s in self.single else 0 for s in self.number}
        most = {s: 1 if s in self.single else n for s, n in self.counts.items()}
        return [fact for s, n in self.number.items() for fact in (n >= least[s], n <= most[s])]

    def present(self, sort: Sort, member: int) -> Value:
        """Whether there are more members than come before it."""
        return member < self.number[sort]


class Scope:
    """A question over up to so many members of every sort."""

    def __init__(self, question: Question, size: int) -> None:
        """Every field of every member is a variable."""
        self.question, self.size = question, size
        self.meaning = UpTo(question.system, size)
        self.numbers: list[Value] = []
        self.facts: list[Value] = self.meaning.limits()
        self.fields = [f for s in question.system.sorts for f in s.fields]
        self.state = Rows({f: [self._slot(f, i) for i in range(size)] for f in self.fields})
        self.parameters: dict[Term, Value] = {}
        for f in self.fields:
            self.facts += [fact for i in range(size) for fact in self._limits(f, i)]
        self._ask()

    def _slot(self, f: Field[Any, Any], member: int) -> Value:
        slot = variable(f"{f!r}[{member}]", f.sort)
        if bounded(f):
            self.numbers.append(slot)
        return slot

    def _limits(self, f: Field[Any, Any], member: int) -> list[Value]:
        """The range of a field of a member; nothing, of a member that is not there."""
        slot, there = self.state.rows[f][member], self.meaning.present(f.owner, member)
        if f.sort == BOOL:
            return []
        if isinstance(f.sort, Sort):
            return [slot >= 0, implied(there, slot < self.meaning.number[f.sort]), slot < self.size]
        if is_choice(f.sort):
            return [slot >= 0, slot < len(f.sort)]
        high = self.state.rows[f.upto][member] if isinstance(f.upto, Field) else f.upto
        return [slot >= 0, disj((there, slot == 0)), *([] if high is None else [implied(there, slot <= high)])]

    # ---------------------------------------------------------------------------------------------- the question
    def _ask(self) -> None:
        q = self.question
        env = self.parameters
        if q.action is not None:
            self._enter(q.action)
        self.facts += [self.meaning.value(p.term, {}, self.state) for p in q.held]
        if q.starting:
            self._start()
            assert q.broken is not None
            self.facts.append(neg(self.meaning.value(q.broken.term, {}, self.state)))
        if q.action is None:
            return
        wrong = self.meaning.out_of_range(q.action, env, self.state)
        self.facts += [self.meaning.guard(q.action, env, self.state), wrong if q.leaves else neg(wrong)]
        if q.broken is not None:
            rows = {**self.state.rows, **self.meaning.effect(q.action, env, self.state)}
            self.state.after = Rows(rows)
            moment = self.state if q.broken.kind is Kind.STEP else self.state.after
            self.facts.append(neg(self.meaning.value(q.broken.term, {}, moment)))

    def _enter(self, action: Action) -> None:
        earlier: dict[Sort, int] = {}
        for p in action.parameters:
            chosen = self.parameters[p.var] = z3.Int(f"argument {p.var}")
            if p.range is None:  # members are alike: the first may be taken to be number 0, and so on
                self.facts += [
                    chosen >= 0,
                    chosen <= earlier.get(p.var.sort, 0),
                    chosen < self.meaning.number[p.var.sort],
                ]
                self.facts += [chosen < self.meaning.number[p.var.sort], chosen < self.size]
                earlier[p.var.sort] = earlier.get(p.var.sort, 0) + 1
                continue
            self.numbers.append(chosen)
            limit = p.range.high
            if isinstance(limit, Field):
                limit = self.state.rows[limit][0]
            self.facts += [chosen >= p.range.low, chosen <= limit]

    def _start(self) -> None:
        for f in self.fields:
            if f.rigid or f.budget or f.start is ANYTHING or f.start is None:
                continue
            for i, slot in enumerate(self.state.rows[f]):
                given = self.state.rows[f.start][i] if isinstance(f.start, Field) else of_rank(encode(f.start), f.sort)
                self.facts.append(same(slot, given))

    # ---------------------------------------------------------------------------------------------- models
    def model(self, until: float, *more: Value) -> Any:
        """A model of the question; None if there is none, or z3 finds none in time."""
        left = until - time.perf_counter()
        facts = [*self.facts, *more]
        if left <= 0 or any(f is False for f in facts):
            return None
        solver = z3.SolverFor("QF_LIA")
        solver.set("timeout", max(1, int(1000 * left)))
        solver.add(*(f for f in facts if f is not True))
        return solver.model() if solver.check() == z3.sat else None

    def least(self, model: Any, until: float) -> Any:
        """A model with few members, and then small numbers."""
        found: list[Value] = []
        for total in (plus(self.meaning.number.values()), plus(self.numbers)):
            low, high = 0, rank_in(model, total)
            while low < high:
                middle = (low + high) // 2
                smaller = self.model(until, *found, total <= middle)
                if smaller is None:
                    low = middle + 1
                else:
                    model, high = smaller, rank_in(smaller, total)
            found.append(total <= high)
        return model

    def counts(self, model: Any) -> dict[Sort, int]:
        """How many members a model has."""
        return {s: rank_in(model, number) for s, number in self.meaning.number.items()}

    def values(self, model: Any) -> dict[Field[Any, Any], list[int]]:
        """The fields of the members in a model, as machine integers."""
        counts = self.counts(model)
        return {f: [rank_in(model, slot) for slot in self.state.rows[f][: counts[f.owner]]] for f in self.fields}


def _verified(question: Question, scope: Scope, model: Any) -> Blocking:
    """The model as a world and a state. Raises AssertionError if the interpreter does not agree that it blocks."""
    values, counts = scope.values(model), scope.counts(model)
    world = _world(question.system, counts, values)
    run = Run(Instance(question.system, world))
    state: State = tuple(values[f][i] for f in run.instance.fields for i in range(counts[f.owner]))
    arguments = tuple(rank_in(model, scope.parameters[v]) for v in scope.parameters)
    held = all(run.holds(p, state) for p in question.held)
    assert held, f"z3 and the interpreter differ on {question} in {run.shown(state)}"
    before = _shown(run, values)
    action = question.action
    if action is None:
        assert question.broken is not None and not run.holds(question.broken, state), f"{question} does not block"
        return Blocking(world, {}, before, {})
    named = {str(p.var): run.instance.show(p.var.sort, x) for p, x in zip(action.parameters, arguments, strict=True)}
    assert not run.broken(state, action, arguments), f"the interpreter refuses {action} in {run.shown(state)}"
    try:
        after = run.effect(state, action, arguments)
    except OutOfRange:
        assert question.leaves, f"{action} leaves a range in {run.shown(state)}"
        return Blocking(world, named, before, {})
    assert not question.leaves, f"{action} leaves no range in {run.shown(state)}"
    if question.broken is not None:
        p = question.broken
        fails = not (run.holds(p, state, after) if p.kind is Kind.STEP else run.holds(p, after))
        assert fails, f"{p} holds after {action} in {run.shown(state)}"
    old, new = run.shown(state), run.shown(after)
    return Blocking(world, named, before, {k: (old[k], new[k]) for k in old if old[k] != new[k]})


def _world(system: System, counts: dict[Sort, int], values: dict[Field[Any, Any], list[int]]) -> World:
    """The members with these values, constants and starts alike; references may go round in circles."""
    made = {s: [s(f"{s.__name__.lower()}{i}") for i in range(counts[s])] for s in system.sorts}
    for s in system.sorts:
        for f in s.fields:
            for member, value in zip(made[s], values[f], strict=True):
                vars(member)["_values"][f.name] = _shape(f.sort, value, made)
    return World("a blocking state", *(m for s in system.sorts for m in made[s]))


def _shape(sort: Any, value: int, made: dict[Sort, list[Entity]]) -> object:
    if isinstance(sort, Sort):
        return made[sort][value]
    if sort == BOOL:
        return bool(value)
    return list(sort)[value] if is_choice(sort) else value


def _shown(run: Run, values: dict[Field[Any, Any], list[int]]) -> dict[str, Any]:
    """Every field of every member, constants included, member by member."""
    return {
        f"{member.label}.{f.name}": run.instance.show(f.sort, values[f][i])
        for s in run.system.sorts
        for i, member in enumerate(run.world.of(s))
        for f in s.fields
    }
