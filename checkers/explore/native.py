"""The kernel and a generated program as native code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from . import kernel
from .kernel import ARRAYS, PROGRAM_FUNCTIONS, REGISTERS
from .loader import Code, code, is_cached
from .machine import Machine
from .memory import Memory
from .program import Program
from .python import numbered

FORMATS: dict[int, Literal["B", "H", "I"]] = {1: "B", 2: "H", 4: "I"}


def is_compiled(program: Program) -> bool:
    """Whether a search of this program can begin at once."""
    return is_cached(program.source, {}) and is_cached(kernel.SOURCE, numbered(program.layout.words))


class NativeMachine(Machine):
    """Arrays outside Python; functions compiled by Numba, or loaded from the cache."""

    first_buckets = 1 << 13
    slice = 1 << 22

    def __init__(self, program: Program, reserve_bytes: int) -> None:
        """Ready to search. `reserve_bytes` is how large any one array may become."""
        super().__init__(program)
        self._program_code: Code = code(program.source, {})
        self._kernel_code: Code = code(kernel.SOURCE, numbered(self.words))
        self._functions = {
            "search": self._kernel_code.function("search", 2),
            "sift": self._kernel_code.function("sift", 7),
            "enter": self._kernel_code.function("enter", 7),
            "total": self._kernel_code.function("total", 4),
            "spread": self._kernel_code.function("spread", 2),
        }
        self._registers = Memory(8 * len(REGISTERS))
        self._pointers = Memory(8 * (len(ARRAYS) + len(program.expanders)))
        self._memories: dict[str, Memory] = {}
        for name, entries in self.sizes().items():
            growing = name in ("TABLE", "QUEUE", "ORDINALS", "COUNTS")
            self._memories[name] = Memory(entries * self._width(name), reserve_bytes if growing else 0)
            self._point(name, self._memories[name].address)
        for name in ("SIFT", "ENTER"):
            self._point(name, self._kernel_code.address(name.lower()))
        for name in PROGRAM_FUNCTIONS:
            self._point(name, self._program_code.address(name.lower()))
        for k, name in enumerate(program.expanders):
            self._pointers.write(ARRAYS.index("EXPAND") + k, self._program_code.address(name))
        self.set_up()

    def _width(self, array: str) -> int:
        return self.note_bytes if array in ("ORDINALS", "COUNTS") else 8

    def _point(self, name: str, address: int) -> None:
        self._pointers.write(ARRAYS.index(name), address)

    def get(self, register: str) -> int:
        """The value of a register."""
        return self._registers.read(REGISTERS.index(register))

    def set(self, register: str, value: int) -> None:
        """Set a register."""
        self._registers.write(REGISTERS.index(register), value)

    def read(self, array: str, index: int) -> int:
        """A word of an array."""
        return self._memories[array].read(index)

    def write(self, array: str, index: int, value: int) -> None:
        """Set a word of an array."""
        self._memories[array].write(index, value)

    def grow(self, array: str, entries: int) -> None:
        """Room for so many entries. Raises MemoryError."""
        self._memories[array].grow(entries * self._width(array))
        self._point(array, self._memories[array].address)

    def forget(self, array: str, entries: int) -> None:
        """Give memory back."""
        self._memories[array].forget(entries * self._width(array))

    def notes(self, array: str, start: int, stop: int) -> Sequence[int]:
        """The entries of ORDINALS or COUNTS."""
        found = self._memories[array].bytes(start * self.note_bytes, stop * self.note_bytes)
        return memoryview(found).cast(FORMATS[self.note_bytes])

    def _run(self, name: str, *arguments: int) -> int:
        return self._functions[name](self._registers.address, self._pointers.address, *arguments)

    def search(self) -> int:
        """See kernel.py."""
        return self._run("search")

    def enter(self, found: int) -> None:
        """Enter the first so many states in OUT, which no state led to."""
        self._run("enter", self._run("sift", 0, found, 0, 0, 0), 0, 0, 0, 0)

    def spread(self) -> int:
        """See kernel.py."""
        return self._run("spread")

    def total(self, start: int, stop: int) -> int:
        """See kernel.py."""
        return self._run("total", start, stop)

    def unpack_and_expand(self) -> int:
        """The successors of the state at OUT[ROOM * words]."""
        out, values = self._memories["OUT"].address, self._memories["VALUES"].address
        constants, at = self._memories["CONSTANTS"].address, (self.get("ROOM") + 1) * self.words
        scratch = Memory(8 * (len(self.program.instance.actions) + 1))
        self._program_code.function("unpack", 7)(out, at, constants, values, 0, 0, 0)
        n = 0
        for name in self.program.expanders:
            n = self._program_code.function(name, 7)(out, at, constants, values, out, scratch.address, n)
        return n
