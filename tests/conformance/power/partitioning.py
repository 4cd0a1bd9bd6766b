"""Mistakes of an exchange by a second partition: claimed too early, moved while written to, room that nobody asks for."""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from holdfast.impl import division, gate, partitioning
from holdfast.impl.driver import Effect, MachineView
from holdfast.impl.partitions import Division, Part, PartitionsView
from holdfast.impl.safeguards import Safeguards
from holdfast.impl.simulator import dividing
from holdfast.impl.simulator.partitions import Partitions
from holdfast.impl.simulator.state import Reality
from holdfast.model.language import Entity
from holdfast.specs.case import Case as World
from holdfast.specs.hosts import Release
from holdfast.specs.partitions.worlds import (
    AS_PLANNED,
    FORWARD,
    GATHERED,
    GIVEN_UP,
    GOES_ON,
    LAST_TWO,
    NO_VM,
    QUIET,
    on_split,
)
from holdfast.specs.questions import NEWER_FORMAT, active, host
from holdfast.specs.questions import case as world
from tests.impl.crashes import Mechanism
from tests.impl.worlds import PARTED

from .breaking import entry, function, method
from .mutant import Mutant

ALL = Safeguards()


# --------------------------------------------------------------------------------------------------------------- worlds
def _refused(name: str, reason: str, members: list[Entity], without: Mapping[str, str] | None = None) -> World:
    left = {**QUIET, **GATHERED, **FORWARD, **LAST_TWO, **AS_PLANNED, **(without or {})}
    return world(name, reason, members, bounded={}, leave_out=left, parts=("partitions",))


CROWDED = _refused("crowded", "One frame is not free.", on_split(host(5, 2), active("vm", 1), given=2))
NARROW = _refused("narrow", "The new partition is too small.", on_split(host(7, 2, new=Release(2)), active("vm", 1)))
OVER_PROMISED = _refused(
    "over-promised", "The new hypervisor is not promised.", on_split(host(9, 1, limit=3)), without=NO_VM
)
READS_NOT = _refused(
    "reads-not", "The new hypervisor does not read the format.", on_split(host(5, 2, new=NEWER_FORMAT), active("vm", 1))
)
ONE_PROCESSOR = _refused(
    "one-processor", "The only processor cannot be with both.", on_split(host(5, 2), active("vm", 1), processors=1)
)


# --------------------------------------------------------------------------------------------------------------- broken
def _asks_nobody(*_: object, **__: object) -> str:
    return ""


def _on_the_timer_alone(effect: Effect, machine: MachineView) -> str:
    """That the old hypervisor has ended is not asked."""
    why = partitioning.away_too_early(effect, machine)
    return why if "timer" in why else ""


def _on_the_end_alone(effect: Effect, machine: MachineView) -> str:
    """That the timer has expired is not asked."""
    if effect.action not in ("claim_last", "inherit_processor") or machine.partitions is None:
        return ""
    return "" if machine.partitions.division.end_observed else "the end of the old hypervisor was not observed"


def _no_dma(_: PartitionsView, device: Part) -> bool:
    """What is quiesced is taken to be still."""
    return device.quiesced


def _nothing_quieted(*_: object) -> Iterator[Effect]:
    return iter(())


def _no_alarm(on: partitioning._Ordering, machine: MachineView, partitions: PartitionsView) -> Iterator[Effect]:
    return (effect for effect in TO_THE_END(on, machine, partitions) if effect.action != "raise_alarm")


TO_THE_END = partitioning._to_the_end


def _restarts_nothing(machine: MachineView) -> Iterator[Effect]:
    return (effect for effect in FORWARD_RULE(machine) if effect.action != "restart_device")


FORWARD_RULE = partitioning.forward


def _turned_at_any_time(machine: MachineView) -> bool:
    """A bequest is taken to be nothing that binds."""
    return machine.old.value == "absent"


def _copied(_: Reality, parts: Partitions, effect: Effect) -> str:
    """Pages are claimed, and stay released."""
    parts.claimed += effect.amount or 0
    parts.new += effect.amount or 0
    return ""


def _claimed_twice(_: Reality, parts: Partitions, __: Effect) -> str:
    """The new hypervisor counts the last memory, and the old one's account stays."""
    parts.new += parts.old
    return ""


