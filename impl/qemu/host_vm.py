"""The host VM: Linux with one nested QEMU per slot, in which a resident VM can run.

A nested QEMU waits, from the start, for a VM to arrive. When it ends, another one takes its place. The host VM says so on
its console, `READY` or `ENDED` and the slot's number: that is how the end of a process that one cannot see is observed.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .board import Board, Start, machine_type
from .copies import FENCE_TIMEOUT_S, resume
from .linux import boot, disk, initramfs, libraries
from .migration import Route
from .monitor import Monitor, MonitorLost
from .process import Nursery, Qemu
from .provision import Build, Supply
from .state import State, load, save

MEMORY_MIB = 160
TRANSLATIONS_MIB = 8
BOOT_TIMEOUT_S = 240.0
MONITOR_PORT, ARRIVAL_PORT = 4450, 4440
FIRMWARE = ("usr/share/seabios/bios-256k.bin", "usr/share/qemu/kvmvapic.bin")
MODULE = "usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"
PROGRAM = "usr/bin/qemu-system-x86_64"
OUTSIDE = "10.0.2.2"
"""What the machine is called from inside."""

SCRIPT = """
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
mount -t ext4 -o ro,noload /dev/vda /disk
export QEMU_MODULE_DIR=/disk/modules
qemu="/disk/lib/ld-linux-x86-64.so.2 --library-path /disk/lib /disk/qemu -L /disk/firmware -daemonize"

# A pipe that the nested QEMU holds open: reading from it ends when that does.
slot() {
    slot=$1; shift
    mkfifo /run/alive$slot
    while :; do
        (exec 9>/run/alive$slot; $qemu "$@" 2>/dev/console && echo "READY $slot" >/dev/console) &
        read -r _ </run/alive$slot
        echo "ENDED $slot" >/dev/console
    done
}
"""


class HostVm:
    """The host VM and its slots. At any time one process carries it, but while it is exchanged."""

    def __init__(self, nursery: Nursery, board: Board, slots: int) -> None:
        """Not started."""
        self.nursery = nursery
        self.board = board
        self.slots = [Slot(self, number) for number in range(slots)]
        self.carriers: list[Qemu] = []
        self.ready_unheard = 0
        """How many nested QEMUs of each slot came up before what is heard here: those in an image."""
        self._heard_before: list[Path] = []
        self._forwards: dict[int, int] = {}

    @property
    def carrier(self) -> Qemu:
        """The process that carries it."""
        return self.carriers[-1]

    def said(self, word: str, slot: int) -> int:
        """How many nested QEMUs of a slot were reported `READY` or `ENDED` so far."""
        line = f"{word} {slot}\n".encode()
        heard = [*(p.read_bytes() for p in self._heard_before), *(q.serial[0].read() for q in self.carriers)]
        consoles = b"".join(heard)  # a line may begin in one process and end in the next
        return consoles.replace(b"\r", b"").count(line)

    async def until_said(self, word: str, slot: int, count: int, timeout_s: float) -> None:
        """Wait until so many were reported. Raises TimeoutError."""
        await self.carrier.serial[0].until(lambda _: self.said(word, slot) >= count or None, timeout_s)

    async def boot(self, build: Build) -> None:
        """Start it, and wait until a nested QEMU is up in every slot. Raises Died, TimeoutError."""
        await self.carried_by(await self.nursery.launch("host", build, self.board))
        await resume(self.carrier)
        for slot in self.slots:
            await self.until_said("READY", slot.number, 1, BOOT_TIMEOUT_S)

    async def load(self, build: Build, image: State, mark: str = "") -> None:
        """Start it from the state of one that was booted. Raises what `load` does."""
        await self.carried_by(await self.nursery.launch("host", build, self.board, Start(incoming=True, mark=mark)))
        await load(self.carrier, image)
        self.ready_unheard = 1
        await resume(self.carrier)

    async def image(self, path: Path) -> State:
        """Stop it, write its whole state to a file, memory included, and end its process."""
        await self.carrier.monitor.ask("stop")
        state = await save(self.carrier, path, in_place=False)
        await self.carrier.end()
        return state

    async def carried_by(self, qemu: Qemu) -> None:
        """From now on it is in this process: its slots are reached through the process's own ports."""
        self.carriers.append(qemu)
        table = (await qemu.monitor.ask("human-monitor-command", command_line="info usernet"))["return"]
        found = re.findall(r"HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)", table)
        self._forwards = {int(inside): int(outside) for outside, inside in found}

    def heard_before(self, console: Path) -> None:
        """Count what was written on the console of a process that is no more."""
        self._heard_before.append(console)

    def outside(self, port: int) -> int:
        """The port of this machine that leads to a port inside."""
        return self._forwards[port]

    async def leave_slots(self) -> None:
        """Disconnect from all nested QEMUs: connections do not survive the process that carries the host VM."""
        for slot in self.slots:
            await slot.monitor.leave()

    async def enter_slots(self) -> None:
        """Connect to all nested QEMUs again."""
        for slot in self.slots:
            await slot.enter()


