"""The product of a system and a plan: two more sorts and a substitution, nothing new.

A task is an entity that carries the arguments of one planned action as constants. The action over `(one)` becomes the
action over `(task)` with `one := task.one`; it may be taken when every task before it has reached its goal (the action's
`until`), again after a fault undid it, and no longer once a later task has begun. So the code has one copy per action,
not per task.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...model.language import (
    TRUE,
    Action,
    Entity,
    Field,
    Kind,
    ModelError,
    Parameter,
    Property,
    Requirement,
    Role,
    Sort,
    System,
    Term,
    Truth,
    World,
    Write,
    all_of,
    any_of,
    check,
    constant,
    derived,
    proxy,
    varying,
)
from ...model.language.expressions import lift
from ...model.language.terms import BOOL, const, junction, negation, quantified, substitute

NEVER_STUCK = "plan_never_stuck"
COMPLETES = "plan_completes"


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan: a planned action, its arguments (labels or numbers), and the steps that come before it."""

    name: str
    action: str
    arguments: Mapping[str, str | int]
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """The product: the system, the world with the tasks in it, and the two sorts."""

    system: System
    world: World
    task: Sort
    order: Sort


def follow(system: System, world: World, steps: Sequence[PlannedStep]) -> Planned:
    """The system whose planned actors only do what the steps say. Raises ModelError for steps that it does not know."""
    planned = tuple(system.action(name) for name in dict.fromkeys(s.action for s in steps))
    for a in planned:
        if a.by.role is not Role.PLANNED or a.until is TRUE:
            raise ModelError(f"{a.name} is not an action that a plan takes")
    task = _task_sort(planned)
    order = Sort("Order", (Entity,), {"first": constant(task), "then": constant(task), "__module__": __name__})
    kept = tuple(a for a in system.actions if a.by.role is not Role.PLANNED)
    bound = tuple(_bind(a, task, order) for a in planned)
    sorts = (*system.sorts, task, order)
    properties = tuple(p for p in system.properties if p.kind in (Kind.ALWAYS, Kind.STEP, Kind.ASSUME, Kind.INITIALLY))
    last = _every_last_reached(task, order)
    product = System(sorts, kept + bound, properties)
    finished = Property(Kind.SOMETIMES, COMPLETES, "Every step of the plan reaches its goal.", last)
    stuck = Property(
        Kind.ALWAYS,
        NEVER_STUCK,
        "While the plan is unfinished, a step of it, or something that it set going, can go on.",
        junction("or", [last, *(_enabled(a) for a in progress(product))]),
    )
    product = check(replace(product, properties=(*properties, stuck, finished)))
    members = [*world.members, *_tasks(world, task, order, planned, steps)]
    left_out = {n: why for n, why in world.leave_out.items() if n in {a.name for a in product.actions}}
    return Planned(
        product, World(f"{world.name}, by plan", *members, reason=world.reason, leave_out=left_out), task, order
    )


def progress(system: System) -> tuple[Action, ...]:
    """The actions that carry a plan on: what it does, and what then goes on by itself."""
    return tuple(a for a in system.actions if a.by.role in (Role.PLANNED, Role.AUTOMATIC))


def _task_sort(planned: Sequence[Action]) -> Sort:
    does: Any = enum.Enum("Does", [a.name for a in planned])  # type: ignore[misc]
    body: dict[str, Any] = {"does": constant(does), "begun": varying(bool), "__module__": __name__}
    for a in planned:
        for p in a.parameters:
            name = str(p.var.args[0])
            if name in body and body[name].sort is not p.var.sort:
                raise ModelError(f"{a.name}: another planned action has a {name} of another sort")
            sort: Any = p.var.sort
            body.setdefault(name, constant(sort))  # pyright: ignore[reportUnknownArgumentType] - any sort there is

    def reached(self: Any) -> Truth:
        """What the task is for has come about."""
        return any_of(*((self.does == does[a.name]) & Truth(_with_task(a, self)(a.until)) for a in planned))

    body["reached"] = derived(reached)
    return Sort("Task", (Entity,), body)


def _with_task(a: Action, task: Any) -> Callable[[Term], Term]:
    """Terms of the action with the task's constants in place of the parameters."""
    table = {p.var: lift(getattr(task, str(p.var.args[0]))) for p in a.parameters}
    return lambda t: substitute(t, table)


def _bind(a: Action, sort: Sort, order: Any) -> Action:
    var = Term("var", ("task", 0), sort)
    one: Any = sort
    task: Any = proxy(one, var)
    put = _with_task(a, task)
    does = _field(sort, "does").sort
    before = all_of(o.first.begun & o.first.reached for o in order.where(then=task))
    later = all_of(~o.then.begun for o in order.where(first=task))
    requires = (
        Requirement(lift(task.does == does[a.name]), f"the plan's step is to {a.name}"),
        Requirement(lift(before), "every step before it has reached its goal"),
        Requirement(lift(later), "no later step has begun"),
        Requirement(negation(lift(task.begun & task.reached)), "the step has not reached its goal"),
        *(Requirement(put(r.term), r.sentence) for r in a.requires),
    )
    writes = (
        *(Write(w.field, put(w.ref), put(w.value)) for w in a.writes),
        Write(_field(sort, "begun"), var, const(True, BOOL)),
    )
    return replace(a, parameters=(Parameter(var),), requires=requires, writes=writes, until=put(a.until))


def _every_last_reached(task: Any, order: Any) -> Term:
    some = Truth(TRUE)
    return lift(all_of((t.begun & t.reached) | any_of(some for _ in order.where(first=t)) for t in task))


def _enabled(a: Action) -> Term:
    """Whether the action can be taken with some members, its integers at their least."""
    least = {p.var: const(p.range.low, p.var.sort) for p in a.parameters if p.range is not None}
    term = junction("and", (substitute(r.term, least) for r in a.requires))
    for p in a.parameters:
        if p.range is None:
            term = quantified("exists", p.var, TRUE, term)
    return term


def _field(sort: Sort, name: str) -> Field[Any, Any]:
    return next(f for f in sort.fields if f.name == name)


def _tasks(
    world: World, task: Any, order: Any, planned: Sequence[Action], steps: Sequence[PlannedStep]
) -> list[Entity]:
    does = _field(task, "does").sort
    parameters = {p.var.args[0]: p.var.sort for a in planned for p in a.parameters}
    unused: dict[str, Any] = {n: world.of(sort)[0] if isinstance(sort, Sort) else 0 for n, sort in parameters.items()}
    made: dict[str, Entity] = {}
    for s in steps:
        unknown = set(s.arguments) - set(parameters)
        if s.name in made or unknown:
            raise ModelError(f"step {s.name}: named twice, or with unknown arguments {sorted(unknown)}")
        made[s.name] = task(s.name, does=does[s.action], **{**unused, **s.arguments})
    edges = [(b, s.name) for s in steps for b in s.after]
    for before, _ in edges:
        if before not in made:
            raise ModelError(f"no step of the plan is called {before}")
    return [*made.values(), *(order(f"{a} before {b}", first=a, then=b) for a, b in edges)]
