"""Memory for native code: pages that exist once they are touched, and that grow where they are."""

from __future__ import annotations

import ctypes
import mmap
import struct
from contextlib import suppress

WORD = struct.Struct("=q")
PAGE = mmap.PAGESIZE
NO_RESERVE = 0x4000 if hasattr(mmap, "MADV_HUGEPAGE") else 0  # Linux only, and so is the advice to use huge pages
HUGE_BYTES = 4 << 20


class Memory:
    """So many bytes, zero at first. `reserve_bytes` is how far it is likely to grow: addresses, not memory."""

    def __init__(self, size_bytes: int, reserve_bytes: int = 0) -> None:
        """Map it. Where the system grants less address space than asked for, it may have to move when it grows."""
        self._pages: mmap.mmap
        reserve = max(size_bytes, reserve_bytes, PAGE)
        while True:
            try:
                self._map(-(-reserve // PAGE) * PAGE)
                return
            except (OSError, ValueError, OverflowError):
                if reserve <= max(size_bytes, PAGE):
                    raise MemoryError(f"no {size_bytes} bytes of memory") from None
                reserve = max(size_bytes, PAGE, reserve // 2)

    def _map(self, length: int) -> None:
        self._pages = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE)
        if length >= HUGE_BYTES and NO_RESERVE:
            with suppress(OSError):  # a kernel without huge pages is slower, no more
                self._pages.madvise(mmap.MADV_HUGEPAGE)

    @property
    def address(self) -> int:
        """Where native code finds it; `grow` may change that."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self._pages))

    def grow(self, size_bytes: int) -> None:
        """Room for at least so many bytes; what is new is zero."""
        if size_bytes <= len(self._pages):
            return
        old = self._pages
        self._map(-(-2 * size_bytes // PAGE) * PAGE)
        for start in range(0, len(old), HUGE_BYTES):
            part = old[start : start + HUGE_BYTES]
            self._pages[start : start + len(part)] = part
        old.close()

    def forget(self, size_bytes: int) -> None:
        """Give the first so many bytes back to the system; they read as zero, or as they were."""
        whole = size_bytes // PAGE * PAGE
        if whole and hasattr(mmap, "MADV_DONTNEED"):
            self._pages.madvise(mmap.MADV_DONTNEED, 0, whole)

    def read(self, index: int) -> int:
        """The word at an index."""
        return int(WORD.unpack_from(self._pages, index * WORD.size)[0])

    def write(self, index: int, value: int) -> None:
        """Set the word at an index."""
        WORD.pack_into(self._pages, index * WORD.size, value)

    def bytes(self, start: int, stop: int) -> bytes:
        """A copy of the bytes from start to stop."""
        return self._pages[start:stop]
