"""The controller: carries a plan out through a driver, and writes down what it does before and after it does it.

One effect at a time: observe; explain what differs from the journal, or stop; find the next effect; ask for room; write
the intent; perform; write the outcome. Steps that are due side by side take turns, effect by effect, so that as many VMs
are in flight as the plan has steps side by side. A crash anywhere leaves at most one intent without an outcome; whoever
opens the journal again sees in the world what became of it, and goes on, or undoes what was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .chronicle import Chronicle
from .course import Course, steps_back
from .driver import (
    GONE,
    Driver,
    Effect,
    Ending,
    HostVmState,
    ImageState,
    MachineView,
    MapState,
    Place,
    Power,
    Stage,
    VmView,
    World,
)
from .errors import (
    Contradiction,
    EffectRefused,
    Ended,
    NoRoom,
    PastNoReturn,
    Stopped,
)
from .journal import Journal
from .partitioning import past_no_return
from .plan import Plan, Step
from .reconciling import Reconciler
from .remapping import no_way_back, runs_nowhere
from .rules import Situation, next_effect
from .safeguards import Safeguards


@dataclass(frozen=True)
class Progress:
    """What a watcher hears after each effect."""

    step: str
    effect: Effect
    world: World
    steps_done: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Finished:
    """How a run ended: `done` or `rolled_back`; what was seen then; and which VMs are lost, by faults beyond the plan's."""

    how: str
    world: World
    lost: tuple[str, ...] = ()


def unwatched(_: Progress) -> None:
    """The watcher that hears nothing."""


class Controller:
    """One run of a plan, on one driver and one journal.

    `start`, `resume` and `roll_back` each go on until the run has ended, or raise Stopped; or DriverLost, which leaves an
    open intent in the journal, as a crash does.
    """

    def __init__(
        self,
        plan: Plan,
        driver: Driver,
        journal: Journal,
        *,
        safeguards: Safeguards | None = None,
        watch: Callable[[Progress], None] = unwatched,
    ) -> None:
        """Read the journal. Raises UnusablePlan, UnusableJournal."""
        self.plan = plan.checked()
        self._driver = driver
        self._chronicle = Chronicle(plan, journal)
        self._safe = safeguards or Safeguards()
        self._reconciler = Reconciler(self._chronicle, self._safe)
        self._watch = watch
        self._stuck: Stopped = NoRoom("no step can go on")

    @property
    def unbegun(self) -> bool:
        """Whether the journal has no beginning of a run: there is nothing to resume."""
        return not self._chronicle.belief.begun

    # ----------------------------------------------------------------------------------------------- three beginnings
    def start(self) -> Finished:
        """Carry the plan out from its beginning. Raises Contradiction where the world is not as the plan expects it."""
        if not self.unbegun:
            raise Contradiction("the journal has the beginning of a run already: resume it, or roll it back")
        world = self._driver.observe()
        _check_beginning(self.plan, world)
        self._chronicle.initial(world)
        self._chronicle.opened()
        return self._go()

    def resume(self) -> Finished:
        """Go on from where the journal ends, in the direction in which the run was going; forward, where a loss of power has
        taken the old hypervisor from a run that was going back."""
        machine = self._reopen()
        if self._chronicle.belief.rolling_back and machine.old is Power.ABSENT:
            self._chronicle.turn(back=False)
        return self._go()

    def roll_back(self) -> Finished:
        """Undo what was done, as far as the point of no return has not been passed, and what was remapped has room to go
        back as a copy. Raises PastNoReturn."""
        machine = self._reopen()
        if past_no_return(machine):
            raise PastNoReturn(
                "the old hypervisor is gone, or has left what it has, and nothing can be rolled back to it: resume the run"
            )
        belief = self._chronicle.belief
        if not belief.rolling_back:
            if why := no_way_back(self.plan, machine, belief.vms):
                raise PastNoReturn(f"what was remapped has no room to go back as a copy: {why}; resume the run")
            self._chronicle.turn(back=True)
        return self._go()

    def _reopen(self) -> MachineView:
        belief = self._chronicle.belief
        if belief.ended is not None:
            raise Ended(f"the journal says that this run is over: {belief.ended}")
        if self.unbegun:
            raise Contradiction("the journal ends before anything was done: start the run anew")
        self._chronicle.opened()
        world = self._driver.observe()
        self._check_members(world)
        self._reconcile(world)
        return world.machine

    # ----------------------------------------------------------------------------------------------------- going on
    def _go(self) -> Finished:
        belief = self._chronicle.belief
        steps = steps_back(belief) if belief.rolling_back else self.plan.steps
        course = Course(steps, belief.done)
        while course.active:
            taking = any(self._takes(step) for step in course.active.values())
            moved = [self._advance(course, step, taking) for step in tuple(course.active.values())]
            if not any(moved):
                raise self._stuck
        return self._finish()

    def _finish(self) -> Finished:
        world = self._driver.observe()
        self._check_members(world)
        self._reconcile(world)
        how = "rolled_back" if self._chronicle.belief.rolling_back else "done"
        lost = tuple(name for name, vm in world.vms.items() if vm.lost)
        self._chronicle.ended(how, world.time_us, lost)
        return Finished(how, world, lost)

    def _advance(self, course: Course, step: Step, taking: bool) -> bool:
        """One effect of a step, or the end of it. Whether anything came of that: memory may have to be waited for."""
        belief = self._chronicle.belief
        world = self._driver.observe(step.vm) if step.vm else self._driver.observe()
        self._reconcile(world)
        vm = world.vms[step.vm] if step.vm else None
        budget_pages = self.plan.vm_named[vm.name].downtime_pages if vm else None
        now = Situation(world.machine, vm, belief.sealed_digest, self._safe, belief.halted_digest, budget_pages)
        effect = next_effect(step, now)
        if effect is None:
            self._chronicle.step_done(step.name, world.time_us)
            course.finish(step)
            return True
        why = self._safe.withheld(effect, belief, world.machine, vm, taking=taking, others=world.others)
        if why is not None:
            self._stuck = why
            return False
        self._perform(step, effect)
        at_once = runs_nowhere(effect, belief.vms.get(effect.vm or ""))  # until the next effect: nothing comes between
        return not at_once or self._advance(course, step, taking)

    def _takes(self, step: Step) -> bool:
        """Whether a step will still take memory from its VM."""
        vm = self._chronicle.belief.vms.get(step.vm or "")
        if step.verb != "reclaim" or vm is None:
            return False
        balloon_pages, swap_pages = step.balloon_pages or 0, step.swap_pages or 0
        return vm.ballooned_pages < balloon_pages or vm.swapped_pages < swap_pages

    def _perform(self, step: Step, effect: Effect) -> None:
        belief = self._chronicle.belief
        self._chronicle.intend(step.name, effect)
        outcome = self._driver.perform(effect)
        faults = self._reconciler.explained(outcome.world, effect) or ((outcome.fault,) if outcome.fault else ())
        self._chronicle.conclude(outcome, faults)
        self._watch(Progress(step.name, effect, outcome.world, len(belief.done), faults))
        self._reconciler.endure(faults, effect.vm or self.plan.machine)
        if outcome.ending is not Ending.DONE and not faults:
            raise EffectRefused(f"{step.name}: {effect} was refused, and no fault explains it: {outcome.reason}")

    # ------------------------------------------------------------------------------------------ the world and the journal
    def _reconcile(self, world: World) -> None:
        """Explain every difference between the world and the journal, or stop. Raises Stopped."""
        for faults, subject in self._reconciler.reconcile(world):
            self._reconciler.endure(faults, subject)

    def _check_members(self, world: World) -> None:
        _check_names(self.plan, world)


