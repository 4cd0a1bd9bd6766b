"""The exchange of QEMU under a VM, by suspension and side by side, and what strikes in its midst."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.copies import run_only
from holdfast.impl.qemu.exchange import Exchange, exchange
from holdfast.impl.qemu.migration import migrate
from holdfast.impl.qemu.process import Qemu
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.state import Corrupted, NotLoaded

from .scenes import Scene, play

pytestmark = pytest.mark.qemu
SIZES_MIB = (16, 256)


@pytest.mark.parametrize("shared", [True, False], ids=["in-place", "full-image"])
@pytest.mark.parametrize("memory_mib", SIZES_MIB)
def test_a_vm_is_exchanged_by_suspension(
    supply: Supply, folder: Path, figures: list[str], memory_mib: int, shared: bool
) -> None:
    sizes: list[int] = []

    async def act(scene: Scene) -> None:
        new, state = await exchange(scene.nursery, "r", await scene.boot(), scene.board, supply.new)
        sizes.append(state.size_bytes >> 10)
        assert (state.size_bytes < 1 << 20) == shared
        await scene.assert_unharmed(new)

    record = play(supply, folder, act, memory_mib, shared)
    way = "memory in place" if shared else "full image"
    figures.append(
        f"exchange {supply.old.version} to {supply.new.version}, {memory_mib} MiB, {way}: "
        f"blackout {record.blackout_ms('r')[0]} ms, state {sizes[0]} KiB"
    )


@pytest.mark.parametrize("memory_mib", SIZES_MIB)
def test_a_vm_is_handed_over_side_by_side(supply: Supply, folder: Path, figures: list[str], memory_mib: int) -> None:
    async def act(scene: Scene) -> None:
        old = await scene.boot()
        new = await scene.nursery.launch("r", supply.new, scene.board, Start(incoming=True))
        await scene.ticks(old)
        took = await migrate(scene.migration(old, new, in_place=True))
        assert took.sent_bytes < 1 << 20
        await scene.assert_unharmed(new)

    record = play(supply, folder, act, memory_mib, shared=True)
    figures.append(f"side by side, {memory_mib} MiB: blackout {record.blackout_ms('r')[0]} ms")


async def loaded(scene: Scene) -> Exchange:
    """An exchange whose next step is the point of no return."""
    steps = Exchange(scene.nursery, "r", await scene.boot(), scene.board)
    await steps.suspend()
    await steps.build_map()
    await steps.launch_new(scene.supply.new)
    await steps.validate_map()
    return steps


def test_new_hypervisor_killed_before_it_runs_the_old_one_goes_on(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        steps = await loaded(scene)
        assert steps.new
        steps.new.kill()
        await steps.new.ended()
        await steps.roll_back()
        await scene.assert_unharmed(steps.old)

    play(supply, folder, act, 16, shared=True)


@pytest.mark.parametrize("shared", [True, False], ids=["in-place", "full-image"])
def test_new_hypervisor_killed_after_the_old_one_was_torn_down_another_one_loads_the_state(
    supply: Supply, folder: Path, shared: bool
) -> None:
    async def act(scene: Scene) -> None:
        steps = await loaded(scene)
        await steps.tear_down_old()
        assert steps.new
        steps.new.kill()
        await steps.launch_new(supply.old)
        await steps.validate_map()
        await scene.assert_unharmed(await steps.resume())

    play(supply, folder, act, 16, shared)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_state_file_with_one_flipped_byte_is_refused_and_the_old_one_goes_on(
    supply: Supply, folder: Path, place: int
) -> None:
    async def act(scene: Scene) -> None:
        steps = Exchange(scene.nursery, "r", await scene.boot(), scene.board)
        await steps.suspend()
        state = await steps.build_map()
        flip(steps.state_path, (state.size_bytes - 1) * place // 2)
        new = await steps.launch_new(supply.new)
        with pytest.raises(Corrupted, match="its SHA-256 is"):
            await steps.validate_map()
        assert await new.monitor.status() == "inmigrate"
        await steps.roll_back()
        await scene.assert_unharmed(steps.old)

    play(supply, folder, act, 16, shared=True)


def flip(path: Path, at: int) -> None:
    """Invert one byte of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


def test_without_the_hash_a_flipped_byte_would_have_been_loaded(supply: Supply, folder: Path) -> None:
    """Why there is a hash: QEMU takes what is not what was written."""

    async def act(scene: Scene) -> None:
        from dataclasses import replace
        from hashlib import sha256

        steps = Exchange(scene.nursery, "r", await scene.boot(), scene.board)
        await steps.suspend()
        state = await steps.build_map()
        flip(steps.state_path, state.size_bytes - 3000)
        steps.state = replace(state, sha256=sha256(steps.state_path.read_bytes()).hexdigest())
        new = await steps.launch_new(supply.new)
        await steps.validate_map()
        assert await new.monitor.status() == "paused"

    play(supply, folder, act, 16, shared=True)


@pytest.mark.parametrize("cut", [2, 50])
def test_a_truncated_state_file_is_refused_even_by_qemu(supply: Supply, folder: Path, cut: int) -> None:
    async def act(scene: Scene) -> None:
        from dataclasses import replace
        from hashlib import sha256

        steps = Exchange(scene.nursery, "r", await scene.boot(), scene.board)
        await steps.suspend()
        state = await steps.build_map()
        steps.state_path.write_bytes(steps.state_path.read_bytes()[: state.size_bytes // cut])
        steps.state = replace(state, sha256=sha256(steps.state_path.read_bytes()).hexdigest())
        await steps.launch_new(supply.new)
        with pytest.raises(NotLoaded):
            await steps.validate_map()
        await steps.roll_back()
        await scene.assert_unharmed(steps.old)

    play(supply, folder, act, 16, shared=True)


def test_a_wrong_machine_type_is_refused_and_the_old_one_goes_on(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        from dataclasses import replace

        steps = Exchange(scene.nursery, "r", await scene.boot(), scene.board)
        await steps.suspend()
        await steps.build_map()
        other = scene.board.machine.replace("i440fx", "q35")
        new: Qemu = await steps.launch_new(supply.new, replace(scene.board, machine=other, boot=()))
        with pytest.raises(NotLoaded):
            await steps.validate_map()
        assert "machine type" in (await new.ended()).lower()
        await steps.roll_back()
        await scene.assert_unharmed(steps.old)

    play(supply, folder, act, 16, shared=True)


def test_a_vm_goes_back_to_the_old_version(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        there, _ = await exchange(scene.nursery, "r", await scene.boot(supply.new), scene.board, supply.old)
        await scene.assert_unharmed(there)

    play(supply, folder, act, 16, shared=True)


def test_the_state_file_is_kept_until_the_vm_runs_again(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        steps = await loaded(scene)
        await steps.tear_down_old()
        assert steps.state_path.exists()
        assert steps.new
        await run_only(steps.new, [steps.old])
        assert steps.state_path.exists()
        await steps.resume()
        assert not steps.state_path.exists()
        await scene.assert_unharmed(steps.new)

    play(supply, folder, act, 16, shared=True)
