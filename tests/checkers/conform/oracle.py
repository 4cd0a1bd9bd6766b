"""What a log's verdict should be, by trying everything: for tiny worlds and short logs only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from holdfast.checkers.conform.observation import Observed
from holdfast.checkers.interpret import Run
from holdfast.model.language import State

Positions: TypeAlias = "tuple[int, ...]"


@dataclass(frozen=True)
class Answer:
    """Whether the log is a behaviour; how many events can be matched at most, and which could have come next then."""

    accepted: bool
    most: int
    next: frozenset[int]


@cache
def _steps(run: Run, state: State) -> list[tuple[str, dict[str, Any], State]]:
    found: list[tuple[str, dict[str, Any], State]] = []
    for step, after in run.successors(state):
        parameters = run.system.action(step.action).parameters
        pairs = zip(parameters, step.arguments, strict=True)
        named = {str(p.var.args[0]): run.instance.show(p.var.sort, value) for p, value in pairs}
        found.append((step.action, named, after))
    return found


def _is(run: Run, event: Observed, step: tuple[str, dict[str, Any], State]) -> bool:
    action, arguments, after = step
    if action != event.action or any(arguments[key] != value for key, value in event.arguments.items()):
        return False
    shown = run.shown(after)
    return all(shown[key] == value for key, value in event.after.items())


def answer(run: Run, log: Sequence[Observed], hidden: Collection[str], *, by_process: bool) -> Answer:
    """Every pair of a state and positions that can be reached, one step at a time."""
    names = list(dict.fromkeys(e.process if by_process else None for e in log))
    lanes = [[n for n, e in enumerate(log) if not by_process or e.process == name] for name in names]
    start: Positions = (0,) * len(lanes)
    seen: set[tuple[State, Positions]] = {(state, start) for state in run.initial()}
    todo: list[tuple[State, Positions]] = list(seen)
    while todo:
        state, at = todo.pop()
        for step in _steps(run, state):
            onwards = [(step[2], at)] if step[0] in hidden else []
            for k, lane in enumerate(lanes):
                if at[k] < len(lane) and _is(run, log[lane[at[k]]], step):
                    onwards.append((step[2], (*at[:k], at[k] + 1, *at[k + 1 :])))
            new = set(onwards) - seen
            seen |= new
            todo += new
    most = max(sum(at) for _, at in seen)
    furthest = {at for _, at in seen if sum(at) == most}
    heads = {lane[i] for at in furthest for lane, i in zip(lanes, at, strict=True) if i < len(lane)}
    return Answer(most == len(log), most, frozenset(heads))
