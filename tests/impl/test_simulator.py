"""The simulator as a world: it refuses what cannot be done, permits what is unsafe, and notices what breaks."""

from __future__ import annotations

import io
import json
import pickle

import pytest

from holdfast.impl.controller import Controller
from holdfast.impl.driver import ACTIONS, Effect, Ending, Outcome, Place, Stage
from holdfast.impl.simulator.dividing import ON_PARTITIONS
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.exchange import ON_MACHINE
from holdfast.impl.simulator.faults import FAULTS, Fault, parsed
from holdfast.impl.simulator.guests import move
from holdfast.impl.simulator.migrations import ON_VMS
from holdfast.impl.simulator.remapping import ON_REMAPPED
from holdfast.impl.simulator.replaying import relive
from holdfast.impl.simulator.state import Reality
from holdfast.impl.simulator.storing import ON_STORAGE
from holdfast.impl.simulator.transfers import ON_ITS_WAY
from holdfast.impl.tap import LinesTap, NoTap
from holdfast.specs.model import safety

from .crashes import Mechanism, Recorder, ended, fresh_journal
from .worlds import BUSY, CASES, EARLY, MOVED, ONE, RECLAIMED, STORED, TIGHT, TWO, Case


def did(simulator: Simulator, *texts: str) -> Outcome:
    """Perform these, each `action` or `action vm`; what came of the last."""
    words = [(*text.split(), None)[:2] for text in texts]
    outcomes = [simulator.perform(Effect(str(action), "m", vm)) for action, vm in words]
    return outcomes[-1]


INTO = ("create_host_vm", "consolidate a", "copy a", "stop a", "copy a", "commit a")


def test_every_action_of_the_protocol_can_be_performed() -> None:
    on_vms = set(ON_VMS) | set(ON_REMAPPED) | set(ON_ITS_WAY)
    assert on_vms | set(ON_MACHINE) | set(ON_STORAGE) | set(ON_PARTITIONS) == set(ACTIONS)


def test_what_cannot_be_done_is_refused_and_changes_nothing() -> None:
    for action, vm in (("commit", "a"), ("fence", "a"), ("stop", "a"), ("tear_down_old", None), ("resume", None)):
        simulator = ONE.world()
        outcome = simulator.perform(Effect(action, "m", vm))
        assert outcome.ending is Ending.REFUSED
        assert outcome.reason
        assert not simulator.broken


def test_a_receiver_that_runs_beside_its_source_is_noticed() -> None:
    simulator = ONE.world(Fault(8, "source_continued"))
    did(simulator, *INTO, "activate a")
    assert not simulator.broken

    did(simulator, "reclaim a")

    assert "a runs twice: at guest and at old (S1)" in simulator.broken


def test_a_source_that_is_fenced_cannot_go_on() -> None:
    simulator = ONE.world(Fault(9, "source_continued"))
    did(simulator, *INTO, "fence a", "activate a", "reclaim a")

    assert not simulator.broken
    assert not simulator.struck


def test_a_receiver_that_is_ended_when_its_source_is_gone_is_a_loss() -> None:
    simulator = ONE.world()
    did(simulator, *INTO, "fence a", "cancel a")

    assert simulator.broken == ["a is lost: its receiver was ended when its source was gone already (S2)"]
    assert simulator.observe("a").vms["a"].authority is None


def test_a_flipped_bit_changes_the_digest_and_destroys_what_is_resumed() -> None:
    simulator = ONE.world(Fault(13, "map_corrupted"))
    exchange = ("suspend", "build_map", "seal_map", "launch_new", "finish_boot", "pass_map", "validate_map")
    did(simulator, *INTO, "fence a", "activate a")
    sealed = did(simulator, *exchange[:3]).world.machine.map_digest

    read = did(simulator, *exchange[3:]).world.machine.map_digest
    did(simulator, "tear_down_old", "resume")

    assert sealed is not None
    assert read != sealed
    assert simulator.broken == ["a is lost: it runs at guest with pages that are stale, lost or overwritten (S3)"]


def test_a_copy_without_room_overcommits_the_machine() -> None:
    simulator = TIGHT.world()
    did(simulator, "create_host_vm", "consolidate a", "copy a")

    assert any("holds more frames than it has" in said for said in simulator.broken)


