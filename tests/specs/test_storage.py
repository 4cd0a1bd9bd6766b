"""Suspension to storage: what comes in the end, what a loss of power costs, when it is the only way, and SPIN's count."""

from __future__ import annotations

import pytest

from holdfast.checkers import graph
from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.promela import Counts, is_installed, spin
from holdfast.checkers.verdict import Holds, Vacuous, Violated
from holdfast.model.language import World
from holdfast.specs import ledger
from holdfast.specs.model import live
from holdfast.specs.storage import liveness
from holdfast.specs.storage.worlds import BY_MAP
from holdfast.specs.worlds import MODEL_WORLDS

MISSING = is_installed()
LIVE = live("storage")
WITHOUT = "to see what rests on it"


def without(name: str, *actions: str) -> World:
    """The world with these actions left out as well."""
    _, world = MODEL_WORLDS[name].build()
    return World(name, *world.members, leave_out={**world.leave_out, **dict.fromkeys(actions, WITHOUT)})


def with_maps(name: str) -> World:
    """The world with suspension in memory as the only way."""
    _, world = MODEL_WORLDS[name].build()
    kept = {action: why for action, why in world.leave_out.items() if action not in BY_MAP}
    return World(name, *world.members, leave_out={**kept, "suspend_to_storage": WITHOUT})


@pytest.mark.parametrize("name", liveness.WORLDS)
@pytest.mark.parametrize("wanted", ["can_be_rolled_back", "can_be_done"])
def test_a_stored_machine_can_be_rolled_back_or_done_from_every_state(name: str, wanted: str) -> None:
    found = graph.explicit(Run(LIVE, MODEL_WORLDS[name].build()[1]))

    assert isinstance(graph.recoverable(found, LIVE.property(wanted)), Holds)


def test_it_can_be_rolled_back_once_its_frames_are_free_because_the_old_hypervisor_can_load_it() -> None:
    found = graph.explicit(Run(LIVE, without("stored-smallest", "load_image")))

    assert isinstance(graph.recoverable(found, LIVE.property("can_be_rolled_back")), Violated)


@pytest.mark.parametrize(
    ("left_out", "breaks"),
    [
        ("wake", "stored_resumes"),
        ("load_image", "stored_resumes"),
        ("verify_loaded", "stored_resumes"),
        ("delete_image", "storage_comes_back"),
    ],
)
def test_what_comes_in_the_end_rests_on_its_actions(left_out: str, breaks: str) -> None:
    found = graph.explicit(Run(LIVE, without("stored-smallest", left_out)))
    verdict = graph.leads_to(found, LIVE.property(breaks))

    assert isinstance(verdict, Violated)
    assert verdict.property == breaks


def test_power_that_fails_while_pages_are_in_memory_only_loses_vms_either_way() -> None:
    for name, last in (("power-lost-while-preserved", "suspend"), ("power-lost-before-durable", "suspend_to_storage")):
        system, world = MODEL_WORLDS[name].build()
        verdict = explore(Run(system, world))

        assert isinstance(verdict, Violated)
        assert [step.action for step in verdict.steps[-2:]] == [last, "power_lost"]
        anywhere = explore(Run(system.without("power_lost", "the host VM is suspended"), world))
        assert isinstance(anywhere, Violated)
        assert [step.action for step in anywhere.steps] == ["power_lost"]


def test_where_the_successor_is_large_storage_is_the_only_way() -> None:
    system, world = MODEL_WORLDS["stored-larger-successor"].build()
    by_map = explore(Run(system, with_maps("stored-larger-successor")))

    assert isinstance(explore(Run(system, world)), Holds)
    assert isinstance(by_map, Vacuous)
    assert "suspend" in by_map.never_fired
    assert "consolidate" not in by_map.never_fired


LARGE = ("three-vms-reclaimed", "stored-three-vms-reclaimed")
COUNTED = ("stored-smallest", "stored-every-fault", *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE))


@pytest.mark.skipif(bool(MISSING), reason=f"SPIN checks our counts here; not installed: {MISSING}")
@pytest.mark.parametrize("name", COUNTED)
def test_spin_counts_as_we_do(name: str) -> None:
    row = ledger.read().worlds[name]

    assert spin(Run(*MODEL_WORLDS[name].build())) == Counts(row.states, row.transitions, row.depth, 0)
