"""Bounded checking and k-induction of a system in one world.

`find` gives the shortest violation of an `always` or `step`, or the shortest witness of a `sometimes`, within so many
steps; `induction` proves for every number of steps. Whatever is found has been replayed by the interpreter.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, TypeAlias

from ...model.language import TRUE, Instance, Kind, ModelError, Property, State, Step
from ..interpret import OutOfRange, Refused, Run
from ..verdict import Figures, Holds, Unknown, Violated
from .unrolling import Unrolling
from .z3types import Value, conj, disj, neg, z3

MOST_STARTS = 1_000_000
"""How many initial states are looked through for the number of one, where `initially` leaves some out."""


@dataclass(frozen=True)
class Witness:
    """The shortest steps to a state that a `sometimes` speaks of; `initial` as in Violated."""

    world: str
    property: str
    sentence: str
    steps: tuple[Step, ...]
    figures: Figures
    initial: int = 0


IN_RANGE = Property(Kind.ALWAYS, "in range", "Every assignment stays in the range of its field.", TRUE)

Found: TypeAlias = "Violated | Witness | Unknown | None"


class Disagreement(Exception):
    """What z3 found is refused by the interpreter: one of the two readings is wrong."""


def find(
    run: Run | Instance, p: Property | str, depth: int, *, seconds: float | None = None, heed_range: bool = True
) -> Found:
    """The shortest violation (witness, for a `sometimes`) within `depth` steps; None if there is none.

    Raises OutOfRange if an assignment leaves its range in a step that can be taken within `depth`, and before the
    property is decided; the exception is the interpreter's own. Without `heed_range` such steps are only not taken.
    Unknown if z3 gives up, or needs more than `seconds` for one depth.
    """
    return Search(run, seconds=seconds).find(p, depth, heed_range=heed_range)


class Search:
    """A bounded search that several properties share: the states and moves are built once."""

    def __init__(self, run: Run | Instance, *, seconds: float | None = None) -> None:
        """From the initial states of a run; `seconds` limits each question to z3."""
        self.run = Run(run) if isinstance(run, Instance) else run
        self.unrolling = Unrolling(self.run)
        self.solver = _solver(seconds)
        self._facts: list[list[Value]] = [self.unrolling.begin()]

    def find(self, p: Property | str, depth: int, *, heed_range: bool = True) -> Found:
        """As the function of that name."""
        p = self.run.system.property(p) if isinstance(p, str) else p
        started = time.perf_counter()
        self.solver.reset()
        for at in range(depth + 1):
            self.solver.add(*self._facts_at(at))
            found = self._at(p, at, heed_range=heed_range and at < depth, started=started)
            if found is not None:
                return found
        return None

    def _facts_at(self, at: int) -> list[Value]:
        while len(self._facts) <= at:
            self._facts.append(self.unrolling.advance())
        return self._facts[at]

    def _at(self, p: Property, at: int, *, heed_range: bool, started: float) -> Found:
        holds = self.unrolling.holds(p, at)
        bad = holds if p.kind is Kind.SOMETIMES else neg(holds)
        wrong = heed_range and self.unrolling.leaves_range(at)
        model = self._model(disj((bad, wrong)))
        if model is not None and wrong is not False and not isinstance(model, str):
            model = self._model(bad) or self._leave(self._model(wrong), at)
        figures = Figures(depth=at + 1, seconds=time.perf_counter() - started)
        if isinstance(model, str):
            return Unknown(self.run.world.name, f"z3 gave up after {at} steps: {model}", figures)
        return None if model is None else self._found(p, model, at, figures)

    def _model(self, question: Value) -> Any:
        """A model, None if there is none, or why z3 cannot say."""
        if question is False:
            return None
        result = self.solver.check(*([] if question is True else [question]))
        if result == z3.unknown:
            return str(self.solver.reason_unknown())
        return self.solver.model() if result == z3.sat else None

    def _start(self, model: Any) -> State:
        return self.unrolling.state_in(model, 0)

    def _number(self, start: State) -> int:
        number = number_of(self.run, start)
        if number is None:
            name = self.run.world.name
            raise ModelError(f"{name}: none of the first {MOST_STARTS} starts is meant; leave fewer fields open")
        return number

    def _leave(self, model: Any, at: int) -> Any:
        """Let the interpreter raise OutOfRange for a step that the model takes; or say why z3 cannot name it."""
        if model is None or isinstance(model, str):
            return model or "the reason is not given"
        start, steps = self._start(model), self.unrolling.taken(model, at)
        states = replayed(self.run, start, steps)
        for m in self.unrolling.moves(at):
            leaves = conj((m.guard, m.wrong))
            if leaves is True or (leaves is not False and z3.is_true(model.eval(leaves, model_completion=True))):
                try:
                    self.run.take(states[-1], m.step(model))
                except OutOfRange as error:
                    error.initial, error.steps = self._number(start), steps
                    raise
        raise Disagreement(f"z3 sees a step that leaves its range after {at} steps; the interpreter does not")

    def _found(self, p: Property, model: Any, at: int, figures: Figures) -> Violated | Witness:
        steps, start = self.unrolling.taken(model, at), self._start(model)
        states = replayed(self.run, start, steps)
        holds = self.run.holds(p, states[-2], states[-1]) if p.kind is Kind.STEP else self.run.holds(p, states[-1])
        if holds is not (p.kind is Kind.SOMETIMES):
            raise Disagreement(f"z3 and the interpreter differ on {p} after {steps}")
        made = Witness if p.kind is Kind.SOMETIMES else Violated
        return made(self.run.world.name, p.name, p.sentence, steps, figures, self._number(start))


def replayed(run: Run, start: State, steps: Iterable[Step]) -> list[State]:
    """The states that the interpreter goes through. Raises Disagreement if it refuses."""
    states = [start]
    if not all(run.holds(p, start) for p in run.system.of_kind(Kind.INITIALLY)):
        raise Disagreement(f"z3 begins in {run.shown(start)}, which is no initial state")
    try:
        for step in steps:
            states.append(run.take(states[-1], step))
    except (Refused, OutOfRange) as error:
        raise Disagreement(f"z3 takes a step that the interpreter refuses: {error}") from error
    return states


def number_of(run: Run, start: State) -> int | None:
    """The number of an initial state in `Run.initial()`; None where too many would have to be looked through."""
    values = list(run.instance.starts())
    kept = run.system.of_kind(Kind.INITIALLY)
    if not kept:
        number = 0
        for at, slot in zip(values, start, strict=True):
            number = number * len(at) + at.index(slot)
        return number
    states: Iterator[State] = (s for s in product(*values) if all(run.holds(p, s) for p in kept))
    return next((i for i, s in enumerate(islice(states, MOST_STARTS)) if s == start), None)


def induction(
    run: Run | Instance, properties: Property | Iterable[Property], k: int = 1, *, seconds: float | None = None
) -> Holds | Violated | Unknown:
    """Prove `always` and `step` properties together, and that no assignment leaves its range, by k-induction.

    Holds if nothing fails within k - 1 steps of the initial states, and if k good states in a row (all different) are
    only followed by a good one. Otherwise Violated, or Unknown with the state that blocks the proof.
    """
    run = Run(run) if isinstance(run, Instance) else run
    goals = (properties,) if isinstance(properties, Property) else tuple(properties)
    started = time.perf_counter()
    search = Search(run, seconds=seconds)
    for p in goals or (IN_RANGE,):
        base = search.find(p, k)
        if isinstance(base, (Violated, Unknown)):
            return base
    why = _blocked(run, goals, k, seconds)
    figures = Figures(depth=k, seconds=time.perf_counter() - started)
    if why is not None:
        return Unknown(run.world.name, why, figures)
    assumed = tuple(p.sentence for p in run.system.of_kind(Kind.ASSUME))
    how = f"k-inductive, with k = {k}"
    return Holds(run.world.name, how, tuple(p.name for p in goals), figures, assumed)


def _blocked(run: Run, goals: tuple[Property, ...], k: int, seconds: float | None) -> str | None:
    """Why k good states in a row do not show that the next is good; None if they do."""
    unrolling, solver = Unrolling(run), _solver(seconds)
    solver.add(*unrolling.begin_anywhere())
    for at in range(k):
        good = [unrolling.holds(p, at) for p in goals]
        solver.add(*good, *(differ(unrolling, earlier, at) for earlier in range(at)))
        if at + 1 < k:
            solver.add(*unrolling.advance())
    wrong = unrolling.leaves_range(k - 1)
    if wrong is not False and (why := _why(unrolling, solver, wrong, k - 1, "a step leaves its range")):
        return why
    solver.add(*unrolling.advance())
    for p in goals:
        if why := _why(unrolling, solver, neg(unrolling.holds(p, k)), k, f"{p.name} fails"):
            return why
    return None


def _why(unrolling: Unrolling, solver: Any, question: Value, steps: int, what: str) -> str | None:
    result = z3.unsat if question is False else solver.check(*([] if question is True else [question]))
    if result == z3.unsat:
        return None
    if result == z3.unknown:
        return f"z3 gave up: {solver.reason_unknown()}"
    model = solver.model()
    shown = unrolling.run.shown(unrolling.state_in(model, 0))
    taken = ", ".join(f"{s.action}{s.arguments}" for s in unrolling.taken(model, steps))
    return f"{what} after {taken or 'this state'} from {', '.join(f'{k} = {v}' for k, v in shown.items())}"


def differ(unrolling: Unrolling, a: int, b: int) -> Value:
    """Two states are not the same."""
    one, other = unrolling.states[a].rows, unrolling.states[b].rows
    slots = [(x, y) for f in unrolling.instance.fields for x, y in zip(one[f], other[f], strict=True)]
    return disj(x != y for x, y in slots)


def _solver(seconds: float | None) -> Any:
    solver = z3.SolverFor("QF_LIA")  # as fast as any on these, and several times faster than z3's default
    if seconds is not None:
        solver.set("timeout", int(seconds * 1000))
    return solver