class Slot:
    """A nested QEMU, as a copy of the VM that is in it or to arrive in it."""

    def __init__(self, host: HostVm, number: int) -> None:
        """Not connected."""
        self.host = host
        self.number = number
        self.vm = ""
        self.monitor = Monitor(self.name)
        self._before = 0

    @property
    def name(self) -> str:
        """The VM and where it is."""
        return f"{self.vm or 'nobody'}.slot{self.number}"

    @property
    def gone(self) -> bool:
        """Whether its end was observed: the host VM reported it, or ended itself."""
        return self.host.carrier.gone or self.host.said("ENDED", self.number) > self._before

    @property
    def arrivals(self) -> Route:
        """How a VM comes in."""
        port = ARRIVAL_PORT + self.number
        return Route(f"tcp:0.0.0.0:{port}", f"tcp:127.0.0.1:{self.host.outside(port)}")

    @property
    def departures(self) -> Route:
        """How a VM goes out."""
        return Route("tcp:127.0.0.1:0", f"tcp:{OUTSIDE}:{{port}}")

    async def expect(self, vm: str) -> None:
        """Connect to the nested QEMU that is there, for a VM that is to come into it. Raises MonitorLost, TimeoutError."""
        self.vm = vm
        self._before = self.host.said("ENDED", self.number)
        unheard = self.host.ready_unheard
        await self.host.until_said("READY", self.number, self._before + 1 - unheard, BOOT_TIMEOUT_S)
        await self.enter()

    async def enter(self) -> None:
        """Connect again to the same nested QEMU. Raises MonitorLost, TimeoutError."""
        await self.monitor.leave()
        self.monitor = Monitor(self.name)
        self.host.nursery.inside.append(self.monitor)
        self.host.nursery.record.watch(self.vm, self.name, self.monitor)
        await self.monitor.connect(("127.0.0.1", self.host.outside(MONITOR_PORT + self.number)))

    async def end(self, timeout_s: float = FENCE_TIMEOUT_S) -> None:
        """End it, and wait until the host VM has reported that. Raises TimeoutError."""
        if not self.gone:
            with contextlib.suppress(MonitorLost):  # what counts is what is observed below
                await self.monitor.ask("quit")
            await self.host.until_said("ENDED", self.number, self._before + 1, timeout_s)
        self.host.nursery.record.note(self.vm, self.name, False)
        await self.monitor.leave()


def host_board(
    supply: Supply, folder: Path, residents: Sequence[tuple[Board, Sequence[Path]]], memory_mib: int = MEMORY_MIB
) -> Board:
    """Make what the host VM boots from, with a slot for each of these boards; and its own board.

    With each board come the files that it boots from. Nested QEMUs are of the old version. Raises Unavailable.
    """
    needed = dict.fromkeys(path for _, files in residents for path in files)
    images = {f"boot{n}": path for n, path in enumerate(needed)}
    inside = [_inside(board, {path: f"/disk/{name}" for name, path in images.items()}) for board, _ in residents]
    commands = [f"slot {n} {shlex.join(_nested(board, n))} &\n" for n, board in enumerate(inside)]
    initramfs(supply.linux, folder / "initial", SCRIPT + "".join(commands) + "wait\n")
    disk(supply.linux, folder / "disk", _programs(supply.old) | images)
    ports = [port + n for n in range(len(inside)) for port in (MONITOR_PORT, ARRIVAL_PORT)]
    forwards = ",".join(f"hostfwd=tcp:127.0.0.1:0-:{port}" for port in ports)
    return Board(
        machine=machine_type(supply.old),
        memory_mib=memory_mib,
        boot=boot(supply.linux, folder / "initial"),
        devices=(
            *("-netdev", f"user,id=net,{forwards}", "-device", "virtio-net-pci,netdev=net,romfile="),
            *("-drive", f"if=none,id=disk,format=raw,readonly=on,file={folder / 'disk'}"),
            *("-device", "virtio-blk-pci,drive=disk", "-device", "virtio-balloon-pci,id=balloon"),
        ),
        ports=len(inside),
    )


def _inside(board: Board, places: Mapping[Path, str]) -> Board:
    """The board as the nested QEMU has it: what it boots from lies elsewhere, and its emulator is kept small."""
    boot = board.boot
    for path, there in places.items():
        boot = tuple(argument.replace(str(path), there) for argument in boot)
    return replace(board, boot=boot, translations_mib=TRANSLATIONS_MIB)


def _nested(board: Board, number: int) -> list[str]:
    monitor = f"tcp:0.0.0.0:{MONITOR_PORT + number},server=on,wait=off"
    return [*board.arguments([Path(f"/dev/vport0p{number + 1}")]), "-qmp", monitor, "-incoming", "defer"]


def _programs(build: Build) -> dict[str, Path]:
    """The files of a QEMU, by their path on the host VM's disk."""
    program, module = build.root / PROGRAM, build.root / MODULE
    files = {f"lib/{name}": path for name, path in libraries(build, [program, module]).items()}
    files |= {f"firmware/{Path(f).name}": build.root / f for f in FIRMWARE}
    return files | {"qemu": program, f"modules/{module.name}": module, f"lib/{build.loader.name}": build.loader}
