"""By way of a second partition: what a split machine does, and what the controller does where something goes wrong there."""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.driver import Effect, Ending, HostVmState, MachineView, Place, Power
from holdfast.impl.encoding import decoded, encoded
from holdfast.impl.errors import Contradiction, OldHangs, PastNoReturn, TooManyFaults
from holdfast.impl.journal import Journal
from holdfast.impl.partitions import Bequest, PartitionsView
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault, strike
from holdfast.impl.tap import LinesTap
from holdfast.specs.model import system

from .crashes import Mechanism, fresh_journal
from .worlds import ONE, PARTED

INSIDE = ("create_host_vm", "consolidate a", "copy a", "stop a", "copy a", "commit a", "fence a", "activate a")
APART = ("split_machine cpu0", "boot_beside", "finish_boot")
QUIET = ("cross", "quiesce_device nic0", "quiesce_device nic1")
OVER = ("publish_pages", "claim_pages", "detach_device nic0", "detach_device nic1")
THERE = ("attach_device nic0", "attach_device nic1", "arrive", "restart_device nic0", "restart_device nic1")
ACROSS = (*APART, *QUIET, *OVER, *THERE)
LEFT = ("bequeath", "terminate_old", "observe_end", "expire_timer")


def done(simulator: Simulator, *effects: str) -> MachineView:
    """These effects, one after the other, of VMs and of parts; the machine then."""
    for said in effects:
        action, _, about = said.partition(" ")
        vm = about if about in simulator.world.vms else None
        simulator.perform(Effect(action, "m", vm, part=about if about and vm is None else None))
    return simulator.observe().machine


def split(*then: str) -> Simulator:
    """A world with its VM in the host VM, and then these effects."""
    simulator = PARTED.world()
    done(simulator, *INSIDE, *then)
    assert not simulator.broken
    return simulator


def of(machine: MachineView) -> PartitionsView:
    """How it is divided."""
    assert machine.partitions is not None
    return machine.partitions


# ------------------------------------------------------------------------------------------------------- the world
def test_every_frame_is_in_one_account_all_the_way() -> None:
    simulator = split()
    for effect in ACROSS:
        machine = done(simulator, effect)
        seen = of(machine)
        assert seen.old_pages + seen.new_pages + seen.released_pages == machine.capacity_pages

    machine = simulator.observe().machine
    assert (machine.host_vm, machine.carrier) == (HostVmState.RUNNING, Place.NEW)
    assert not simulator.broken


def test_a_vm_is_down_while_the_host_vm_crosses_and_nothing_of_it_is_copied() -> None:
    simulator = split(*APART)
    before, used_pages = simulator.observe("a").vms["a"], simulator.observe().machine.used_pages

    there = done(simulator, *QUIET, *OVER)
    down = simulator.observe("a").vms["a"]
    done(simulator, *THERE)
    after = simulator.observe("a").vms["a"]

    assert (before.running_at, down.running_at, after.running_at) == ((Place.GUEST,), (), (Place.GUEST,))
    assert down.downtime_us > before.downtime_us
    assert there.used_pages == used_pages
    assert after.sent_pages == before.sent_pages


def test_what_has_happened_already_is_done_again_without_harm() -> None:
    """As after a crash: every effect of a whole run, forward and back, twice."""
    forward: list[Effect] = []
    Controller(
        PARTED.plan, PARTED.world(), fresh_journal(Mechanism()), watch=lambda p: forward.append(p.effect)
    ).start()
    home = (
        *("turn_back", "quiesce_device nic0", "quiesce_device nic1", "return_pages", "take_pages_back"),
        *("detach_device nic0", "attach_device nic0", "detach_device nic1", "attach_device nic1", "return_home"),
        *("restart_device nic0", "end_new", "take_back_processor cpu0", "join_old"),
    )
    back = [Effect(said.partition(" ")[0], "m", part=said.partition(" ")[2] or None) for said in home]
    start = next(n for n, effect in enumerate(forward) if effect.action == "split_machine")
    arrived = next(n for n, effect in enumerate(forward) if effect.action == "give_processor")
    for effects in (forward[start:], [*forward[start:arrived], *back]):
        simulator = split()
        for effect in effects:
            if effect.vm is not None:
                continue
            assert simulator.perform(effect).ending is Ending.DONE
            was = pickle.dumps((simulator.world.machine.partitions, simulator.observe().machine))
            assert simulator.perform(effect).ending is Ending.DONE
            assert pickle.dumps((simulator.world.machine.partitions, simulator.observe().machine)) == was, effect
            if effect.action == "join_new":
                break
        assert not simulator.broken


