"""Mistakes in the rules that say what comes next, and in the safeguards and journal that hold it back or remember it."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from holdfast.impl import rules
from holdfast.impl.deviations import ENDS
from holdfast.impl.driver import Effect, HostVmState, MapState, Power, Stage
from holdfast.impl.plan import Step
from holdfast.impl.rules import Situation
from holdfast.impl.safeguards import Safeguards
from tests.impl.crashes import Mechanism
from tests.impl.worlds import BUSY, ONE, RECLAIMED

from . import taken_out
from .breaking import entry, function, nothing, value
from .mutant import Mutant
from .worlds import EMPTY, ONE_AT_A_TIME, SMALLEST


def _on(action: str) -> Callable[[Step, Situation], Effect]:
    return lambda _, now: Effect(action, now.machine.name)


# --------------------------------------------------------------------------------------------------------------- rules
def _suspend_again(_: Step, now: Situation) -> Effect | None:
    return rules._toward_seal(now)


def _destroy_suspended(_: Step, now: Situation) -> Effect | None:
    return None if now.machine.host_vm is HostVmState.ABSENT else Effect("destroy_host_vm", now.machine.name)


def _never_settled(vm: Any, now: Situation) -> Effect:
    """A VM whose receiver has died is committed instead."""
    return rules._about(now, vm, "commit") if vm.target is None else NEXT_OF_MIGRATION(vm, now)


NEXT_OF_MIGRATION = rules._next_of_migration


def _stunned_at_once(vm: Any, now: Situation) -> Effect:
    """Committed before what was written since has been sent again."""
    if vm.stage is Stage.STOPPED and vm.target is not None:
        return rules._about(now, vm, "commit")
    return NEXT_OF_MIGRATION(vm, now)


def _handed_over_unread(now: Situation) -> Effect | None:
    """The old hypervisor ends whatever the new one has read."""
    return None if now.machine.map is MapState.VALIDATED else TOWARD_HAND_OVER(now)


def _balloon_only(step: Step, now: Situation) -> Effect | None:
    return RECLAIM(replace(step, swap_pages=None), now)


RECLAIM = rules._reclaim


def _passed_at_once(now: Situation) -> Effect | None:
    """The map is passed to what is still booting."""
    booting = now.machine.new is Power.BOOTING and now.machine.map is MapState.SEALED
    return Effect("pass_map", now.machine.name) if booting else TOWARD_HAND_OVER(now)


TOWARD_HAND_OVER = rules._toward_hand_over

RULES = (
    Mutant(
        "suspended once more after the exchange",
        "rules",
        ("S10", "the old hypervisor carries the host VM"),
        function(rules._suspend, _suspend_again),
        world=EMPTY,
    ),
    Mutant(
        "destroyed while suspended",
        "rules",
        ("the guest hypervisor runs",),
        function(rules._destroy, _destroy_suspended),
        world=EMPTY,
    ),
    Mutant(
        "rolled back at any time",
        "rules",
        ("the host VM is suspended",),
        function(rules._roll_back, _on("roll_back")),
        world=EMPTY,
    ),
    Mutant(
        "out into the old hypervisor",
        "rules",
        ("the new hypervisor carries the host VM",),
        entry(ENDS, "disassociate", ENDS["withdraw"]),
        world=SMALLEST,
    ),
    Mutant(
        "back into the new hypervisor", "rules", ("L2", "S7"), entry(ENDS, "withdraw", ENDS["disassociate"]), case=ONE
    ),
    Mutant("never stunned", "rules", ("L2",), value(rules, "ROUNDS_MOST", 10**9), case=BUSY),
    Mutant(
        "committed without what was written since",
        "rules",
        ("L2",),
        function(rules._next_of_migration, _stunned_at_once),
        case=BUSY,
    ),
    Mutant(
        "committed without a receiver",
        "rules",
        ("L2",),
        function(rules._next_of_migration, _never_settled),
        case=ONE,
        faults=("destination_killed",),
    ),
    Mutant(
        "torn down whatever was read",
        "rules",
        ("L3", "S10"),
        function(rules._toward_hand_over, _handed_over_unread),
        case=ONE,
        faults=("map_corrupted",),
    ),
    Mutant(
        "map passed to a hypervisor that boots",
        "rules",
        ("L2", "L3"),
        function(rules._toward_hand_over, _passed_at_once),
        case=ONE,
    ),
    Mutant("nothing swapped", "rules", ("O",), function(rules._reclaim, _balloon_only), case=RECLAIMED),
    Mutant("never torn down", "rules", ("L3",), function(rules._tear_down, nothing), case=ONE),
    Mutant("never resumed", "rules", ("L3",), function(rules._resume, nothing), case=ONE),
)
# ---------------------------------------------------------------------------------------------------------- safeguards
OFF = Safeguards()


def _asks_nobody(*_: object) -> str:
    """Nothing is in the way."""
    return ""


def _cancels(_: object) -> str:
    return "cancel"


SAFEGUARDS = (
    Mutant(
        "VMs left behind, in lock step",
        "safeguards",
        ("S4", "every VM of the machine is in the guest hypervisor, and none is in flight"),
        world=SMALLEST,
        parts=Mechanism(replace(OFF, left_behind=_asks_nobody)),
    ),
    Mutant(
        "nobody asks for room",
        "safeguards",
        ("the machine has room for a second copy of the VM",),
        world=ONE_AT_A_TIME,
        parts=Mechanism(replace(OFF, short_of=_asks_nobody)),
    ),
    Mutant(
        "cancelled at any time",
        "safeguards",
        ("authority has not passed yet",),
        world=SMALLEST,
        parts=Mechanism(replace(OFF, give_migration_up=_cancels)),
    ),
)

EXPECTED_WHERE_TAKEN_OUT = {
    "intents_not_written": ("A23",),
    "intents_written_late": ("A23",),
    "outcomes_not_written": ("A23",),
    "steps_not_written": ("A23", "L2"),
    "beginning_not_written": ("A23",),
    "direction_not_written": ("L2",),
    "end_not_written": ("A23", "L2"),
    "what_was_seen_not_written": ("A23",),
    "no_fence": ("S1",),
    "cancelled_after_fence": ("S2",),
    "digest_not_compared": ("S3",),
    "unseen_digest_trusted": ("S3",),
    "gate_open": ("O",),
    "vm_left_behind": ("S4",),
    "balloon_not_awaited": ("O",),
    "given_before_taken": ("O", "M9"),
    "vms_not_looked_at": ("S1",),
    "machine_not_looked_at": ("L2", "L3", "A23"),
    "fence_before_the_copy_is_complete": ("L2",),
}
"""What each mutant of taken_out.py breaks."""

TAKEN_OUT = tuple(
    Mutant(
        m.name.replace("_", " "),
        "journal" if "written" in m.name else "safeguards",
        EXPECTED_WHERE_TAKEN_OUT[m.name],
        case=m.case,
        faults=m.faults,
        parts=m.mechanism,
    )
    for m in taken_out.MUTANTS
)


MUTANTS = (*RULES, *SAFEGUARDS, *TAKEN_OUT)