def _stays_with_old(machine: Division, _: str) -> Division:
    """The device is never detached."""
    return machine


MUTANTS = (
    Mutant(
        "last memory claimed on the timer alone",
        "safeguards",
        ("S13", "the end of the old hypervisor was observed"),
        world=GOES_ON,
        parts=Mechanism(replace(ALL, away_too_early=_on_the_timer_alone)),
    ),
    Mutant(
        "last memory of one that hangs claimed on the timer alone",
        "safeguards",
        ("S13",),
        case=PARTED,
        faults=("old_hung",),
        parts=Mechanism(replace(ALL, away_too_early=_on_the_timer_alone)),
    ),
    Mutant(
        "last memory claimed on the end alone",
        "safeguards",
        ("S13", "the timer has expired"),
        world=GOES_ON,
        parts=Mechanism(replace(ALL, away_too_early=_on_the_end_alone)),
    ),
    Mutant(
        "device not quiesced as it moves",
        "safeguards",
        ("S14", "S15", "the device is quiesced, and no DMA is in flight"),
        world=GOES_ON,
        parts=Mechanism(replace(ALL, not_still=_asks_nobody)),
    ),
    Mutant(
        "device with DMA in flight taken to be still",
        "safeguards",
        ("S14", "S15", "every device is quiesced, and no DMA is in flight"),
        method(PartitionsView, "still", _no_dma),
        world=GOES_ON,
    ),
    Mutant(
        "last processor given",
        "safeguards",
        ("S14", "another processor stays with the old hypervisor"),
        world=ONE_PROCESSOR,
        parts=Mechanism(replace(ALL, left_without_processor=_asks_nobody)),
    ),
    Mutant(
        "partitions in any order",
        "safeguards",
        ("S14", "S15", "the host VM runs"),
        world=GIVEN_UP,
        parts=Mechanism(replace(ALL, out_of_turn=_asks_nobody)),
    ),
    Mutant(
        "VMs left behind by a machine that is split",
        "safeguards",
        ("every VM of the machine is in the guest hypervisor, and none is in flight",),
        world=GIVEN_UP,
        parts=Mechanism(replace(ALL, left_behind=_asks_nobody)),
    ),
    Mutant(
        "split for a hypervisor that reads nothing of it",
        "safeguards",
        ("the new hypervisor reads the old one's hand-off format",),
        world=READS_NOT,
        parts=Mechanism(replace(ALL, unreadable=_asks_nobody)),
    ),
    Mutant(
        "room for the partition not asked",
        "gate",
        ("so many frames are free",),
        function(gate._for_split, _asks_nobody),
        world=CROWDED,
    ),
    Mutant(
        "room in the partition not asked",
        "gate",
        ("the new partition has room for the new hypervisor",),
        function(gate._for_split, _asks_nobody),
        world=NARROW,
    ),
    Mutant(
        "promise to a hypervisor beside the old one not asked",
        "gate",
        ("the machine may promise the new hypervisor's frames",),
        function(gate._on_machine, _asks_nobody),
        world=OVER_PROMISED,
    ),
    Mutant(
        "devices never quiesced", "rules", ("L2", "S12"), function(partitioning._quieted, _nothing_quieted), case=PARTED
    ),
    Mutant(
        "no alarm", "rules", ("L5",), function(partitioning._to_the_end, _no_alarm), case=PARTED, faults=("old_hung",)
    ),
    Mutant(
        "devices never restarted", "rules", ("L2", "S7"), function(partitioning.forward, _restarts_nothing), case=PARTED
    ),
    Mutant(
        "rolled back after the bequest",
        "controller",
        ("L2", "S12"),
        function(partitioning.past_no_return, _turned_at_any_time),
        case=PARTED,
    ),
    Mutant("pages claimed that stay released", "driver", ("S12",), function(dividing._claim, _copied), case=PARTED),
    Mutant(
        "last memory counted twice", "driver", ("S12",), function(dividing._claim_last, _claimed_twice), case=PARTED
    ),
    Mutant(
        "a device stays where it was",
        "driver",
        ("L3",),
        entry(division.DIVIDED, "detach_device", _stays_with_old),
        case=PARTED,
    ),
)
