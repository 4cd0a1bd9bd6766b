"""Whether steps that are given break a property of liveness: steps, of which the last may repeat for ever.

`leads_to` breaks where a behaviour stays for ever without the second kind of state once it was in one of the first, and is
fair: steps that could be taken all round the cycle, by those who act sooner or later, are taken in it (graph.py). Without a
cycle the behaviour stays in its last state. `recoverable` breaks where no steps at all lead from a state of the first kind
to one of the second; that is sought from where the steps end.

What this does not do: look for other steps than those given; say anything of runs with so many steps that they cannot be
tried one by one (plans at real sizes); say that something cannot be recovered beyond the limit on states.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..model.language import Kind, Property, Role, State, Step
from .graph import LIMIT_STATES
from .interpret import OutOfRange, Run

LIMIT_STEPS = 20_000
"""With more choices of actions and arguments, nothing is said."""


def first_lost(
    run: Run, states: Sequence[State], steps: Sequence[Step], cycle_from: int | None, suspect: str | None = None
) -> str | None:
    """The liveness property that these steps break, `suspect` before others; None where they break none.

    `states` are those that the steps lead through. A cycle that does not come back to where it begins is none.
    """
    asked = sorted(run.system.of_kind(Kind.LEADS_TO, Kind.RECOVERABLE), key=lambda p: p.name != suspect)
    begins = len(steps) if cycle_from is None else cycle_from
    if not asked or _steps(run) > LIMIT_STEPS:
        return None
    if not 0 <= begins <= len(steps) or states[begins] != states[-1]:
        return None
    fair = _is_fair(run, states[begins:], steps[begins:])
    for p in asked:
        if p.kind is Kind.RECOVERABLE and _is_lost(run, states[-1], p):
            return p.name
        if p.kind is Kind.LEADS_TO and fair and _stays_away(run, states, begins, p):
            return p.name
    return None


def _is_fair(run: Run, round_about: Sequence[State], taken: Sequence[Step]) -> bool:
    """Whether every step that must not be left out for ever, and can be taken all round the cycle, is taken in it."""
    bound = {a.name for a in run.instance.roles(Role.PLANNED, Role.AUTOMATIC)}
    first, *others = ({s for s, _ in run.successors(state) if s.action in bound} for state in round_about)
    return first.intersection(*others) <= set(taken)


def _steps(run: Run) -> int:
    return sum(prod(len(run.instance.range(p)) for p in a.parameters) for a in run.instance.actions)


def _stays_away(run: Run, states: Sequence[State], begins: int, p: Property) -> bool:
    """Whether some state is of the first kind, and none from there on, nor any of the cycle, of the second."""
    second = [i for i, state in enumerate(states) if run.value(p.goal, state, {})]
    if second and second[-1] >= begins:
        return False
    after = second[-1] + 1 if second else 0
    return any(run.value(p.term, state, {}) for state in states[after:])


def _is_lost(run: Run, state: State, p: Property) -> bool:
    """Whether a state of the first kind has no way to one of the second; not so where there is too much to look at."""
    if not run.value(p.term, state, {}):
        return False
    met = dict.fromkeys([state])
    for here in (todo := list(met)):  # the list grows while it is read: breadth first
        if run.value(p.goal, here, {}) or len(todo) > LIMIT_STATES:
            return False
        try:
            new = [there for _, there in run.successors(here) if there not in met]
        except OutOfRange:
            return False
        met.update(dict.fromkeys(new))
        todo += dict.fromkeys(new)
    return True
