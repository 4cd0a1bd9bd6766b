"""A Linux guest with a balloon, which counts as the small one does, checks its own memory, and tells its page classes.

Every so many heartbeats it sums a file of random bytes in its memory again, and a difference counts as an error; then it
writes its meminfo, between `M` and `m`. It sums while it runs: a page that was lost on the way shows a few seconds later.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..scheduler.estimates import ClassPages
from .board import Board, machine_type
from .linux import boot, initramfs, kernel
from .memory import classes
from .provision import Supply

BALLOON = ("-device", "virtio-balloon-pci,id=balloon,deflate-on-oom=on")
MEMINFO = re.compile(rb"M\r?\n([^M]*MemTotal[^\x00]*?)m\r?\n")
LEAST_MIB = 96
"""With less the kernel does not come up."""
DATA_MIB = 8
CHECKED_EVERY = 32
"""Heartbeats."""

SCRIPT = f"""
dd if=/dev/urandom of=/scratch/data bs=1M count={DATA_MIB} 2>/dev/null
md5sum /scratch/data >/scratch/sum
count=0 errors=0
while :; do
    count=$((count + 1))
    if [ $((count % {CHECKED_EVERY})) = 0 ]; then
        md5sum -s -c /scratch/sum || errors=$((errors + 1))
        echo M; grep -E '^(MemTotal|MemFree|Active.(anon|file).|Inactive.(anon|file).):' /proc/meminfo; echo m
    fi
    printf 'H%08x %08x\\n' $count $errors
    usleep 50000
done
"""


def board_of(supply: Supply, memory_mib: int, initial: Path) -> tuple[Board, list[Path]]:
    """Its board, and the files that it boots from, of which one is written here. Raises Unavailable."""
    initramfs(supply.linux, initial, SCRIPT)
    board = Board(machine_type(supply.old), memory_mib, boot(supply.linux, initial), BALLOON, backed=True)
    return board, [initial, kernel(supply.linux)]


def page_classes(line: bytes) -> ClassPages | None:
    """What a guest said last of its pages, in what it wrote; None before it did. Raises ValueError."""
    found = MEMINFO.findall(line)
    return classes(found[-1].decode(errors="replace")) if found else None
