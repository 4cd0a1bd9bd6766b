"""A testbed: a machine of real hypervisors whose VMs count, on which a plan can be tried.

`python -m holdfast.impl.qemu.testbed FOLDER` is a process of its own, so that it outlives whoever drives it, even one
that is killed. It says on its output what it does, `READY` at last, and nothing after that. What it is to be lies in the
folder (`Wanted`); whoever dismisses its keeper ends it, and so does SIGTERM. All processes that it started end with it.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..driver import Place
from ..plan import Sizes
from .board import PAGES_PER_MIB, Board, Start, floppy, machine_type
from .copies import RunRecord, resume
from .guest import Guest
from .host_vm import HostVm, host_board
from .keeper import Keeper
from .linux_guest import LEAST_MIB, board_of
from .packages import Unavailable
from .process import Died, Nursery
from .provision import Supply, provision
from .site import Site

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE = "wanted.json"
READY = "READY"
COUNTS_FIRST = 5
BOOT_TIMEOUT_S = 240.0
LINUX_MIB, NESTED_MIB = 64, 28
"""What a host VM takes itself, and what it takes for each nested QEMU beside the VM that is in it."""
GUEST_MIB_LEAST = 2
ADDRESS_BYTES_MOST = 107
"""Addresses of sockets are no longer, in bytes."""


@dataclass(frozen=True)
class Wanted:
    """What a testbed is to be. VMs and host VM in MiB, and the rest in pages of 4 KiB, as the plan's cluster has it.

    Those that have a `balloon` are Linux guests; the others are the smallest that can count.
    """

    machine: str
    vms_mib: Mapping[str, int]
    balloons: tuple[str, ...]
    host_vm_mib: int
    sizes: Sizes
    capacity_pages: int
    commit_limit_pages: int
    swap_pages: int = 0

    @property
    def host_vm_least_mib(self) -> int:
        """A host VM that is smaller does not come up, empty as it is."""
        return LINUX_MIB + NESTED_MIB * len(self.vms_mib)

    def unfit(self, folder: Path) -> list[str]:
        """Why there can be no such testbed in that folder; nothing, if there can."""
        least_mib = {vm: LEAST_MIB if vm in self.balloons else GUEST_MIB_LEAST for vm in self.vms_mib}
        small = [vm for vm, mib in self.vms_mib.items() if mib < least_mib[vm]]
        found = [f"{vm} is smaller than {least_mib[vm]} MiB" for vm in small]
        if self.host_vm_mib < (least := self.host_vm_least_mib):
            found.append(f"the host VM has {self.host_vm_mib} MiB, and an empty one takes {least} MiB for so many VMs")
        needed_mib = self.host_vm_mib + sum(self.vms_mib.values())
        if needed_mib > (available := available_mib()):
            found.append(
                f"the VMs and the host VM have {needed_mib} MiB, and this machine has {available} MiB to spare"
            )
        longest = folder.absolute() / f"{max((*self.vms_mib, 'host'), key=len)}@guest.00.monitor"
        if (over := len(bytes(longest)) - ADDRESS_BYTES_MOST) > 0:
            found.append(f"the folder's path is too long for addresses of sockets, by {over} bytes")
        return found

    def write(self, folder: Path) -> None:
        """Write it down. Raises OSError."""
        (folder / FILE).write_bytes(_adapter().dump_json(self))

    @classmethod
    def read(cls, folder: Path) -> Wanted:
        """Read it. Raises OSError, and ValueError if it describes no testbed."""
        return _adapter().validate_json((folder / FILE).read_bytes())


def available_mib() -> int:
    """How much memory this machine has to spare. Raises OSError."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found[1]) >> 10 if found else 0


def _adapter() -> TypeAdapter[Wanted]:
    from pydantic import TypeAdapter

    return TypeAdapter(Wanted)


def small_guest(memory_mib: int) -> Guest:
    """The guest of a VM without a balloon: it touches all of its memory above the first MiB."""
    return Guest(memory_mib, pages=(memory_mib - 1) * PAGES_PER_MIB)


async def serve(folder: Path, supply: Supply, wanted: Wanted, say: Callable[[str], None]) -> None:
    """Be the testbed, until it is dismissed. Raises Died, Unavailable, TimeoutError, OSError."""
    async with Nursery(folder, RunRecord()) as nursery:
        keeper = Keeper(nursery)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, keeper.dismissed.set)
        site = await build(nursery, supply, wanted, say)
        site.write(folder)
        await power_on(nursery, keeper, supply, site)
        try:
            async with await keeper.serve():
                say(READY)
                await keeper.dismissed.wait()
        finally:
            await keeper.end_all()


async def build(nursery: Nursery, supply: Supply, wanted: Wanted, say: Callable[[str], None]) -> Site:
    """Make guests, and a host VM that was booted once. Raises Died, Unavailable, TimeoutError."""
    folder = nursery.folder
    made = {vm: _board(supply, folder / f"{vm}.image", wanted, vm) for vm in wanted.vms_mib}
    boards = {vm: board for vm, (board, _) in made.items()}
    say(f"booting a host VM of {wanted.host_vm_mib} MiB with {len(boards)} nested hypervisors")
    inside = host_board(supply, folder, list(made.values()), wanted.host_vm_mib)
    shared = nursery.shared_memory("host", wanted.host_vm_mib)
    host = HostVm(nursery, replace(inside, shared=shared), len(boards))
    await host.boot(supply.old)
    image = await host.image(folder / "host.image")
    return Site(
        wanted.machine,
        boards,
        host.board,
        image,
        wanted.sizes,
        wanted.capacity_pages,
        wanted.commit_limit_pages,
        wanted.host_vm_mib * PAGES_PER_MIB,
        wanted.swap_pages,
    )


def _board(supply: Supply, image: Path, wanted: Wanted, vm: str) -> tuple[Board, list[Path]]:
    """A VM's board and the files that it boots from, of which the first is written here. Raises Unavailable."""
    memory_mib = wanted.vms_mib[vm]
    if vm in wanted.balloons:
        return board_of(supply, memory_mib, image)
    image.write_bytes(small_guest(memory_mib).floppy())
    return Board(machine_type(supply.old), memory_mib, floppy(image)), [image]


async def power_on(nursery: Nursery, keeper: Keeper, supply: Supply, site: Site) -> None:
    """Start every VM on the old hypervisor, see it count, and leave it to the keeper. Raises Died, TimeoutError."""
    for vm, board in site.residents.items():
        qemu = await nursery.launch(vm, supply.old, board, Start(mark=f"@{Place.OLD.value}"))
        await resume(qemu)
        await qemu.serial[0].counted(COUNTS_FIRST, BOOT_TIMEOUT_S)
        await keeper.take(qemu)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(folder: Path) -> int:
    """0 once it was dismissed; 1 if it does not come up, which is then explained."""
    try:
        _say("looking for hypervisors, and fetching them where they are not there yet")
        supply = provision()
        _say(str(supply))
        asyncio.run(serve(folder, supply, Wanted.read(folder), _say))
    except (Unavailable, Died, TimeoutError, OSError, ValueError) as e:
        print(f"{type(e).__name__}: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
