"""The invariants that plan verification builds on hold for any number of machines and VMs, and at any sizes."""

from __future__ import annotations

import pytest

from holdfast.checkers.smt.layers import in_layers
from holdfast.checkers.smt.obligations import Status
from holdfast.model.language import System
from holdfast.specs.model import safety
from holdfast.specs.proved import PER_PLAN, goals


def open_obligations(system: System) -> list[str]:
    """The names of the obligations that are not proved."""
    return [o.name for o in in_layers(system, goals(system)) if o.status is not Status.PROVED]


def test_every_action_keeps_every_property_that_plans_build_on() -> None:
    found = list(in_layers(safety(), goals(safety())))
    print(f"{len(found)} obligations in {sum(o.seconds for o in found):.1f} s")
    assert [o.name for o in found if o.status is not Status.PROVED] == []
    kept = [o for o in found if not o.lemma]
    assert len(kept) == len(safety().actions) * len(list(goals(safety())))


@pytest.mark.slow
def test_a_forgotten_requirement_leaves_a_named_obligation_open() -> None:
    for action, sentence, opened in (
        ("commit", "the VM is stunned", "commit keeps one_authority"),
        ("tear_down_old", "the new hypervisor has validated the map", "tear_down_old keeps validated_before_teardown"),
        (
            "consolidate",
            "the machine may promise a second copy of the VM",
            "consolidate keeps commitments_within_limit",
        ),
        ("consolidate", "the host VM has room for the VM's reservation", "consolidate keeps reservations_fit_inside"),
    ):
        system = safety()
        asked = tuple(p for p in goals(system) if p.name == opened.split(" keeps ")[1])
        others = tuple(p for p in goals(system) if p not in asked)
        mutant = system.without(action, sentence)
        alone = [o for o in in_layers(mutant, (*others, *asked)) if o.action == action and not o.lemma]
        assert opened in [o.name for o in alone if o.status is not Status.PROVED]


def test_what_depends_on_the_plan_is_not_claimed() -> None:
    assert PER_PLAN.isdisjoint(p.name for p in goals(safety()))
