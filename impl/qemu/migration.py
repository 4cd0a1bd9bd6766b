"""Migration between two live QEMU processes, with a commit point.

The target was started stopped. Memory is sent while the VM runs, where that is safe. The source stands still before it
hands over; when all has arrived both have the whole VM and neither runs. Then one is ended and the other goes on: forward
by `activate`, back by `give_up`. Nothing else continues either of them, so a VM never runs twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from .copies import Copy, run_only, stop
from .monitor import Event, MonitorLost, Refused

STAGE_TIMEOUT_S = 120.0
UNLIMITED_BYTES_PER_S = 1 << 40


class MigrationFailed(Exception):
    """It ended before it committed; the text is QEMU's own. The source has the VM."""


@dataclass(frozen=True)
class Route:
    """How the target listens, and what address that is for the source, in which `{port}` is the port that it got."""

    listen: str
    reached: str


@dataclass(frozen=True)
class Figures:
    """What a migration took, as the source counts it."""

    total_ms: int
    downtime_ms: int
    sent_bytes: int


class Migration:
    """One migration of one VM, stage by stage: begin, stop, commit, fence, activate."""

    def __init__(self, source: Copy, target: Copy, route: Route, in_place: bool = False) -> None:
        """With `in_place`, both have one memory file, and only the state of the devices is sent."""
        self.source = source
        self.target = target
        self.route = route
        self.in_place = in_place
        self._since = 0

    async def begin(self, bytes_per_s: int = UNLIMITED_BYTES_PER_S) -> None:
        """Start to send, no faster than so. Raises MigrationFailed if an end is gone or refuses, TimeoutError.

        Where what is written meanwhile would not be seen, the VM is stunned first.
        """
        source, target = self.source.monitor, self.target.monitor
        shared = {"x-ignore-shared": self.in_place}
        self._since = len(source.events)
        try:
            if not self.in_place and not await writes_are_seen(self.source):
                await stop(self.source)
            await capabilities(self.target, {"events": True, **shared})
            await capabilities(self.source, {"events": True, "pause-before-switchover": True, **shared})
            await source.ask("migrate-set-parameters", max_bandwidth=bytes_per_s)
            await target.ask("migrate-incoming", uri=self.route.listen)
            await source.ask("migrate", uri=await self._reached_at())
        except (MonitorLost, Refused) as e:
            raise MigrationFailed(str(e)) from e

    async def hurry(self, bytes_per_s: int = UNLIMITED_BYTES_PER_S) -> None:
        """Change the pace of pre-copy. Raises MonitorLost, Refused, TimeoutError."""
        await self.source.monitor.ask("migrate-set-parameters", max_bandwidth=bytes_per_s)

    async def stop(self, timeout_s: float = STAGE_TIMEOUT_S) -> None:
        """Wait until the source stands still before it hands over. Raises MigrationFailed, TimeoutError."""
        await self._reached("pre-switchover", timeout_s)

    async def commit(self, timeout_s: float = STAGE_TIMEOUT_S) -> Figures:
        """Send the rest; both ends have the whole VM then, and neither runs. Raises MigrationFailed, TimeoutError."""
        try:
            await self.source.monitor.ask("migrate-continue", state="pre-switchover")
            await self._reached("completed", timeout_s)
            await self.target.monitor.until("MIGRATION", lambda e: e.data["status"] == "completed", timeout_s)
            took = await self.source.monitor.ask("query-migrate")
        except (MonitorLost, Refused) as e:
            raise MigrationFailed(str(e)) from e
        return Figures(took["total-time"], took["downtime"], took["ram"]["transferred"])

    async def fence(self) -> None:
        """End the source for good, now that the target is complete; until then it could go on. Raises TimeoutError."""
        await self.source.end()

    async def activate(self) -> None:
        """Run the target, the source having ended. Raises what `run_only` does."""
        await run_only(self.target, [self.source])

    async def give_up(self) -> None:
        """End the target, then run the source; at any stage before `fence`. Raises what `run_only` does."""
        if self.in_progress(await self.source.monitor.ask("query-migrate")):
            await self.source.monitor.ask("migrate_cancel")
            await self.source.monitor.until("MIGRATION", _ended, STAGE_TIMEOUT_S, self._since)
        await run_only(self.source, [self.target])

    @staticmethod
    def in_progress(answer: dict[str, str]) -> bool:
        """Whether `query-migrate` tells of a migration that could still complete."""
        return answer.get("status", "none") not in ("none", "completed", "failed", "cancelled")

    async def _reached_at(self) -> str:
        if "{port}" not in self.route.reached:
            return self.route.reached
        listens = (await self.target.monitor.ask("query-migrate"))["socket-address"][0]
        return self.route.reached.format(port=listens["port"])

    async def _reached(self, stage: str, timeout_s: float) -> None:
        source = self.source.monitor
        try:
            event = await source.until(
                "MIGRATION", lambda e: e.data["status"] == stage or _ended(e), timeout_s, self._since
            )
            if event.data["status"] != stage:
                why = (await source.ask("query-migrate")).get("error-desc", "QEMU does not say why")
                raise MigrationFailed(f"{source.name}: {event.data['status']} before {stage}: {why}")
        except MonitorLost as e:
            raise MigrationFailed(str(e)) from e


def _ended(event: Event) -> bool:
    return event.data["status"] in ("completed", "failed", "cancelled")


async def writes_are_seen(copy: Copy) -> bool:
    """Whether a process notes every write of a VM whose memory it sends, so that pre-copy can be live. Raises MonitorLost.

    Under software emulation, versions before 9.0 do not: once they have looked up what was written, later writes through a
    translation that is still cached go unnoticed, and the page arrives as it was, without an error (mended by QEMU's
    commit 03bfc2188f06, "physmem: Fix migration dirty bitmap coherency with TCG memory access").
    """
    version = (await copy.monitor.ask("query-version"))["qemu"]
    return (int(version["major"]), int(version["minor"])) >= (9, 0)


async def capabilities(copy: Copy, wanted: dict[str, bool]) -> None:
    """Switch these on or off. Raises MonitorLost, Refused, TimeoutError."""
    states = [{"capability": name, "state": state} for name, state in wanted.items()]
    await copy.monitor.ask("migrate-set-capabilities", capabilities=states)


async def migrate(migration: Migration) -> Figures:
    """All stages, one after the other. On MigrationFailed or TimeoutError before the commit, the source runs on."""
    try:
        await migration.begin()
        await migration.stop()
        figures = await migration.commit()
    except (MigrationFailed, TimeoutError):
        await migration.give_up()
        raise
    await migration.fence()
    await migration.activate()
    return figures
