"""Effects on a VM's memory: its balloon, and host swapping where its memory is in a file.

Targets are written down, since no process remembers them. Each effect returns why it could not be done; "" if it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..driver import Effect, Place, Stage, VmView
from .accounts import read, write
from .board import PAGE_BYTES
from .ground import Ground
from .memory import leave_to_guest
from .moves import VmEffect
from .observe import Copies
from .process import Qemu
from .swapping import swap_out


class StoppedShort(Exception):
    """A balloon did not come to its target; the text is how far it came."""


async def _reclaim(ground: Ground, effect: Effect, vm: VmView, _: Copies) -> str:
    board = ground.site.residents[vm.name]
    balloon_pages, swap_pages = effect.amount or 0, effect.swap_pages or 0
    if balloon_pages and not board.balloon:
        return f"{vm.name} has no balloon"
    if swap_pages and not board.backed:
        return f"{vm.name} cannot be swapped: its memory is in no file"
    if balloon_pages + swap_pages > ground.site.size_pages(vm.name):
        return "the targets are more than the VM has"
    account = read(ground.folder, vm.name)
    set_anew = replace(account, balloon_target_pages=balloon_pages, swap_target_pages=swap_pages)
    write(ground.folder, vm.name, set_anew)
    return ""


async def _balloon(ground: Ground, _: Effect, vm: VmView, copies: Copies) -> str:
    if vm.ballooned_pages == vm.balloon_target_pages:
        return ""
    if vm.stage is not Stage.SETTLED or not vm.running_at:
        return "the VM does not run, or is in flight: nothing of it may be touched"
    wanted_pages = ground.site.size_pages(vm.name) - vm.balloon_target_pages
    came = await leave_to_guest(copies[vm.source], wanted_pages * PAGE_BYTES)
    if not came.reached:
        raise StoppedShort(f"{vm.name}: {came.short_bytes // PAGE_BYTES} pages short of its target")
    return ""


async def _swap(ground: Ground, _: Effect, vm: VmView, copies: Copies) -> str:
    if vm.swapped_pages >= vm.swap_target_pages:
        return ""
    copy = copies[vm.source]
    if vm.stage is not Stage.SETTLED or vm.source is Place.GUEST or not isinstance(copy, Qemu):
        return "only a VM that is settled outside of the host VM can be swapped"
    reached = swap_out(copy.pid, ground.nursery.memory_of(copy.name), vm.swap_target_pages)
    return "" if reached >= vm.swap_target_pages else f"the guest brings pages back: {reached} are swapped"


ON_MEMORY: Mapping[str, VmEffect] = {
    "reclaim": _reclaim,
    "inflate": _balloon,
    "deflate": _balloon,
    "swap_out": _swap,
}
