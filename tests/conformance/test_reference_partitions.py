"""The reference implementation is held against the worlds of partition migration, every fault of theirs included."""

from __future__ import annotations

import pytest

from holdfast.conformance.verdicts import Conforms, Verdict

from .test_reference_storage import held

SMALL = (
    "split-goes-on",
    "split-given-up",
    "split-hardware-refused",
    "guest-outgrows-partition",
    "split-while-a-guest-grows",
    "split-never-given-up",
)


def assert_shown(verdict: Verdict) -> None:
    """It conforms, and has done all and refused all that can be shown there, in every control state."""
    assert isinstance(verdict, Conforms), verdict
    coverage = verdict.report.coverage
    assert coverage is not None
    assert (coverage.actions.percent, coverage.faults.percent, coverage.refusals.percent) == (100, 100, 100)
    assert coverage.pairs.percent == 100
    assert verdict.report.notes == ()


@pytest.mark.parametrize("world", SMALL)
def test_it_conforms_by_a_second_partition(world: str) -> None:
    assert_shown(held(world, 3))
