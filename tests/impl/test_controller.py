"""The controller where the crash suite does not look: contradictions, refusals, and what stays as it was then."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.driver import DriverLost, Effect, Ending, HostVmState, Outcome, Place, Power, Stage
from holdfast.impl.errors import Contradiction, EffectRefused, Ended, NoRoom, OutOfOrder, PastNoReturn, TooManyFaults
from holdfast.impl.plan import Formats, Plan, Step
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault
from holdfast.impl.simulator.state import Guest, Machine, Reality

from .crashes import Mechanism, Recorder, fresh_journal
from .worlds import ONE, RECLAIMED, STORED, THREE, TIGHT, TWO, Case


class Gone(Exception):
    """The watcher has seen enough."""


def stopped_at(case: Case, action: str) -> tuple[Simulator, Controller]:
    """A run that ended, as by a crash, right after the first effect of this name; and a new controller for it."""
    simulator, journal = case.world(), fresh_journal(Mechanism())

    def watch(progress: Progress) -> None:
        if progress.effect.action == action:
            raise Gone

    with pytest.raises(Gone):
        Controller(case.plan, simulator, journal, watch=watch).start()
    return simulator, Controller(case.plan, simulator, journal)


def _moved(world: Reality) -> None:
    vm = world.vms["a"]
    vm.source, vm.copies, vm.unpaused = Place.NEW, {Place.NEW: list(vm.truth)}, [Place.NEW]


def _vanished(world: Reality) -> None:
    del world.vms["a"]


def _stranger(world: Reality) -> None:
    world.vms["stranger"] = pickle.loads(pickle.dumps(world.vms["a"]))


def _running_twice(world: Reality) -> None:
    vm: Guest = world.vms["a"]
    vm.copies[Place.OLD] = list(vm.truth)
    vm.unpaused = [Place.GUEST, Place.OLD]


def _old_gone(world: Reality) -> None:
    machine: Machine = world.machine
    machine.old = Power.ABSENT


def _suspended(world: Reality) -> None:
    world.machine.host_vm = HostVmState.SUSPENDED


def _finished_by_hand(world: Reality) -> None:
    vm = world.vms["a"]
    vm.stage, vm.unpaused = Stage.FENCED, []
    del vm.copies[Place.OLD]


@pytest.mark.parametrize(
    "meddle", [_moved, _vanished, _stranger, _running_twice, _old_gone, _suspended], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("direction", ["resume", "roll_back"])
def test_a_world_that_somebody_has_changed_is_left_as_it_is(meddle: Callable[[Reality], None], direction: str) -> None:
    simulator, controller = stopped_at(ONE, "activate")
    meddle(simulator.world)
    before = pickle.dumps(simulator.world)

    with pytest.raises(Contradiction):
        getattr(controller, direction)()

    assert pickle.dumps(simulator.world) == before


def test_a_migration_that_somebody_has_finished_is_a_contradiction() -> None:
    simulator, controller = stopped_at(ONE, "copy")
    _finished_by_hand(simulator.world)

    with pytest.raises(Contradiction, match="the journal has a copying at old toward guest; the world has it fenced"):
        controller.resume()


def test_a_run_does_not_begin_in_a_world_that_it_was_not_planned_for() -> None:
    for meddle in (_moved, _vanished, _stranger, _old_gone, _suspended):
        simulator = ONE.world()
        meddle(simulator.world)
        with pytest.raises(Contradiction):
            Controller(ONE.plan, simulator, fresh_journal(Mechanism())).start()
        assert simulator.world.performed == 0


def test_without_room_nothing_is_begun() -> None:
    simulator, journal = TIGHT.world(), fresh_journal(Mechanism())

    with pytest.raises(NoRoom, match=r"the machine is short by \d pages for a second copy of a"):
        Controller(TIGHT.plan, simulator, journal).start()
    assert Controller(TIGHT.plan, simulator, journal).roll_back().how == "rolled_back"
    assert not simulator.broken


def test_there_is_no_way_back_past_the_point_of_no_return() -> None:
    _, controller = stopped_at(ONE, "tear_down_old")

    with pytest.raises(PastNoReturn):
        controller.roll_back()
    assert controller.resume().how == "done"


def test_a_run_that_is_over_is_not_begun_again() -> None:
    simulator, journal = ONE.world(), fresh_journal(Mechanism())
    assert Controller(ONE.plan, simulator, journal).start().how == "done"

    for direction in ("resume", "roll_back"):
        with pytest.raises(Ended):
            getattr(Controller(ONE.plan, simulator, journal), direction)()
    with pytest.raises(Contradiction):
        Controller(ONE.plan, simulator, journal).start()


def test_a_fault_more_than_the_plan_tolerates_stops_the_run() -> None:
    faults = [Fault(n, "migration_aborted") for n in (3, 6, 9)]
    simulator, journal = ONE.world(*faults), fresh_journal(Mechanism())

    with pytest.raises(TooManyFaults, match="3 such faults so far, and the plan tolerates 2"):
        Controller(ONE.plan, simulator, journal).start()
    assert len(simulator.struck) == 3
    assert Controller(ONE.plan, simulator, journal).resume().how == "done"


def test_a_balloon_that_stops_short_leaves_the_machine_within_its_limits() -> None:
    simulator, journal = RECLAIMED.world(Fault(2, "balloon_stopped_short")), fresh_journal(Mechanism())

    with pytest.raises(TooManyFaults, match="balloon_stopped_short struck a"):
        Controller(RECLAIMED.plan, simulator, journal).start()
    assert Controller(RECLAIMED.plan, simulator, journal).roll_back().how == "rolled_back"
    assert not simulator.broken


class Lossy(Recorder):
    """A driver that is lost in the midst of one effect, which happens all the same."""

    def perform(self, effect: Effect) -> Outcome:
        outcome = self.simulator.perform(effect)
        if effect.action == "commit":
            raise DriverLost("no answer")
        return outcome


def test_a_lost_driver_leaves_what_can_be_resumed() -> None:
    simulator, journal = ONE.world(), fresh_journal(Mechanism())
    with pytest.raises(DriverLost):
        Controller(ONE.plan, Lossy(simulator, journal, lambda _: None), journal).start()

    assert Controller(ONE.plan, simulator, journal).resume().how == "done"
    assert not simulator.broken


class Stubborn(Recorder):
    """A driver that refuses one kind of effect."""

    def perform(self, effect: Effect) -> Outcome:
        if effect.action == "suspend":
            return Outcome(Ending.REFUSED, self.simulator.observe(), "not today")
        return self.simulator.perform(effect)


def test_a_refusal_that_nothing_explains_stops_the_run_with_its_reason() -> None:
    simulator, journal = ONE.world(), fresh_journal(Mechanism())

    with pytest.raises(EffectRefused, match="not today"):
        Controller(ONE.plan, Stubborn(simulator, journal, lambda _: None), journal).start()
    assert Controller(ONE.plan, simulator, journal).roll_back().how == "rolled_back"


@pytest.mark.parametrize(("case", "at_once"), [(ONE, 1), (TWO, 2), (THREE, 2)], ids=lambda v: getattr(v, "name", ""))
def test_as_many_vms_are_in_flight_as_the_plan_says(case: Case, at_once: int) -> None:
    simulator, flying = case.world(), list[int]()

    def watch(_: Progress) -> None:
        flying.append(sum(vm.stage is not Stage.SETTLED for vm in simulator.observe().vms.values()))

    Controller(case.plan, simulator, fresh_journal(Mechanism()), watch=watch).start()

    assert max(flying) == at_once


def test_nothing_comes_between_the_end_of_a_source_and_the_run_of_its_receiver() -> None:
    """The VM runs nowhere in between, and in the model the two are one."""
    performed: list[Effect] = []

    Controller(
        THREE.plan, THREE.world(), fresh_journal(Mechanism()), watch=lambda heard: performed.append(heard.effect)
    ).start()

    follows = [(e.vm, after.action, after.vm) for e, after in pairwise(performed) if e.action == "fence"]
    assert follows == [(vm, "activate", vm) for vm, _, _ in follows]
    assert len(follows) == 6


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[Progress]:
        heard: list[Progress] = []
        Controller(TWO.plan, TWO.world(Fault(9, "boot_failed")), fresh_journal(Mechanism()), watch=heard.append).start()
        return heard

    assert run() == run()


def test_a_plan_goes_to_json_and_back() -> None:
    for case in (ONE, RECLAIMED, THREE, STORED):
        assert Plan.from_json(case.plan.to_json()) == case.plan


def test_a_plan_of_an_earlier_release_has_formats_that_fit() -> None:
    said = ONE.plan.to_json()
    del said["formats"]

    assert Plan.from_json(said).formats.readable


def test_nothing_is_suspended_whose_map_nobody_could_read() -> None:
    world = ONE.world()
    plan = replace(ONE.plan, formats=Formats(written=1, read=(2, 3)))

    with pytest.raises(OutOfOrder, match=r"format 1 is written, and the new hypervisor reads 2, 3"):
        Controller(plan, world, fresh_journal(Mechanism())).start()
    assert world.world.machine.host_vm is HostVmState.RUNNING
    assert world.world.vms["a"].source is Place.GUEST


def test_a_guest_hypervisor_that_is_larger_than_its_host_vm_is_not_started() -> None:
    small = replace(ONE, machine=replace(ONE.machine, host_vm_size_pages=0))
    world = small.world()

    with pytest.raises(NoRoom, match="the host VM is short by 1 pages"):
        Controller(small.plan, world, fresh_journal(Mechanism())).start()
    assert world.world.machine.host_vm is HostVmState.ABSENT


def test_a_reclaim_step_moves_only_what_it_names() -> None:
    world, steps = RECLAIMED.world(), (Step("swap", "reclaim", "a", swap_pages=1),)
    world.perform(Effect("reclaim", "m", "a", 2, 0))
    Controller(replace(RECLAIMED.plan, steps=steps), world, fresh_journal(Mechanism())).start()

    assert (world.world.vms["a"].ballooned, world.world.vms["a"].swapped) == (0, 1)
