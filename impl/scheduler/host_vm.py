"""Room for the host VM: it passes through the same gate as any VM, with all that copying its residents takes (D6).

While a VM is copied into the host VM its pages are there twice (X2); then its old ones are free. So what is needed at the
most depends on how many are copied at once, and on whether the host VM has all its frames from the start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from .admission import Admission, Claim, Outcome, Refusal, Taken, gate
from .snapshot import Snapshot, VmMemory


@dataclass(frozen=True)
class HostVm:
    """The VM that carries the guest hypervisor, and how VMs are brought into it."""

    size_pages: int
    footprint_pages: int
    """What the guest hypervisor takes inside."""
    overhead_pages: int
    """What the host VM takes outside."""
    vm_overhead_pages: int
    """What the guest hypervisor takes for each VM, inside."""
    reserved_pages: int = 0
    """Frames that it has from the start; it takes more as it fills. Its size, if it is fully reserved; none, if elastic."""
    at_once: int = 1
    """How many VMs are copied in side by side."""
    beside_pages: int = 0
    """What the new hypervisor takes, which stands beside the old one once all are inside."""
    remapped: bool = False
    """Whether frames change hands as VMs go in, instead of being copied: then only metadata is needed (D6)."""

    def __post_init__(self) -> None:
        """Raises ValueError where it cannot be."""
        if not 0 <= self.reserved_pages <= self.size_pages or self.at_once < 1:
            raise ValueError("a host VM reserves no more than its size, and is entered by one VM at a time at least")
        if self.remapped and self.reserved_pages:
            raise ValueError("a host VM that takes its residents' frames over reserves none from the start")


@dataclass(frozen=True)
class Resident:
    """What a VM takes: inside of the host VM or outside."""

    pages: int
    overhead_pages: int


def make_room(snapshot: Snapshot, host_vm: HostVm, inside: Collection[str] | None = None) -> Admission:
    """What admitting the host VM needs before an exchange; during consolidation, `inside` names those that it has (D6).

    An empty collection means a host VM that runs and is empty, None that there is none yet. Where there is one, its frames
    that no VM has count among `hypervisor_pages`, and `overhead_pages` of a VM inside is what the guest hypervisor takes for
    it. Raises KeyError where a VM that is named is not there.
    """
    vms = [snapshot.vm(name) for name in inside or ()]
    rest = [vm for vm in snapshot.vms if vm.name not in (inside or ())]
    created = inside is not None

    def by_use(taken: Taken) -> int:
        pages = {vm.name: vm.resident_pages - taken.get(vm.name, 0) for vm in snapshot.vms}
        return headroom_pages(host_vm, residents(host_vm, vms, pages), residents(host_vm, rest, pages), created=created)

    reserved = {vm.name: vm.reservation_pages for vm in snapshot.vms}
    by_reservation = headroom_pages(
        host_vm, residents(host_vm, vms, reserved), residents(host_vm, rest, reserved), created=created
    )
    answer = gate(snapshot, Claim(by_reservation, 0, by_use))
    lacking = too_small_by(snapshot, host_vm)
    if lacking <= 0:
        return answer
    return replace(
        answer,
        outcome=Outcome.REJECT,
        balloon_plan={},
        planned_pages=0,
        refusal=Refusal.TOO_SMALL,
        lacking_pages=lacking,
    )


def headroom_pages(host_vm: HostVm, inside: Sequence[Resident], outside: Sequence[Resident], *, created: bool) -> int:
    """The most frames that are taken at once beside those in use now, in whatever order the rest goes in (D6, X2).

    Before anything has moved the host VM holds at least what it reserves. Later the largest may be there twice, as many as
    are copied at once, while all others have moved and take more overhead inside than outside, where it is more there.
    """
    within = host_vm.footprint_pages + sum(vm.pages + host_vm.vm_overhead_pages for vm in inside)
    held = host_vm.overhead_pages + max(host_vm.reserved_pages, within) if created else 0
    order = sorted(outside, key=lambda vm: -vm.pages - min(vm.overhead_pages, host_vm.vm_overhead_pages))
    twice, moved = order[: host_vm.at_once], order[host_vm.at_once :]
    copies = sum(vm.pages + host_vm.vm_overhead_pages for vm in twice)
    growth = sum(max(0, host_vm.vm_overhead_pages - vm.overhead_pages) for vm in moved)
    copying = host_vm.overhead_pages + max(host_vm.reserved_pages, within + copies + growth)
    full = within + sum(vm.pages + host_vm.vm_overhead_pages for vm in outside)
    freed = sum(vm.pages + vm.overhead_pages for vm in outside)
    nested = host_vm.overhead_pages + max(host_vm.reserved_pages, full) - freed + host_vm.beside_pages
    return max(copying, nested) - held


def too_small_by(snapshot: Snapshot, host_vm: HostVm) -> int:
    """How much the host VM is smaller than what is to be inside: what VMs use, or have reserved if that is more (X6)."""
    theirs = sum(max(vm.resident_pages, vm.reservation_pages) + host_vm.vm_overhead_pages for vm in snapshot.vms)
    return host_vm.footprint_pages + theirs - host_vm.size_pages


def residents(host_vm: HostVm, vms: Sequence[VmMemory], pages: Mapping[str, int]) -> list[Resident]:
    """What VMs take with so many pages each; what is remapped is not counted, since it is there once, whoever has it."""
    return [Resident(0 if host_vm.remapped else pages[vm.name], vm.overhead_pages) for vm in vms]
