"""Real QEMU as a driver: it carries effects out on processes that a keeper keeps, and tells what it observes of them.

It remembers nothing that matters: another one in its place sees the same. What VMs have it asks for; what hypervisors take
it knows by nominal sizes. The tap hears effects, not what guests and faults do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..driver import DriverLost, Effect, Ending, MachineView, Outcome, Power, Stage, VmView, World
from ..tap import ACTORS, SILENT, NoTap, Tap, arguments_of, changes, seen
from .ground import Ground
from .migration import MigrationFailed
from .monitor import MonitorLost, Refused
from .moves import ON_VMS
from .observe import machine_view, see
from .process import Died
from .provision import Supply
from .reclaim import ON_MEMORY, StoppedShort
from .site import Site
from .state import Corrupted, NotLoaded, NotSaved
from .takeover import ON_MACHINE

FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (MigrationFailed, "migration_aborted"),
    (NotLoaded, "format_unreadable"),
    (Corrupted, "map_corrupted"),
    (Died, "boot_failed"),
    (StoppedShort, "balloon_stopped_short"),
)
"""What an effect that failed tells of, by its error."""
FAILURES = (MigrationFailed, StoppedShort, MonitorLost, Refused, Died, NotSaved, NotLoaded, Corrupted, TimeoutError)
EFFECTS = {**ON_VMS, **ON_MEMORY}


class QemuDriver:
    """The machine whose keeper serves in a folder. Close it when done: processes stay."""

    def __init__(self, folder: Path, supply: Supply) -> None:
        """Connect to all that is there. Raises DriverLost."""
        self.tap: Tap = NoTap()
        self._runner = asyncio.Runner()
        self._last: World | None = None
        """What was seen last: an effect on one VM leaves the others as they were."""
        try:
            self._ground = Ground(folder, supply)
            self._runner.run(self._ground.connect())
        except (OSError, ValueError, *FAILURES) as e:
            raise DriverLost(f"the machine in {folder} cannot be driven: {e!r}") from e

    @property
    def site(self) -> Site:
        """The machine that it drives."""
        return self._ground.site

    def written(self, vm: str) -> bytes:
        """What a VM has written, in every process that carried it. Raises OSError."""
        return b"".join(path.read_bytes() for path in self._ground.lines(vm))

    @property
    def supply(self) -> Supply:
        """The versions that are the old and the new hypervisor."""
        return self._ground.supply

    def close(self) -> None:
        """Disconnect."""
        self._runner.run(self._ground.nursery.end_all())
        self._runner.close()

    def observe(self, *vms: str) -> World:
        """The machine and these VMs, or all of them. Raises DriverLost."""
        self._last = self._looked()
        return _about(self._last, vms or tuple(self._ground.site.residents))

    def perform(self, effect: Effect) -> Outcome:
        """Carry an effect out, and tell what is there then. Raises DriverLost."""
        before = self._last or self._looked()
        why, fault = self._carry_out(effect)
        self._last = self._looked(before if effect.vm else None, effect.vm)
        after = _about(self._last, (effect.vm,) if effect.vm else ())
        if fault:
            return Outcome(Ending.FAILED, after, why, fault)
        if why:
            return Outcome(Ending.REFUSED, after, why)
        self._tell(effect, before, after)
        return Outcome(Ending.DONE, after)

    def _carry_out(self, effect: Effect) -> tuple[str, str | None]:
        """Why it could not be done, and by which fault."""
        try:
            return self._runner.run(self._do(effect)), None
        except FAILURES as e:
            fault = next((name for kind, name in FAULTS if isinstance(e, kind)), None)
            self._tidy(effect)
            return f"{effect}: {e!r}", fault
        except OSError as e:
            raise DriverLost(f"{effect}: {e!r}") from e

    def _tidy(self, effect: Effect) -> None:
        try:
            if effect.vm:
                self._runner.run(self._ground.tidy(effect.vm))
        except (OSError, *FAILURES) as e:
            raise DriverLost(f"{effect} failed, and what it left cannot be put right: {e!r}") from e

    async def _do(self, effect: Effect) -> str:
        site = self._ground.site
        if effect.machine != site.machine:
            return f"there is no machine {effect.machine}"
        if effect.action in ON_MACHINE:
            return await ON_MACHINE[effect.action](self._ground)
        if effect.vm is None or effect.vm not in site.residents or effect.action not in EFFECTS:
            return f"there is no such VM, or no such effect: {effect}"
        vm, copies = await see(self._ground, effect.vm)
        return "the VM is lost" if vm.lost else await EFFECTS[effect.action](self._ground, effect, vm, copies)

    def _looked(self, before: World | None = None, vm: str | None = None) -> World:
        """Everything as it is now; or, an effect on one VM later, what was seen before, but for the machine and that VM."""
        try:
            return self._runner.run(self._world(before.vms if before else {}, vm))
        except (OSError, *FAILURES) as e:
            raise DriverLost(f"what is there cannot be observed: {e!r}") from e

    async def _world(self, known: Mapping[str, VmView], changed: str | None) -> World:
        await self._ground.enter()  # once, and not by each of those who look at the same time
        residents = self._ground.site.residents
        asked = [vm for vm in residents if vm == changed or vm not in known]
        views = await asyncio.gather(*(see(self._ground, vm) for vm in asked))
        now = dict(known) | {vm: view for vm, (view, _) in zip(asked, views, strict=True)}
        everyone = {vm: now[vm] for vm in residents}
        return World(await machine_view(self._ground, everyone), everyone, time.monotonic_ns() // 1000)

    def _tell(self, effect: Effect, before: World, after: World) -> None:
        if effect.action in SILENT:
            return
        pairs: list[tuple[VmView | MachineView, VmView | MachineView]] = [
            (before.machine, after.machine),
            *((before.vms[vm], view) for vm, view in after.vms.items()),
        ]
        changed = {key: pair for old, new in pairs for key, pair in changes(old, new).items()}
        by_itself = _by_itself(effect, changed)
        if by_itself is None:  # an effect that left everything as it was is told too, with what it left
            changed = changes(*pairs[0]) | _subject(*pairs[-1])
        self.tap.emit(ACTORS.get(effect.action, "operator"), effect.action, arguments_of(effect), changed)
        if by_itself:
            action, pair = by_itself
            self.tap.emit(ACTORS[action], action, arguments_of(replace(effect, amount=None)), pair)


def _subject(before: VmView | MachineView, after: VmView | MachineView) -> dict[str, list[Any]]:
    """All that was seen of what an effect is about, but for what is no part of it in pre-copy: pages that were sent as soon
    as that had begun, or written since; and that a VM stands still already, where writes are not seen."""
    told = seen(before, after)
    if isinstance(before, VmView) and isinstance(after, VmView):
        told[f"{after.name}.running"] = [bool(before.running_at), bool(after.running_at)]
        if after.stage is Stage.COPYING:
            unknown = {"dirty" if after.running_at else "running", "copied" if before.stage is Stage.SETTLED else ""}
            told = {key: pair for key, pair in told.items() if key.rpartition(".")[2] not in unknown}
    return told


def _by_itself(effect: Effect, changed: dict[str, list[Any]]) -> tuple[str, dict[str, list[Any]]] | None:
    """What has happened since an effect without being asked for, taken out of what that changed: the end of pre-copy, where
    the VM was stunned before; or the end of a boot, for which a QEMU process is not waited for."""
    stage, power = f"{effect.vm}.stage", f"{effect.machine}.new.power"
    if effect.action in ("copy", "copy_again") and stage in changed:
        return "stop", {stage: changed.pop(stage)}
    if effect.action == "launch_new" and power in changed:
        before, after = changed[power]
        changed[power] = [before, Power.BOOTING.value]
        return "finish_boot", {power: [Power.BOOTING.value, after]}
    return None


def _about(world: World, vms: Collection[str]) -> World:
    """The part of what was seen that is about the machine and these VMs."""
    return replace(world, vms={vm: world.vms[vm] for vm in vms if vm in world.vms})
