"""From a search to a verdict. Nothing is reported that the reference interpreter has not been through itself."""

from __future__ import annotations

from ...model.language import Kind, Property, Step
from ..interpret import OutOfRange
from ..verdict import Holds, Unknown, Vacuous, Verdict, Violated
from .search import Search

HOW = "every reachable state was visited"


class Disagreement(Exception):
    """The engine found what the reference interpreter does not: a fault of this program, not of the model."""


def verdict(search: Search) -> Verdict:
    """What the search found. Raises OutOfRange, with the steps that lead there, for an assignment out of range."""
    machine = search.machine
    event, state, number = search.event, machine.get("EVENT_STATE"), machine.get("EVENT_PROPERTY")
    if search.stopped_by:
        return _stopped(search)
    if event == "ALWAYS_BROKEN":
        return _always_broken(search)
    if event in ("STEP_BROKEN", "OUT_OF_RANGE") and search.check_rest(machine.get("LEVEL_END")):
        return _always_broken(search)  # by a state as near, so one step shorter
    if event == "STEP_BROKEN":
        return _violated(search, state, search.program.steps[number - 1])
    if event == "OUT_OF_RANGE":
        raise _out_of_range(search, state)
    assert event == "FINISHED", event
    return _finished(search)


def _stopped(search: Search) -> Verdict:
    """Stopped by a limit: what was found but not expanded is still checked."""
    figures = search.figures()
    if search.check_rest(search.machine.get("TAIL")):
        return _always_broken(search)
    return Unknown(search.run.world.name, search.stopped_by, figures)


def _finished(search: Search) -> Verdict:
    run, figures = search.run, search.figures()
    shown = search.witnesses()
    never_fired = tuple(name for name, times in figures.firings.items() if not times)
    never_shown = tuple(p.name for p in search.program.sometimes if p.name not in shown)
    if never_fired or never_shown:
        return Vacuous(run.world.name, never_fired, never_shown, figures)
    witnesses = {p.name: _witness(search, p, shown[p.name]) for p in search.program.sometimes}
    return Holds(
        run.world.name,
        HOW,
        tuple(p.name for p in (*search.program.always, *search.program.steps)),
        figures,
        assumptions=assumptions(search),
        witnesses={name: steps for name, (_, steps) in witnesses.items()},
        initials={name: initial for name, (initial, _) in witnesses.items() if initial},
    )


def assumptions(search: Search) -> tuple[str, ...]:
    """What the world leaves out, each with why."""
    return tuple(f"{name} is left out: {why}" for name, why in search.run.world.leave_out.items())


def _witness(search: Search, p: Property, state: int) -> tuple[int, tuple[Step, ...]]:
    """The initial state and the steps to the first state that shows the property."""
    initial, steps = search.path(state)
    if not search.run.holds(p, search.run.replay(steps, initial)[-1]):
        raise Disagreement(f"{p.name} does not hold after its witness")
    return initial, steps


def _always_broken(search: Search) -> Violated:
    machine = search.machine
    return _violated(search, machine.get("EVENT_STATE"), search.program.always[machine.get("EVENT_PROPERTY") - 1])


def _violated(search: Search, state: int, p: Property) -> Violated:
    """The shortest steps that break the property, replayed."""
    run = search.run
    initial, steps = search.path(state)
    states = run.replay(steps, initial)
    if p.kind is Kind.STEP:
        last = next((s for s, after in run.successors(states[-1]) if not run.holds(p, states[-1], after)), None)
        if last is None:
            raise Disagreement(f"no step breaks {p.name}")
        steps = (*steps, last)
    elif run.holds(p, states[-1]):
        raise Disagreement(f"{p.name} holds after its counterexample")
    return Violated(
        run.world.name, p.name, p.sentence, steps, search.figures(), initial, assumptions=assumptions(search)
    )


def _out_of_range(search: Search, state: int) -> OutOfRange:
    """What the interpreter raises in this state, and how to get there."""
    initial, steps = search.path(state)
    try:
        list(search.run.successors(search.run.replay(steps, initial)[-1]))
    except OutOfRange as error:
        error.initial, error.steps = initial, steps
        return error
    raise Disagreement("no assignment is out of range")
