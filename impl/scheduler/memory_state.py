"""How scarce memory is on a machine: five states, by how much is free of what should be kept free (D4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

PAGES_PER_GIB = 1 << 18

SLABS = ((4, 6), (8, 4), (16, 2))
"""Of the first so many GiB, and the next, so many percent are kept free."""

REST_PERCENT = 1
"""And so many of all that is beyond."""

CLEAR_PERCENT, SOFT_PERCENT, HARD_PERCENT, LOW_PERCENT = 100, 64, 32, 16
"""Where the lines lie, in percent of what is kept free."""

MARGIN_PERCENT = 8
"""How far beyond a line a state is left for a better one: half the distance of the two nearest lines."""


class MemoryState(IntEnum):
    """How scarce memory is; the scarcer, the greater."""

    HIGH = 0
    CLEAR = 1
    SOFT = 2
    HARD = 3
    LOW = 4


@dataclass(frozen=True)
class Lines:
    """Free pages at which the states begin, and the margin by which a line must be exceeded to leave one."""

    clear_pages: int
    soft_pages: int
    hard_pages: int
    low_pages: int
    margin_pages: int

    @property
    def goal_pages(self) -> int:
        """The least free memory at which Soft is left behind."""
        return self.soft_pages + self.margin_pages + 1


def min_free_centipages(memory_pages: int) -> int:
    """What a machine keeps free, in hundredths of a page: percents of slabs are seldom whole pages (D4)."""
    kept, left = 0, memory_pages
    for gib, percent in SLABS:
        slab = min(left, gib * PAGES_PER_GIB)
        kept += slab * percent
        left -= slab
    return kept + left * REST_PERCENT


def lines_of(memory_pages: int) -> Lines:
    """The lines of a machine of that size, rounded up to whole pages (D4)."""
    kept = min_free_centipages(memory_pages)
    percents = (CLEAR_PERCENT, SOFT_PERCENT, HARD_PERCENT, LOW_PERCENT, MARGIN_PERCENT)
    return Lines(*(-(-kept * percent // (100 * 100)) for percent in percents))


def state_at(lines: Lines, free_pages: int) -> MemoryState:
    """The state by the lines alone: one begins when no more is free than its line."""
    levels = (lines.clear_pages, lines.soft_pages, lines.hard_pages, lines.low_pages)
    return MemoryState(sum(free_pages <= level for level in levels))


def next_state(previous: MemoryState, lines: Lines, free_pages: int) -> MemoryState:
    """The state after one that was: worse at once, better only once a line is exceeded by the margin (D4, F3)."""
    worse = state_at(lines, free_pages)
    better = state_at(lines, free_pages - lines.margin_pages)
    return min(max(previous, worse), better)
