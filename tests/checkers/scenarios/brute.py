"""The dumbest road to the lightest counterexamples: every walk up to a length, and no reason to pass any over.

Walks that agree in where they are, who acted last, which faults struck and how often, who took part and how often the
actor changed are one, since they go on alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.scenarios import Cause, Cost, Found, Scale
from holdfast.model.language import Action, Arguments, Kind, Role, Sort, State, Step


class Walk(NamedTuple):
    """All that matters of a walk."""

    state: State
    actor: str | None
    faults: frozenset[str]
    members: int
    struck: int
    changes: int


def causes(run: Run, most_steps: int, counted: Collection[Sort] = ()) -> dict[Cause, Cost]:
    """Every cause that shows within so many steps, and the least cost of it within these."""
    scale = Scale(run, counted)  # says who takes part in one step: that is shown by hand in test_search.py
    best: dict[Cause, Cost] = {}
    level: set[Walk] = set()
    for state in run.initial():
        broken = _broken(run, None, state)
        if broken:
            best[Cause(broken, None, frozenset())] = Cost(0, 0, 0, 0)
        else:
            level.add(Walk(state, None, frozenset(), 0, 0, 0))
    for steps in range(1, most_steps + 1):
        following: set[Walk] = set()
        for walk in level:
            for action, arguments in run.every_step:
                after = _after(scale, walk, action, arguments)
                if after is None:
                    continue
                broken = _broken(run, walk.state, after.state)
                if broken:
                    cause = Cause(broken, action.name, after.faults)
                    cost = Cost(after.struck, after.changes, after.members.bit_count(), steps)
                    best[cause] = min(cost, best.get(cause, cost))
                else:
                    following.add(after)
        level = following
    return best


def _after(scale: Scale, walk: Walk, action: Action, arguments: Arguments) -> Walk | None:
    run = scale.run
    if run.broken(walk.state, action, arguments):
        return None
    try:
        state = run.effect(walk.state, action, arguments)
    except OutOfRange:
        return None
    fault = action.by.role is Role.FAULT
    return Walk(
        state,
        action.by.name,
        walk.faults | {action.name} if fault else walk.faults,
        walk.members | scale.weight(Step(action.name, arguments)).members,
        walk.struck + fault,
        walk.changes + (walk.actor not in (None, action.by.name)),
    )


def _broken(run: Run, before: State | None, after: State) -> tuple[str, ...]:
    states = [p.name for p in run.system.of_kind(Kind.ALWAYS) if not run.holds(p, after)]
    steps = run.system.of_kind(Kind.STEP) if before is not None else ()
    return (*states, *(p.name for p in steps if not run.holds(p, before or (), after)))


def disagreements(found: Found, best: dict[Cause, Cost], most_steps: int) -> list[str]:
    """Where a search says otherwise than brute force: causes missed, heavier ones, ones that are not there."""
    said = {c.cause: c.cost for c in found.counterexamples}
    wrong: list[str] = []
    for cause, cost in best.items():
        less = [c for c in said if c.covers(cause)]
        if not less:
            wrong.append(f"missed: {cause}")
        elif cause in said and said[cause] > cost:
            wrong.append(f"{cause}: {said[cause]} where {cost} is enough")
        elif cause not in said and all(said[c] > cost for c in less):
            wrong.append(f"{cause}: nothing covers it as lightly")
    for cause, cost in said.items():
        if cost.steps <= most_steps and best.get(cause) != cost:
            wrong.append(f"{cause}: {cost} where brute force has {best.get(cause)}")
        if any(other != cause and other.covers(cause) for other in said):
            wrong.append(f"{cause}: fewer faults are enough")
    return wrong
