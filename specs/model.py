"""The model in parts, each with what can happen in it, what must hold and what must be seen: what every engine starts from.

A world takes the parts that its question needs. A part may add to what others do, never take away: a field that it adds
to an entity of another part starts neutral, and stays so where no action of the part is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, ModuleType

from ..model import (
    admission,
    bequest,
    controller,
    downtime,
    exchange,
    faults,
    frame_handoff,
    frame_tenants,
    frames,
    guests,
    inventory,
    memory,
    migration,
    moves,
    partition_faults,
    partition_return,
    partitions,
    placement,
    sampling,
    scheduling,
    storage,
    storage_faults,
)
from ..model.actors import OPERATOR
from ..model.controller import Controller, restart_controller
from ..model.language import System, all_of, check
from . import endings, lemmas, liveness, properties, witnesses
from . import placement as placed
from .controller import properties as controller_properties
from .controller import witnesses as controller_witnesses
from .downtime import properties as downtime_properties
from .downtime import witnesses as downtime_witnesses
from .frames import properties as frames_properties
from .frames import witnesses as frames_witnesses
from .moves import properties as moves_properties
from .moves import witnesses as moves_witnesses
from .mutations import also_requiring
from .partitions import endings as partitions_endings
from .partitions import liveness as partitions_liveness
from .partitions import properties as partitions_properties
from .partitions import witnesses as partitions_witnesses
from .scheduler import live_balloons, live_low, live_rest, live_sharing
from .scheduler import properties as scheduler_properties
from .scheduler import witnesses as scheduler_witnesses
from .storage import liveness as storage_liveness
from .storage import properties as storage_properties
from .storage import witnesses as storage_witnesses


@dataclass(frozen=True)
class Part:
    """One part of the model: its definitions, what must hold (lemmas included), its witnesses, and what must happen in
    the end."""

    name: str
    sentence: str
    definitions: tuple[ModuleType, ...]
    properties: tuple[ModuleType, ...]
    witnesses: ModuleType
    liveness: tuple[ModuleType, ...] = ()


EXCHANGE = Part(
    "exchange",
    "Machines, VMs and their pages; the exchange by suspending in memory; targets that a plan sets.",
    (inventory, guests, memory, migration, exchange, faults),
    (properties, lemmas),
    witnesses,
    (liveness, endings),
)

MOVES = Part(
    "moves",
    "VMs move to other machines, or their frames change hands where they are.",
    (moves,),
    (moves_properties,),
    moves_witnesses,
)

STORAGE = Part(
    "storage",
    "The exchange by suspending to storage: images, when they can be relied on, and loss of power.",
    (storage, storage_faults),
    (storage_properties,),
    storage_witnesses,
    (storage_liveness,),
)

DOWNTIME = Part(
    "downtime",
    "VMs with a budget for how long they may be stunned.",
    (downtime,),
    (downtime_properties,),
    downtime_witnesses,
)

PLACEMENT = Part(
    "placement",
    "VMs that come and go, also in mid-exchange: the gate that they and the host VM pass, and what is reclaimed for them.",
    (placement, admission),
    (placed.properties,),
    placed.witnesses,
    (placed.liveness,),
)

FRAMES = Part(
    "frames",
    "Frames by identity: what is in each, who has it, and whether the hand-off map lists it.",
    (frames, frame_tenants, frame_handoff),
    (frames_properties,),
    frames_witnesses,
)

PARTITIONS = Part(
    "partitions",
    "The exchange by partition migration: both hypervisors side by side, pages by pointer and claim, and a bequest.",
    (partitions, partition_return, bequest, partition_faults),
    (partitions_properties,),
    partitions_witnesses,
    (partitions_liveness, partitions_endings),
)

SCHEDULER = Part(
    "scheduler",
    "The memory scheduler sets the targets itself, from what it samples of the guests.",
    (sampling, scheduling),
    (scheduler_properties,),
    scheduler_witnesses,
    (live_low, live_sharing, live_rest, live_balloons),
)

CONTROLLER = Part(
    "controller",
    "The controller that takes the operator's steps, and may crash between any two of them.",
    (controller,),
    (controller_properties,),
    controller_witnesses,
)
"""Where it is, every step of an operator asks for it."""

PARTS: Mapping[str, Part] = MappingProxyType(
    {
        part.name: part
        for part in (EXCHANGE, MOVES, STORAGE, DOWNTIME, PLACEMENT, FRAMES, PARTITIONS, SCHEDULER, CONTROLLER)
    }
)
"""Every part by name; every world has the first."""


@cache
def system(parts: tuple[str, ...], seen: tuple[str, ...]) -> System:
    """The exchange and these parts of the model, with the witnesses of the parts in `seen`."""
    chosen = _chosen(parts)
    modules = [module for part in chosen for module in (*part.definitions, *part.properties)]
    modules += [part.witnesses for part in chosen if part.name in seen]
    return check(_by_controller(System.of(*modules), chosen))


@cache
def live(*parts: str) -> System:
    """The exchange and these parts with what must happen in the end, and no other properties."""
    chosen = _chosen(parts)
    found = System.of(*(m for part in chosen for m in (*part.definitions, *part.liveness)))
    return check(_by_controller(found, chosen))


def _by_controller(found: System, chosen: list[Part]) -> System:
    """Where there is a controller, it takes the steps of the operator: none is taken while it is gone."""
    if CONTROLLER in chosen:
        for name in (a.name for a in found.actions if a.by == OPERATOR and a.name != restart_controller.name):
            found = also_requiring(name, lambda *_: all_of(c.running for c in Controller), "the controller runs")(found)
    return found


def _chosen(parts: tuple[str, ...]) -> list[Part]:
    """The exchange and these parts, in the order of the registry."""
    return [part for name, part in PARTS.items() if name == EXCHANGE.name or name in parts]


def full() -> System:
    """Every part, with every witness, as each is written: without asking for a controller."""
    modules = [m for part in PARTS.values() for m in (*part.definitions, *part.properties, part.witnesses)]
    return check(System.of(*modules))


def safety() -> System:
    """The exchange without witnesses: what a plan is verified against."""
    return system((), ())
