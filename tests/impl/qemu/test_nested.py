"""The whole exchange with consolidation, on real hypervisors, and the faults that strike in its midst."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.exchange import Exchange
from holdfast.impl.qemu.migration import Migration, MigrationFailed
from holdfast.impl.qemu.monitor import Answer
from holdfast.impl.qemu.nested import exchange_under
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.qemu.state import Corrupted

from .nest import HostImage, Nest, build_image, play_nested
from .test_exchange import flip

pytestmark = pytest.mark.qemu
SLOW_BYTES_PER_S = 100 << 10
RESIDENTS = ("r0", "r1", "r2")


def test_three_residents_come_through_the_whole_exchange(supply: Supply, folder: Path, figures: list[str]) -> None:
    """Set-up included: the host VM is booted from scratch here."""
    began = time.monotonic()
    seen: list[str] = []

    async def act(nest: Nest) -> None:
        host = await nest.host()
        residents = [await nest.resident(vm) for vm in RESIDENTS]
        for vm, source, slot in zip(RESIDENTS, residents, host.slots, strict=True):
            await nest.move_in(vm, source, slot)
        assert all(q.gone for q in residents), "nothing but the host VM is on the old hypervisor"
        old = host.carrier
        before = await version(old.monitor.ask("query-version"))
        state = await exchange_under(host, supply.new)
        assert old.gone
        after = await version(host.carrier.monitor.ask("query-version"))
        for vm, slot in zip(RESIDENTS, host.slots, strict=True):
            await nest.counts_in(vm, slot)
        out = [await nest.move_out(slot, supply.new) for slot in host.slots]
        await host.carrier.end()
        for vm, qemu in zip(RESIDENTS, out, strict=True):
            await nest.assert_unharmed(vm, qemu)
        assert sorted(q.name for q in nest.nursery.all if not q.gone) == [f"{vm}.1" for vm in RESIDENTS]
        seen.extend([f"{before} to {after}", f"state {state.size_bytes >> 10} KiB"])

    (folder / "made").mkdir()
    record = play_nested(build_image(supply, folder / "made"), folder, act)
    blackouts = ", ".join(f"{vm} {record.blackout_ms(vm)}" for vm in RESIDENTS)
    figures.append(f"nested exchange of {len(RESIDENTS)} residents, {seen[0]}: {time.monotonic() - began:.1f} s in all")
    figures.append(f"  blackout of the host VM {record.blackout_ms('host')[-1]} ms, {seen[1]}")
    figures.append(f"  blackouts of residents, moving in and out, ms: {blackouts}")


async def version(answer: Awaitable[Answer]) -> str:
    """QEMU's own version, as it says itself."""
    told = (await answer)["qemu"]
    return f"QEMU {told['major']}.{told['minor']}.{told['micro']}"


def test_host_vm_killed_during_consolidation_the_resident_runs_on_and_a_retry_succeeds(
    image: HostImage, folder: Path
) -> None:
    async def act(nest: Nest) -> None:
        host, source = await nest.host(), await nest.resident("r0")
        slot = host.slots[0]
        await slot.expect("r0")
        migration = Migration(source, slot, slot.arrivals)
        await migration.begin(SLOW_BYTES_PER_S)
        await source.monitor.until("MIGRATION", lambda e: e.data["status"] == "active", 60)
        host.carrier.kill()
        with pytest.raises(MigrationFailed, match="failed before pre-switchover"):
            await migration.stop()
        await host.carrier.ended()
        await migration.give_up()
        await nest.counts_on("r0", source.serial[0])
        again = await nest.host()
        await nest.move_in("r0", source, again.slots[0])
        await nest.assert_unharmed("r0", await nest.move_out(again.slots[0], nest.supply.new))

    play_nested(image, folder, act)


def test_cancelled_consolidation_leaves_the_resident_and_frees_the_slot(image: HostImage, folder: Path) -> None:
    async def act(nest: Nest) -> None:
        host, source = await nest.host(), await nest.resident("r0")
        slot = host.slots[0]
        await slot.expect("r0")
        migration = Migration(source, slot, slot.arrivals)
        await migration.begin(SLOW_BYTES_PER_S)
        await source.monitor.until("MIGRATION", lambda e: e.data["status"] == "active", 60)
        await migration.give_up()
        assert slot.gone
        await nest.counts_on("r0", source.serial[0])
        await nest.move_in("r0", source, slot)
        await nest.assert_unharmed("r0", await nest.move_out(slot, nest.supply.old))

    play_nested(image, folder, act)


def test_destination_killed_during_disassociation_the_resident_runs_on_inside(image: HostImage, folder: Path) -> None:
    async def act(nest: Nest) -> None:
        host, source = await nest.host(), await nest.resident("r0")
        slot = host.slots[0]
        await nest.move_in("r0", source, slot)
        await exchange_under(host, nest.supply.new)
        target = await nest.nursery.launch("r0", nest.supply.new, nest.image.resident, Start(incoming=True))
        migration = Migration(slot, target, slot.departures)
        await migration.begin(SLOW_BYTES_PER_S)
        await slot.monitor.until("MIGRATION", lambda e: e.data["status"] == "active", 60)
        target.kill()
        with pytest.raises(MigrationFailed, match="failed before pre-switchover"):
            await migration.stop()
        await migration.give_up()
        await nest.counts_in("r0", slot)
        await nest.assert_unharmed("r0", await nest.move_out(slot, nest.supply.new))

    play_nested(image, folder, act)


def test_new_hypervisor_killed_before_it_runs_residents_go_on_inside(image: HostImage, folder: Path) -> None:
    async def act(nest: Nest) -> None:
        host, source = await nest.host(), await nest.resident("r0")
        await nest.move_in("r0", source, host.slots[0])
        await host.leave_slots()
        steps = Exchange(nest.nursery, "host", host.carrier, host.board)
        await steps.suspend()
        await steps.build_map()
        new = await steps.launch_new(nest.supply.new)
        await steps.validate_map()
        new.kill()
        await new.ended()
        await steps.roll_back()
        await host.enter_slots()
        await nest.counts_in("r0", host.slots[0])
        await exchange_under(host, nest.supply.new)
        await nest.counts_in("r0", host.slots[0])
        await nest.assert_unharmed("r0", await nest.move_out(host.slots[0], nest.supply.new))

    play_nested(image, folder, act)


def test_a_flipped_byte_in_the_host_vms_state_is_refused_and_residents_go_on(image: HostImage, folder: Path) -> None:
    async def act(nest: Nest) -> None:
        host, source = await nest.host(), await nest.resident("r0")
        await nest.move_in("r0", source, host.slots[0])
        await host.leave_slots()
        steps = Exchange(nest.nursery, "host", host.carrier, host.board)
        await steps.suspend()
        state = await steps.build_map()
        flip(state.path, state.size_bytes // 3)
        await steps.launch_new(nest.supply.new)
        with pytest.raises(Corrupted):
            await steps.validate_map()
        await steps.roll_back()
        await host.enter_slots()
        await nest.counts_in("r0", host.slots[0])
        await nest.assert_unharmed("r0", await nest.move_out(host.slots[0], nest.supply.old))

    play_nested(image, folder, act)
