"""Compiled steps and frontiers on random systems: they say what the reference interpreter says."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import HealthCheck, given, seed, settings

from holdfast.checkers.conform.compiled import Compiled
from holdfast.checkers.conform.frontier import Frontier
from holdfast.checkers.conform.observation import seen
from holdfast.checkers.conform.space import LIMIT_STEPS, Space
from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.model.language import Action, Arguments, Kind, State
from tests.random_systems import Case, cases, forgotten

STATES = 12


def some_states(run: Run) -> list[State]:
    """A few states, breadth first."""
    found = dict.fromkeys(islice(run.initial(), STATES))
    for state in list(found):
        for action, arguments in run.every_step:
            after = outcome(run, state, action, arguments)
            if isinstance(after, tuple) and len(found) < STATES:
                found.setdefault(after)
    return list(found)


def outcome(run: Run, state: State, action: Action, arguments: Arguments) -> State | str:
    """What the interpreter makes of a step."""
    try:
        return "refused" if run.broken(state, action, arguments) else run.effect(state, action, arguments)
    except OutOfRange:
        return "out of range"


def compiled(space: Space, state: State, action: Action, arguments: Arguments) -> State | str:
    """What compiled code makes of it."""
    way = space.way(action, arguments)
    try:
        return way.effect(state) if way.guard(state) else "refused"
    except OutOfRange:
        return "out of range"


def judged(run: Run, before: State, after: State) -> list[bool]:
    """What every property says of a step."""
    over = (run.holds(p, before, after) for p in run.system.of_kind(Kind.STEP))
    return [*over, *(run.holds(p, after) for p in run.system.of_kind(Kind.ALWAYS))]


def test_compiled_steps_and_frontiers_agree_with_the_interpreter_on_random_systems() -> None:
    met = Counter[str]()
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

    @seed(0)
    @settings(max_examples=80, deadline=None, database=None, suppress_health_check=quiet)
    @given(cases())
    def all_of_them(case: Case) -> None:
        run = Run(case.system, case.world)
        if len(run.every_step) > min(200, LIMIT_STEPS):
            return
        space, fast = Space(run), Compiled(run.instance)
        for state in some_states(run):
            for action, arguments in run.every_step:
                expected = outcome(run, state, action, arguments)
                met[expected if isinstance(expected, str) else "taken"] += 1
                assert compiled(space, state, action, arguments) == expected
                assert outcome(fast, state, action, arguments) == expected
                assert fast.broken(state, action, arguments) == run.broken(state, action, arguments)
                if isinstance(expected, tuple):
                    assert judged(fast, state, expected) == judged(run, state, expected)
                    after = Frontier(run, [state]).after(seen(run, action.name, arguments, expected))
                    assert after.states == {expected}

    with forgotten():
        all_of_them()
    assert min(met["taken"], met["refused"]) > 100 and met["out of range"] > 0, met
