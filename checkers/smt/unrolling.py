"""A system in a world, unrolled over time: one copy of the varying slots per step, quantities as unbounded integers.

Which step is taken is one truth per action and members; integer parameters stay open, however far they range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from ...model.language import Action, Arguments, Kind, ModelError, Property, State, Step, Term
from ..interpret import Run
from .meaning import Finite, Rows
from .z3types import Value, conj, disj, implied, ite, neg, of_rank, rank_in, same, variable, z3


@dataclass(frozen=True)
class Choice:
    """An action with its members chosen; the integer parameters are open (None)."""

    action: Action
    members: tuple[int | None, ...]


@dataclass(frozen=True)
class Move:
    """One choice at one moment: when it can be taken, when it leaves a range, and what it writes."""

    choice: Choice
    taken: Value
    guard: Value
    wrong: Value
    rows: dict[Any, list[Value]]
    numbers: tuple[Value, ...]

    def arguments(self, model: Any) -> Arguments:
        """The arguments that a model gives it."""
        numbers = iter(self.numbers)
        return tuple(rank_in(model, next(numbers)) if m is None else m for m in self.choice.members)

    def step(self, model: Any) -> Step:
        """What a model takes."""
        return Step(self.choice.action.name, self.arguments(model))


class Unrolling:
    """The states and moves of every run of so many steps."""

    def __init__(self, run: Run) -> None:
        """Before the first state; `begin` or `begin_anywhere` makes that."""
        self.run, self.instance = run, run.instance
        sorts = self.run.system.sorts
        self.meaning = Finite({s: self.instance.count(s) for s in sorts})
        self.fixed = {f: [of_rank(v, f.sort) for v in values] for f, values in self.instance.fixed.items()}
        self.states: list[Rows] = []
        self._moves: dict[int, list[Move]] = {}

    @cached_property
    def choices(self) -> list[Choice]:
        """Every action with every choice of its members."""
        return [
            Choice(a, members)
            for a in self.instance.actions
            for members in product(*([None] if p.range else self.instance.range(p) for p in a.parameters))
        ]

    # ---------------------------------------------------------------------------------------------- states
    def fresh_state(self) -> Rows:
        """The next state's variables."""
        at = len(self.states)
        rows = {
            f: [variable(f"{f!r}[{i}]@{at}", f.sort) for i in range(self.instance.count(f.owner))]
            for f in self.instance.fields
        }
        state = Rows({**self.fixed, **rows})
        self.states.append(state)
        return state

    def begin(self) -> list[Value]:
        """The first state, and the facts that make it an initial one. Raises ModelError as Instance.starts does."""
        state = self.fresh_state()
        slots = [(f, slot) for f in self.instance.fields for slot in state.rows[f]]
        facts: list[Value] = []
        for (f, slot), values in zip(slots, self.instance.starts(), strict=True):
            first, last = values[0], values[-1]
            facts += within(slot, last) if first < last else [same(slot, of_rank(first, f.sort))]
        for p in self.run.system.of_kind(Kind.INITIALLY):
            facts.append(self.meaning.value(p.term, {}, state))
        return facts

    def begin_anywhere(self) -> list[Value]:
        """The first state, and the facts that its fields are in range."""
        state = self.fresh_state()
        slots = [(slot, self.instance.high(f, i)) for f in self.instance.fields for i, slot in enumerate(state.rows[f])]
        return [fact for slot, high in slots for fact in within(slot, high)]

    def state_in(self, model: Any, at: int) -> State:
        """The state that a model has at a moment."""
        rows = self.states[at].rows
        return tuple(rank_in(model, slot) for f in self.instance.fields for slot in rows[f])

    # ---------------------------------------------------------------------------------------------- moves
    def moves(self, at: int) -> list[Move]:
        """What can be taken at a moment."""
        if at not in self._moves:
            made = (self._move(k, c, at) for k, c in enumerate(self.choices))
            self._moves[at] = [m for m in made if m.guard is not False]
        return self._moves[at]

    def _move(self, number: int, choice: Choice, at: int) -> Move:
        state, env = self.states[at], dict[Term, Value]()
        limits: list[Value] = []
        numbers: list[Value] = []
        for p, member in zip(choice.action.parameters, choice.members, strict=True):
            if member is not None:
                env[p.var] = member
                continue
            assert p.range is not None
            amount = z3.Int(f"number{len(numbers)}@{at}")
            numbers.append(amount)
            limits += [p.range.low <= amount, amount <= self.instance.limit(p)]
            env[p.var] = amount
        guard = conj([*limits, self.meaning.guard(choice.action, env, state)])
        taken = z3.Bool(f"move{number}@{at}")
        if guard is False:
            return Move(choice, taken, False, False, {}, tuple(numbers))
        wrong = self.meaning.out_of_range(choice.action, env, state)
        return Move(choice, taken, guard, wrong, self.meaning.effect(choice.action, env, state), tuple(numbers))

    def advance(self) -> list[Value]:
        """One more state, and the facts that one step within every range leads there from the last."""
        at = len(self.states) - 1
        old, moves = self.states[at], self.moves(at)
        new = self.fresh_state()
        old.after = new
        facts: list[Value] = [disj(m.taken for m in moves)]
        if len(moves) > 1:
            facts.append(z3.AtMost(*(m.taken for m in moves), 1))
        facts += [implied(m.taken, conj((m.guard, neg(m.wrong)))) for m in moves]
        for f in self.instance.fields:
            written = [m for m in moves if f in m.rows]
            for i, slot in enumerate(new.rows[f]):
                before = value = old.rows[f][i]
                for m in written:
                    value = value if m.rows[f][i] is before else ite(m.taken, m.rows[f][i], value)
                facts += [same(slot, value), *within(slot, self.instance.high(f, i))]  # the limits only help z3 along
        return facts

    def taken(self, model: Any, steps: int) -> tuple[Step, ...]:
        """The steps that a model takes."""
        return tuple(
            next(m.step(model) for m in self.moves(at) if z3.is_true(model.eval(m.taken))) for at in range(steps)
        )

    # ---------------------------------------------------------------------------------------------- properties
    def holds(self, p: Property, at: int) -> Value:
        """The property at a moment; a step property, over the step that leads to it."""
        if p.kind is Kind.STEP:
            return self.meaning.value(p.term, {}, self.states[at - 1]) if at else True
        if p.kind not in (Kind.ALWAYS, Kind.SOMETIMES):
            raise ModelError(f"{p}: a bounded search decides always, step and sometimes, not {p.kind.value}")
        return self.meaning.value(p.term, {}, self.states[at])

    def leaves_range(self, at: int) -> Value:
        """Some step that can be taken at a moment assigns a value out of range."""
        return disj(conj((m.guard, m.wrong)) for m in self.moves(at))


def within(slot: Value, high: int | None) -> list[Value]:
    """The facts that an integer is from 0 to `high`; truths and members of an Enum always are."""
    if not z3.is_int(slot):
        return []
    return [slot >= 0] if high is None else [slot >= 0, slot <= high]
