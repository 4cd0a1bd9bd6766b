"""A budget for downtime: a VM is stunned once what is left to send is within it, and the run stops where it never is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.downtime import ROUNDS_MOST, left_pages, within_budget
from holdfast.impl.driver import Place, Stage, VmView
from holdfast.impl.errors import NeverAtRest
from holdfast.impl.plan import Plan, whole_exchange
from holdfast.impl.simulator.state import VmStart

from .crashes import Mechanism, fresh_journal
from .worlds import AT_REST, BUSY, NEVER_AT_REST, Case, case

LARGE = case(
    "large",
    whole_exchange(("a",), 1),
    (VmStart("a", size_pages=12, resident_pages=12, peak_pages=12, hot_pages=4),),
    capacity_pages=40,
)
"""A VM of twelve pages, whose guest writes one whenever something is sent."""


def budgeted(it: Case, budget_pages: int | None) -> Case:
    """The same with this budget."""
    vms = tuple(replace(vm, downtime_pages=budget_pages) for vm in it.plan.vms)
    return replace(it, plan=replace(it.plan, vms=vms))


def heard(it: Case) -> list[Progress]:
    """All that a run does."""
    found: list[Progress] = []
    Controller(it.plan, it.world(), fresh_journal(Mechanism()), watch=found.append).start()
    return found


def stunned_with(it: Case) -> list[int]:
    """With how many pages left to send a VM is stunned, each time: nothing of it changes after that."""
    return [left_pages(p.world.vms["a"]) for p in heard(it) if p.effect.action == "stop"]


@pytest.mark.parametrize("budget_pages", [1, 2, 5, 12])
def test_a_vm_is_stunned_within_its_budget(budget_pages: int) -> None:
    found = stunned_with(budgeted(LARGE, budget_pages))

    assert len(found) == 2
    assert max(found) <= budget_pages


def test_what_is_within_the_budget_from_the_first_is_not_sent_before() -> None:
    effects = [p.effect.action for p in heard(budgeted(LARGE, 12))]

    assert effects[:5] == ["create_host_vm", "consolidate", "stop", "copy", "commit"]


def test_without_a_budget_a_vm_is_stunned_as_before() -> None:
    assert BUSY.plan.vms[0].downtime_pages is None
    assert [str(p.effect) for p in heard(BUSY)] == [str(p.effect) for p in heard(budgeted(BUSY, None))]
    assert [p.effect.action for p in heard(BUSY)].count("copy_again") > 2


def test_a_guest_that_writes_as_fast_as_it_is_sent_stops_the_run_and_can_be_taken_back() -> None:
    simulator, journal = NEVER_AT_REST.world(), fresh_journal(Mechanism())
    why = r"a has 1 pages left to send, and may be stunned for 0 \(L6\)"

    with pytest.raises(NeverAtRest, match=why):
        Controller(NEVER_AT_REST.plan, simulator, journal).start()
    seen = simulator.observe().vms["a"]
    assert (seen.stage, seen.running_at, seen.rounds) == (Stage.COPYING, (Place.OLD,), ROUNDS_MOST)
    with pytest.raises(NeverAtRest, match=why):
        Controller(NEVER_AT_REST.plan, simulator, journal).resume()

    assert Controller(NEVER_AT_REST.plan, simulator, journal).roll_back().how == "rolled_back"
    assert not simulator.broken


def test_a_guest_that_comes_to_rest_later_lets_the_run_go_on() -> None:
    simulator, journal = NEVER_AT_REST.world(), fresh_journal(Mechanism())
    with pytest.raises(NeverAtRest):
        Controller(NEVER_AT_REST.plan, simulator, journal).start()

    vm = simulator.world.vms["a"]
    vm.start = replace(vm.start, busy=False)
    vm.copies[Place.GUEST] = list(vm.truth)

    assert Controller(NEVER_AT_REST.plan, simulator, journal).resume().how == "done"


def test_what_is_left_is_what_was_not_sent_and_what_is_stale() -> None:
    vm = VmView("a", Place.OLD, Stage.COPYING, Place.GUEST, resident_pages=7, copied_pages=4, dirty_pages=2)

    assert left_pages(vm) == 5
    assert within_budget(vm, 5)
    assert not within_budget(vm, 4)
    assert within_budget(vm, None)


def test_a_budget_goes_to_a_file_and_back_and_may_be_missing_there() -> None:
    said = AT_REST.plan.to_json()
    assert Plan.from_json(said) == AT_REST.plan

    for vm in said["vms"]:
        del vm["downtime_pages"]
    assert Plan.from_json(said).vms[0].downtime_pages is None
