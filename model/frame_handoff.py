"""What befalls frames in an exchange: they are listed, the new hypervisor boots beside them, and consumes the list.

`seal_list` and `validate_list` take the place of `seal_map` and `validate_map`, which know how many pages the map
covers, and not which.
"""

from __future__ import annotations

from .actors import FAULT, HYPERVISOR, pages
from .frames import Frame, Kernel
from .inventory import Machine, Map
from .language import Quantity, Truth, action, all_of, quantity, require, total, where
from .tolerance import Tolerated


def listed_exactly(machine: Machine) -> Truth:
    """The map lists the preserved frames, and no others."""
    return all_of(frame.listed == frame.preserved for frame in Frame.where(machine=machine))


def booted(machine: Machine) -> Quantity:
    """How many frames the new hypervisor has for itself."""
    return total(where(frame.boot, quantity(1, pages), 0) for frame in Frame.where(machine=machine))


@action(by=HYPERVISOR)
def list_frame(frame: Frame) -> None:
    """The old hypervisor enters a preserved frame in the map."""
    require(frame.machine.map == Map.BUILT, "the map is being built")
    require(frame.preserved, "the frame is preserved")
    frame.listed = True


@action(by=HYPERVISOR)
def seal_list(machine: Machine) -> None:
    """Nothing more is added to the map, and a checksum over it is written down (Linux kexec handover)."""
    require(machine.map == Map.BUILT, "the map has been built")
    require(listed_exactly(machine), "the map lists every preserved frame, and no other")
    machine.map = Map.SEALED


@action(by=HYPERVISOR)
def take_for_boot(frame: Frame) -> None:
    """The boot allocator of the new hypervisor takes a free frame, and overwrites it."""
    machine = frame.machine
    require(
        booted(machine) < machine.new.held, "the new hypervisor is there, and has not yet taken its whole footprint"
    )
    require(frame.free, "the frame is free")
    frame.boot = True
    frame.free = False
    frame.version = 0
    frame.pool.taken += 1


@action(by=HYPERVISOR)
def validate_list(machine: Machine) -> None:
    """The new hypervisor checks the map, entry by entry; one that it refuses leaves only rolling back."""
    require(machine.map == Map.PASSED, "the map was passed")
    require(listed_exactly(machine), "the map lists what it listed when it was sealed")
    machine.map = Map.VALIDATED


@action(by=HYPERVISOR)
def consume(frame: Frame) -> None:
    """A frame is taken off the list: it was resumed from, or the map was given up."""
    require(frame.machine.map == Map.NONE, "there is no map any more")
    frame.listed = False


@action(by=HYPERVISOR)
def free_own(frame: Frame) -> None:
    """What a hypervisor had for itself is freed once it is gone."""
    require(frame.orphaned, "the hypervisor that has the frame for itself is gone")
    require(~frame.preserved, "the frame is not preserved")
    frame.kernel = Kernel.NONE
    frame.boot = False
    frame.free = True
    frame.pool.taken -= 1


@action(by=FAULT)
def map_corrupted(frame: Frame, tolerated: Tolerated) -> None:
    """One entry of the map is flipped or torn: a frame is listed that should not be, or is not that should."""
    require(tolerated.map_corrupted > 0, "one more corrupted entry is tolerated")
    require(frame.machine.map.one_of(Map.SEALED, Map.PASSED), "the map was sealed, and not yet validated")
    tolerated.map_corrupted -= 1
    frame.listed = ~frame.listed
