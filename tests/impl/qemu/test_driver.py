"""The controller carries a plan out on real hypervisors, and is killed at random points of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from holdfast.impl.driver import Place
from holdfast.impl.plan import Sizes
from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.copies import RunRecord, resume
from holdfast.impl.qemu.host_vm import MEMORY_MIB
from holdfast.impl.qemu.inspect import Memory, inspect
from holdfast.impl.qemu.keeper import Keeper
from holdfast.impl.qemu.process import Nursery
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.site import Site

from . import controlled
from .nest import HostImage

pytestmark = pytest.mark.qemu
RESIDENTS: tuple[str, ...] = ("r0", "r1", "r2")
SIZES = Sizes(old_pages=4096, guest_pages=8192, new_pages=4096, host_vm_pages=4096)
TIMEOUT_S = 240.0
KILLS_MOST = 200
SEED = 20261127


@dataclass
class Powered:
    """A machine that is on: its VMs count, and its keeper serves."""

    folder: Path
    supply: Supply
    keeper: Keeper

    async def control(self) -> asyncio.subprocess.Process:
        """Start a controller."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", controlled.__name__, str(self.folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=(self.folder / "controller.said").open("a"),
            cwd=Path(__file__).parents[3],
        )

    async def assert_unharmed(self) -> None:
        """Every VM runs on the new hypervisor and nowhere else, missed no count on any line, and its memory is right."""
        for vm in RESIDENTS:
            there = [n for n, h in self.keeper.kept.items() if n.startswith(f"{vm}@") and h.returncode is None]
            assert [name.partition(".")[0] for name in there] == [f"{vm}@new"]
        found = await inspect(self.folder, self.supply)
        assert [(c.vm, c.place, c.memory, c.faults) for c in found] == [
            (vm, Place.NEW, Memory.EXACT, ()) for vm in RESIDENTS
        ]


@asynccontextmanager
async def powered(image: HostImage, folder: Path) -> AsyncGenerator[Powered, None]:
    """A machine with its VMs on the old hypervisor; whatever is there at the end is ended."""
    async with Nursery(folder, RunRecord()) as nursery:
        keeper = Keeper(nursery)
        board = replace(image.board, shared=nursery.shared_memory("host", MEMORY_MIB))
        site = Site(
            *("m", dict.fromkeys(RESIDENTS, image.resident), board, image.state, SIZES),
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
                yield Powered(folder, image.supply, keeper)
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
            await machine.assert_unharmed()

    asyncio.run(whole())


async def killed(controller: asyncio.subprocess.Process, chance: random.Random, folder: Path, within_s: float) -> bool:
    """Kill a controller some time after its next effect. Whether it had ended the run before."""
    assert controller.stdout
    said = await asyncio.wait_for(controller.stdout.readline(), TIMEOUT_S)
    if not said.startswith(b"effect"):
        assert await controller.wait() == 0, (folder / "controller.said").read_text()
        return True
    await asyncio.sleep(chance.uniform(0, within_s))  # anywhere in what comes after it
    with contextlib.suppress(ProcessLookupError):
        controller.kill()
    return await controller.wait() == 0


def test_a_controller_that_is_killed_at_random_points_is_resumed(
    image: HostImage, folder: Path, figures: list[str]
) -> None:
    chance = random.Random(SEED)

    async def whole() -> None:
        kills = 0
        async with powered(image, folder) as machine:
            # After forty each one has a little longer: what takes longer than it has would be begun again for ever.
            while not await killed(await machine.control(), chance, folder, 0.1 + 0.02 * max(0, kills - 40)):
                kills += 1
                assert kills < KILLS_MOST, "the exchange never ends"
            assert kills >= 20
            await machine.assert_unharmed()
        figures.append(f"controller killed {kills} times in one exchange (seed {SEED})")

    asyncio.run(whole())
