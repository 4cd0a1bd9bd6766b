"""Every mistake in controller and driver is caught, in lock step with the model or by crashes at every point."""

from __future__ import annotations

import pytest

from holdfast.specs.case import Case as World
from tests.impl.crashes import Mechanism

from . import controller, drivers, gate, partitioning, remapping, resting, rules, storing, transfers
from .judging import in_lock_step, in_runs
from .mutant import Mutant
from .table import Record, Row, recorded

MUTANTS = (
    *(*rules.MUTANTS, *gate.MUTANTS, *controller.MUTANTS, *drivers.MUTANTS),
    *(*storing.MUTANTS, *partitioning.MUTANTS, *remapping.MUTANTS, *resting.MUTANTS, *transfers.MUTANTS),
)
WORLDS = {mutant.world.name: mutant.world for mutant in MUTANTS if mutant.world}
CASES = {(m.case.name, m.faults, m.crashes): m for m in MUTANTS if m.case}


def judged(mutant: Mutant) -> tuple[str, tuple[str, ...] | None]:
    with mutant.breaking():
        if mutant.world is not None:
            return "lock step", in_lock_step(mutant.world, mutant.parts.safeguards)
        assert mutant.case is not None, "it is judged somewhere"
        found = in_runs(mutant.case, mutant.faults, mutant.parts, crashes=mutant.crashes)
        return "crashes" if mutant.crashes else "runs", found


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))
def test_a_mistake_is_caught(mutant: Mutant, record_property: Record) -> None:
    road, named = judged(mutant)

    caught = named is not None
    recorded(Row(mutant.name, mutant.mechanism, road if caught else "", mutant.expected, named or ()), record_property)


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_without_a_mistake_nothing_deviates(world: World) -> None:
    """A judge that never passes anybody proves nothing."""
    assert in_lock_step(world, Mechanism().safeguards) is None


@pytest.mark.parametrize("mutant", CASES.values(), ids=["-".join(map(str, (n, *f))) for n, f, _ in CASES])
def test_without_a_mistake_every_run_ends_well(mutant: Mutant) -> None:
    assert mutant.case is not None
    assert in_runs(mutant.case, mutant.faults, Mechanism(), crashes=mutant.crashes) is None


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
