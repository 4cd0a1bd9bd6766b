"""Why a condition does not hold: the comparisons that fail, by how much, and who contributes most.

All of it is read off the traced terms by the reference interpreter: there is no arithmetic of the exchange here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..checkers.interpret import Run
from ..checkers.plans.product import progress
from ..model.actors import pages
from ..model.language import Action, Role, Sort, State, Step, Term
from .wording import Wording

Environment = Mapping[Term, int]

PLAN_REQUIREMENTS = 4
"""How many requirements the product with a plan puts before those of the action itself."""


@dataclass(frozen=True)
class Shortage:
    """A comparison `left <= right` (or `<`) of amounts that fails, and what adds up to its left side, largest first."""

    about: str
    left: str
    right: str
    held: int
    limit: int
    short: int
    unit: Any
    contributors: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Broken:
    """A condition that does not hold: its sentence, the amounts that fall short, and the members it fails for."""

    sentence: str
    shortages: tuple[Shortage, ...]
    members: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """A step of the plan that cannot go on, and what refuses it (or what it set going)."""

    step: str
    begun: bool
    refused: tuple[Broken, ...]


class Reasons:
    """Explains conditions in one state of a run."""

    def __init__(self, run: Run, state: State, wording: Wording) -> None:
        """`wording` names the members."""
        self.run, self.state, self.wording = run, state, wording

    def broken(self, term: Term, sentence: str, env: Environment | None = None) -> Broken:
        """Why a condition that has this sentence does not hold."""
        shortages: list[Shortage] = []
        members: dict[str, None] = {}
        for leaf, where in self._failing(term, env or {}):
            if leaf.op in ("<=", "<"):
                shortages.append(self._shortage(leaf, where))
            else:
                bound = [v for v in where if v not in (env or {})]
                members.update({self.wording.name(v.sort, where[v]): None for v in bound})
        return Broken(sentence, tuple(shortages), tuple(members))

    def _value(self, term: Term, env: Environment) -> int:
        return int(self.run.value(term, self.state, env))

    # ------------------------------------------------------------------------------------- which part is untrue
    def _failing(self, term: Term, env: Environment) -> Iterator[tuple[Term, Environment]]:
        """The innermost parts that make the term untrue."""
        match term.op, term.args:
            case "and", parts:
                for part in parts:
                    if not self._value(part, env):
                        yield from self._failing(part, env)
            case "or", parts:
                for part in [p for p in parts if p.op != "not"] or [term]:
                    yield from self._failing(part, env) if part is not term else [(term, env)]
            case "forall", (var, keep, body):
                for inner in self._members(var, keep, env):
                    if not self._value(body, inner):
                        yield from self._failing(body, inner)
            case "derived", (definition, ref):
                yield from self._failing(definition.definition, {definition.variable: self._value(ref, env)})
            case "ite", (condition, then, otherwise):
                yield from self._failing(then if self._value(condition, env) else otherwise, env)
            case _:
                yield term, env

    def _members(self, var: Term, keep: Term, env: Environment) -> Iterator[dict[Term, int]]:
        for i in range(self.run.instance.count(var.sort)):
            inner = {**env, var: i}
            if self._value(keep, inner):
                yield inner

    # ------------------------------------------------------------------------------------ by how much, and whose
    def _shortage(self, leaf: Term, env: Environment) -> Shortage:
        left, right = leaf.args
        held, limit = self._value(left, env), self._value(right, env)
        shares: dict[str, int] = {}
        for name, amount in self._shares(left, env):
            shares[name] = shares.get(name, 0) + amount
        ranked = sorted(((n, a) for n, a in shares.items() if a > 0), key=lambda share: -share[1])
        short = held - limit + (leaf.op == "<")
        about = self._owner(right, env) or self._owner(left, env) or ""
        return Shortage(
            about, _called(left), _called(right), held, limit, short, left.sort, _until_passed(ranked, limit)
        )

    def _shares(self, term: Term, env: Environment) -> Iterator[tuple[str, int]]:
        """What adds up to the term, each by the member that it belongs to; a sum's members are not taken apart."""
        match term.op, term.args:
            case "+", parts:
                for part in parts:
                    yield from self._shares(part, env)
            case "sum", (var, keep, body):
                for inner in self._members(var, keep, env):
                    yield self.wording.name(var.sort, inner[var]), self._value(body, inner)
            case "ite", (condition, then, otherwise):
                yield from self._shares(then if self._value(condition, env) else otherwise, env)
            case "derived", (definition, ref) if definition.definition.op in ("+", "sum", "ite"):
                yield from self._shares(definition.definition, {definition.variable: self._value(ref, env)})
            case _:
                yield self._owner(term, env) or str(term), self._value(term, env)

    def _owner(self, term: Term, env: Environment) -> str | None:
        """The member whose field a term reads first."""
        if term.op in ("read", "derived"):
            ref = term.args[1]
            return self.wording.name(ref.sort, self._value(ref, env)) if isinstance(ref.sort, Sort) else None
        return next((owner for part in term.parts if (owner := self._owner(part, env))), None)

    # --------------------------------------------------------------------------------------------- a stuck plan
    def waiting(self) -> list[Waiting]:
        """The steps of a plan that are due and refused, and those that were begun and do not come to their end."""
        found: list[Waiting] = []
        for action in self.run.instance.roles(Role.PLANNED):
            for (rank,) in self.wording.least(action.name):
                found.extend(self._waiting(action, rank))
        return found

    def _waiting(self, action: Action, task: int) -> Iterator[Waiting]:
        env = self.run.environment(action, (task,))
        plan, own = action.requires[:PLAN_REQUIREMENTS], action.requires[PLAN_REQUIREMENTS:]
        if not all(self._value(r.term, env) for r in plan):
            return
        begun = bool(self.run.shown(self.state).get(f"{self._label(action, task)}.begun"))
        refused = [self.broken(r.term, r.sentence, env) for r in own if not self._value(r.term, env)]
        if begun:
            refused = list(self._idle(action, env)) or refused
        yield Waiting(self.wording.task(task), begun, tuple(refused))

    def _label(self, action: Action, task: int) -> str:
        return self.run.world.of(action.parameters[0].var.sort)[task].label

    def _idle(self, planned: Action, env: Environment) -> Iterator[Broken]:
        """What would carry a begun step on, and the one requirement that refuses it."""
        wanted = {t.args[0] for leaf, _ in self._failing(planned.until, env) for t in leaf.walk() if t.op == "read"}
        for action in progress(self.run.system):
            if action.by.role is not Role.AUTOMATIC or wanted.isdisjoint(w.field for w in action.writes):
                continue
            for arguments in self.wording.least(action.name):
                broken = self.run.broken(self.state, action, arguments)
                if len(broken) == 1 and self._concerns(planned, env, action, arguments):
                    why = self.broken(broken[0].term, broken[0].sentence, self.run.environment(action, arguments))
                    sentence = f"{action.name}: {why.sentence}"
                    yield Broken(sentence, (), why.members)

    def _concerns(self, planned: Action, env: Environment, action: Action, arguments: tuple[int, ...]) -> bool:
        """Whether an automatic action is about a member that the begun step is about."""
        about = {
            (t.sort, self._value(t, env)) for t in planned.until.walk() if t.op == "read" and isinstance(t.sort, Sort)
        }
        return any((p.var.sort, a) in about for p, a in zip(action.parameters, arguments, strict=True))


def amount(shortage: Shortage, value: int, wording: Wording) -> str:
    """An amount of a shortage in its unit."""
    return wording.amount(value) if shortage.unit == pages else str(value)


def step_broken(run: Run, before: State, step: Step) -> tuple[tuple[Term, str], ...]:
    """The requirements that refuse a step, with their sentences."""
    action = run.system.action(step.action)
    return tuple((r.term, r.sentence) for r in run.broken(before, action, step.arguments))


def _called(term: Term) -> str:
    """`capacity`, `commit limit`; nothing for a sum of several things."""
    return term.args[0].name.replace("_", " ") if term.op in ("read", "derived") else ""


def _until_passed(ranked: list[tuple[str, int]], limit: int) -> tuple[tuple[str, int], ...]:
    """The largest, as many as it takes to be above the limit."""
    taken: list[tuple[str, int]] = []
    for share in ranked:
        taken.append(share)
        if sum(amount for _, amount in taken) > limit:
            break
    return tuple(taken)
