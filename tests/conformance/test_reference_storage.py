"""The reference implementation is held against the worlds of suspension to storage, every fault of theirs included."""

from __future__ import annotations

import pytest

from holdfast.checkers.interpret import Run
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Settings, conform, prepare
from holdfast.conformance.verdicts import Conforms, Thin, Verdict
from holdfast.specs.worlds import WORLDS

CAREFUL = Rules(careful=True)
"""Its controller does not read an image back once the host VM runs again, it deletes it; and where a VM is lost it stops."""

REACHED = {
    "stored-smallest": (98, 86),
    "stored-larger-successor": (100, 99),
    "stored-or-preserved": (100, 98),
    "power-lost-before-durable": (100, 62),
}
"""Percent of refusals and of pairs: what lies behind what it would not do, its walks do not come to."""

REACHED_SLOWLY = {"stored-refused": (100, 98), "stored-side-by-side": (100, 94)}
"""The same with several machines."""


def held(world: str, walks: int, coverage: int = 100) -> Verdict:
    """What the gate says of it in a world."""
    settings = Settings(rules=CAREFUL, walks=walks, coverage=coverage)
    return conform(prepare(Run(*WORLDS[world].build()), settings), Reference, settings)


def assert_reached(world: str, refusals: int, pairs: int) -> None:
    """It conforms, with every action and fault and so much of the rest, and notes nothing but its care."""
    verdict = held(world, 3)

    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    assert (coverage.actions.percent, coverage.faults.percent) == (100, 100)
    assert coverage.refusals.percent >= refusals
    assert coverage.pairs.percent >= pairs
    noted = {note.text.split()[0] for note in verdict.report.notes}
    assert noted <= {"verify_image", "boot_new"}
    assert all("is lost" in note.text for note in verdict.report.notes if note.text.startswith("boot_new"))


@pytest.mark.parametrize("world", REACHED)
def test_it_conforms_by_storage(world: str) -> None:
    assert_reached(world, *REACHED[world])


@pytest.mark.slow
@pytest.mark.parametrize("world", REACHED_SLOWLY)
def test_it_conforms_by_storage_where_there_are_several_machines(world: str) -> None:
    assert_reached(world, *REACHED_SLOWLY[world])


def test_where_power_takes_a_vm_it_goes_no_further() -> None:
    """All that the world has of storage comes after a loss, and there the controller has stopped: nothing is wrong, and the
    gate says that little of it was shown."""
    verdict = held("power-lost-while-preserved", 3)

    assert isinstance(verdict, Thin), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    assert coverage.faults.percent == 100
    assert coverage.actions.percent > 70
    assert not verdict.report.failing


@pytest.mark.slow
@pytest.mark.parametrize("world", ["stored-every-fault", "stored-three-vms-reclaimed"])
def test_it_conforms_on_random_walks_in_the_larger_worlds(world: str) -> None:
    verdict = held(world, 100)

    assert isinstance(verdict, Conforms), verdict
