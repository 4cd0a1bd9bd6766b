"""To another machine: what the simulated network does, and what the controller of the machine that a VM leaves does."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.driver import Effect, Ending, HostVmState, Outcome, Place, Stage
from holdfast.impl.errors import Contradiction, NoRoom, OutOfOrder, Stopped, TooManyFaults, UnusablePlan
from holdfast.impl.journal import Journal
from holdfast.impl.plan import Entry, Plan, Step, Tolerated, VmSizes, in_order, whole_exchange
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault, strike
from holdfast.impl.simulator.network import Network
from holdfast.impl.simulator.state import MachineStart, Reality, reality
from holdfast.impl.tap import LinesTap
from holdfast.specs.model import system

from .crashes import Mechanism, fresh_journal
from .worlds import GOES, MOVED, ONE, SIZES, Case

WHOLE = ("transfer a", "send a", "stun a", "send_again a", "hand_over a")


def did(simulator: Simulator, *texts: str) -> Outcome:
    """Perform these, each `action vm`; what came of the last."""
    outcomes = [simulator.perform(Effect(text.split()[0], "m", text.split()[1], to="n")) for text in texts]
    return outcomes[-1]


def under_way(*texts: str, case: Case = MOVED) -> Simulator:
    """A world after these effects."""
    simulator = case.world()
    if texts:
        did(simulator, *texts)
    assert not simulator.broken
    return simulator


def there(simulator: Simulator) -> Reality:
    """The other machine."""
    assert simulator.world.network is not None
    return simulator.world.network.machines["n"]


# ------------------------------------------------------------------------------------------------------- the world
def test_both_machines_are_charged_while_a_vm_is_under_way() -> None:
    simulator = under_way()
    before = simulator.observe()

    seen = did(simulator, "transfer a").world

    goal = seen.others["n"].machine
    assert (goal.set_aside_pages, goal.slots_set_aside_pages) == (5, 2)
    assert goal.used_pages == goal.committed_pages == SIZES.old_pages + 5
    assert goal.swapped_pages == 2
    grown_pages = seen.vms["a"].resident_pages - before.vms["a"].resident_pages
    assert seen.machine.used_pages == before.machine.used_pages + grown_pages
    assert seen.machine.swapped_pages == 2


def test_authority_passes_at_once_and_nothing_stays_behind() -> None:
    simulator = under_way(*WHOLE[:-1])
    stunned = simulator.observe("a").vms["a"]

    outcome = did(simulator, "hand_over a")

    assert (stunned.stage, stunned.running_at, stunned.authority) == (Stage.STUNNED, (), Place.OLD)
    gone, goal = outcome.world.vms["a"], outcome.world.others["n"].machine
    assert (gone.stage, gone.abroad, gone.authority) == (Stage.ELSEWHERE, "n", None)
    assert (gone.running_at, gone.copies_at, gone.resident_pages) == ((), (), 0)
    assert (goal.set_aside_pages, goal.slots_set_aside_pages) == (0, 0)
    vm = there(simulator).vms["a"]
    assert there(simulator).executing(vm) == (Place.OLD,)
    assert goal.used_pages == SIZES.old_pages + vm.resident
    assert goal.swapped_pages == vm.swapped == 2
    assert outcome.world.machine.swapped_pages == 0
    assert outcome.world.machine.used_pages == SIZES.old_pages + simulator.world.vms["b"].resident
    assert vm.downtime_us > 0
    assert not simulator.broken


def test_swapped_pages_cross_and_are_counted() -> None:
    simulator = under_way("transfer a")
    before = simulator.observe("a").vms["a"]

    after = did(simulator, "send a").world

    assert after.vms["a"].copied_pages >= before.resident_pages + before.swapped_pages
    assert after.machine.crossed_pages == before.resident_pages + before.swapped_pages


def test_only_so_many_pages_are_sent_as_were_asked_for() -> None:
    simulator = under_way("transfer b")

    sent = simulator.perform(Effect("send", "m", "b", 1, to="n")).world

    assert (sent.vms["b"].copied_pages, sent.machine.crossed_pages) == (1, 1)


@pytest.mark.parametrize(
    ("before", "effect"),
    [
        ((), "send a"),
        ((), "stun a"),
        ((), "hand_over a"),
        (("transfer a", "send a"), "hand_over a"),
        (("transfer a", "stun a"), "hand_over a"),
        (WHOLE, "send a"),
        (WHOLE, "stun a"),
        (WHOLE, "call_off a"),
        (("transfer a",), "consolidate a"),
        (("transfer a",), "reclaim a"),
    ],
)
def test_what_cannot_be_done_is_refused(before: tuple[str, ...], effect: str) -> None:
    outcome = did(under_way(*before), effect)

    assert outcome.ending is Ending.REFUSED
    assert outcome.reason


def test_nobody_goes_to_a_machine_that_is_not_reached_or_runs_no_such_hypervisor() -> None:
    for effect in (Effect("transfer", "m", "a", to="far"), Effect("transfer", "m", "a", to="n", to_new=True)):
        assert under_way().perform(effect).ending is Ending.REFUSED
    assert ONE.world().perform(Effect("transfer", "m", "a", to="n")).ending is Ending.REFUSED


@pytest.mark.parametrize("twice", ["transfer a", "stun a", "hand_over a", "call_off a"])
def test_what_has_happened_is_done_again_without_harm(twice: str) -> None:
    first = {"transfer a": WHOLE[:1], "stun a": WHOLE[:3], "hand_over a": WHOLE, "call_off a": ("transfer a", twice)}
    simulator = under_way(*first[twice])
    before = simulator.observe()

    after = did(simulator, twice)

    assert after.ending is Ending.DONE
    assert simulator.observe().others == before.others
    assert not simulator.broken


@pytest.mark.parametrize("before", [WHOLE[:1], WHOLE[:2], WHOLE[:3]])
def test_a_transfer_that_fails_leaves_the_vm_where_it_was_and_nothing_over_there(before: tuple[str, ...]) -> None:
    simulator = under_way(*before)

    assert strike(simulator.world, Fault(0, "transfer_failed")) == "a"

    seen = simulator.observe()
    vm, goal = seen.vms["a"], seen.others["n"].machine
    assert (vm.stage, vm.abroad, vm.running_at, vm.gave_up) == (Stage.SETTLED, None, (Place.OLD,), "transfer_failed")
    assert (goal.used_pages, goal.swapped_pages, goal.set_aside_pages) == (SIZES.old_pages, 0, 0)


def test_a_vm_whose_hardware_is_not_offered_is_lost_where_it_comes_to() -> None:
    simulator = under_way(*(text.replace(" a", " b") for text in WHOLE[:-1]))

    did(simulator, "hand_over b")

    assert simulator.broken == ["b is lost: old of n does not offer its virtual hardware (S3)"]


# -------------------------------------------------------------------------------------------------- the controller
def effects_of(case: Case, *faults: Fault) -> list[str]:
    """A run to its end: its effects."""
    heard: list[str] = []
    simulator = case.world(*faults)
    controller = Controller(
        case.plan, simulator, fresh_journal(Mechanism()), watch=lambda p: heard.append(str(p.effect))
    )
    assert controller.start().how == "done"
    assert not simulator.broken
    return heard


def test_a_vm_that_cannot_stay_goes_first_and_then_the_machine_is_exchanged() -> None:
    effects = effects_of(MOVED)

    actions = [effect.split()[0] for effect in effects]
    assert actions[0] == "transfer"
    assert actions.index("stun") < actions.index("hand_over") < actions.index("create_host_vm")
    assert effects[-1] == "destroy_host_vm"


def test_a_transfer_that_failed_is_begun_anew() -> None:
    effects = effects_of(MOVED, Fault(3, "transfer_failed"))

    assert [effect.split()[0] for effect in effects].count("transfer") == 2


def test_more_failures_than_are_tolerated_stop_the_run() -> None:
    with pytest.raises(TooManyFaults, match="transfer_failed struck a"):
        effects_of(MOVED.tolerating(Tolerated()), Fault(3, "transfer_failed"))


def stopped(case: Case, simulator: Simulator | None = None) -> Stopped:
    """What stops a run of this."""
    with pytest.raises(Stopped) as stop:
        Controller(case.plan, simulator or case.world(), fresh_journal(Mechanism())).start()
    return stop.value


def beside(capacity_pages: int = 7, commit_limit_pages: int = 7, swap_pages: int = 2) -> Case:
    """The same with another machine beside it."""
    return replace(MOVED, other=MachineStart("n", capacity_pages, commit_limit_pages, 0, SIZES, swap_pages))


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (beside(capacity_pages=6), "n is short by 1 pages for a: 5 needed, 2 of 6 taken"),
        (beside(commit_limit_pages=6), "n's commit limit is short by 1 pages for a"),
        (beside(swap_pages=1), "n's swap is short by 1 pages for a: 2 needed, 0 of 1 taken"),
        (
            replace(MOVED, plan=replace(MOVED.plan, network_pages=3)),
            "what may cross the network is short by 2 pages for send: 5 needed, 0 of 3 taken",
        ),
    ],
)
def test_room_is_asked_for_on_the_other_machine_and_the_network(case: Case, why: str) -> None:
    stop = stopped(case)

    assert isinstance(stop, NoRoom)
    assert why in str(stop)


def test_nobody_goes_where_the_hardware_is_not_offered() -> None:
    other_vm = (replace(MOVED.plan.vms[0], hardware=2), MOVED.plan.vms[1])
    stop = stopped(replace(MOVED, plan=replace(MOVED.plan, vms=other_vm)))

    assert isinstance(stop, OutOfOrder)
    assert "hardware 2 is not offered there (S3)" in str(stop)


def test_nobody_goes_to_a_machine_in_the_middle_of_its_exchange_or_to_none() -> None:
    simulator = MOVED.world()
    there(simulator).machine.host_vm = HostVmState.SUSPENDED

    assert "n is in the middle of its exchange (S4)" in str(stopped(MOVED, simulator))
    assert "no such machine is reached" in str(stopped(replace(MOVED, other=None)))


def test_without_a_transfer_the_machine_is_not_exchanged_under_a_vm_that_cannot_stay() -> None:
    steps = whole_exchange(("a", "b"), 1)
    room = replace(MOVED.machine, capacity_pages=40, commit_limit_pages=80, host_vm_size_pages=20)
    stop = stopped(replace(MOVED, machine=room, plan=replace(MOVED.plan, steps=steps)))

    assert "suspend waits until a has gone: the new hypervisor lacks its virtual hardware (S3)" in str(stop)


# ------------------------------------------------------------------------------------------------ two controllers
def pair() -> tuple[Simulator, Simulator]:
    """Two machines, and the driver of each; the VM is on the first, and may come to the second."""
    left = reality(MOVED.machine, [GOES], 7)
    right = reality(replace(ONE.machine, name="n", capacity_pages=14, swap_pages=4), [], 7)
    network = Network()
    network.join(left)
    network.join(right, "a")
    return Simulator(left), Simulator(right)


PLAN_THERE = Plan("there", "n", whole_exchange(("a",), 1), (VmSizes("a", 5, 1),), SIZES)


class Gone(Exception):
    """The watcher has seen enough."""


def until(simulator: Simulator, plan: Plan, journal: Journal, effect: str) -> None:
    """A run that ends, as by a crash, after this effect."""

    def watch(progress: Progress) -> None:
        if progress.effect.action == effect:
            raise Gone

    with pytest.raises(Gone):
        Controller(plan, simulator, journal, watch=watch).start()


def test_the_other_controller_sees_a_vm_once_it_is_there_and_goes_on_with_it() -> None:
    left, right = pair()
    journal = fresh_journal(Mechanism())
    until(right, PLAN_THERE, journal, "create_host_vm")
    did(left, *WHOLE)

    assert Controller(PLAN_THERE, right, journal).resume().how == "done"
    assert right.observe().vms["a"].running_at == (Place.NEW,)
    assert left.observe().vms["a"].abroad == "n"
    assert not right.broken


def test_the_other_controller_waits_with_its_exchange_for_what_is_on_its_way() -> None:
    left, right = pair()
    did(left, "transfer a")
    plan = replace(PLAN_THERE, steps=in_order((Entry("create_host_vm"), Entry("suspend"))))

    stop = stopped(replace(MOVED, plan=plan), right)

    assert "suspend waits until what is on its way here from another machine has arrived (S4)" in str(stop)


def test_a_vm_that_has_gone_stays_there_when_the_run_is_rolled_back() -> None:
    simulator, journal = MOVED.world(), fresh_journal(Mechanism())
    until(simulator, MOVED.plan, journal, "create_host_vm")

    assert Controller(MOVED.plan, simulator, journal).roll_back().how == "rolled_back"
    assert simulator.observe().vms["a"].stage is Stage.ELSEWHERE


def test_a_vm_under_way_is_called_off_when_the_run_is_rolled_back() -> None:
    simulator, journal = MOVED.world(), fresh_journal(Mechanism())
    until(simulator, MOVED.plan, journal, "stun")

    assert Controller(MOVED.plan, simulator, journal).roll_back().how == "rolled_back"
    assert simulator.observe().vms["a"].running_at == (Place.OLD,)


def test_a_vm_that_is_somewhere_else_than_it_was_to_go_is_a_contradiction() -> None:
    simulator, journal = MOVED.world(), fresh_journal(Mechanism())
    until(simulator, MOVED.plan, journal, "transfer")
    simulator.world.network = None
    simulator.world.vms.pop("a")
    simulator.world.away.append("a")

    with pytest.raises(Contradiction):
        Controller(MOVED.plan, simulator, journal).resume()


# ------------------------------------------------------------------------------------------------- plan and tap
@pytest.mark.parametrize("step", [Step("t", "transfer", "a"), Step("c", "consolidate", "a", to="n")])
def test_a_transfer_and_nothing_else_names_a_machine(step: Step) -> None:
    with pytest.raises(UnusablePlan, match="machine to go to"):
        replace(MOVED.plan, steps=(step,)).checked()


def test_a_plan_with_transfers_goes_to_json_and_back() -> None:
    assert Plan.from_json(json.loads(json.dumps(MOVED.plan.to_json()))) == MOVED.plan


def test_the_tap_has_the_models_names() -> None:
    stream = io.StringIO()
    simulator = Simulator(MOVED.world(Fault(3, "transfer_failed")).world, (), LinesTap(stream, "moved", {}))
    Controller(MOVED.plan, simulator, fresh_journal(Mechanism())).start()

    events = [json.loads(line) for line in stream.getvalue().splitlines()][1:]
    actors = {action.name: action.by.name for action in system(("moves",), ()).actions}

    assert {(e["action"], e["actor"]) for e in events} <= set(actors.items())
    moving = [e for e in events if e["action"] in ("transfer", "send", "send_again", "write_sent", "stun", "hand_over")]
    assert {e["action"] for e in moving} >= {"transfer", "send", "send_again", "write_sent", "stun", "hand_over"}
    assert {e["arguments"]["t"] for e in moving} == {"a to n"}
    assert any("a to n.sent" in e["changed"] for e in moving)
    assert not [e for e in moving if "a.copied" in e["changed"]]