@pytest.mark.parametrize(
    ("before", "unsafe", "broken"),
    [
        (APART, "give_processor cpu1;give_processor cpu2", "S14"),
        (APART, "take_processor cpu1", "S15"),
        ((*APART, "cross"), "publish_pages", "S15"),
        ((*APART, "cross"), "detach_device nic0", "S14"),
        ((*APART, *QUIET), "arrive", "S12"),
        ((*APART, *QUIET, *OVER), "return_home", "S3"),
        ((*APART, *QUIET, *OVER), "end_new", "S2"),
        ((*ACROSS, *LEFT[:3]), "claim_last", "S13"),
        ((*ACROSS, "bequeath", "expire_timer"), "claim_last", "S13"),
        ((*ACROSS, *LEFT[:3]), "inherit_processor cpu1", "S13"),
        ((*ACROSS, *LEFT), "join_new", "S12"),
        (APART, "join_old", "S12"),
    ],
)
def test_what_is_unsafe_is_done_and_noted(before: tuple[str, ...], unsafe: str, broken: str) -> None:
    simulator = split(*before)
    done(simulator, *unsafe.split(";"))

    assert any(f"({broken})" in said for said in simulator.broken), simulator.broken


def test_a_partition_that_is_given_too_little_is_overcommitted() -> None:
    simulator = replace(PARTED, machine=replace(PARTED.machine, partition_pages=1)).world()
    done(simulator, *INSIDE, "split_machine cpu0", "boot_beside")

    assert any("(O)" in said for said in simulator.broken)


@pytest.mark.parametrize(
    "effect",
    ["boot_beside", "cross", "publish_pages", "arrive", "terminate_old", "expire_timer", "observe_end", "turn_back"],
)
def test_what_cannot_be_done_yet_is_refused(effect: str) -> None:
    assert PARTED.world().perform(Effect(effect, "m")).ending is Ending.REFUSED
    assert ONE.world().perform(Effect(effect, "m")).reason == "the machine cannot be split"


def test_there_is_no_part_of_another_name() -> None:
    assert split().perform(Effect("split_machine", "m", part="cpu9")).reason == "there is no cpu9"


def test_how_a_machine_is_divided_goes_to_json_and_back() -> None:
    machine = split(*APART, *QUIET[:2]).observe().machine

    assert decoded(MachineView, json.loads(json.dumps(encoded(machine)))) == machine
    assert "two partitions" in str(of(machine).division)
    assert str(of(PARTED.world().observe().machine).division) == "one partition"


# -------------------------------------------------------------------------------------------------- the controller
class Gone(Exception):
    """The watcher has seen enough."""


def begun(until: str, *faults: Fault) -> tuple[Simulator, Journal]:
    """A run that ended, as by a crash, right after the first effect of this name."""
    simulator, journal = PARTED.world(*faults), fresh_journal(Mechanism())

    def watch(progress: Progress) -> None:
        if progress.effect.action == until:
            raise Gone

    with pytest.raises(Gone):
        Controller(PARTED.plan, simulator, journal, watch=watch).start()
    return simulator, journal


def done_next(simulator: Simulator, journal: Journal, direction: str) -> tuple[str, list[str]]:
    """How the run ends from here on, and by which effects on the machine."""
    heard: list[str] = []

    def watch(progress: Progress) -> None:
        if progress.effect.vm is None:
            heard.append(progress.effect.action)

    how = getattr(Controller(PARTED.plan, simulator, journal, watch=watch), direction)().how
    assert not simulator.broken
    return how, heard


STILL = ["quiesce_device"] * 2
HOME = ["detach_device"] * 2 + ["attach_device"] * 2 + ["return_home"] + ["restart_device"] * 2
ENDED = ["end_new", "take_back_processor"]
JOINED = ["join_old", "destroy_host_vm"]


@pytest.mark.parametrize(
    ("until", "back"),
    [
        ("split_machine", ["take_back_processor"]),
        ("boot_beside", ENDED),
        ("cross", [*STILL, "return_home", "restart_device", "restart_device", *ENDED]),
        ("publish_pages", ["take_pages_back", "return_home", "restart_device", "restart_device", *ENDED]),
        ("claim_pages", ["return_pages", "take_pages_back", "return_home", *["restart_device"] * 2, *ENDED]),
        ("arrive", ["return_pages", "take_pages_back", *HOME, *ENDED]),
        ("take_processor", [*STILL, "return_pages", "take_pages_back", *HOME, *ENDED, "take_back_processor"]),
    ],
)
def test_before_the_bequest_everything_goes_back_the_way_it_came(until: str, back: list[str]) -> None:
    how, effects = done_next(*begun(until), "roll_back")

    assert how == "rolled_back"
    assert [effect for effect in effects if effect != "turn_back"] == [*back, *JOINED]


