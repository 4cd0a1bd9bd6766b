"""Crashing the controller between any two effects, and what must be so when the run has been ended all the same.

The controller keeps nothing that is not in its journal, and the simulator's world goes on by itself; so a crash is a copy of
both, taken at that moment: `at_every_point` takes one before each write to the journal and before each effect, which is
every point between two things that happen. (`test_crash_points.py` also raises real exceptions there, to see that it is
the same.) Whoever recovers gets the copies and nothing else.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from holdfast.impl.belief import Belief, believed
from holdfast.impl.controller import Controller, Finished
from holdfast.impl.deviations import control_of_machine, control_of_vm
from holdfast.impl.driver import Effect, HostVmState, ImageState, Outcome, Place, Power, Stage, World
from holdfast.impl.errors import Stopped, UnusableJournal
from holdfast.impl.journal import Identity, Journal, Kind
from holdfast.impl.safeguards import Safeguards
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault, possible
from holdfast.impl.simulator.state import Reality

from .worlds import Case

IDENTITY = Identity("plan", "cluster", "assumptions")
EFFECTS_MOST = 1_000
BEYOND = ("host_vm_killed", "balloon_stopped_short", "end_lost_while_fetching")
"""Faults that no plan tolerates: the run stops, and whoever operates it says what then."""
SHOULD_HAVE_STOPPED = {"TooManyFaults": "A1", "NeverAtRest": "L6"}
"""What a run breaks that is done, where it should have stopped for this."""
INTERFERENCE = "source_continued"
"""What no effect and no fault of the plan explains: the run must stop."""


class NeverEnds(Exception):
    """More effects than any run needs."""


@dataclass(frozen=True)
class Mechanism:
    """What the controller is made of: its safeguards, and the journal that it writes to. Mutants have others."""

    safeguards: Safeguards = field(default_factory=Safeguards)
    journal: type[Journal] = Journal


@dataclass(frozen=True)
class Crashed:
    """A moment: the world with the faults that are still to come, and the journal as it would be found."""

    world: bytes
    faults: tuple[Fault, ...]
    struck: tuple[Fault, ...]
    journal: bytes
    where: str

    def revived(self, mechanism: Mechanism) -> tuple[Simulator, Journal]:
        """The two, on their own; some time has passed."""
        world: Reality = pickle.loads(self.world)
        simulator = Simulator(world, self.faults)
        simulator.struck.extend(self.struck)
        simulator.pass_time()
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(self.journal)
        return simulator, mechanism.journal(connection)


@dataclass
class Recorder:
    """Stands between the controller and both of them, and takes a copy before each thing that happens."""

    simulator: Simulator
    journal: Journal
    visit: Callable[[Crashed], None]
    turned: bool = False
    """Whether the run has been turned back."""

    def observe(self, *vms: str) -> World:
        """As the simulator does."""
        return self.simulator.observe(*vms)

    def perform(self, effect: Effect) -> Outcome:
        """As the simulator does; a copy before."""
        self.taken(f"before {effect}")
        if self.simulator.world.performed > EFFECTS_MOST:
            raise NeverEnds(effect)
        return self.simulator.perform(effect)

    def taken(self, where: str) -> None:
        """A copy of now."""
        come, to_come = tuple(self.simulator.struck), tuple(self.simulator.to_come)
        self.visit(Crashed(pickle.dumps(self.simulator.world, 5), to_come, come, self.journal.content(), where))


class Unwatched(Recorder):
    """Takes no copies, but still notices a run that never ends."""

    def taken(self, where: str) -> None:
        """No copy is needed."""


def fresh_journal(mechanism: Mechanism) -> Journal:
    """An empty journal in memory."""
    return mechanism.journal.create(":memory:", IDENTITY)


def recording(simulator: Simulator, journal: Journal, visit: Callable[[Crashed], None]) -> Recorder:
    """A driver that visits a copy of both before each effect, and before each write to this journal."""
    recorder = Recorder(simulator, journal, visit)
    append = journal.append

    def before_append(kind: Kind, body: dict[str, Any], about: int | None = None) -> int:
        recorder.taken(f"before {kind.value}")
        recorder.turned = recorder.turned or kind is Kind.DIRECTION
        return append(kind, body, about)

    journal.append = before_append  # type: ignore[method-assign]
    return recorder


def at_every_point(
    case: Case, faults: tuple[Fault, ...], visit: Callable[[Crashed], None], mechanism: Mechanism
) -> list[str]:
    """One run with these faults to its end or its stop, with a copy at every point between; what is wrong in the end."""
    simulator, journal = case.world(*faults), fresh_journal(mechanism)
    recorder = recording(simulator, journal, visit)
    how = ended(Controller(case.plan, recorder, journal, safeguards=mechanism.safeguards).start)
    recorder.taken("at the end")
    stopped = how == "TooManyFaults" and any(fault.name in BEYOND for fault in simulator.struck)
    return wrong(case, simulator, journal, "done" if stopped and case.ends == "done" else how, over=not stopped)


class How(str):
    """How a run ended: `done`, `rolled_back`, or the name of what stopped it; `said` is what that said."""

    said = ""


def ended(run: Callable[[], Finished]) -> How:
    """How a run ended."""
    try:
        return How(run().how)
    except (Stopped, NeverEnds, UnusableJournal) as stop:
        how = How(type(stop).__name__)
        how.said = f": {stop}"
        return how


class Looking(Recorder):
    """Notes what could strike before each effect."""

    found: list[Fault]

    def taken(self, where: str) -> None:
        """No copy is needed."""
        if where.startswith("before "):
            at = self.simulator.world.performed + 1
            self.found.extend(Fault(at, name, vm) for name, vm in possible(self.simulator.world))


def strikes(case: Case, *before: Fault) -> list[Fault]:
    """Every fault at every effect before which it can strike, in a run that these have struck: later than all of them."""
    simulator, journal = case.world(*before), fresh_journal(Mechanism())
    looking = Looking(simulator, journal, lambda _: None)
    looking.found = []
    ended(Controller(case.plan, looking, journal).start)
    return [fault for fault in looking.found if all(fault.at > f.at for f in before)]


# ------------------------------------------------------------------------------------------------------- what must be so
def recovered(case: Case, crashed: Crashed, direction: str, mechanism: Mechanism, ends: str = "") -> list[str]:
    """Recover from a crash in this direction; what is wrong then. `ends` is the only ending that is right, where given."""
    simulator, journal = crashed.revived(mechanism)
    driver = Unwatched(simulator, journal, lambda _: None)
    how = _recover(case, driver, journal, direction, mechanism)
    findings = wrong(case, simulator, journal, how)
    if ends and how not in (ends, "Ended"):
        findings.append(f"the run ended with {how}, and not with {ends} (L2)")
    return [f"{crashed.where}, {direction}: {said}" for said in findings]


def _recover(case: Case, driver: Recorder, journal: Journal, direction: str, mechanism: Mechanism) -> str:
    """Go on, again after each stop that tells the operator to decide, until the run ends or stops for good."""
    how, stops = "", ""
    for _ in range(4):
        try:
            controller = Controller(case.plan, driver, journal, safeguards=mechanism.safeguards)
        except UnusableJournal as error:
            return f"UnusableJournal: {error}"
        beginning = controller.start if controller.unbegun else getattr(controller, direction)
        how = ended(beginning)
        stops += how.said
        how.said = stops
        if how == "PastNoReturn":
            direction = "resume"
        elif how not in ("TooManyFaults", "VmLost", "NoRoom") or (how == "VmLost" and direction == "resume"):
            break
        elif direction == "resume" and how != "VmLost":
            direction = "roll_back"
    return how


def wrong(case: Case, simulator: Simulator, journal: Journal, how: str, *, over: bool = True) -> list[str]:
    """All that must be so once a run is over, and is not; of one that was stopped, what must be so then.

    At the end of each finding stands the catalogue's name for what is broken. A23 is the assumption that a controller which
    comes back believes what is so.
    """
    return [
        *simulator.broken,
        *_wrong_ending(case, simulator, how),
        *(_undivided(simulator, how) if over else ()),
        *_disagreeing(case, simulator, journal, how, over),
        *(_wrong_place(case, simulator, how) if over else ()),
        *(_wrong_elsewhere(simulator) if over else ()),
    ]


def _wrong_ending(case: Case, simulator: Simulator, how: str) -> list[str]:
    allowed = {case.ends, "rolled_back", "Ended"}
    if any(fault.name == INTERFERENCE for fault in simulator.struck):
        allowed.add("Contradiction")
    if any(fault.name == "old_hung" for fault in simulator.struck):
        allowed.add("OldHangs")
    if simulator.world.forgiven:
        allowed.add("VmLost")
    said = how.said if isinstance(how, How) else ""
    return [] if how in allowed else [f"the run ended with {how}{said} ({_broken_by_ending(case, simulator, how)})"]


def _broken_by_ending(case: Case, simulator: Simulator, how: str) -> str:
    """What the catalogue says of a run that ended in another way than it should."""
    if how == "done" and case.ends in SHOULD_HAVE_STOPPED:
        return SHOULD_HAVE_STOPPED[case.ends]
    if any(fault.name == INTERFERENCE for fault in simulator.struck):
        return "S1"
    stands_still = simulator.world.machine.host_vm not in (HostVmState.ABSENT, HostVmState.RUNNING)
    return "L3" if stands_still else "L2"


def _disagreeing(case: Case, simulator: Simulator, journal: Journal, how: str, over: bool) -> list[str]:
    """Journal and world agree. A run that a fault has stopped has not looked at all that the fault did; nor can one agree
    that was stopped by interference."""
    try:
        belief = believed(case.plan, journal.entries())
    except UnusableJournal as error:
        return [f"the journal makes no sense: {error} (A23)"]
    if any(fault.name == INTERFERENCE for fault in simulator.struck):
        return []
    found = [f"the journal has {belief.pending} without an outcome (A23)"] if belief.pending else []
    if how in ("done", "rolled_back") and over and belief.ended != how:
        found.append(f"the run ended with {how}, and the journal says {belief.ended} (A23)")
    return found + (_differing(belief, simulator.observe()) if over else [])


def _differing(belief: Belief, world: World) -> list[str]:
    found: list[str] = []
    if belief.machine is None or control_of_machine(belief.machine) != control_of_machine(world.machine):
        found.append("journal and world disagree about the machine (A23)")
    for name, vm in world.vms.items():
        if not vm.lost and (name not in belief.vms or control_of_vm(belief.vms[name]) != control_of_vm(vm)):
            found.append(f"journal and world disagree about {name} (A23)")
    return found


def _wrong_place(case: Case, simulator: Simulator, how: str) -> list[str]:
    """After the end, everything is where it belongs, and no page has leaked."""
    world = simulator.observe()
    if how not in ("done", "rolled_back", "Ended") or simulator.world.forgiven or len(case.plan.steps) < 3:
        return []
    place = Place.OLD if world.machine.old is Power.RUNNING else Place.NEW
    found = _wrong_targets(case, world) if how == "rolled_back" else []
    found += [
        f"{vm.name} is {control_of_vm(vm)}, and runs at {vm.running_at} (S7)"
        for vm in world.vms.values()
        if vm.stage is not Stage.ELSEWHERE
        and (vm.source, vm.stage, vm.running_at, vm.copies_at) != (place, Stage.SETTLED, (place,), (place,))
    ]
    if (how == "done" and place is Place.OLD) or (how == "rolled_back" and place is Place.NEW):
        found.append(f"the run is {how}, and the VMs are at {place.value} (S7)")
    if world.machine.host_vm is not HostVmState.ABSENT or (world.machine.new is Power.RUNNING) == (place is Place.OLD):
        found.append("something of the exchange is left on the machine (S7)")
    if world.machine.image is not ImageState.NONE or world.machine.store_promised_pages:
        found.append(f"an image is left in the store: {world.machine.image.value} (X7)")
    used_pages = 2 + sum(vm.resident_pages for vm in world.vms.values())
    if world.machine.used_pages != used_pages:
        found.append(f"{world.machine.used_pages} pages are used where {used_pages} are needed (X7)")
    return found


def _undivided(simulator: Simulator, how: str) -> list[str]:
    """A machine that could be split is one partition, with all that it had; or, where that cannot be, somebody was told."""
    machine = simulator.observe().machine
    if machine.partitions is None:
        return []
    division = machine.partitions.division
    if how == "OldHangs":
        return [] if division.alarm else ["the old hypervisor hangs, and nobody was told (L5)"]
    if how not in ("done", "rolled_back"):
        return []
    on_new = how == "done"
    whole = all(
        (part.with_old, part.with_new, part.quiesced) == (not on_new, on_new, False)
        for part in (*division.processors, *division.devices)
    )
    return [] if whole and not division.split else ["the machine is not one partition with all that it had (S7)"]


def _wrong_elsewhere(simulator: Simulator) -> list[str]:
    """On other machines nothing is set aside any more, and each VM that has come runs there, with its swap slots."""
    found: list[str] = []
    for name, other in simulator.observe().others.items():
        there = simulator.world.network.machines[name] if simulator.world.network else simulator.world
        used_pages = there.machine.start.sizes.old_pages + sum(vm.resident for vm in there.vms.values())
        swapped_pages = sum(vm.swapped for vm in there.vms.values())
        if other.machine.set_aside_pages or other.machine.slots_set_aside_pages:
            found.append(f"something is set aside on {name}, and nothing is on its way (X2)")
        if (other.machine.used_pages, other.machine.swapped_pages) != (used_pages, swapped_pages):
            found.append(f"{name} is charged for more, or less, than what has come to it (X7)")
        found += [
            f"{vm.start.name} does not run on {name} (S7)" for vm in there.vms.values() if not (vm.unpaused or vm.lost)
        ]
    return found


def _wrong_targets(case: Case, world: World) -> list[str]:
    """What was taken is given back."""
    return [
        f"{start.name} has {world.vms[start.name].ballooned_pages} pages in the balloon, not {start.ballooned_pages} (X7)"
        for start in case.vms
        if world.vms[start.name].ballooned_pages != start.ballooned_pages
        and world.vms[start.name].stage is not Stage.ELSEWHERE
    ]


# ------------------------------------------------------------------------------------------------------------ the suite
@dataclass
class Tally:
    """How many runs there were, and what was wrong in them."""

    runs: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def add(self, findings: list[str], about: str) -> None:
        """One more run."""
        self.runs += 1
        self.wrong.extend(f"{about}: {finding}" for finding in findings)


def crash_everywhere(case: Case, faults: tuple[Fault, ...], tally: Tally, mechanism: Mechanism | None = None) -> None:
    """One run with these faults, crashed at every point; each crash recovered in both directions."""
    about = f"{case.name} with {', '.join(map(str, faults)) or 'no fault'}"
    mechanism = mechanism or Mechanism()

    def visit(crashed: Crashed) -> None:
        for direction in ("resume", "roll_back"):
            tally.add(recovered(case, crashed, direction, mechanism), about)

    tally.add(at_every_point(case, faults, visit, mechanism), about)


def crash_twice(case: Case, tally: Tally, mechanism: Mechanism | None = None) -> None:
    """Crashed at every point, rolled back, crashed again at every point of that, and resumed: it still ends rolled back."""
    mechanism = mechanism or Mechanism()

    def again(first: Crashed) -> None:
        simulator, journal = first.revived(mechanism)
        seconds: list[Crashed] = []
        recorder = recording(simulator, journal, lambda second: seconds.append(second) if recorder.turned else None)
        try:
            controller = Controller(case.plan, recorder, journal, safeguards=mechanism.safeguards)
        except UnusableJournal as error:
            return tally.add([f"UnusableJournal: {error}"], f"{case.name}, {first.where}")
        if controller.unbegun or ended(controller.roll_back) != "rolled_back":
            return None
        for second in seconds:
            tally.add(recovered(case, second, "resume", mechanism, ends="rolled_back"), f"{case.name}, {first.where}")
        return None

    at_every_point(case, (), again, mechanism)


def singles(case: Case) -> list[tuple[Fault, ...]]:
    """No fault, and each single one at each point."""
    return [(), *((fault,) for fault in strikes(case))]


def pairs(case: Case) -> list[tuple[Fault, ...]]:
    """Each pair of faults, the second one wherever it can strike once the first has."""
    return [(first, second) for first in strikes(case) for second in strikes(case, first)]
