"""From amounts that fit to steps that were taken: what z3 allows is carried out in the reference interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...model.language import State, Step
from ..interpret import OutOfRange, Refused, Run
from ..smt.z3types import rank_in, z3
from .flows import Flow
from .symbolic import Symbolic, Taken, Window

ROUNDS = 50


@dataclass(frozen=True)
class Carried:
    """A step that was taken, the state after it, and its event's number in the log (None: it was hidden)."""

    step: Step
    after: State
    event: int | None


class NotCarriedOut(Exception):
    """The amounts fit one by one, but no order of hidden steps was found in which they could be taken."""


def carried_out(run: Run, symbolic: Symbolic, start: State) -> list[Carried]:
    """The steps of the path, hidden ones included. The path must fit. Raises NotCarriedOut where no steps were found.

    The first amounts that z3 names mostly do. Where they do not, as many of them as can be are left at zero.
    """
    if symbolic.solver.check() != z3.sat:
        raise NotCarriedOut("no amounts fit")
    model = symbolic.solver.model()
    try:
        return list(_steps(run, symbolic, start, model))
    except NotCarriedOut:
        return list(_steps(run, symbolic, start, _idle_model(symbolic, model)))


def _idle_model(symbolic: Symbolic, model: Any) -> Any:
    """Other amounts that fit, of which as many as can be are zero: all that are so in this model, and then some."""
    windows = [item for item in symbolic.path.items if isinstance(item, Window)]
    idle: dict[int, Any] = {}
    for n, amount in enumerate(amount for window in windows for _, amount in window.amounts):
        if rank_in(model, amount) == 0:
            symbolic.solver.add(amount == 0)
            continue
        truth = z3.Bool(f"idle{n}")
        idle[truth.get_id()] = truth
        symbolic.solver.add(z3.Implies(truth, amount == 0))
    while symbolic.solver.check(*idle.values()) != z3.sat:
        core = symbolic.solver.unsat_core()
        if not len(core):
            raise NotCarriedOut("no amounts fit any more")
        for truth in core:
            del idle[truth.get_id()]
    return symbolic.solver.model()


def _steps(run: Run, symbolic: Symbolic, state: State, model: Any) -> Iterator[Carried]:
    for item in symbolic.path.items:
        if isinstance(item, Window):
            moved = [(f, rank_in(model, a)) for f, a in item.amounts]
            for step, after in _moved(run, state, moved):
                yield Carried(step, after, None)
                state = after
        else:
            step, state = _taken(run, state, item, model)
            yield Carried(step, state, item.event)


def _taken(run: Run, state: State, item: Taken, model: Any) -> tuple[Step, State]:
    step = Step(item.action.name, tuple(rank_in(model, a) for a in item.arguments))
    try:
        return step, run.take(state, step)
    except (Refused, OutOfRange) as error:
        raise NotCarriedOut(str(error)) from None


def _moved(run: Run, state: State, amounts: Iterable[tuple[Flow, int]]) -> Iterator[tuple[Step, State]]:
    """So much by each flow, in whatever order it can be taken: each as far as it goes, again and again."""
    left: dict[Flow, int] = {flow: amount for flow, amount in amounts if amount}
    for _ in range(ROUNDS):
        if not left:
            return
        for flow in list(left):
            amount = _largest(run, state, flow, left[flow])
            if amount:
                step = Step(flow.action.name, flow.arguments(amount))
                state = run.take(state, step)
                yield step, state
                left[flow] -= amount
        left = {flow: amount for flow, amount in left.items() if amount}
    said = ", ".join(f"{flow.action.name} {amount}" for flow, amount in left.items())
    raise NotCarriedOut(f"no order was found in which hidden steps could be taken: {said}")


def _largest(run: Run, state: State, flow: Flow, most: int) -> int:
    """The largest amount, up to `most`, that the flow can move at once; 0 where there is none."""
    high = min(most, max((run.instance.range(p)[-1] for p in flow.action.parameters if p.range is not None), default=0))
    if high < flow.least or not _can(run, state, flow, flow.least):
        return 0
    if _can(run, state, flow, high):
        return high
    low = flow.least
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _can(run, state, flow, middle) else (low, middle)
    return low


def _can(run: Run, state: State, flow: Flow, amount: int) -> bool:
    try:
        run.step(state, flow.action, flow.arguments(amount))
    except (Refused, OutOfRange):
        return False
    return True
