"""Small runs, and walks through them at random, for the tests of conformance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from holdfast.checkers.conform.observation import Observed, seen
from holdfast.checkers.interpret import Run
from holdfast.model.language import State
from holdfast.specs.worlds import WORLDS


@cache
def run_of(world: str) -> Run:
    """A named world's run."""
    return Run(*WORLDS[world].build())


def walk(run: Run, length: int, seed: int, *, whole: bool = False) -> list[Observed]:
    """So many steps, chosen at random; fewer where nothing more can happen. `whole`: with the state after each."""
    chance = random.Random(seed)
    known: dict[State, list[tuple[Observed, State]]] = {}
    state, log = chance.choice(run.initial()), list[Observed]()
    for _ in range(length):
        if state not in known:
            known[state] = [
                (seen(run, step.action, step.arguments, after if whole else None), after)
                for step, after in run.successors(state)
            ]
        if not known[state]:
            break
        event, state = chance.choice(known[state])
        log.append(replace(event, line=len(log) + 1))
    return log


def dropped(log: Sequence[Observed], percent: int, seed: int) -> list[Observed]:
    """The log without so many events in a hundred, chosen at random."""
    chance = random.Random(seed)
    return [event for event in log if chance.randrange(100) >= percent]


def dealt(log: Sequence[Observed], processes: int, seed: int) -> list[Observed]:
    """The log as several processes wrote it, one after the other: only the order within each is left."""
    chance = random.Random(seed)
    named = [replace(event, process=f"p{chance.randrange(processes)}") for event in log]
    return sorted(named, key=lambda event: str(event.process))


def every_action(run: Run) -> frozenset[str]:
    """The names of all actions that can happen in the run."""
    return frozenset(a.name for a in run.instance.actions)
