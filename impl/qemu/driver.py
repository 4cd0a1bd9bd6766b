"""Real QEMU as a driver: it carries effects out on processes that a keeper keeps, and tells what it observes of them.

It remembers nothing that matters: another one in its place sees the same. It knows memory by nominal sizes, not by frames,
and does not reclaim: residents have no balloon. The tap hears effects, not what guests and faults do.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from ..driver import (
    DriverLost,
    Effect,
    Ending,
    HostVmState,
    MachineView,
    MapState,
    Outcome,
    Place,
    Power,
    VmView,
    World,
)
from ..tap import ACTORS, SILENT, NoTap, Tap, arguments_of, changes
from .ground import Ground
from .migration import MigrationFailed
from .monitor import MonitorLost, Refused
from .moves import ON_VMS, see
from .process import Died
from .provision import Supply
from .state import Corrupted, NotLoaded, NotSaved
from .takeover import ON_MACHINE, host_state, map_state

FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (MigrationFailed, "migration_aborted"),
    (NotLoaded, "format_unreadable"),
    (Corrupted, "map_corrupted"),
    (Died, "boot_failed"),
)
"""What an effect that failed tells of, by its error."""
FAILURES = (MigrationFailed, MonitorLost, Refused, Died, NotSaved, NotLoaded, Corrupted, TimeoutError)


class QemuDriver:
    """The machine whose keeper serves in a folder. Close it when done: processes stay."""

    def __init__(self, folder: Path, supply: Supply, tap: Tap | None = None) -> None:
        """Connect to all that is there. Raises DriverLost."""
        self._tap: Tap = tap or NoTap()
        self._runner = asyncio.Runner()
        try:
            self._ground = Ground(folder, supply)
            self._runner.run(self._ground.connect())
        except (OSError, ValueError, *FAILURES) as e:
            raise DriverLost(f"the machine in {folder} cannot be driven: {e!r}") from e

    def close(self) -> None:
        """Disconnect."""
        self._runner.run(self._ground.nursery.end_all())
        self._runner.close()

    def observe(self, *vms: str) -> World:
        """The machine and these VMs, or all of them. Raises DriverLost."""
        names = [vm for vm in vms if vm in self._ground.site.residents] if vms else self._ground.site.residents
        return self._run_world(tuple(names))

    def perform(self, effect: Effect) -> Outcome:
        """Carry an effect out, and tell what is there then. Raises DriverLost."""
        about = (effect.vm,) if effect.vm else ()
        before = self._run_world(about)
        why, fault = self._carry_out(effect)
        after = self._run_world(about)
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
        if effect.vm not in site.residents or effect.action not in ON_VMS:
            return f"there is no such VM, or no such effect: {effect}"
        vm, copies = await see(self._ground, effect.vm)
        return "the VM is lost" if vm.lost else await ON_VMS[effect.action](self._ground, effect, vm, copies)

    def _run_world(self, vms: tuple[str, ...]) -> World:
        try:
            return self._runner.run(self._world(vms))
        except (OSError, *FAILURES) as e:
            raise DriverLost(f"what is there cannot be observed: {e!r}") from e

    async def _world(self, vms: tuple[str, ...]) -> World:
        everyone = {vm: (await see(self._ground, vm))[0] for vm in self._ground.site.residents}
        machine = await self._machine(everyone)
        return World(machine, {vm: everyone[vm] for vm in vms}, time.monotonic_ns() // 1000)

    async def _machine(self, vms: dict[str, VmView]) -> MachineView:
        ground, site = self._ground, self._ground.site
        there = {place: any(f"@{place.value}." in q.name and not q.gone for q in ground.nursery.all) for place in Place}
        host, (map_at, digest) = await host_state(ground), await map_state(ground)
        old, new = there[Place.OLD], there[Place.NEW]
        inside = sum(site.resident_pages for vm in vms.values() if Place.GUEST in vm.copies_at)
        itself = site.sizes.old_pages * old + site.sizes.new_pages * new
        hosted = site.sizes.guest_pages + site.sizes.host_vm_pages if host is not HostVmState.ABSENT else 0
        copies = site.resident_pages * sum(len(vm.copies_at) for vm in vms.values())
        used = itself + hosted + copies
        power = {True: Power.RUNNING, False: Power.ABSENT}
        return MachineView(
            site.machine,
            power[old],
            power[host is not HostVmState.ABSENT],
            power[new],
            host,
            ground.carrier,
            map_at if host is not HostVmState.ABSENT else MapState.NONE,
            digest,
            site.capacity_pages,
            used,
            site.commit_limit_pages,
            used,
            site.host_vm_size_pages,
            (site.sizes.guest_pages if hosted else 0) + inside,
        )

    def _tell(self, effect: Effect, before: World, after: World) -> None:
        if effect.action in SILENT:
            return
        pairs: list[tuple[VmView | MachineView, VmView | MachineView]] = [
            (before.machine, after.machine),
            *((before.vms[vm], after.vms[vm]) for vm in after.vms),
        ]
        changed = {key: pair for old, new in pairs for key, pair in changes(old, new).items()}
        self._tap.emit(ACTORS.get(effect.action, "operator"), effect.action, arguments_of(effect), changed)
