"""Migration between QEMU versions, and every way in which it ends before or after its commit point."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdfast.impl.qemu.board import Start
from holdfast.impl.qemu.migration import Migration, MigrationFailed, Route, capabilities, migrate, writes_are_seen
from holdfast.impl.qemu.monitor import Refused
from holdfast.impl.qemu.process import Qemu
from holdfast.impl.qemu.provision import Build, Supply

from .scenes import SLOW_BYTES_PER_S, Scene, play

pytestmark = pytest.mark.qemu
LARGE_MIB = 64
WAITS = Start(incoming=True)


async def under_way(scene: Scene) -> tuple[Qemu, Qemu, Migration]:
    """A migration in the midst of pre-copy; live, if the new version can do that."""
    source = await scene.boot(scene.supply.new)
    target = await scene.nursery.launch("r", scene.supply.old, scene.board, WAITS)
    migration = scene.migration(source, target)
    await migration.begin(SLOW_BYTES_PER_S)
    await source.monitor.until("MIGRATION", lambda e: e.data["status"] == "active", 60)
    return source, target, migration


async def committed(scene: Scene) -> tuple[Qemu, Qemu, Migration]:
    """A migration that both ends have completed, and after which neither runs."""
    source, target, migration = await under_way(scene)
    await migration.hurry()
    await migration.stop()
    await migration.commit()
    assert await source.monitor.status() == "postmigrate"
    assert await target.monitor.status() == "paused"
    return source, target, migration


def test_a_vm_migrates_to_and_fro_between_the_versions(supply: Supply, folder: Path, figures: list[str]) -> None:
    async def act(scene: Scene) -> None:
        carrier = await scene.boot()
        for build in (supply.new, supply.new, supply.old, supply.old):
            carrier = await hop(scene, carrier, build)
        await scene.assert_unharmed(carrier)

    record = play(supply, folder, act)
    figures.append(f"migrations {supply.old.version} and {supply.new.version}: blackouts {record.blackout_ms('r')} ms")


async def hop(scene: Scene, source: Qemu, build: Build) -> Qemu:
    """Migrate to a process of that build."""
    target = await scene.nursery.launch("r", build, scene.board, WAITS)
    await migrate(scene.migration(source, target))
    scene.carriers.append(target)
    await scene.ticks(target, 2)
    return target


def test_cancelled_in_pre_copy_the_source_runs_on_and_a_retry_succeeds(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source, target, migration = await under_way(scene)
        await migration.give_up()
        assert target.gone
        await scene.ticks(source)
        await scene.assert_unharmed(await hop(scene, source, supply.new))

    play(supply, folder, act, LARGE_MIB)


def test_cancelled_when_the_source_stands_still_it_runs_on(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source, _, migration = await under_way(scene)
        await migration.hurry()
        await migration.stop()
        assert await source.monitor.status() != "running"
        await migration.give_up()
        await scene.assert_unharmed(source)

    play(supply, folder, act, LARGE_MIB)


def test_destination_killed_in_pre_copy_the_source_runs_on_and_a_retry_succeeds(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source, target, migration = await under_way(scene)
        target.kill()
        with pytest.raises(MigrationFailed, match=r"failed before pre-switchover"):
            await migration.stop()
        await migration.give_up()
        await scene.ticks(source)
        await scene.assert_unharmed(await hop(scene, source, supply.new))

    play(supply, folder, act, LARGE_MIB)


def test_destination_killed_after_the_commit_the_source_goes_on(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source, target, migration = await committed(scene)
        target.kill()
        await target.ended()
        await migration.give_up()
        await scene.assert_unharmed(source)

    play(supply, folder, act, LARGE_MIB)


def test_source_killed_after_the_commit_the_destination_goes_on(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source, target, migration = await committed(scene)
        source.kill()
        await source.ended()
        await migration.activate()
        await scene.assert_unharmed(target)

    play(supply, folder, act, LARGE_MIB)


def test_the_source_has_ended_before_the_destination_runs(supply: Supply, folder: Path) -> None:
    """QEMU itself would let it run: that it is allowed to continue is seen first, by a record that shows the overlap."""

    async def act(scene: Scene) -> None:
        source, target, migration = await committed(scene)
        await migration.activate()
        assert source.gone
        await scene.assert_unharmed(target)

    async def unfenced(scene: Scene) -> None:
        source, target, _ = await committed(scene)
        for copy in (source, target):
            await copy.monitor.ask("cont")
            await copy.monitor.until("RESUME", lambda _: True, 60, since=1)
        assert scene.record.overlaps() == ["r runs in r.1 while it runs in r.0"]

    play(supply, folder, act, LARGE_MIB)
    (folder / "twice").mkdir()
    play(supply, folder / "twice", unfenced, LARGE_MIB)


def test_refusals_and_silence_are_told_apart(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        source = await scene.boot()
        with pytest.raises(Refused, match="migrate-continue"):
            await source.monitor.ask("migrate-continue", state="pre-switchover")
        with pytest.raises(TimeoutError):
            await source.monitor.until("SHUTDOWN", lambda _: True, 0.2)
        with pytest.raises(TimeoutError):
            await source.serial[0].counted(1_000_000, 0.2)
        await scene.assert_unharmed(source)
        await asyncio.wait_for(source.end(), 60)

    play(supply, folder, act)


class Live(Migration):
    """A migration that sends memory while the VM runs, whatever the version."""

    async def begin(self, bytes_per_s: int = SLOW_BYTES_PER_S) -> None:
        """Start to send without a look at the version."""
        for copy in (self.source, self.target):
            await capabilities(copy, {"events": True, "pause-before-switchover": copy is self.source})
        await self.source.monitor.ask("migrate-set-parameters", max_bandwidth=bytes_per_s, downtime_limit=1)
        await self.target.monitor.ask("migrate-incoming", uri=self.route.listen)
        listens = (await self.target.monitor.ask("query-migrate"))["socket-address"][0]
        await self.source.monitor.ask("migrate", uri=self.route.reached.format(port=listens["port"]))


HELD_BYTES_PER_S, PACE_BYTES_PER_S = 4 << 10, 2 << 20
NEARLY_ALL_BYTES = 96 << 10


async def paced(scene: Scene, source: Qemu) -> None:
    """Send slowly, then nearly all, then slowly again, so that QEMU looks at what was written while the VM still runs."""
    ask = source.monitor.ask
    await scene.ticks(source)
    await ask("migrate-set-parameters", max_bandwidth=PACE_BYTES_PER_S)
    async with asyncio.timeout(60):
        while (await ask("query-migrate"))["ram"]["remaining"] > NEARLY_ALL_BYTES:
            await asyncio.sleep(0.005)  # QEMU reports no event for it
    await ask("migrate-set-parameters", max_bandwidth=HELD_BYTES_PER_S)
    await scene.ticks(source)
    await ask("migrate-set-parameters", max_bandwidth=1 << 40, downtime_limit=300)


TRIES = 5
"""So often a version that does not see all writes may get away with it."""


@pytest.mark.parametrize("which", ["old", "new"])
def test_whether_a_version_sees_what_is_written_while_memory_is_sent(supply: Supply, folder: Path, which: str) -> None:
    """Why some are stunned first: the page with the count arrives older than what was done after it."""
    build = supply.old if which == "old" else supply.new
    claimed: set[bool] = set()
    faults: list[str] = []

    async def act(scene: Scene) -> None:
        source = await scene.boot(build)
        claimed.add(await writes_are_seen(source))
        target = await scene.nursery.launch("r", build, scene.board, WAITS)
        migration = Live(source, target, Route("tcp:127.0.0.1:0", "tcp:127.0.0.1:{port}"))
        await migration.begin(HELD_BYTES_PER_S)
        await paced(scene, source)
        await migration.stop()
        await migration.commit()
        dump = scene.nursery.folder / "arrived"
        await target.monitor.ask("pmemsave", val=0, size=scene.guest.memory_mib << 20, filename=str(dump))
        faults.extend(scene.guest.faults(dump.read_bytes()))

    for number in range(TRIES):
        (folder / str(number)).mkdir()
        play(supply, folder / str(number), act)
        if faults:
            break
    assert claimed == {not faults}
