"""Building blocks of worlds: one machine with everything an exchange needs, and VMs on it, at any sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..model.inventory import Grain, HostVm, Hypervisor, Machine, Power, Vm
from ..model.language import Entity
from ..model.tolerance import Tolerated

CLASSES = (
    "unreclaimable",
    "active_anonymous",
    "active_buffer",
    "inactive_anonymous",
    "inactive_buffer",
    "free",
)
HOT = CLASSES[:3]


@dataclass(frozen=True)
class Release:
    """What a hypervisor version takes and understands. Sizes in pages."""

    footprint: int = 0
    vm_overhead: int = 0
    writes_format: int = 1
    reads_from: int = 1
    reads_upto: int = 1
    hardware_from: int = 0
    hardware_upto: int = 0


@dataclass(frozen=True)
class GuestPages:
    """A VM and its pages by class, in pages; what is in no class, balloon or swap was never touched.

    The peaks say how far the guest may move its pages: None for as far as its size allows.
    """

    name: str
    size: int
    classes: Mapping[str, int] = field(default_factory=dict[str, int])
    ballooned: int = 0
    swapped: int = 0
    reservation: int = 0
    resident_peak: int | None = None
    hot_peak: int | None = None
    hardware: int = 0

    @property
    def untouched(self) -> int:
        """Pages that never had a frame."""
        return self.size - sum(self.classes.values()) - self.ballooned - self.swapped


@dataclass(frozen=True)
class HostPages:
    """A machine and the exchange that it is to go through. Sizes in pages."""

    name: str
    capacity: int
    old: Release
    new: Release
    guest: Release
    host_vm_size: int
    host_vm_overhead: int = 0
    commit_limit: int | None = None
    swap: int = 0


def machine(host: HostPages) -> list[Entity]:
    """A machine with its old, new and guest hypervisor and its host VM, before the exchange."""
    name = host.name

    def hypervisor(what: str, release: Release, *, nested: bool, power: Power) -> Hypervisor:
        return Hypervisor(
            f"{name}.{what}",
            machine=name,
            nested=nested,
            footprint=release.footprint,
            vm_overhead=release.vm_overhead,
            writes_format=release.writes_format,
            reads_from=release.reads_from,
            reads_upto=release.reads_upto,
            hardware_from=release.hardware_from,
            hardware_upto=release.hardware_upto,
            power=power,
        )

    old = hypervisor("old", host.old, nested=False, power=Power.RUNNING)
    new = hypervisor("new", host.new, nested=False, power=Power.ABSENT)
    guest = hypervisor("guest", host.guest, nested=True, power=Power.ABSENT)
    host_vm = HostVm(
        f"{name}.host-vm", guest=guest, size=host.host_vm_size, overhead=host.host_vm_overhead, carrier=old
    )
    limit = host.capacity if host.commit_limit is None else host.commit_limit
    box = Machine(name, capacity=host.capacity, commit_limit=limit, swap=host.swap, old=old, new=new, host_vm=host_vm)
    return [old, new, guest, host_vm, box]


def resident(host: HostPages, vms: Iterable[GuestPages], stuck: Collection[str] = ()) -> list[Entity]:
    """VMs on the old hypervisor of a machine; those named in `stuck` have no balloon driver that works."""
    home = f"{host.name}.old"
    return [
        Vm(
            vm.name,
            size=vm.size,
            reservation=vm.reservation,
            hardware=vm.hardware,
            resident_peak=vm.size if vm.resident_peak is None else vm.resident_peak,
            hot_peak=vm.size if vm.hot_peak is None else vm.hot_peak,
            untouched=vm.untouched,
            ballooned=vm.ballooned,
            balloon_target=vm.ballooned,
            swapped=vm.swapped,
            swap_target=vm.swapped,
            driver_stuck=vm.name in stuck,
            source=home,
            target=home,
            **{name: vm.classes.get(name, 0) for name in CLASSES},
        )
        for vm in vms
    ]


def bounds(*, burst: int = 1, most: int = 1, **faults: int) -> list[Entity]:
    """How many pages may move at once, how large a target may be, and how often each fault may strike."""
    return [Grain("grain", burst=burst, most=most), Tolerated("tolerated", **faults)]
