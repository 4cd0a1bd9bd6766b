"""What is there: a VM with its copies and what is written down about it, and the machine with what everybody takes of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from ..driver import HostVmState, MachineView, MapState, Place, Power, Stage, VmView
from ..plan import Sizes
from .accounts import Account, read, write
from .board import PAGE_BYTES
from .copies import Copy
from .ground import Ground
from .process import Qemu
from .sight import Seen, view
from .swapping import swapped_pages
from .takeover import host_state, map_state

Copies = Mapping[Place, Copy]


async def see(ground: Ground, vm: str) -> tuple[VmView, Copies]:
    """A VM as it is, and its copies. Raises MonitorLost, Refused, TimeoutError, OSError."""
    found = await ground.copies(vm)
    account, size_pages = read(ground.folder, vm), ground.site.size_pages(vm)
    left_bytes = [seen.left_bytes for _, seen in found.values() if seen.left_bytes is not None]
    ballooned_pages = size_pages - max(left_bytes) // PAGE_BYTES if left_bytes else account.ballooned_pages
    swapped = _swapped(ground, vm, found)
    now = view(vm, {place: seen for place, (_, seen) in found.items()}, size_pages - ballooned_pages - swapped)
    sent = {copy.name: seen.sent_bytes for copy, seen in found.values() if seen.sent_bytes}
    updated = replace(account, ballooned_pages=ballooned_pages).seen(now, time.monotonic_ns() // 1000, sent)
    if updated != account:
        write(ground.folder, vm, updated)
    return _with_account(now, updated, swapped), {place: copy for place, (copy, _) in found.items()}


def _with_account(vm: VmView, account: Account, swapped: int) -> VmView:
    return replace(
        vm,
        ballooned_pages=account.ballooned_pages,
        swapped_pages=swapped,
        balloon_target_pages=account.balloon_target_pages,
        swap_target_pages=account.swap_target_pages,
        sent_pages=account.sent_pages,
        downtime_us=account.downtime_us,
    )


def _swapped(ground: Ground, vm: str, found: Mapping[Place, tuple[Copy, Seen]]) -> int:
    if not ground.site.residents[vm].backed:
        return 0
    holders = [copy for copy, seen in found.values() if not seen.empty and isinstance(copy, Qemu)]
    return sum(swapped_pages(ground.nursery.memory_of(copy.name)) for copy in holders)


async def machine_view(ground: Ground, vms: Mapping[str, VmView]) -> MachineView:
    """The machine, given all its VMs. Raises as `see` does."""
    site, host, (map_at, digest) = ground.site, await host_state(ground), await map_state(ground)
    there = {place: any(f"@{place.value}." in q.name and not q.gone for q in ground.nursery.all) for place in Place}
    hosted = host is not HostVmState.ABSENT
    guest_pages = site.sizes.guest_pages if hosted else 0
    itself = site.sizes.old_pages * there[Place.OLD] + site.sizes.new_pages * there[Place.NEW]
    itself += guest_pages + (site.sizes.host_vm_pages if hosted else 0)
    used, promised, inside = charges(vms.values(), site.sizes, {vm: site.size_pages(vm) for vm in vms})
    power = {True: Power.RUNNING, False: Power.ABSENT}
    return MachineView(
        site.machine,
        power[there[Place.OLD]],
        power[hosted],
        power[there[Place.NEW]],
        host,
        ground.carrier,
        map_at if hosted else MapState.NONE,
        digest,
        capacity_pages=site.capacity_pages,
        used_pages=itself + used,
        commit_limit_pages=site.commit_limit_pages,
        committed_pages=itself + promised,
        host_vm_size_pages=site.host_vm_size_pages,
        host_vm_used_pages=guest_pages + inside,
        swap_pages=site.swap_pages,
        swapped_pages=sum(vm.swapped_pages for vm in vms.values()),
    )


def charges(vms: Collection[VmView], sizes: Sizes, size_pages: Mapping[str, int]) -> tuple[int, int, int]:
    """What VMs take of the machine, what they were promised of it, and what they take of the host VM: at both ends, in
    flight."""
    used = promised = inside = 0
    for vm in vms:
        for place in vm.copies_at:
            arriving = place is vm.target and vm.stage in (Stage.COPYING, Stage.STOPPED)
            taken = (vm.copied_pages if arriving else vm.resident_pages) + sizes.per_vm(place)
            used += taken
            promised += size_pages[vm.name] - vm.ballooned_pages + sizes.per_vm(place)
            inside += taken if place is Place.GUEST else 0
    return used, promised, inside
