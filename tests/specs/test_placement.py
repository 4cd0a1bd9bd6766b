"""Placement: whoever asks is answered in the end, and SPIN counts the same states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.checkers import graph
from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.promela import Counts, is_installed, spin
from holdfast.checkers.verdict import Holds, Violated
from holdfast.model.language import Kind, System
from holdfast.specs.model import live
from holdfast.specs.placement import liveness
from holdfast.specs.worlds import MODEL_WORLDS

MISSING = is_installed()


def answered(system: System, world: str) -> Holds | Violated:
    """Whether those who ask are answered in the end, in this world."""
    found = graph.explicit(Run(system, MODEL_WORLDS[world].build()[1]))
    verdict = graph.leads_to(found, system.property("newcomers_are_answered"))
    assert isinstance(verdict, Holds | Violated)
    return verdict


@pytest.mark.parametrize("world", liveness.WORLDS)
def test_newcomers_are_answered(world: str) -> None:
    assert isinstance(answered(live("placement"), world), Holds)


def test_pages_given_back_while_somebody_waits_may_be_awaited_for_ever() -> None:
    hasty = live("placement").without("give_back", "nobody waits for room")
    verdict = answered(hasty, liveness.WORLDS[0])

    assert isinstance(verdict, Violated)
    assert {step.action for step in verdict.steps[verdict.cycle_from :]} == {"make_room", "give_back"}


def test_an_estimate_that_changes_may_keep_an_answer_from_being_given() -> None:
    verdict = answered(live("placement"), "placed-after-reclaim")

    assert isinstance(verdict, Violated)
    assert "sample" in {step.action for step in verdict.steps[verdict.cycle_from :]}


@pytest.mark.skipif(bool(MISSING), reason=f"SPIN checks our counts here; not installed: {MISSING}")
def test_spin_counts_placement_as_we_do() -> None:
    system, world = MODEL_WORLDS["placed-within-limit"].build()
    kept = replace(system, properties=tuple(p for p in system.properties if p.kind is Kind.ALWAYS))
    run = Run(kept, world)
    figures = explore(run).figures

    assert spin(run) == Counts(figures.states, figures.transitions, figures.depth, 0)
