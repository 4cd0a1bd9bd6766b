"""Effects on the machine: the host VM, its state as the hand-off map, and the two processes of its exchange.

How far the map has come is told by files: the state and its hash once it is written, a seal, what was given to a new
process, and the hash of what that has read. Each effect returns why it could not be done; "" if it was, or had been before.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..driver import HostVmState, MapState, Place
from .board import Start
from .copies import resume, run_only, stop
from .ground import Ground
from .host_vm import HostVm
from .process import Qemu
from .state import State, load, save

MachineEffect = Callable[[Ground], Awaitable[str]]


@dataclass(frozen=True)
class MapFiles:
    """The files that tell how far the map has come; the last two belong to one new process."""

    folder: Path

    @property
    def state(self) -> Path:
        """The state of the host VM's devices."""
        return self.folder / "host.state"

    @property
    def digest(self) -> Path:
        """Its hash, taken while it was written."""
        return self.folder / "host.digest"

    @property
    def seal(self) -> Path:
        """That nothing is added any more."""
        return self.folder / "host.seal"

    def passed(self, new: Qemu) -> Path:
        """What a new process was given."""
        return self.folder / f"{new.name}.passed"

    def read(self, new: Qemu) -> Path:
        """The hash of what a new process has read."""
        return self.folder / f"{new.name}.read"

    def drop(self) -> None:
        """Forget the map."""
        for path in (self.seal, self.digest, self.state, *self.folder.glob("host@*.passed")):
            path.unlink(missing_ok=True)


async def map_state(ground: Ground) -> tuple[MapState, str | None]:
    """How far the map has come, and its digest: once it is sealed, of it; once it was read, of what was read."""
    files, new = MapFiles(ground.folder), ground.direct("host", Place.NEW)
    if not files.digest.exists() or await host_state(ground) is HostVmState.RUNNING:
        return MapState.NONE, None
    if new and files.read(new).exists() and await new.monitor.status() == "paused":
        return MapState.VALIDATED, files.read(new).read_text()
    sealed = files.digest.read_text() if files.seal.exists() else None
    if new and files.passed(new).exists():
        return MapState.PASSED, sealed
    return (MapState.SEALED if sealed else MapState.BUILT), sealed


async def host_state(ground: Ground) -> HostVmState:
    """Whether the host VM is there, and runs."""
    if ground.carrier is None:
        return HostVmState.ABSENT
    return HostVmState.RUNNING if await ground.host_runs() else HostVmState.SUSPENDED


async def _create(ground: Ground) -> str:
    if ground.carrier:
        return ""
    MapFiles(ground.folder).drop()
    ground.note_carrier(None)
    host = HostVm(ground.nursery, ground.site.host_board, len(ground.site.residents))
    await host.load(ground.build(Place.OLD), ground.site.image, mark="@old")
    ground.note_carrier(host.carrier.name)
    ground.host = host
    await ground.enter()
    return ""


async def _destroy(ground: Ground) -> str:
    await ground.leave()
    for place in (Place.OLD, Place.NEW):
        if qemu := ground.direct("host", place):
            await qemu.end()
    ground.note_carrier(None)
    ground.host = None
    return ""


async def _suspend(ground: Ground) -> str:
    qemu = ground.direct("host", ground.carrier) if ground.carrier else None
    if qemu is None:
        return "there is no host VM"
    if not await ground.host_runs():
        return ""
    await ground.leave()
    MapFiles(ground.folder).drop()
    await stop(qemu)
    return ""


async def _build(ground: Ground) -> str:
    files, old = MapFiles(ground.folder), ground.direct("host", Place.OLD)
    if files.digest.exists():
        return ""
    if old is None or await ground.host_runs():
        return "the host VM is not suspended on the old hypervisor"
    written = await save(old, files.state, in_place=True)
    _write(files.digest, written.sha256)
    return ""


def _write(path: Path, text: str) -> None:
    """All of it or nothing, durably."""
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


async def _seal(ground: Ground) -> str:
    files = MapFiles(ground.folder)
    if not files.digest.exists():
        return "there is no map"
    _write(files.seal, files.digest.read_text())
    return ""


async def _launch(ground: Ground) -> str:
    if ground.direct("host", Place.NEW) is None:
        start = Start(incoming=True, mark="@new")
        await ground.nursery.launch("host", ground.build(Place.NEW), ground.site.host_board, start)
    return ""


async def _finish_boot(ground: Ground) -> str:
    new = ground.direct("host", Place.NEW)
    if new is None:
        return "the new hypervisor is not booting"
    await new.monitor.status()
    return ""


async def _pass(ground: Ground) -> str:
    files, new = MapFiles(ground.folder), ground.direct("host", Place.NEW)
    if new is None or not files.seal.exists():
        return "there is no sealed map, or the new hypervisor does not run"
    if not files.passed(new).exists():
        files.passed(new).hardlink_to(files.state)
    return ""


async def _validate(ground: Ground) -> str:
    """Whether what was read is what was sealed is not judged here; a VM is in the new process then, and does not run."""
    files, new = MapFiles(ground.folder), ground.direct("host", Place.NEW)
    if new is None or not files.passed(new).exists():
        return "the new hypervisor has no map to read"
    if await new.monitor.status() == "paused":
        return ""
    content = files.passed(new).read_bytes()
    given = State(files.passed(new), len(content), hashlib.sha256(content).hexdigest(), in_place=True)
    _write(files.read(new), given.sha256)
    await load(new, given)
    return ""


async def _tear_down(ground: Ground) -> str:
    new = ground.direct("host", Place.NEW)
    if new is None or (await map_state(ground))[0] is not MapState.VALIDATED:
        return "" if not _on_old(ground) else "the new hypervisor has not read the map"
    for qemu in _on_old(ground):
        await qemu.end()
    return ""


def _on_old(ground: Ground) -> list[Qemu]:
    return [q for q in ground.nursery.all if "@old." in q.name and not q.gone]


async def _resume(ground: Ground) -> str:
    new = ground.direct("host", Place.NEW)
    if ground.carrier is not Place.NEW or new is None or ground.host is None:
        return "the new hypervisor does not carry the host VM"
    if new not in ground.host.carriers:
        ground.note_carrier(new.name)
        await ground.host.carried_by(new)
    await resume(new)
    MapFiles(ground.folder).drop()
    await ground.enter()
    return ""


async def _roll_back(ground: Ground) -> str:
    old, new = ground.direct("host", Place.OLD), ground.direct("host", Place.NEW)
    if old is None:
        return "the old hypervisor does not carry the host VM"
    await run_only(old, [new] if new else [])
    MapFiles(ground.folder).drop()
    await ground.enter()
    return ""


ON_MACHINE: Mapping[str, MachineEffect] = {
    "create_host_vm": _create,
    "destroy_host_vm": _destroy,
    "suspend": _suspend,
    "build_map": _build,
    "seal_map": _seal,
    "launch_new": _launch,
    "finish_boot": _finish_boot,
    "pass_map": _pass,
    "validate_map": _validate,
    "tear_down_old": _tear_down,
    "resume": _resume,
    "roll_back": _roll_back,
}
