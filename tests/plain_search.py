"""The dumbest road: breadth-first search with the reference interpreter, a set and two lists.

It goes through everything, whatever is broken on the way, and notes for every property how soon it breaks (or, for a
`sometimes`, is witnessed). A step that leaves the range of a field is noted and not followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.verdict import Figures
from holdfast.model.language import Kind, State


@dataclass
class Everything:
    """What a search found. `soonest` maps a property to the steps of its first failure or witness."""

    figures: Figures = field(default_factory=Figures)
    soonest: dict[str, int] = field(default_factory=dict[str, int])
    first_out_of_range: int | None = None
    seen: set[State] = field(default_factory=set[State])


def search(run: Run, most_steps: int | None = None) -> Everything:
    """Everything that a run can do, or what it can do in so many steps."""
    found = Everything()
    firings = dict.fromkeys((a.name for a in run.instance.actions), 0)
    level = run.initial()
    found.seen.update(level)
    depth = 0
    while level and (most_steps is None or depth <= most_steps):
        following: list[State] = []
        for state in level:
            _look(run, found, state, depth)
            for after in _after(run, found, state, depth, firings):
                if after not in found.seen:
                    found.seen.add(after)
                    following.append(after)
        level = following
        depth += 1
    found.figures = Figures(len(found.seen), sum(firings.values()), depth, firings)
    return found


def _look(run: Run, found: Everything, state: State, depth: int) -> None:
    """Note the state properties that break, or are witnessed, here."""
    for p in run.system.of_kind(Kind.ALWAYS, Kind.SOMETIMES):
        if run.holds(p, state) is (p.kind is Kind.SOMETIMES):
            found.soonest.setdefault(p.name, depth)


def _after(run: Run, found: Everything, state: State, depth: int, firings: dict[str, int]) -> list[State]:
    """The states after every step that can happen here; notes the step properties that it breaks."""
    successors: list[State] = []
    for action, arguments in run.every_step:
        if run.broken(state, action, arguments):
            continue
        try:
            after = run.effect(state, action, arguments)
        except OutOfRange:
            if found.first_out_of_range is None:
                found.first_out_of_range = depth + 1
            continue
        firings[action.name] += 1
        successors.append(after)
        for p in run.system.of_kind(Kind.STEP):
            if not run.holds(p, state, after):
                found.soonest.setdefault(p.name, depth + 1)
    return successors