def test_there_is_no_way_back_once_the_old_hypervisor_has_bequeathed_what_it_has() -> None:
    simulator, journal = begun("bequeath")

    with pytest.raises(PastNoReturn):
        Controller(PARTED.plan, simulator, journal).roll_back()
    assert done_next(simulator, journal, "resume")[0] == "done"


def test_an_old_hypervisor_that_hangs_raises_an_alarm_and_stops_the_run() -> None:
    simulator, journal = begun("bequeath")
    strike(simulator.world, Fault(0, "old_hung"))

    with pytest.raises(OldHangs, match="alarm"):
        Controller(PARTED.plan, simulator, journal).resume()
    machine = simulator.observe().machine

    assert (machine.old, of(machine).division.alarm) == (Power.HUNG, True)
    assert of(machine).division.bequest is Bequest.EXPIRED
    assert of(machine).old_pages >= PARTED.plan.sizes.old_pages
    assert simulator.observe("a").vms["a"].running_at == (Place.GUEST,)


def test_dma_that_outlasts_is_waited_for() -> None:
    simulator, journal = begun("boot_beside")
    strike(simulator.world, Fault(0, "dma_outlasts"))

    how, effects = done_next(simulator, journal, "resume")

    assert how == "done"
    assert effects[1:5] == ["cross", "quiesce_device", "dma_ends", "quiesce_device"]


def test_a_boot_that_hangs_beside_the_old_hypervisor_is_ended_and_begun_again() -> None:
    simulator, journal = begun("boot_beside")
    strike(simulator.world, Fault(0, "boot_hung"))
    assert simulator.observe().machine.new is Power.HUNG

    assert done_next(simulator, journal, "resume")[1][:3] == ["end_new", "boot_beside", "finish_boot"]


def test_boots_that_hang_are_counted_with_those_that_fail() -> None:
    simulator = PARTED.world(Fault(10, "boot_hung"), Fault(13, "boot_failed"))

    with pytest.raises(TooManyFaults, match="boot_failed"):
        Controller(PARTED.plan, simulator, fresh_journal(Mechanism())).start()


def test_an_old_hypervisor_that_ends_before_its_time_leaves_the_rest_all_the_same() -> None:
    simulator, journal = begun("restart_device")
    strike(simulator.world, Fault(0, "old_ended_early"))
    with pytest.raises(PastNoReturn):
        Controller(PARTED.plan, simulator, journal).roll_back()

    how, effects = done_next(simulator, journal, "resume")

    assert how == "done"
    assert "terminate_old" not in effects
    assert effects[1:4] == ["bequeath", "observe_end", "expire_timer"]


def test_a_machine_that_cannot_be_split_or_is_split_already_is_no_beginning() -> None:
    unsplit = replace(PARTED, machine=replace(PARTED.machine, processors=(), devices=()))
    with pytest.raises(Contradiction, match="cannot be split"):
        Controller(PARTED.plan, unsplit.world(), fresh_journal(Mechanism())).start()

    simulator = PARTED.world()
    done(simulator, "split_machine cpu0")
    with pytest.raises(Contradiction, match="is split already"):
        Controller(PARTED.plan, simulator, fresh_journal(Mechanism())).start()


def test_the_tap_has_the_models_names_for_what_partitions_do() -> None:
    stream = io.StringIO()
    faults = [Fault(10, "dma_outlasts"), Fault(10, "boot_hung"), Fault(27, "old_ended_early")]
    simulator = Simulator(PARTED.world().world, faults, LinesTap(stream, "parted", {}))
    Controller(PARTED.plan, simulator, fresh_journal(Mechanism())).start()

    events = [json.loads(line) for line in stream.getvalue().splitlines()][1:]
    actions = {action.name: action for action in system(("partitions",), ()).actions}

    for event in events:
        action = actions[event["action"]]
        assert event["actor"] == action.by.name
        assert set(event["arguments"]) <= {str(parameter.var) for parameter in action.parameters}
    assert {"split_machine", "publish_pages", "join_new", "dma_outlasts", "old_ended_early"} <= {
        event["action"] for event in events
    }
    assert {key for event in events for key in event["changed"]} >= {"m.split", "m.split.old_frames", "cpu0.with_new"}
