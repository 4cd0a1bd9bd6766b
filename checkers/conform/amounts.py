"""From amounts that fit to steps that were taken: what z3 allows is carried out in the reference interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...model.language import State, Step
from ..interpret import OutOfRange, Refused, Run
from ..smt.z3types import rank_in, z3
from .flows import Flow
from .symbolic import Symbolic, Taken, Window

ROUNDS = 50


class NotCarriedOut(Exception):
    """The amounts fit one by one, but no order of hidden steps was found in which they could be taken."""


def model_of(symbolic: Symbolic) -> Any:
    """Amounts that fit the path, as many of them as can be at zero. The path must fit.

    A flow that is only in a model because z3 chose so, rather than because something needs it, would tell a strange story.
    """
    idle: dict[int, Any] = {}
    for item in symbolic.path.items:
        for _, amount in item.amounts if isinstance(item, Window) else ():
            truth = z3.Bool(f"idle {amount}")
            idle[truth.get_id()] = truth
            symbolic.solver.add(z3.Implies(truth, amount == 0))
    while symbolic.solver.check(*idle.values()) != z3.sat:
        core = symbolic.solver.unsat_core()
        if not len(core):
            raise NotCarriedOut("no amounts fit any more")
        for truth in core:
            idle.pop(truth.get_id())
    return symbolic.solver.model()


def carried_out(run: Run, symbolic: Symbolic, start: State) -> Iterator[tuple[Step, State, int | None]]:
    """The steps of the path, hidden ones included, each with the state after it and its event's number in the log, if any.

    Raises NotCarriedOut where the interpreter does not take them.
    """
    model, state = model_of(symbolic), start
    for item in symbolic.path.items:
        if isinstance(item, Window):
            moved = [(f, rank_in(model, a)) for f, a in item.amounts]
            for step, after in _moved(run, state, moved):
                yield step, after, None
                state = after
        else:
            step, state = _taken(run, state, item, model)
            yield step, state, item.event


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
