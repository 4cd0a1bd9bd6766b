"""Processes: none outlives the one that started it, and one that does not come up says why."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.impl.qemu.process import Died
from holdfast.impl.qemu.provision import Supply

from .scenes import Scene, play

pytestmark = pytest.mark.qemu
END_TIMEOUT_MS = 60_000

PARENT = """
import asyncio, sys
from pathlib import Path
from holdfast.impl.qemu.board import Board, machine_type
from holdfast.impl.qemu.copies import RunRecord, resume
from holdfast.impl.qemu.process import Nursery
from holdfast.impl.qemu.provision import provision

async def main() -> None:
    supply = provision()
    async with Nursery(Path(sys.argv[1]), RunRecord()) as nursery:
        qemu = await nursery.launch("r", supply.old, Board(machine_type(supply.old), 4))
        await resume(qemu)
        print(qemu.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.usefixtures("supply")
def test_no_process_outlives_its_parent(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    ended = select.poll()
    ended.register(child, select.POLLIN)

    assert ended.poll(END_TIMEOUT_MS), "QEMU ended with its parent"
    os.close(child)


def test_a_process_that_does_not_come_up_says_why(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        with pytest.raises(Died, match=r"r\.0 did not start: .*unsupported machine type"):
            await scene.nursery.launch("r", supply.old, replace(scene.board, machine="no-such-machine"))

    play(supply, folder, act)


def test_a_process_is_gone_when_that_was_observed(supply: Supply, folder: Path) -> None:
    async def act(scene: Scene) -> None:
        qemu = await scene.boot()
        assert not qemu.gone
        await asyncio.wait_for(qemu.end(), 60)
        assert qemu.gone
        assert not Path(f"/proc/{qemu.pid}").exists()
        assert qemu.monitor.lost

    play(supply, folder, act)
