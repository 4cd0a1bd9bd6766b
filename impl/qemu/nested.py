"""The exchange with consolidation: residents move into the host VM, its hypervisor is exchanged, residents move out.

What fails before a commit point leaves the VM where it was, running; it is raised again, and can be tried again.
"""

from __future__ import annotations

from .board import Board, Start
from .exchange import exchange
from .host_vm import HostVm, Slot
from .migration import Figures, Migration, MigrationFailed, migrate
from .process import Nursery, Qemu
from .provision import Build
from .state import State


async def consolidate(vm: str, source: Qemu, slot: Slot) -> Figures:
    """Move a VM into the host VM. Raises MigrationFailed, TimeoutError; then it runs on where it was."""
    await slot.expect(vm)
    return await migrate(Migration(source, slot, slot.arrivals))


async def exchange_under(host: HostVm, build: Build) -> State:
    """Have the host VM carried by a process of that build. Raises what `exchange` does; then the old one carries it on."""
    await host.leave_slots()
    try:
        new, state = await exchange(host.nursery, "host", host.carrier, host.board, build)
        await host.carried_by(new)
    finally:
        await host.enter_slots()
    return state


async def move_out(nursery: Nursery, slot: Slot, build: Build, board: Board) -> tuple[Qemu, Figures]:
    """Move a VM out of the host VM to a process of that build. Raises as `consolidate` does; then it runs on inside."""
    target = await nursery.launch(slot.vm, build, board, Start(incoming=True))
    try:
        return target, await migrate(Migration(slot, target, slot.departures))
    except MigrationFailed:
        await target.end()
        raise
