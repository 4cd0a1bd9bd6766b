"""Small runs, and walks through them at random, for the tests of conformance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from holdfast.checkers.conform.observation import Observed, seen
from holdfast.checkers.conform.space import Space
from holdfast.checkers.interpret import Run
from holdfast.specs.worlds import WORLDS


@cache
def run_of(world: str) -> Run:
    """A named world's run."""
    return Run(*WORLDS[world].build())


@cache
def _space(run: Run) -> Space:
    return Space(run)


def walk(run: Run, length: int, seed: int, *, whole: bool = False) -> list[Observed]:
    """So many steps, chosen at random; fewer where nothing more can happen. `whole`: with the state after each."""
    chance, space = random.Random(seed), _space(run)
    ways = space.ways_of(every_action(run))
    here, log = space.number(chance.choice(run.initial())), list[Observed]()
    while len(log) < length and (possible := list(space.try_from(here, ways))):
        way, here = chance.choice(possible)
        event = seen(run, way.action.name, way.arguments, space.states[here] if whole else None)
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
