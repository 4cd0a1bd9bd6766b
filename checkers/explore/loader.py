"""Native code from the cache, or compiled: from the cache it needs neither Numba nor LLVM, only to be mapped.

What the compiler makes calls by address and reads no constants from memory, so it is machine code that runs wherever it
lies. An entry of the cache is the places of its functions and that code; an object file that is not of this kind (where
the system's format is not ELF, say) is kept whole, and loaded by LLVM.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import mmap
import platform
import struct
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import cache as disk
from .flat import flat

LENGTH = struct.Struct("<Q")
MAPPED_ON = ("x86_64", "AMD64")
"""Where new code can be run as soon as it is in memory; other processors want their instruction caches told."""


@cache
def identity() -> str:
    """What compiled code depends on besides its source: this machine, and what compiles."""
    ours = hashlib.sha256()
    for file in ("compiler.py", "primitives.py", "flat.py"):
        ours.update((Path(__file__).parent / file).read_bytes())
    cpu = Path("/proc/cpuinfo")
    kinds = ("model name", "flags", "Features", "CPU part", "cpu family", "model\t", "stepping")
    lines = cpu.read_text().split("\n\n")[0].splitlines() if cpu.exists() else [platform.processor()]
    host = sorted(line for line in lines if line.startswith(kinds) or not cpu.exists())
    return "\n".join(
        [platform.machine(), platform.system(), version("numba"), version("llvmlite"), ours.hexdigest(), *host]
    )


class Code:
    """Loaded functions, by name. They live as long as this object does."""

    def __init__(self, content: bytes) -> None:
        """Load what `pack` made. Raises OSError where the system forbids new code."""
        (size,) = LENGTH.unpack_from(content)
        places: dict[str, int] | None = json.loads(content[LENGTH.size : LENGTH.size + size])
        code = content[LENGTH.size + size :]
        self._keeps: Any
        self.address: Callable[[str], int]
        if places is None:
            self._keeps = _linked(code)
            self.address = self._keeps.get_function_address
        else:
            self._keeps, start = _mapped(code)
            self.address = {name: start + place for name, place in places.items()}.__getitem__

    def function(self, name: str, count: int) -> Callable[..., int]:
        """A function of so many integers, for Python to call."""
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * count)
        native = kind(self.address(name))
        result = ctypes.c_int64()

        def run(*arguments: int, _code: Code = self) -> int:  # which must not go while this can be called
            native(ctypes.addressof(result), None, *arguments)
            return result.value

        return run


def _mapped(code: bytes) -> tuple[Any, int]:
    pages = mmap.mmap(-1, len(code), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.write(code)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    libc = ctypes.CDLL(None, use_errno=True)
    protect = libc.mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if protect(start, len(code), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "the system does not let a program make new code")
    return pages, start


def _linked(code: bytes) -> Any:
    from .compiler import binding, host_machine

    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), host_machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def pack(content: bytes) -> bytes:
    """An object file as an entry of the cache."""
    found = flat(content) if platform.machine() in MAPPED_ON else None
    places, code = found if found else (None, content)
    head = json.dumps(places).encode()
    return LENGTH.pack(len(head)) + head + code


def _name(source: str, constants: dict[str, int]) -> str:
    return disk.key(identity(), source, repr(sorted(constants.items())))


def is_cached(source: str, constants: dict[str, int]) -> bool:
    """Whether this source has been compiled here before."""
    return (disk.directory() / _name(source, constants)).exists()


def code(source: str, constants: dict[str, int]) -> Code:
    """The functions of a source (see compiler.compiled), from the cache if it holds them."""
    name = _name(source, constants)
    found = disk.read(name)
    if found is None:
        from .compiler import compiled

        found = pack(compiled(source, constants))
        disk.write(name, found)
    return Code(found)
