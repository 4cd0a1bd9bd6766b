"""Mistakes in the order of steps, in the loop that takes them, and in what explains a difference."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from holdfast.impl import course, deviations, faults
from holdfast.impl.belief import Belief
from holdfast.impl.deviations import MachineControl, VmControl
from holdfast.impl.plan import Step
from holdfast.impl.reconciling import Reconciler
from tests.impl.worlds import ONE, RECLAIMED, TWO

from .breaking import function, method, none, nothing
from .mutant import Mutant

# ------------------------------------------------------------------------------------------------- course and controller
STEPS_BACK = course.steps_back


def _without(*verbs: str) -> Callable[[Belief], tuple[Step, ...]]:
    """Rolling back without these steps; what waited for them waits for what these waited for."""

    def back(known: Belief) -> tuple[Step, ...]:
        gone = {step.name: step.after for step in STEPS_BACK(known) if step.verb in verbs}
        kept = (step for step in STEPS_BACK(known) if step.verb not in verbs)
        return tuple(replace(step, after=tuple(a for a in step.after if a not in gone)) for step in kept)

    return back


def _memory_at_once(known: Belief) -> tuple[Step, ...]:
    """Memory is given back while what it was taken for is still under way."""
    return tuple(replace(s, after=()) if s.verb == "reclaim" else s for s in STEPS_BACK(known))


def all_at_once(self: course.Course, step: Step, _: Any) -> None:
    ENTER(self, replace(step, after=()), ())


ENTER = course.Course._enter

COURSE = (
    Mutant("every step at once", "course", ("L2", "S4"), method(course.Course, "_enter", all_at_once), case=ONE),
    Mutant(
        "memory given back at once", "course", ("L2",), function(course.steps_back, _memory_at_once), case=RECLAIMED
    ),
    Mutant(
        "memory never given back", "course", ("X7",), function(course.steps_back, _without("reclaim")), case=RECLAIMED
    ),
    Mutant(
        "host VM left on the way back",
        "course",
        ("S7",),
        function(course.steps_back, _without("destroy_host_vm")),
        case=ONE,
    ),
    Mutant(
        "VMs left on the way back", "course", ("S7", "L2"), function(course.steps_back, _without("withdraw")), case=ONE
    ),
    Mutant(
        "suspended for ever on the way back",
        "course",
        ("L3", "L2"),
        function(course.steps_back, _without("roll_back")),
        case=ONE,
    ),
)


def _no_faults(*_: Any) -> tuple[str, ...]:
    """Nothing explains what came of an effect."""
    return ()


def _pending_forgotten(self: Reconciler, world: Any) -> Any:
    """What was under way in the crash is not looked into."""
    return self._note_differences(world)


CONTROLLER = (
    Mutant(
        "faults of effects not explained",
        "controller",
        ("L3",),
        method(Reconciler, "explained", _no_faults),
        case=ONE,
        faults=("boot_failed",),
    ),
    Mutant(
        "what was under way not looked into",
        "controller",
        ("A23", "L2"),
        method(Reconciler, "reconcile", _pending_forgotten),
        case=ONE,
    ),
    Mutant(
        "nothing is endured",
        "controller",
        ("L2",),
        function(faults.times_tolerated, none),
        case=ONE,
        faults=("migration_aborted",),
    ),
    Mutant(
        "lost VMs endured",
        "controller",
        ("L2", "S2"),
        method(Reconciler, "endure", nothing),
        case=ONE,
        faults=("host_vm_killed",),
    ),
)


# ---------------------------------------------------------------------------------------------------------- deviations
def _vm_faults_but(name: str) -> Callable[[VmControl], Any]:
    return lambda control: (pair for pair in VM_FAULTS(control) if pair[0] != name)


VM_FAULTS = deviations._vm_faults


def _machine_faults_but(*names: str) -> Callable[[MachineControl], Any]:
    return lambda control: (pair for pair in MACHINE_FAULTS(control) if pair[0] not in names)


MACHINE_FAULTS = deviations._machine_faults

DEVIATIONS = (
    Mutant(
        "two that run not noticed",
        "deviations",
        ("S1",),
        function(deviations._check_executing, nothing),
        case=ONE,
        faults=("source_continued",),
    ),
    Mutant(
        "a dead receiver is a riddle",
        "deviations",
        ("L2",),
        function(deviations._vm_faults, _vm_faults_but("destination_killed")),
        case=ONE,
        faults=("destination_killed",),
    ),
    Mutant(
        "a dead source is a riddle",
        "deviations",
        ("L2",),
        function(deviations._vm_faults, _vm_faults_but("source_killed")),
        case=TWO,
        faults=("source_killed",),
    ),
    Mutant(
        "a migration given up is a riddle",
        "deviations",
        ("L2",),
        function(deviations._vm_faults, _vm_faults_but("gave_up")),
        case=ONE,
        faults=("migration_aborted",),
    ),
    Mutant(
        "a new hypervisor that ends is a riddle",
        "deviations",
        ("L2", "L3"),
        function(deviations._machine_faults, _machine_faults_but("boot_failed", "new_killed", "format_unreadable")),
        case=ONE,
        faults=("boot_failed", "new_killed", "format_unreadable"),
    ),
    Mutant(
        "a host VM that ends is a riddle",
        "deviations",
        ("L2", "L3"),
        function(deviations._machine_faults, _machine_faults_but("host_vm_killed")),
        case=ONE,
        faults=("host_vm_killed",),
    ),
)

MUTANTS = (*COURSE, *CONTROLLER, *DEVIATIONS)
