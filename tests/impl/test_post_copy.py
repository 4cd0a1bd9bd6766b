"""By post-copy: a VM runs on the other machine before its pages are there, and is lost if either machine dies meanwhile."""

from __future__ import annotations

import pytest

from holdfast.impl.controller import Controller
from holdfast.impl.driver import Effect, Ending, Place, Stage
from holdfast.impl.errors import VmLost
from holdfast.impl.simulator.faults import Fault, strike

from .crashes import Mechanism, fresh_journal, strikes
from .test_transfers import did, effects_of, there, under_way
from .worlds import EARLY, SIZES


def test_a_vm_that_runs_there_early_is_charged_here_for_what_it_still_has_to_fetch() -> None:
    simulator = under_way("transfer a", "stun a")
    content_pages = simulator.observe().vms["a"].content_pages

    switched = did(simulator, "switch_early a").world
    fetched = simulator.perform(Effect("fetch", "m", "a", 1, to="n")).world
    refused = did(simulator, "finish_fetching a")
    did(simulator, "fetch a")
    settled = did(simulator, "finish_fetching a").world

    left_pages = (switched.machine.set_aside_pages, fetched.machine.set_aside_pages, settled.machine.set_aside_pages)
    assert left_pages == (content_pages, content_pages - 1, 0)
    assert (switched.vms["a"].stage, switched.vms["a"].missing_pages) == (Stage.FETCHED, content_pages)
    assert there(simulator).executing(there(simulator).vms["a"]) == (Place.OLD,)
    assert refused.ending is Ending.REFUSED
    assert settled.vms["a"].stage is Stage.ELSEWHERE
    assert settled.machine.used_pages == SIZES.old_pages + simulator.world.vms["b"].resident
    assert there(simulator).vms["a"].stage is Stage.SETTLED
    assert not simulator.broken


def test_by_post_copy_the_vm_runs_there_first_and_then_fetches() -> None:
    actions = [effect.split()[0] for effect in effects_of(EARLY)]

    assert "hand_over" not in actions
    assert actions[-1] == "finish_fetching"


def test_where_an_end_dies_meanwhile_the_vm_is_lost_and_the_run_stops() -> None:
    simulator = EARLY.world(next(fault for fault in strikes(EARLY) if fault.name == "end_lost_while_fetching"))

    with pytest.raises(VmLost):
        Controller(EARLY.plan, simulator, fresh_journal(Mechanism())).start()
    assert [fault.name for fault in simulator.struck] == ["end_lost_while_fetching"]
    assert simulator.observe().vms["a"].lost
    assert simulator.perform(Effect("fetch", "m", "a", to="n")).ending is Ending.REFUSED
    assert strike(simulator.world, Fault(0, "transfer_failed")) is None
