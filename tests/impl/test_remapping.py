"""By remapping: what the simulated frames do, and what the controller does where they cannot change hands, or not back."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.driver import Effect, Ending, Place, Stage
from holdfast.impl.errors import NoRoom, PastNoReturn
from holdfast.impl.gate import Occupancy, short_of
from holdfast.impl.journal import Journal
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault, strike
from holdfast.impl.tap import LinesTap
from holdfast.specs.model import system

from .crashes import Mechanism, fresh_journal
from .test_simulator import did
from .worlds import IN_PLACE, REMAPPED, Case

BY_MAP = ("suspend", "build_map", "seal_map", "launch_new", "finish_boot", "pass_map", "validate_map")
ACROSS = (*BY_MAP, "tear_down_old", "resume")


def remapped(*then: str, case: Case = IN_PLACE) -> Simulator:
    """A world with its host VM, and then these effects."""
    simulator = case.world()
    did(simulator, "create_host_vm", *then)
    assert not simulator.broken
    return simulator


# ------------------------------------------------------------------------------------------------------- the world
def test_frames_are_charged_once_and_metadata_beside_them() -> None:
    simulator = remapped()
    sizes, before = IN_PLACE.plan.sizes, simulator.observe().machine

    stunned = did(simulator, "remap_in a").world
    passed = did(simulator, "pass_frames a").world

    assert stunned.machine.used_pages == before.used_pages + sizes.guest_vm_pages
    assert stunned.machine.committed_pages == before.committed_pages + sizes.guest_vm_pages
    assert stunned.machine.host_vm_used_pages == before.host_vm_used_pages + sizes.guest_vm_pages
    assert passed.machine.used_pages == before.used_pages + sizes.guest_vm_pages
    assert passed.machine.committed_pages == before.committed_pages + sizes.guest_vm_pages
    inside_pages = before.host_vm_used_pages + passed.vms["a"].resident_pages + sizes.guest_vm_pages
    assert passed.machine.host_vm_used_pages == inside_pages


def test_the_vm_is_stunned_until_it_runs_elsewhere_with_all_its_pages() -> None:
    simulator = remapped()

    stunned = did(simulator, "remap_in a").world.vms["a"]
    passed = did(simulator, "pass_frames a").world.vms["a"]

    assert (stunned.stage, stunned.authority, stunned.target) == (Stage.PASSING, Place.OLD, Place.GUEST)
    assert (stunned.running_at, stunned.copies_at) == ((), (Place.OLD,))
    assert (passed.stage, passed.running_at, passed.copies_at) == (Stage.SETTLED, (Place.GUEST,), (Place.GUEST,))
    assert (passed.sent_pages, stunned.sent_pages) == (0, 0)
    assert passed.downtime_us > 0
    assert not simulator.broken


def test_the_way_out_is_the_same() -> None:
    simulator = remapped("remap_in a", "pass_frames a", "remap_in b", "pass_frames b", *ACROSS)

    did(simulator, "remap_out a", "pass_frames a", "remap_out b", "pass_frames b", "destroy_host_vm")

    assert {vm.running_at for vm in simulator.observe().vms.values()} == {(Place.NEW,)}
    assert not simulator.broken


@pytest.mark.parametrize(
    ("before", "effect"),
    [
        ((), "pass_frames a"),
        ((), "remap_out a"),
        (("consolidate a",), "remap_in a"),
        (("consolidate a",), "pass_frames a"),
        (("remap_in a", "suspend"), "pass_frames a"),
        (("suspend",), "remap_in a"),
        (("remap_in a",), "commit a"),
        (("remap_in a",), "copy a"),
        (("remap_in a",), "fence a"),
    ],
)
def test_what_cannot_be_done_is_refused(before: tuple[str, ...], effect: str) -> None:
    simulator = remapped(*before)
    if effect == "pass_frames a" and not before:
        simulator.world.vms["a"].unpaused.clear()

    outcome = did(simulator, effect)

    assert outcome.ending is Ending.REFUSED
    assert outcome.reason


@pytest.mark.parametrize("twice", ["remap_in a", "pass_frames a"])
def test_what_has_happened_is_done_again_without_harm(twice: str) -> None:
    simulator = remapped("remap_in a", "pass_frames a")
    before = simulator.observe()

    assert did(simulator, twice).ending is Ending.DONE
    assert simulator.observe().machine == before.machine
    assert not simulator.broken


@pytest.mark.parametrize("fault", ["migration_aborted", "destination_killed", "host_vm_killed"])
def test_the_source_goes_on_where_its_frames_do_not_pass(fault: str) -> None:
    simulator = remapped("remap_in a")
    assert strike(simulator.world, Fault(0, fault)) is not None

    vm = simulator.observe().vms["a"]

    assert (vm.stage, vm.target, vm.running_at) == (Stage.SETTLED, None, (Place.OLD,))
    assert not simulator.broken


# -------------------------------------------------------------------------------------------------- the controller
class Gone(Exception):
    """The watcher has seen enough."""


def begun(case: Case, until: str, *faults: Fault) -> tuple[Simulator, Journal]:
    """A run that ended, as by a crash, right after the first effect that says this."""
    simulator, journal = case.world(*faults), fresh_journal(Mechanism())

    def watch(progress: Progress) -> None:
        if str(progress.effect) == until:
            raise Gone

    with pytest.raises(Gone):
        Controller(case.plan, simulator, journal, watch=watch).start()
    return simulator, journal


def done_next(case: Case, simulator: Simulator, journal: Journal, direction: str = "resume") -> tuple[str, list[str]]:
    """How the run ends from here on, and by which effects."""
    heard: list[str] = []
    controller = Controller(case.plan, simulator, journal, watch=lambda progress: heard.append(str(progress.effect)))
    how = getattr(controller, direction)().how
    assert not simulator.broken
    return how, heard


def test_nothing_comes_between_the_stun_and_the_passing() -> None:
    simulator, journal = IN_PLACE.world(), fresh_journal(Mechanism())

    how, effects = done_next(IN_PLACE, simulator, journal, "start")

    assert how == "done"
    assert effects[1:5] == ["remap_in a", "pass_frames a", "remap_in b", "pass_frames b"]
    assert not {effect.split()[0] for effect in effects} & {"copy", "copy_again", "commit", "fence"}


def test_a_vm_that_is_stunned_when_the_run_turns_back_goes_on_where_it_is() -> None:
    how, effects = done_next(IN_PLACE, *begun(IN_PLACE, "remap_in a"), "roll_back")

    assert how == "rolled_back"
    assert effects == ["cancel a", "destroy_host_vm"]


def test_where_a_copy_has_no_room_there_is_no_way_back_and_the_run_goes_on() -> None:
    simulator, journal = begun(IN_PLACE, "pass_frames b")

    why = (
        "no room to go back as a copy: the machine is short by 1 pages for a second copy of a: 3 needed, 12 of 14 taken"
    )
    with pytest.raises(PastNoReturn, match=why):
        Controller(IN_PLACE.plan, simulator, journal).roll_back()
    assert done_next(IN_PLACE, simulator, journal)[0] == "done"


def test_metadata_of_what_has_not_passed_is_not_in_the_way_back() -> None:
    how, effects = done_next(IN_PLACE, *begun(IN_PLACE, "remap_in b"), "roll_back")

    assert how == "rolled_back"
    assert effects[:2] == ["cancel b", "withdraw a"]


def test_where_a_copy_has_room_what_was_remapped_is_withdrawn() -> None:
    """Also when the new hypervisor still takes the room: it is ended first."""
    for until in ("pass_frames a", "finish_boot"):
        how, effects = done_next(REMAPPED, *begun(REMAPPED, until), "roll_back")

        assert how == "rolled_back"
        assert "withdraw a" in effects


def test_an_abort_is_got_over() -> None:
    simulator, journal = begun(REMAPPED, "remap_in a")
    assert strike(simulator.world, Fault(0, "migration_aborted")) is not None

    how, effects = done_next(REMAPPED, simulator, journal)

    assert how == "done"
    assert effects[:2] == ["remap_in a", "pass_frames a"]


def test_only_metadata_is_asked_for() -> None:
    full = replace(IN_PLACE, machine=replace(IN_PLACE.machine, capacity_pages=10))

    with pytest.raises(NoRoom, match="the machine is short by 1 pages for the metadata of b: 1 needed, 10 of 10 taken"):
        Controller(full.plan, full.world(), fresh_journal(Mechanism())).start()


def test_frames_on_their_way_into_the_host_vm_are_reckoned_with_there() -> None:
    """A second VM does not fit beside one whose frames have not passed yet."""
    narrow = replace(IN_PLACE, machine=replace(IN_PLACE.machine, host_vm_size_pages=8))
    seen = remapped("remap_in a", case=narrow).observe()
    there = Occupancy(seen.machine, seen.vms["b"], (seen.vms["a"],), 0)

    why = short_of(narrow.plan, Effect("remap_in", "m", "b"), there)

    assert why == "the host VM is short by 1 pages for b: 4 needed, 5 of 8 taken"


def test_the_tap_has_the_models_names() -> None:
    stream = io.StringIO()
    simulator = Simulator(IN_PLACE.world().world, (), LinesTap(stream, "in-place", {}))
    Controller(IN_PLACE.plan, simulator, fresh_journal(Mechanism())).start()

    events = [json.loads(line) for line in stream.getvalue().splitlines()][1:]
    actors = {action.name: action.by.name for action in system(("moves",), ()).actions}

    assert {(e["action"], e["actor"]) for e in events} <= set(actors.items())
    assert {"remap_in", "remap_out", "pass_frames"} <= {e["action"] for e in events}
    stages = {stage for e in events for stage in e["changed"].get("a.stage", ())}
    assert stages == {"settled", "stopped"}
