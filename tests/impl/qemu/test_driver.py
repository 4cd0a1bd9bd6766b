"""The controller carries a plan out on real hypervisors, and is killed at random points of it."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from holdfast.impl.plan import Sizes
from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.copies import RunRecord, resume, stop
from holdfast.impl.qemu.guest import PAGE_BYTES, breaks, heartbeats
from holdfast.impl.qemu.host_vm import MEMORY_MIB
from holdfast.impl.qemu.keeper import Keeper
from holdfast.impl.qemu.process import Nursery
from holdfast.impl.qemu.site import Site

from .nest import GUEST, HostImage

pytestmark = pytest.mark.qemu
RESIDENTS = ("r0", "r1", "r2")
RESIDENT_PAGES = (GUEST.memory_mib << 20) // PAGE_BYTES
SIZES = Sizes(old_pages=4096, guest_pages=8192, new_pages=4096, host_vm_pages=4096)
TIMEOUT_S = 240.0
RUNS_MOST = 200
SEED = 20261127


@dataclass
class Powered:
    """A machine that is on: its VMs count, and its keeper serves."""

    folder: Path
    nursery: Nursery
    keeper: Keeper

    async def control(self) -> asyncio.subprocess.Process:
        """Start a controller."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.impl.qemu.controlled", str(self.folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=(self.folder / "controller.said").open("a"),
            cwd=Path(__file__).parents[3],
        )

    async def assert_unharmed(self, vm: str) -> None:
        """It runs on the new hypervisor and nowhere else, missed no count on any line, and its memory is right."""
        there = [n for n, h in self.keeper.kept.items() if n.startswith(f"{vm}@") and h.returncode is None]
        assert [name.partition(".")[0] for name in there] == [f"{vm}@new"]
        qemu = self.nursery.adopt(vm, there[0], self.keeper.kept[there[0]], 1)
        await qemu.connect(self.nursery.address(there[0]))
        await qemu.serial[0].counted(qemu.serial[0].heartbeat() + 5, TIMEOUT_S)
        await stop(qemu)
        dump = self.folder / "dump"
        await qemu.monitor.ask("pmemsave", val=0, size=GUEST.memory_mib << 20, filename=str(dump))

        assert GUEST.faults(dump.read_bytes()) == []
        assert breaks(heartbeats(self.lines(vm))) == []

    def lines(self, vm: str) -> list[bytes]:
        """What a VM wrote in all the processes that carried it, in the order in which they did."""
        inside = self.folder.glob(f"host@*.line{1 + RESIDENTS.index(vm)}")
        written = [path.read_bytes() for path in (*self.folder.glob(f"{vm}@*.line0"), *inside)]
        return sorted(filter(heartbeat, written), key=heartbeat)


def heartbeat(line: bytes) -> int:
    """The first count on a line; 0 where there is none."""
    return next(iter(heartbeats([line])), 0)


@asynccontextmanager
async def powered(image: HostImage, folder: Path) -> AsyncIterator[Powered]:
    """A machine with its VMs on the old hypervisor; whatever is there at the end is ended."""
    async with Nursery(folder, RunRecord()) as nursery:
        keeper = Keeper(nursery)
        board = replace(image.board, shared=nursery.shared_memory("host", MEMORY_MIB))
        site = Site(
            *("m", RESIDENTS, image.resident, RESIDENT_PAGES, board, image.state, SIZES),
            capacity_pages=1 << 17,
            commit_limit_pages=1 << 17,
            host_vm_size_pages=MEMORY_MIB << 8,
        )
        site.write(folder)
        for vm in RESIDENTS:
            qemu = await nursery.launch(vm, image.supply.old, image.resident, Start(mark="@old"))
            await resume(qemu)
            await qemu.serial[0].counted(5, TIMEOUT_S)
            await keeper.take(qemu)
        async with await keeper.serve():
            try:
                yield Powered(folder, nursery, keeper)
            finally:
                await keeper.end_all()


def test_a_plan_is_carried_out_on_real_hypervisors(image: HostImage, folder: Path) -> None:
    async def whole() -> None:
        async with powered(image, folder) as machine:
            controller = await machine.control()
            assert controller.stdout
            said = (await asyncio.wait_for(controller.stdout.read(), TIMEOUT_S)).decode().splitlines()
            assert await controller.wait() == 0, (folder / "controller.said").read_text()
            assert said[-1].strip() == "ended done"
            for vm in RESIDENTS:
                await machine.assert_unharmed(vm)

    asyncio.run(whole())


def test_a_controller_that_is_killed_at_random_points_is_resumed(
    image: HostImage, folder: Path, figures: list[str]
) -> None:
    chance = random.Random(SEED)

    async def whole() -> None:
        kills = 0
        async with powered(image, folder) as machine:
            for _ in range(RUNS_MOST):
                controller = await machine.control()
                assert controller.stdout
                effects = chance.randint(1, 2)
                while effects and (line := await asyncio.wait_for(controller.stdout.readline(), TIMEOUT_S)):
                    effects -= line.startswith(b"effect")
                if effects:
                    break
                await asyncio.sleep(chance.uniform(0, 0.2))  # so that the point is a random one
                controller.kill()
                await controller.wait()
                kills += 1
            assert await controller.wait() == 0, (folder / "controller.said").read_text()
            assert kills >= 20
            for vm in RESIDENTS:
                await machine.assert_unharmed(vm)
        figures.append(f"controller killed {kills} times in one exchange (seed {SEED})")

    asyncio.run(whole())
