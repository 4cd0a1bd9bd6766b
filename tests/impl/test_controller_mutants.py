"""Each mechanism of the controller is needed: without it the crash suite fails, in the world that the mutant names."""

from __future__ import annotations

import pytest

from holdfast.impl.simulator.faults import Fault

from .crashes import Tally, crash_everywhere, crash_twice, strikes
from .mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_controller_without_it_fails(mutant: Mutant) -> None:
    with_it, without_it = Tally(), Tally()
    struck: list[tuple[Fault, ...]] = [(fault,) for fault in strikes(mutant.case) if fault.name in mutant.faults]
    for faults in struck or [()]:
        crash_everywhere(mutant.case, faults, without_it, mutant.mechanism)
        if not mutant.faults and not without_it.wrong:
            crash_twice(mutant.case, without_it, mutant.mechanism)
        if without_it.wrong:
            crash_everywhere(mutant.case, faults, with_it)
            break

    assert without_it.wrong, f"nothing fails: {mutant.sentence}"
    assert not with_it.wrong
    assert bool(struck) == bool(mutant.faults)


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
