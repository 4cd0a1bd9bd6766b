"""The reference semantics: a system over frozen values. Slow, short, and what every other reading is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

from ..model.language import (
    Action,
    Arguments,
    Instance,
    Kind,
    ModelError,
    Property,
    Requirement,
    State,
    Step,
    System,
    Term,
    World,
)
from ..model.language.terms import ARITHMETIC, encode

Environment: TypeAlias = "Mapping[Term, int]"


class Refused(Exception):
    """The action cannot happen here: the requirements that do not hold, in the order written."""

    def __init__(self, step: Step, broken: tuple[Requirement, ...]) -> None:
        """The step asked for and what refuses it."""
        super().__init__(f"{step.action}: it is not so that {'; '.join(r.sentence for r in broken)}")
        self.step, self.broken = step, broken


class OutOfRange(Exception):
    """An assignment left the range of its field: the model is wrong, whatever its properties say.

    A search that meets one says how: the number of an initial state, and the steps to the state before.
    """

    initial: int = 0
    steps: tuple[Step, ...] = ()


class Run:
    """A system in a world, ready to be stepped through."""

    def __init__(self, system: System | Instance, world: World | None = None) -> None:
        """`Run(system, world)`, or `Run(instance)`."""
        if isinstance(system, Instance):
            self.instance = system
        else:
            assert world is not None, "a system runs in a world"
            self.instance = Instance(system, world)
        self.system, self.world = self.instance.system, self.instance.world
        self._defined: tuple[State, dict[tuple[Any, int], int]] = ((), {})

    # ---------------------------------------------------------------------------------------------- evaluation
    def value(self, term: Term, state: State, env: Environment, later: State | None = None) -> int:
        """The value of a term; `later` is the state after the step, for step properties."""

        def go(t: Term) -> int:
            return self.value(t, state, env, later)

        match term.op, term.args:
            case "const", (value,):
                return encode(value)
            case "var", _:
                return env[term]
            case "read", (field, ref):
                member = go(ref)
                at = self.instance.base.get(field)
                return self.instance.fixed[field][member] if at is None else state[at + member]
            case "derived", (definition, ref):
                return self._definition(definition, go(ref), state)
            case "after", (inner,):
                assert later is not None, f"{term} outside a step"
                return self.value(inner, later, env)
            case "==", (a, b):
                return go(a) == go(b)
            case "not", (a,):
                return not go(a)
            case "and", parts:
                return all(go(p) for p in parts)
            case "or", parts:
                return any(go(p) for p in parts)
            case "ite", (condition, then, otherwise):
                return go(then) if go(condition) else go(otherwise)
            case (("forall" | "exists" | "sum"), _):
                return self._quantifier(term, state, env, later)
            case op, (a, b):
                return int(ARITHMETIC[op](int(go(a)), int(go(b))))
            case _:
                raise ModelError(f"{term} has no meaning")

    def _definition(self, definition: Any, member: int, state: State) -> int:
        """The value of a named definition of a member: worked out once while one state is looked at."""
        if self._defined[0] is not state:
            self._defined = state, {}
        known = self._defined[1]
        if (definition, member) not in known:
            known[definition, member] = self.value(definition.definition, state, {definition.variable: member})
        return known[definition, member]

    def _quantifier(self, term: Term, state: State, env: Environment, later: State | None) -> int:
        var, keep, body = term.args
        members = range(self.instance.count(var.sort))
        inner: Iterator[dict[Term, int]] = ({**env, var: i} for i in members)
        kept = (self.value(body, state, e, later) for e in inner if self.value(keep, state, e, later))
        if term.op == "sum":
            return sum(kept)
        return all(kept) if term.op == "forall" else any(kept)

    # ------------------------------------------------------------------------------------------------- running
    def initial(self) -> list[State]:
        """Every initial state, in a fixed order."""
        kept = self.system.of_kind(Kind.INITIALLY)
        states = product(*self.instance.starts())
        return [s for s in states if all(self.holds(p, s) for p in kept)]

    def environment(self, action: Action, arguments: Arguments) -> dict[Term, int]:
        """The parameters' values."""
        return {p.var: value for p, value in zip(action.parameters, arguments, strict=True)}

    def broken(self, state: State, action: Action, arguments: Arguments) -> tuple[Requirement, ...]:
        """The requirements that do not hold."""
        env = self.environment(action, arguments)
        return tuple(r for r in action.requires if not self.value(r.term, state, env))

    def step(self, state: State, action: Action, arguments: Arguments) -> State:
        """The state after the action. Raises Refused, or OutOfRange where the model is wrong."""
        broken = self.broken(state, action, arguments)
        if broken:
            raise Refused(Step(action.name, arguments), broken)
        return self.effect(state, action, arguments)

    def effect(self, state: State, action: Action, arguments: Arguments) -> State:
        """What the action writes, its requirements taken for granted. Raises OutOfRange."""
        env = self.environment(action, arguments)
        after = list(state)
        for w in action.writes:
            member, new = self.value(w.ref, state, env), int(self.value(w.value, state, env))
            high = self.instance.high(w.field, member)
            if new < 0 or (high is not None and new > high):
                raise OutOfRange(f"{action.name}{arguments}: {w.field!r} = {new} is outside 0..{high}")
            after[self.instance.slot(w.field, member)] = new
        return tuple(after)

    def take(self, state: State, step: Step) -> State:
        """The state after a step given by name. Raises Refused or OutOfRange."""
        return self.step(state, self.system.action(step.action), step.arguments)

    def successors(self, state: State) -> Iterator[tuple[Step, State]]:
        """Every step that can happen here, with the state that it leads to."""
        for action, arguments in self.every_step:
            if not self.broken(state, action, arguments):
                yield Step(action.name, arguments), self.effect(state, action, arguments)

    @cached_property
    def every_step(self) -> list[tuple[Action, Arguments]]:
        """Every action with every choice of arguments, in order."""
        return list(self.instance.steps())

    def holds(self, p: Property, state: State, later: State | None = None) -> bool:
        """Whether the property's predicate holds here (for a step property: over the step to `later`)."""
        return bool(self.value(p.term, state, {}, later))

    def unmet_assumptions(self) -> list[Property]:
        """The assumptions about worlds that this world does not meet."""
        start = next(iter(self.initial()), ())
        return [p for p in self.system.of_kind(Kind.ASSUME) if not self.holds(p, start)]

    def replay(self, steps: tuple[Step, ...], initial: int = 0) -> list[State]:
        """The states that the steps lead through, the initial one first. Raises Refused or OutOfRange."""
        states = [self.initial()[initial]]
        for step in steps:
            states.append(self.take(states[-1], step))
        return states

    def shown(self, state: State) -> dict[str, Any]:
        """The state as a person reads it: `label.field` to a label, a member's name, a truth or a number."""
        return {
            f"{member.label}.{f.name}": self.instance.show(f.sort, state[self.instance.slot(f, i)])
            for f in self.instance.fields
            for i, member in enumerate(self.world.of(f.owner))
        }
