"""Crashed at every point, with every fault, and recovered in both directions: no VM is lost, none runs twice, memory stays
within its limits at every instant, journal and world agree, and the run ends."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from holdfast.impl.controller import Controller
from holdfast.impl.driver import Effect, Outcome, World
from holdfast.impl.journal import Journal, Kind
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import FAULTS, Fault

from .crashes import IDENTITY, Tally, crash_everywhere, crash_twice, ended, pairs, singles, wrong
from .worlds import (
    AT_REST,
    BUSY,
    CARELESS,
    CASES,
    GIVEN,
    IN_PLACE,
    MOVED,
    NEVER_AT_REST,
    ONE,
    PARTED,
    PARTED_TWO,
    RECLAIMED,
    REMAPPED,
    STORED,
    STORED_TWO,
    THREE,
    TIGHT,
    TWICE,
    TWO,
    Case,
)

OF_STORAGE = {"image_torn", "storage_full", "load_torn", "power_lost", "boot_failed"}


def counted(case: Case, faults: tuple[Fault, ...]) -> Tally:
    """One set of faults in a world, crashed everywhere."""
    tally = Tally()
    crash_everywhere(case, faults, tally)
    return tally


def all_of(case: Case, sets: list[tuple[Fault, ...]], tally: Tally) -> None:
    """Every set of faults, on all processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(counted, case), sets, chunksize=4):
            tally.runs += part.runs
            tally.wrong += part.wrong


@pytest.mark.parametrize("case", [ONE, TIGHT, GIVEN, REMAPPED], ids=lambda c: c.name)
def test_every_crash_and_every_single_fault_in_a_small_world(case: Case, tally: Tally) -> None:
    all_of(case, singles(case), tally)

    assert tally.runs > 10
    assert not tally.wrong


@pytest.mark.parametrize(
    "case",
    [BUSY, TWO, THREE, RECLAIMED, STORED, STORED_TWO, CARELESS, PARTED, PARTED_TWO, IN_PLACE, AT_REST, NEVER_AT_REST],
    ids=lambda c: c.name,
)
def test_every_crash_without_a_fault_in_the_larger_worlds(case: Case, tally: Tally) -> None:
    crash_everywhere(case, (), tally)

    assert tally.runs > 100
    assert not tally.wrong


@pytest.mark.parametrize("case", [ONE, STORED, PARTED, REMAPPED, MOVED], ids=lambda c: c.name)
def test_every_crash_in_a_roll_back_after_a_crash(case: Case, tally: Tally) -> None:
    crash_twice(case, tally)

    assert tally.runs > 500
    assert not tally.wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [BUSY, TWO, THREE, RECLAIMED, STORED, STORED_TWO, PARTED, PARTED_TWO, IN_PLACE, AT_REST],
    ids=lambda c: c.name,
)
def test_every_crash_and_every_single_fault_in_the_larger_worlds(case: Case, tally: Tally) -> None:
    all_of(case, singles(case), tally)

    assert tally.runs > 4_000
    assert not tally.wrong


@pytest.mark.slow
def test_every_crash_and_every_pair_of_faults_in_the_smallest_world(tally: Tally) -> None:
    case = ONE.tolerating(TWICE)
    all_of(case, pairs(case), tally)

    assert tally.runs > 100_000
    assert not tally.wrong


@pytest.mark.slow
def test_every_crash_and_every_pair_of_faults_of_storage_and_power(tally: Tally) -> None:
    case = STORED.tolerating(TWICE)
    all_of(case, [pair for pair in pairs(case) if {fault.name for fault in pair} <= OF_STORAGE], tally)

    assert tally.runs > 10_000
    assert not tally.wrong


def test_every_fault_of_the_simulator_strikes_somewhere() -> None:
    struck = {fault.name for case in CASES for faults in singles(case) for fault in faults}

    assert struck == set(FAULTS)


# ------------------------------------------------------------------------------------------------- crashes that are raised
class Crash(BaseException):
    """The controller ends here: nothing after it is carried out."""


class Fuse:
    """A driver and a journal that crash at the n-th point between two things that happen."""

    def __init__(self, simulator: Simulator, journal: Journal, after: int) -> None:
        self.simulator, self.left = simulator, after
        self._append = journal.append
        journal.append = self.append  # type: ignore[method-assign]

    def burn(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def append(self, kind: Kind, body: dict[str, Any], about: int | None = None) -> int:
        self.burn()
        return self._append(kind, body, about)

    def observe(self, *vms: str) -> World:
        return self.simulator.observe(*vms)

    def perform(self, effect: Effect) -> Outcome:
        self.burn()
        return self.simulator.perform(effect)


def crashed_once(case: Case, file: Path, after: int, direction: str) -> tuple[bool, list[str]]:
    """Raise at one point, close the file, open it again, recover. Whether it crashed at all, and what is wrong then."""
    simulator, journal = case.world(), Journal.create(file, IDENTITY)
    try:
        Controller(case.plan, Fuse(simulator, journal, after), journal).start()
        return False, []
    except Crash:
        pass
    finally:
        journal.close()
    simulator.pass_time()
    reopened = Journal.reopen(file, IDENTITY)
    controller = Controller(case.plan, simulator, reopened)
    how = ended(controller.start if controller.unbegun else getattr(controller, direction))
    if how == "PastNoReturn":
        how = ended(Controller(case.plan, simulator, reopened).resume)
    found = wrong(case, simulator, reopened, how)
    reopened.close()
    return True, found


@pytest.mark.parametrize("direction", ["resume", "roll_back"])
def test_raised_crashes_on_a_file_come_to_the_same(direction: str, tmp_path: Path, tally: Tally) -> None:
    for after in range(0, 1_000, 6):  # each on a medium that has to have every entry before the next: seconds count
        crashed, found = crashed_once(ONE, tmp_path / f"{after}.journal", after, direction)
        if not crashed:
            break
        tally.add(found, f"after {after}")

    assert 10 < tally.runs < 160
    assert not tally.wrong
