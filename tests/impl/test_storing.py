"""By way of storage: what the simulated store and power do, and what the controller does where they go wrong."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.driver import (
    Copy,
    DriverLost,
    Effect,
    Ending,
    HostVmState,
    ImageState,
    Outcome,
    Place,
    Power,
    World,
)
from holdfast.impl.errors import Contradiction, NoRoom, PastNoReturn, TooManyFaults
from holdfast.impl.journal import Journal, Kind
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault, strike
from holdfast.impl.tap import ABOUT_IMAGES, LinesTap
from holdfast.specs.model import system

from .crashes import Mechanism, fresh_journal
from .test_simulator import did
from .worlds import STORED, Case

INSIDE = ("create_host_vm", "consolidate a", "copy a", "stop a", "copy a", "commit a", "fence a", "activate a")
STORING = ("suspend_to_storage", "write_image", "sync_image", "verify_image", "free_pages")
LOADING = ("retire_old", "boot_new", "finish_boot", "load_image", "verify_loaded", "wake")


def stored(*then: str, case: Case = STORED) -> Simulator:
    """A world with its VM in the host VM, and then these effects."""
    simulator = case.world()
    did(simulator, *INSIDE, *then)
    assert not simulator.broken
    return simulator


def struck(simulator: Simulator, fault: str) -> Simulator:
    """The same, after a fault that could strike."""
    assert strike(simulator.world, Fault(0, fault)) is not None
    return simulator


# ------------------------------------------------------------------------------------------------------- the world
def test_what_is_stored_has_no_frames_and_keeps_its_promise() -> None:
    simulator = stored()
    before = simulator.observe().machine

    freed = did(simulator, *STORING).world.machine
    back = did(simulator, *LOADING).world.machine

    assert freed.used_pages == STORED.plan.sizes.old_pages
    assert (freed.committed_pages, freed.host_vm_used_pages) == (before.committed_pages, before.host_vm_used_pages)
    assert freed.image_pages == freed.store_promised_pages == before.host_vm_used_pages
    assert back.used_pages == before.used_pages
    assert (back.host_vm, back.carrier, back.copy) == (HostVmState.RUNNING, Place.NEW, Copy.ORIGINAL)
    assert not simulator.broken


def test_a_vm_is_down_and_nowhere_in_memory_while_it_is_stored() -> None:
    simulator = stored()
    down_us = simulator.observe("a").vms["a"].downtime_us
    did(simulator, *STORING)

    vm = simulator.observe("a").vms["a"]

    assert vm.downtime_us > down_us
    assert (vm.running_at, vm.copies_at, vm.lost) == ((), (), False)


def test_a_torn_image_shows_in_its_digest_alone_and_is_lost_with_the_frames() -> None:
    simulator = struck(stored("suspend_to_storage", "write_image"), "image_torn")
    read = did(simulator, "sync_image", "verify_image").world.machine

    assert read.image is ImageState.READ
    assert None not in (read.image_digest, read.host_vm_digest)
    assert read.image_digest != read.host_vm_digest

    did(simulator, "free_pages")

    assert simulator.broken == ["a is lost: its frames were freed, and its image is not what was in them (S16)"]


def test_a_torn_load_shows_in_its_digest_alone_and_destroys_what_is_woken() -> None:
    simulator = stored(*STORING[:4])
    halted = simulator.observe().machine.host_vm_digest
    did(simulator, "free_pages", *LOADING[:4])
    assert simulator.observe().machine.host_vm_digest is None

    read = did(struck(simulator, "load_torn"), "verify_loaded").world.machine
    did(simulator, "wake")

    assert None not in (halted, read.host_vm_digest)
    assert read.host_vm_digest != halted
    assert simulator.broken == ["a is lost: it runs at guest with pages that are stale, lost or overwritten (S3)"]


def test_what_was_loaded_can_be_dropped_and_loaded_again() -> None:
    simulator = stored(*STORING, *LOADING[:4])
    did(struck(simulator, "load_torn"), "verify_loaded", "drop_loaded", "load_image", "verify_loaded", "wake")

    assert not simulator.broken


@pytest.mark.parametrize("point", [len(STORING), len(STORING) + 3])
def test_an_image_that_goes_while_it_is_all_there_is_is_a_loss(point: int) -> None:
    simulator = stored(*(*STORING, *LOADING)[:point])
    did(simulator, "delete_image")

    assert simulator.broken == ["a is lost: its image was deleted before it ran (S16)"]


def test_a_battery_carries_the_machine_until_the_image_can_be_relied_on() -> None:
    simulator = stored(*STORING[:3])
    assert strike(simulator.world, Fault(0, "power_lost")) is None
    did(simulator, "verify_image")

    machine = struck(simulator, "power_lost").observe().machine

    assert (machine.old, machine.new, machine.host_vm) == (Power.ABSENT, Power.ABSENT, HostVmState.STORED)
    assert machine.used_pages == 0
    did(simulator, *LOADING[1:])
    assert not simulator.broken


@pytest.mark.parametrize("then", ["suspend", "suspend_to_storage"])
def test_without_a_battery_what_is_in_memory_goes_with_the_power(then: str) -> None:
    simulator = stored(then, case=replace(STORED, machine=replace(STORED.machine, battery=False)))
    struck(simulator, "power_lost")

    assert simulator.broken == ["a is lost: power was lost, and it was in memory only (A14)"]


def test_a_store_without_room_fails_the_write_and_keeps_nothing_of_it() -> None:
    simulator = stored("suspend_to_storage", case=replace(STORED, machine=replace(STORED.machine, store_pages=4)))

    outcome = did(simulator, "write_image")

    assert (outcome.ending, outcome.fault) == (Ending.FAILED, "storage_full")
    assert outcome.world.machine.image is ImageState.NONE


def test_an_image_can_be_written_in_parts() -> None:
    simulator = stored("suspend_to_storage")
    for pages in (1, 1):
        simulator.perform(Effect("write_image", "m", amount=pages))
    assert did(simulator, "sync_image").ending is Ending.REFUSED

    did(simulator, *STORING[1:], *LOADING)

    assert not simulator.broken


@pytest.mark.parametrize(
    "action",
    ["write_image", "sync_image", "verify_image", "free_pages", "retire_old", "boot_new", "load_image", "wake"],
)
def test_what_cannot_be_done_yet_is_refused(action: str) -> None:
    outcome = did(STORED.world(), action)

    assert outcome.ending is Ending.REFUSED
    assert outcome.reason


# -------------------------------------------------------------------------------------------------- the controller
class Gone(Exception):
    """The watcher has seen enough."""


def begun(until: str, *faults: Fault) -> tuple[Simulator, Journal]:
    """A run that ended, as by a crash, right after the first effect of this name."""
    simulator, journal = STORED.world(*faults), fresh_journal(Mechanism())

    def watch(progress: Progress) -> None:
        if progress.effect.action == until:
            raise Gone

    with pytest.raises(Gone):
        Controller(STORED.plan, simulator, journal, watch=watch).start()
    return simulator, journal


def done_next(simulator: Simulator, journal: Journal, direction: str) -> tuple[str, list[str]]:
    """How the run ends from here on, and by which effects on the machine."""
    heard: list[str] = []

    def watch(progress: Progress) -> None:
        if progress.effect.vm is None:
            heard.append(progress.effect.action)

    how = getattr(Controller(STORED.plan, simulator, journal, watch=watch), direction)().how
    assert not simulator.broken
    return how, heard


@pytest.mark.parametrize(
    ("until", "back"),
    [
        ("suspend_to_storage", ["wake"]),
        ("write_image", ["wake", "delete_image"]),
        ("verify_image", ["wake", "delete_image"]),
        ("free_pages", ["load_image", "verify_loaded", "wake", "delete_image"]),
    ],
)
def test_before_the_frames_are_free_the_original_wakes_and_afterwards_the_image(until: str, back: list[str]) -> None:
    assert done_next(*begun(until), "roll_back") == ("rolled_back", [*back, "destroy_host_vm"])


def test_there_is_no_way_back_once_the_old_hypervisor_was_retired() -> None:
    simulator, journal = begun("retire_old")

    with pytest.raises(PastNoReturn):
        Controller(STORED.plan, simulator, journal).roll_back()
    assert done_next(simulator, journal, "resume")[0] == "done"


def test_power_that_is_lost_on_the_way_back_makes_it_go_forward() -> None:
    simulator, journal = begun("free_pages")
    struck(simulator, "power_lost")
    with pytest.raises(PastNoReturn):
        Controller(STORED.plan, simulator, journal).roll_back()

    assert done_next(simulator, journal, "resume")[0] == "done"


def test_power_that_is_lost_while_rolling_back_is_met_by_a_run_that_is_resumed() -> None:
    simulator, journal = begun("free_pages")

    class Dark(Simulator):
        def observe(self, *vms: str) -> World:
            strike(self.world, Fault(0, "power_lost"))
            return super().observe(*vms)

    journal.append(Kind.DIRECTION, {})  # as a controller that was turned back, and ended before it did anything
    with pytest.raises(PastNoReturn):
        Controller(STORED.plan, Dark(simulator.world), journal).roll_back()
    how, effects = done_next(simulator, journal, "resume")

    assert how == "done"
    assert effects[:2] == ["boot_new", "finish_boot"]
    assert [entry.body for entry in journal.entries() if entry.kind is Kind.DIRECTION] == [{}, {"back": False}]


def test_an_image_that_a_crash_left_half_written_is_completed() -> None:
    simulator, journal = begun("suspend_to_storage")

    class Half(Simulator):
        def perform(self, effect: Effect) -> Outcome:
            super().perform(replace(effect, amount=1))
            raise DriverLost("no answer")

    with pytest.raises(DriverLost):
        Controller(STORED.plan, Half(simulator.world), journal).resume()
    assert simulator.observe().machine.image_pages == 1
    assert done_next(simulator, journal, "resume")[1][0] == "write_image"


def test_the_tap_has_the_models_names_for_what_storage_does() -> None:
    stream = io.StringIO()
    faults = [Fault(n, fault) for n, fault in ((10, "image_torn"), (21, "load_torn"), (24, "power_lost"))]
    simulator = Simulator(STORED.world().world, faults, LinesTap(stream, "stored", {}))
    Controller(STORED.plan, simulator, fresh_journal(Mechanism())).start()

    events = [json.loads(line) for line in stream.getvalue().splitlines()][1:]
    actors = {action.name: action.by.name for action in system(("storage",), ()).actions}

    assert {(e["action"], e["actor"]) for e in events} <= set(actors.items())
    assert {"suspend_to_storage", "write_image", "image_torn", "load_torn", "power_lost"} <= {
        e["action"] for e in events
    }
    assert {key: pair for e in events for key, pair in e["changed"].items()}.keys() >= {
        "m.image.written",
        "m.image.copy",
    }
    assert all(e["arguments"] == {"image": "m.image"} for e in events if e["action"] in ABOUT_IMAGES - {"write_image"})


def test_a_torn_image_is_dropped_and_written_again() -> None:
    simulator, journal = begun("write_image")
    struck(simulator, "image_torn")

    how, effects = done_next(simulator, journal, "resume")

    assert how == "done"
    assert effects[:5] == ["sync_image", "verify_image", "discard_image", "write_image", "sync_image"]


def test_an_image_that_is_torn_once_too_often_is_given_up() -> None:
    simulator, journal = begun("write_image")
    struck(simulator, "image_torn")
    with pytest.raises(Gone):

        def watch(progress: Progress) -> None:
            if progress.effect.action == "write_image":
                raise Gone

        Controller(STORED.plan, simulator, journal, watch=watch).resume()
    struck(simulator, "image_torn")

    with pytest.raises(TooManyFaults, match="image_torn struck m: 2 such faults so far, and the plan tolerates 1"):
        Controller(STORED.plan, simulator, journal).resume()
    assert done_next(simulator, journal, "roll_back")[0] == "rolled_back"


def test_without_room_in_the_store_nothing_is_suspended() -> None:
    small = replace(STORED, machine=replace(STORED.machine, store_pages=4))
    simulator, journal = small.world(), fresh_journal(Mechanism())

    with pytest.raises(NoRoom, match="the store is short by 1 pages for the image of the host VM: 5 needed, 0 of 4"):
        Controller(small.plan, simulator, journal).start()
    assert simulator.observe().machine.host_vm is HostVmState.RUNNING
    assert done_next(simulator, journal, "roll_back")[0] == "rolled_back"


def test_a_run_does_not_begin_where_an_image_is_left() -> None:
    simulator = STORED.world()
    simulator.world.machine.image.state = ImageState.DURABLE

    with pytest.raises(Contradiction, match="an image, from before"):
        Controller(STORED.plan, simulator, fresh_journal(Mechanism())).start()


def test_an_image_that_somebody_deleted_is_a_contradiction() -> None:
    simulator, journal = begun("verify_image")
    did(simulator, "delete_image")

    with pytest.raises(Contradiction, match=r"image read; the world has it with .* host VM halted on old, map none$"):
        Controller(STORED.plan, simulator, journal).resume()
