"""What the search needs of an engine: registers, arrays that grow, and the three functions of the kernel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from .kernel import AHEAD, LANES, RECENT_STATES
from .program import Program

NOTE_BYTES = {1: 1 << 8, 2: 1 << 16, 4: 1 << 32}
BATCH = 2048
SPARE_BUCKETS = 64


class Machine(ABC):
    """A kernel with one program in it. Words of a state are signed 64-bit integers that are never negative."""

    first_buckets = 1 << 10
    slice = 1 << 12
    """States and transitions between two looks at the clock."""

    def __init__(self, program: Program) -> None:
        """Lay out the arrays. Those that grow with the states start small."""
        self.program = program
        self.words = program.layout.words
        self.note_bytes = next(n for n, end in NOTE_BYTES.items() if program.branching < end)

    # ------------------------------------------------------------------------------------ what an engine provides
    @abstractmethod
    def get(self, register: str) -> int:
        """The value of a register."""

    @abstractmethod
    def set(self, register: str, value: int) -> None:
        """Set a register."""

    @abstractmethod
    def read(self, array: str, index: int) -> int:
        """A word of an array."""

    @abstractmethod
    def write(self, array: str, index: int, value: int) -> None:
        """Set a word of an array."""

    @abstractmethod
    def grow(self, array: str, entries: int) -> None:
        """Room for so many entries; new ones are zero."""

    @abstractmethod
    def forget(self, array: str, entries: int) -> None:
        """The first so many entries will not be read again."""

    @abstractmethod
    def notes(self, array: str, start: int, stop: int) -> Sequence[int]:
        """The entries start .. stop of ORDINALS or COUNTS."""

    @abstractmethod
    def search(self) -> int:
        """See kernel.py."""

    @abstractmethod
    def enter(self, found: int) -> None:
        """Enter the first so many states in OUT, which no state led to."""

    @abstractmethod
    def spread(self) -> int:
        """See kernel.py."""

    @abstractmethod
    def total(self, start: int, stop: int) -> int:
        """See kernel.py."""

    @abstractmethod
    def unpack_and_expand(self) -> int:
        """The number of successors, now in OUT, of the state at OUT[ROOM * words]."""

    # -------------------------------------------------------------------------------------------------- from these
    def sizes(self) -> dict[str, int]:
        """The entries that each array has at first."""
        room = BATCH + self.program.branching + 1
        first = self.first_buckets * LANES
        many = len(self.program.instance.actions), len(self.program.sometimes)
        return {
            "TABLE": first * self.words,
            "QUEUE": first * self.words,
            "CONSTANTS": len(self.program.constants),
            "VALUES": self.program.values,
            "LATER": self.program.values,
            "OUT": (room + 1) * self.words,
            "SLOTS": room + AHEAD,
            "HEADS": room,
            "NUMBERS": room,
            "RECENT": RECENT_STATES * self.words,
            "FIRED": many[0] + 1,
            "SEEN": many[1] + 1,
            "ORDINALS": first,
            "COUNTS": first,
            "SPARE": SPARE_BUCKETS * LANES * self.words,
        }

    def set_up(self) -> None:
        """The registers and constants that a search begins with."""
        program = self.program
        for at, value in enumerate(program.constants):
            self.write("CONSTANTS", at, value)
        for register, value in {
            "SIZE": self.first_buckets,
            "BATCH": BATCH,
            "ROOM": BATCH + program.branching,
            "GROUPS": len(program.expanders),
            "STEPS": len(program.steps),
            "PENDING": len(program.sometimes),
            "FAULT": program.values - 1,
            "NOTE_BYTES": self.note_bytes,
            "SPARE_ROOM": SPARE_BUCKETS,
        }.items():
            self.set(register, value)

    def put_state(self, array: str, number: int, words: Sequence[int]) -> None:
        """Write the words of a state where the array holds its number-th."""
        for k, word in enumerate(words):
            self.write(array, number * self.words + k, word)

    def state(self, array: str, number: int) -> list[int]:
        """The words of a state."""
        return [self.read(array, number * self.words + k) for k in range(self.words)]

    def successor(self, words: Sequence[int], ordinal: int) -> list[int]:
        """The words of a state's successor, by its number among those that the kernel finds."""
        scratch = BATCH + self.program.branching + 1
        self.put_state("OUT", scratch, words)
        found = self.unpack_and_expand()
        assert ordinal < found, f"successor {ordinal} of {found}"
        return self.state("OUT", ordinal)


def lineage(machine: Machine, state: int, initial: int) -> tuple[int, list[int]]:
    """How a state was found: the number of an initial state, and which successor to take, step by step.

    `initial` is how many initial states there are. State k was found by the first state whose expansion, with all
    before it, had found more than k.
    """
    block = 1 << 10
    sums = [initial]
    ordinals: list[int] = []
    while state >= initial:
        ordinals.append(machine.notes("ORDINALS", state, state + 1)[0])
        while sums[-1] <= state:
            start = (len(sums) - 1) * block
            sums.append(sums[-1] + machine.total(start, min(start + block, machine.get("TAIL"))))
        at = bisect_right(sums, state) - 1
        found = accumulate(machine.notes("COUNTS", at * block, (at + 1) * block), initial=sums[at])
        state = at * block + sum(1 for total in found if total <= state) - 1
    return state, ordinals[::-1]
