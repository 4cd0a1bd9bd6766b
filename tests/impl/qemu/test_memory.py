"""Memory of real guests: ballooning, a balloon that stops short, and pages by usage class from the guest itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from holdfast.impl.qemu.board import MIB, Board, machine_type
from holdfast.impl.qemu.copies import RunRecord, resume
from holdfast.impl.qemu.linux import boot, initramfs
from holdfast.impl.qemu.memory import (
    SCRIPT,
    Shell,
    actual_bytes,
    classes,
    leave_to_guest,
    listener,
    resident_kib,
    statistics,
)
from holdfast.impl.qemu.process import Nursery, Qemu
from holdfast.impl.qemu.provision import Supply
from holdfast.impl.scheduler.estimates import ClassPages

SIZE_MIB = 192
BOOT_TIMEOUT_S = 240.0
MEMINFO = """MemTotal:       1000 kB
MemFree:         400 kB
Active(anon):     40 kB
Inactive(anon):   80 kB
Active(file):    120 kB
Inactive(file):  160 kB
Unevictable:       8 kB
"""


def test_classes_come_from_meminfo_and_what_is_on_no_list_is_unreclaimable() -> None:
    seen = classes(MEMINFO)

    assert seen == ClassPages(
        unreclaimable=50, active_anonymous=10, active_buffer=30, inactive_anonymous=20, inactive_buffer=40, free=100
    )
    assert seen.total == 250
    with pytest.raises(ValueError, match=r"has no MemTotal, Active\(anon\)"):
        classes("MemFree: 400 kB\n")


@pytest.mark.qemu
def test_page_classes_follow_what_the_guest_does(supply: Supply) -> None:
    async def act(guest: Qemu, shell: Shell) -> None:
        before = classes(await shell.run("cat /proc/meminfo"))
        await shell.run("dd if=/dev/zero of=/scratch/filled bs=1M count=20")
        after = classes(await shell.run("cat /proc/meminfo"))
        assert after.inactive_anonymous - before.inactive_anonymous > 4000, "20 MiB of data that nobody used again"
        assert before.free - after.free > 4000
        told = await statistics(guest)
        assert told["total-memory"] // 4096 == after.total
        assert abs(told["free-memory"] // 4096 - after.free) < 2000

    listen(supply, act)


@pytest.mark.qemu
def test_a_balloon_takes_memory_and_gives_it_back(supply: Supply, figures: list[str]) -> None:
    async def act(guest: Qemu, shell: Shell) -> None:
        await shell.run("dd if=/dev/zero of=/scratch/filled bs=1M count=80; rm /scratch/filled")
        full_kib = resident_kib(guest.pid)
        free = classes(await shell.run("cat /proc/meminfo")).free
        taken = await leave_to_guest(guest, (SIZE_MIB - 64) * MIB)
        assert taken.reached
        assert free - classes(await shell.run("cat /proc/meminfo")).free > 12_000, "64 MiB are 16384 pages"
        assert full_kib - resident_kib(guest.pid) > 30 << 10, "the machine has them back"
        figures.append(f"balloon of 64 MiB: process {full_kib >> 10} to {resident_kib(guest.pid) >> 10} MiB")
        given = await leave_to_guest(guest, SIZE_MIB * MIB)
        assert given.reached
        assert free - classes(await shell.run("cat /proc/meminfo")).free < 2000

    listen(supply, act)


@pytest.mark.qemu
def test_a_balloon_that_stops_short_is_noticed_and_left_where_it_is(supply: Supply, figures: list[str]) -> None:
    async def act(guest: Qemu, shell: Shell) -> None:
        await shell.run("dd if=/dev/zero of=/scratch/filled bs=1M count=60")  # the guest has nowhere to swap that to
        wanted = 48 * MIB
        taken = await leave_to_guest(guest, wanted)
        assert not taken.reached
        assert taken.actual_bytes > wanted
        assert await actual_bytes(guest) == taken.actual_bytes, "its target is what it has"
        figures.append(f"balloon that stops short: wanted {wanted // MIB} MiB left, got {taken.actual_bytes // MIB}")
        assert (await leave_to_guest(guest, SIZE_MIB * MIB)).reached
        assert await shell.run("wc -c </scratch/filled") == str(60 * MIB), "the guest lives, and has all that it had"

    listen(supply, act)


def listen(supply: Supply, act: Callable[[Qemu, Shell], Awaitable[None]]) -> None:
    """Boot a Linux guest with a balloon that takes commands; act; end it."""

    async def whole(folder: Path) -> None:
        initramfs(supply.linux, folder / "initial", SCRIPT)
        balloon = ("-device", "virtio-balloon-pci,id=balloon,deflate-on-oom=on")
        devices = (*listener(folder / "shell"), *balloon)
        board = Board(machine_type(supply.old), SIZE_MIB, boot(supply.linux, folder / "initial"), devices)
        async with Nursery(folder, RunRecord()) as nursery:
            guest = await nursery.launch("linux", supply.old, board)
            await resume(guest)
            await guest.serial[0].until(lambda written: b"LISTENS" in written or None, BOOT_TIMEOUT_S)
            await act(guest, Shell(folder / "shell"))

    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        asyncio.run(whole(Path(name)))
