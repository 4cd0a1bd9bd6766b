"""What must be seen to happen when a host VM is stored."""

from __future__ import annotations

from ...model.inventory import HostVmState, Machine, Power
from ...model.language import Truth, all_of, any_of, sometimes
from ...model.storage import Copy, Image, Store
from ...model.tolerance import Tolerated
from ..properties import exchanged
from .properties import halted


@sometimes("S16", "X1", "S2")
def in_storage_only() -> Truth:
    """A host VM is in storage, and its machine has no hypervisor and holds nothing."""
    return any_of(
        (m.host_vm.state == HostVmState.STORED)
        & (m.old.power == Power.ABSENT)
        & (m.new.power == Power.ABSENT)
        & (m.used == 0)
        for m in Machine
    )


@sometimes("S16")
def torn_and_durable() -> Truth:
    """An image is durable and torn, while the host VM is still in memory."""
    return any_of(halted(image) & image.durable & ~image.whole for image in Image)


@sometimes("S16", "S3")
def loaded_wrongly() -> Truth:
    """What was loaded into memory is not what was suspended."""
    return any_of(halted(image) & ~image.exact for image in Image)


@sometimes("S3", "X1")
def loaded_on_new() -> Truth:
    """A host VM that was loaded on the new hypervisor has been verified, and does not run yet."""
    return any_of((image.copy == Copy.VERIFIED) & (image.machine.new.power == Power.RUNNING) for image in Image)


@sometimes("S16")
def loaded_on_old() -> Truth:
    """A host VM whose frames were free is back on the old hypervisor: roll-back is still possible."""
    return any_of((image.copy == Copy.VERIFIED) & (image.machine.old.power == Power.RUNNING) for image in Image)


@sometimes("O")
def store_full() -> Truth:
    """A store has not one page left."""
    return any_of(s.used == s.capacity for s in Store)


@sometimes("S2")
def stored_in_spite_of_faults() -> Truth:
    """Every tolerated fault of storage and power has struck, and the exchange is done all the same."""
    spent = all_of(
        (t.image_torn == 0) & (t.load_torn == 0) & (t.storage_full == 0) & (t.power_lost == 0) for t in Tolerated
    )
    return spent & all_of(exchanged(m) for m in Machine) & all_of(image.written == 0 for image in Image)
