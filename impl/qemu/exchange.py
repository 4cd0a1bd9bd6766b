"""The exchange of the hypervisor under a VM: one QEMU process ends, another one goes on with the VM.

By suspension: stop, write the state and its hash, start the new process, check and load the state there, end the old one,
go on. Side by side: the new process is up before the VM stops, and gets the state of its devices straight from the old
one, which is a migration in place (`Migration` with `in_place`). Until the new process runs, everything can be rolled back.
"""

from __future__ import annotations

from pathlib import Path

from .board import Board, Start
from .copies import resume, run_only, stop
from .process import Nursery, Qemu
from .provision import Build
from .state import State, load, save


class Exchange:
    """One exchange by suspension, stage by stage; each raises what the functions that it calls do."""

    def __init__(self, nursery: Nursery, vm: str, old: Qemu, board: Board) -> None:
        """The VM runs in `old`. Memory stays where it is if the board's is shared, and is in the state file if not."""
        self.nursery = nursery
        self.vm = vm
        self.old = old
        self.board = board
        self.new: Qemu | None = None
        self.state: State | None = None

    @property
    def state_path(self) -> Path:
        """Where the state file is, while there is one."""
        return self.nursery.folder / f"{self.vm}.state"

    async def suspend(self) -> None:
        """Stop the VM."""
        await stop(self.old)

    async def build_map(self) -> State:
        """Write the VM's state, and remember its hash: the map of what the new process takes over."""
        self.state = await save(self.old, self.state_path, in_place=self.board.shared is not None)
        return self.state

    async def launch_new(self, build: Build, board: Board | None = None) -> Qemu:
        """Start a process of that build, which waits. One that was started before and did not run is ended first."""
        if self.new:
            await self.new.end()
        self.new = await self.nursery.launch(self.vm, build, board or self.board, Start(incoming=True))
        return self.new

    async def validate_map(self) -> None:
        """Have the new process take the state, if it is what was written."""
        assert self.new and self.state, "there is a process to load it, and something to load"
        await load(self.new, self.state)

    async def tear_down_old(self) -> None:
        """End the old process. The VM is in the new one and, until that runs, in the state file."""
        await self.old.end()

    async def resume(self) -> Qemu:
        """Run the new process, the old one having ended, and forget the state file."""
        assert self.new, "a process has the state"
        await run_only(self.new, [self.old])
        self.state_path.unlink(missing_ok=True)
        return self.new

    async def roll_back(self) -> None:
        """Run the old process, the new one having ended."""
        if self.new:
            await run_only(self.old, [self.new])
        else:
            await resume(self.old)
        self.state_path.unlink(missing_ok=True)


async def exchange(nursery: Nursery, vm: str, old: Qemu, board: Board, build: Build) -> tuple[Qemu, State]:
    """The whole of it. What fails before the old process is torn down is rolled back, and raised again."""
    steps = Exchange(nursery, vm, old, board)
    await steps.suspend()
    try:
        state = await steps.build_map()
        await steps.launch_new(build)
        await steps.validate_map()
    except Exception:
        await steps.roll_back()
        raise
    await steps.tear_down_old()
    return await steps.resume(), state