def test_a_host_vm_that_is_destroyed_takes_what_is_in_it_along() -> None:
    simulator = ONE.world()
    did(simulator, *INTO, "fence a", "activate a", "destroy_host_vm")

    assert simulator.broken == ["a is lost: the host VM was destroyed with the VM in it (S2)"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_what_is_used_is_the_sum_of_what_is_there(case: Case) -> None:
    """The running count is held against the sum, after every effect of a run."""
    simulator = case.world()
    seen: list[int] = []

    class Counting(Recorder):
        def perform(self, effect: Effect) -> Outcome:
            outcome = super().perform(effect)
            network, name = self.simulator.world.network, self.simulator.world.machine.start.name
            left_pages = network.left_on(name) if network else 0
            seen.append(self.simulator.world.machine.used - counted(self.simulator.world) - left_pages)
            return outcome

    journal = fresh_journal(Mechanism())
    ended(Controller(case.plan, Counting(simulator, journal, lambda _: None), journal).start)

    assert set(seen) == {0}


def counted(world: Reality) -> int:
    """Everything that is there, added up anew."""
    m, start = world.machine, world.machine.start
    sizes = start.sizes
    there = [(m.old, sizes.old_pages), (m.new, sizes.new_pages)]
    if m.holds(Place.GUEST):
        there.append((m.guest, sizes.guest_pages + sizes.host_vm_pages))
    pages = sum(size for power, size in there if power.value != "absent")
    for vm in world.vms.values():
        arriving = vm.target if vm.stage.value in ("copying", "stopped") else None
        there_pages = ((p, (vm.arrived if p is arriving else vm.resident) + m.overhead(p)) for p in vm.copies)
        pages += sum(taken for p, taken in there_pages if m.holds(p))
        pages += m.overhead(vm.target) if vm.target and vm.stage is Stage.PASSING else 0
    return pages


def test_every_effect_may_be_repeated() -> None:
    """An effect that has happened is performed again after each: the run is the same, and nothing breaks."""

    class Stuttering(Recorder):
        def perform(self, effect: Effect) -> Outcome:
            self.simulator.perform(effect)
            return self.simulator.perform(effect)

    for case in (ONE, BUSY, TWO, STORED, MOVED, EARLY):
        simulator, journal = case.world(), fresh_journal(Mechanism())
        assert Controller(case.plan, Stuttering(simulator, journal, lambda _: None), journal).start().how == "done"
        assert not simulator.broken


def test_a_world_is_made_again_from_a_journal() -> None:
    simulator, journal = TWO.world(Fault(9, "migration_aborted")), fresh_journal(Mechanism())
    Controller(TWO.plan, simulator, journal).start()
    again = TWO.world(Fault(9, "migration_aborted"))

    relive(again, journal.entries())
    simulator.pass_time()

    assert pickle.dumps(again.observe()) == pickle.dumps(simulator.observe())


@pytest.mark.parametrize("text", ["boot_failed@12", "migration_aborted@3:a"])
def test_a_fault_is_written_as_it_is_read(text: str) -> None:
    assert str(parsed(text)) == text


@pytest.mark.parametrize("text", ["boot_failed", "boot_failed@", "boot_failed@0", "boot_failed@x", "no_such@3", "@3"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"there is no fault|does not say when"):
        parsed(text)


def test_the_tap_has_the_models_names_and_its_twin_changes_nothing() -> None:
    stream = io.StringIO()
    heard, silent = BUSY.world(Fault(5, "migration_aborted")), BUSY.world(Fault(5, "migration_aborted"))
    heard = Simulator(heard.world, heard.to_come, LinesTap(stream, "busy", {}))
    silent = Simulator(silent.world, silent.to_come, NoTap())
    for simulator in (heard, silent):
        Controller(BUSY.plan, simulator, fresh_journal(Mechanism())).start()

    events = [json.loads(line) for line in stream.getvalue().splitlines()][1:]
    actors = {action.name: action.by.name for action in safety().actions}

    assert pickle.dumps(heard.observe()) == pickle.dumps(silent.observe())
    assert [event["step"] for event in events] == list(range(1, len(events) + 1))
    assert {(e["action"], e["actor"]) for e in events} <= set(actors.items())
    assert {"consolidate", "dirty", "copy_again", "migration_aborted", "seal_map", "activate"} <= {
        e["action"] for e in events
    }


def test_faults_that_can_be_injected_have_names() -> None:
    assert len(FAULTS) == len(set(FAULTS)) >= 10


@pytest.mark.parametrize("action", ["inflate", "deflate", "swap_out"])
def test_nothing_is_taken_from_a_vm_in_flight_or_given_to_it(action: str) -> None:
    world = RECLAIMED.world()
    guest = world.world.vms["a"]
    guest.ballooned, guest.balloon_target = (2, 0) if action == "deflate" else (0, 2)
    guest.swap_target, guest.stage = 1, Stage.STOPPED
    outcome = world.perform(Effect(action, "m", "a"))

    assert (outcome.ending, outcome.reason) == (Ending.REFUSED, "the VM does not run, or is in flight")


def test_a_vm_of_which_every_page_was_taken_moves_all_the_same() -> None:
    world = RECLAIMED.world()
    vm = world.world.vms["a"]
    move(world.world, vm, resident_pages=-6, ballooned_pages=6)
    did(world, "create_host_vm")
    for action in ("consolidate", "stop", "commit", "fence", "activate"):
        assert world.perform(Effect(action, "m", "a")).ending is Ending.DONE

    assert vm.source is Place.GUEST
    assert not world.broken