def _check_names(plan: Plan, world: World) -> None:
    there, planned = set(world.vms), set(plan.vm_named)
    if strangers := there - planned:
        raise Contradiction(f"{plan.machine} has a VM that the plan does not know: {min(strangers)}")
    if missing := planned - there:
        raise Contradiction(f"{plan.machine} does not have {min(missing)}, which the plan is about")


def _check_beginning(plan: Plan, world: World) -> None:
    """A plan begins with every VM at the old hypervisor, or still to come from another machine, and nothing of an exchange
    there."""
    _check_names(plan, world)
    machine = world.machine
    if machine.name != plan.machine:
        raise Contradiction(f"the plan is for {plan.machine}; this is {machine.name}")
    if machine.old is not Power.RUNNING or machine.new is not Power.ABSENT:
        raise Contradiction(f"{plan.machine} has to run the old hypervisor, and the new one must not be there")
    left = machine.map is not MapState.NONE or machine.image is not ImageState.NONE
    if machine.host_vm is not HostVmState.ABSENT or left:
        raise Contradiction(f"{plan.machine} has a host VM, a hand-off map, or an image, from before")
    if machine.partitions is not None and machine.partitions.division.split:
        raise Contradiction(f"{plan.machine} is split already")
    for vm in world.vms.values():
        if vm.stage not in GONE and not _at_rest_on_old(vm):
            raise Contradiction(f"{vm.name} is not running, settled, on the old hypervisor")


def _at_rest_on_old(vm: VmView) -> bool:
    settled = vm.stage is Stage.SETTLED and vm.source is Place.OLD
    return settled and not vm.lost and vm.running_at == (Place.OLD,)
