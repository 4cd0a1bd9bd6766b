"""The kernel and a generated program run by CPython: for worlds so small that a compiler would only make them wait."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from . import kernel
from .kernel import AHEAD, ARRAYS, EVENTS, LANES, PROGRAM_FUNCTIONS, RECENT_STATES, REGISTERS
from .machine import Machine
from .program import Program

MASK = (1 << 64) - 1
HALF = 1 << 63
HASH_FACTOR = 0x9E3779B97F4A7C15  # 2**64 / the golden ratio


def mix(h: int, word: int) -> int:
    """A step of the hash, on 64 bits."""
    h = (h ^ word) * HASH_FACTOR & MASK
    return (h ^ h >> 32) * HASH_FACTOR & MASK


def load(items: Any, index: int) -> Any:
    """items[index]"""
    return items[index]


def store(items: Any, index: int, value: int) -> None:
    """items[index] = value, or as much of it as a word holds: a step that may not be taken is computed all the same"""
    try:
        items[index] = value
    except OverflowError:
        items[index] = (value + HALF & MASK) - HALF


def note(items: Any, index: int, value: int, _width: int) -> None:
    """items[index] = value"""
    items[index] = value


def noted(items: Any, index: int, _width: int) -> Any:
    """items[index]"""
    return items[index]


def prefetch(_items: Any, _index: int) -> None:
    """Nothing: CPython waits for memory anyway."""


def prefetch_next(_items: Any, _index: int, _step: int) -> None:
    """Nothing, likewise."""


def matches(items: Any, index: int, value: int) -> int:
    """A bit for each of the LANES words from `index` that is the value."""
    lanes = items[index : index + LANES]
    return sum(1 << k for k, word in enumerate(lanes) if word == value) if value in lanes else 0


def lowest(bits: int) -> int:
    """The number of the lowest bit that is set."""
    return (bits & -bits).bit_length() - 1


def choose(condition: int, then: int, otherwise: int) -> int:
    """`then` if the condition is not 0, else `otherwise`"""
    return then if condition else otherwise


def call(function: Callable[..., int], *arguments: Any) -> int:
    """What the function returns."""
    return function(*arguments)


PRIMITIVES = {
    f.__name__: f for f in (mix, load, store, note, noted, prefetch, prefetch_next, matches, lowest, choose, call)
}


def numbered(words: int) -> dict[str, int]:
    """What the kernel's names stand for."""
    return {
        **{name: k for names in (REGISTERS, ARRAYS, EVENTS) for k, name in enumerate(names)},
        "WORDS": words,
        "LANES": LANES,
        "BUCKET": LANES * words,
        "AHEAD": AHEAD,
        "RECENT_MASK": RECENT_STATES - 1,
    }


class PythonMachine(Machine):
    """Arrays of Python; functions of Python."""

    def __init__(self, program: Program) -> None:
        """Ready to search."""
        super().__init__(program)
        self.registers = [0] * len(REGISTERS)
        scope: dict[str, Any] = {**PRIMITIVES, **numbered(self.words)}
        exec(compile(kernel.SOURCE, "<kernel>", "exec"), scope)
        exec(compile(program.source, "<program>", "exec"), scope)
        self.scope = scope
        self.arrays: list[Any] = [None] * len(ARRAYS)
        for name, entries in self.sizes().items():
            self.arrays[ARRAYS.index(name)] = array("q", bytes(8 * entries))
        for name in ("SIFT", "ENTER", *PROGRAM_FUNCTIONS):
            self.arrays[ARRAYS.index(name)] = scope[name.lower()]
        self.arrays[ARRAYS.index("EXPAND") :] = [scope[name] for name in program.expanders]
        self.set_up()

    def get(self, register: str) -> int:
        """The value of a register."""
        return self.registers[REGISTERS.index(register)]

    def set(self, register: str, value: int) -> None:
        """Set a register."""
        self.registers[REGISTERS.index(register)] = value

    def _array(self, name: str) -> Any:
        return self.arrays[ARRAYS.index(name)]

    def read(self, array: str, index: int) -> int:
        """A word of an array."""
        return int(self._array(array)[index])

    def write(self, array: str, index: int, value: int) -> None:
        """Set a word of an array."""
        self._array(array)[index] = value

    def grow(self, array: str, entries: int) -> None:
        """Room for so many entries."""
        found = self._array(array)
        found.frombytes(bytes(8 * max(0, entries - len(found))))

    def forget(self, array: str, entries: int) -> None:
        """Nothing: worlds for this engine are small."""

    def notes(self, array: str, start: int, stop: int) -> Sequence[int]:
        """The entries of ORDINALS or COUNTS."""
        found: Sequence[int] = self._array(array)[start:stop]
        return found

    def search(self) -> int:
        """See kernel.py."""
        return int(self.scope["search"](self.registers, self.arrays))

    def enter(self, found: int) -> None:
        """Enter the first so many states in OUT, which no state led to."""
        kept = self.scope["sift"](self.registers, self.arrays, 0, found, 0, 0, 0)
        self.scope["enter"](self.registers, self.arrays, kept, 0, 0, 0, 0)

    def spread(self) -> int:
        """See kernel.py."""
        return int(self.scope["spread"](self.registers, self.arrays))

    def total(self, start: int, stop: int) -> int:
        """See kernel.py."""
        return int(self.scope["total"](self.registers, self.arrays, start, stop))

    def unpack_and_expand(self) -> int:
        """The successors of the state at OUT[ROOM * words]."""
        out, values = self._array("OUT"), self._array("VALUES")
        constants, at = self._array("CONSTANTS"), (self.get("ROOM") + 1) * self.words
        self.scope["unpack"](out, at, constants, values, 0, 0, 0)
        n = 0
        for name in self.program.expanders:
            n = self.scope[name](out, at, constants, values, out, array("q", self._array("FIRED")), n)
        return n
