"""Host swapping without a swap device: a VM's memory is a file, and the kernel is asked to put pages of it there.

What the kernel then keeps only in the file has no frame, and comes back when the guest touches it, which the guest does not
notice but by the time that it takes. Needs a file system on a medium: where the file is itself in memory nothing is gained.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from .board import PAGE_BYTES

PROCESS_MADVISE = 440
"""The number of the system call, which no C library of a supported release has a function for."""
MADV_PAGEOUT = 21
CHUNK_PAGES = 256
SWEEPS_MOST = 3
"""A guest that brings pages back as fast as they go is not chased for ever."""
_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("bytes", ctypes.c_size_t))


def swapped_pages(memory: Path) -> int:
    """How many pages are in the file and have no frame. Raises OSError."""
    with memory.open("r+b") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        framed = _framed(file.fileno(), size_bytes)
        return sum(1 for page in _written(file.fileno(), size_bytes) if not framed[page])


def swap_out(pid: int, memory: Path, target_pages: int) -> int:
    """Take frames from a process until so many pages of its memory file have none; how many have none then.

    Raises OSError.
    """
    process = os.pidfd_open(pid)
    try:
        start = _mapped_at(pid, memory)
        for _ in range(SWEEPS_MOST):
            if swapped_pages(memory) < target_pages:
                _sweep(process, start, memory, target_pages)
        return swapped_pages(memory)
    finally:
        os.close(process)


def _sweep(process: int, start: int, memory: Path, target_pages: int) -> None:
    """Once over all pages from the last to the first: what guests use most often lies low."""
    pages = memory.stat().st_size // PAGE_BYTES
    for first in range(pages - CHUNK_PAGES, -CHUNK_PAGES, -CHUNK_PAGES):
        lacking = target_pages - swapped_pages(memory)
        if lacking <= 0:
            return
        low = max(first, 0, first + CHUNK_PAGES - lacking)
        at, size_bytes = low * PAGE_BYTES, (first + CHUNK_PAGES - low) * PAGE_BYTES
        _page_out(process, start + at, size_bytes)
        _let_go(memory, at, size_bytes)


def _page_out(process: int, start: int, size_bytes: int) -> None:
    vector = _Vector(start, size_bytes)
    if _libc.syscall(PROCESS_MADVISE, process, ctypes.byref(vector), 1, MADV_PAGEOUT, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _let_go(memory: Path, at: int, size_bytes: int) -> None:
    """What no process has in its memory any more goes to the medium, and its frames are free."""
    with memory.open("rb") as file:
        os.fdatasync(file.fileno())
        os.posix_fadvise(file.fileno(), at, size_bytes, os.POSIX_FADV_DONTNEED)


def _mapped_at(pid: int, memory: Path) -> int:
    """Where a process has the file in its memory. Raises OSError."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith(str(memory)):
            return int(line.partition("-")[0], 16)
    raise OSError(errno.ENOENT, f"process {pid} does not have {memory} in its memory")


def _written(descriptor: int, size_bytes: int) -> Iterator[int]:
    """The pages that are no hole of the file."""
    at = 0
    while at < size_bytes:
        try:
            data = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as e:
            if e.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            raise
        at = os.lseek(descriptor, data, os.SEEK_HOLE)
        yield from range(data // PAGE_BYTES, -(-at // PAGE_BYTES))


def _framed(descriptor: int, size_bytes: int) -> list[bool]:
    """For each page of the file, whether it has a frame."""
    with mmap.mmap(descriptor, size_bytes) as mapped:
        answer = (ctypes.c_ubyte * -(-size_bytes // PAGE_BYTES))()
        view = (ctypes.c_ubyte * size_bytes).from_buffer(mapped)
        try:
            if _libc.mincore(ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(size_bytes), answer) < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            return [bool(page & 1) for page in answer]
        finally:
            del view
