"""What may go wrong with storage and with power, as often as a world tolerates it.

Nobody is told that a page was torn: one flipped bit loads without an error, and only a hash tells. Where a power loss
finds something that is in memory only, that is gone. What runs at that moment is not asked about: it starts again from
its disks, as it would without any exchange (A14).
"""

from __future__ import annotations

from .actors import FAULT
from .inventory import HostVmState, Map, Power
from .language import action, implies, require
from .storage import Copy, Image
from .tolerance import Tolerated


@action(by=FAULT)
def image_torn(image: Image, tolerated: Tolerated) -> None:
    """A write, or a bit of one, is lost on its way to the medium, and nobody notices."""
    require(tolerated.image_torn > 0, "one more torn image is tolerated")
    require((image.written > 0) & ~image.durable, "something was written that is not durable yet")
    tolerated.image_torn -= 1
    image.whole = False


@action(by=FAULT)
def storage_full(image: Image, tolerated: Tolerated) -> None:
    """The store has less room than it promised: what was written is discarded, to be written again or given up."""
    require(tolerated.storage_full > 0, "one more full store is tolerated")
    require((image.written > 0) & ~image.durable, "something was written that is not durable yet")
    tolerated.storage_full -= 1
    image.written = 0
    image.whole = True


@action(by=FAULT)
def load_torn(image: Image, tolerated: Tolerated) -> None:
    """A bit flips between the medium and memory while the image is loaded, and nobody notices."""
    require(tolerated.load_torn > 0, "one more torn load is tolerated")
    require(image.copy == Copy.LOADED, "the host VM was loaded, and not yet verified")
    tolerated.load_torn -= 1
    image.exact = False


@action(by=FAULT)
def power_lost(image: Image, tolerated: Tolerated) -> None:
    """The machine loses power while the VMs are suspended: what is in memory is gone, every hypervisor included."""
    machine = image.machine
    require(tolerated.power_lost > 0, "one more loss of power is tolerated")
    require(machine.host_vm.suspended, "the host VM is suspended")
    require(implies(image.bridged, image.needed & image.verified), "no battery carries the machine on")
    tolerated.power_lost -= 1
    machine.host_vm.whole &= image.good
    machine.host_vm.state = HostVmState.STORED
    machine.host_vm.carrier = machine.new
    machine.old.power = Power.ABSENT
    machine.new.power = Power.ABSENT
    machine.map = Map.NONE
    machine.mapped = 0
    image.copy = Copy.ORIGINAL
    image.exact = True
