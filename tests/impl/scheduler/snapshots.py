"""Random snapshots: small machines at every memory state, VMs in every condition that a scheduler meets.

One definition for two sources of chance: Hypothesis, which shrinks what it finds, and a seeded generator, which is fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from holdfast.impl.scheduler.estimates import ClassPages, Sample
from holdfast.impl.scheduler.memory_state import MemoryState, lines_of
from holdfast.impl.scheduler.snapshot import MachineMemory, Memory, Settings, Snapshot, VmMemory

T = TypeVar("T")

NOW_S = 1000

Between = Callable[[int, int], int]
"""A number from the first to the second."""


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Snapshots as Hypothesis draws them."""
    return snapshot(lambda least, most: draw(st.integers(least, most)))


def stream(seed: int) -> Iterator[Snapshot]:
    """Snapshots without end, always the same ones for a seed."""
    random = Random(seed)
    while True:
        yield snapshot(random.randint)


def snapshot(between: Between) -> Snapshot:
    """A machine with up to four VMs, in any memory state before."""
    memory = between(300, 1000)
    count = between(1, 4)
    theirs = tuple(vm(between, f"vm{i}", memory // (count + 1)) for i in range(count))
    frames = sum(v.resident_pages + v.overhead_pages for v in theirs)
    used = max(frames, memory - free_pages(between, memory))
    slots = sum(v.swapped_pages for v in theirs) + one(between, 0, 1, 10, 1000, 1000)
    machine = MachineMemory(memory, used, used - frames, slots, one(between, 0, 0, 5, 50))
    given_up = {v.name: NOW_S - 30 for v in theirs if between(0, 7) == 7}
    up_to = {v.name: v.resident_pages + between(0, 9) for v in theirs if between(0, 3) == 3}
    before = Memory(MemoryState(between(0, 4)), given_up, up_to)
    return Snapshot(NOW_S, machine, theirs, before, chosen(between))


def chosen(between: Between) -> Settings:
    """What an operator may choose."""
    return Settings(
        idle_tax_percent=one(between, 75, 75, 0, 50, 99),
        headroom_percent=one(between, 25, 0, 0, 100),
        hard_keeps_balloons=between(0, 1) == 0,
    )


def free_pages(between: Between, memory: int) -> int:
    """Free memory: often just at a line, or a margin beyond."""
    lines = lines_of(memory)
    line = one(between, lines.soft_pages, lines.hard_pages, lines.low_pages, lines.clear_pages)
    beyond = one(between, 0, lines.margin_pages)
    return one(between, line + beyond, line + beyond + 1, between(0, 2 * lines.clear_pages))


def vm(between: Between, name: str, size_most: int) -> VmMemory:
    """A VM of at most that size."""
    size = between(1, size_most)
    resident, ballooned, swapped = held(between, size)
    limit = one(between, size, size, between(0, size))
    balloon_target = min(size, target(between, ballooned))
    return VmMemory(
        name=name,
        size_pages=size,
        reservation_pages=one(between, 0, between(0, limit)),
        limit_pages=limit,
        shares=one(between, 1, 2, 10, 1000),
        resident_pages=resident,
        ballooned_pages=ballooned,
        swapped_pages=swapped,
        balloon_target_pages=balloon_target,
        swap_target_pages=min(size - balloon_target, target(between, swapped)),
        overhead_pages=between(0, 3),
        shareable_pages=one(between, 0, 0, 0, 2),
        has_balloon=between(0, 4) < 4,
        owing_since_s=NOW_S - one(between, 0, 4, 5, 19, 20, 100),
        progress_at_s=NOW_S - one(between, 0, 4, 5, 19, 20, 100),
        pinned=between(0, 7) == 7,
        blocked=between(0, 3) == 3,
        sample=sample(between, resident),
    )


def held(between: Between, size: int) -> tuple[int, int, int]:
    """Resident, ballooned and swapped pages of a VM of that size; often everything is resident."""
    resident, ballooned, swapped, _ = split(between, size, 4)
    return one(between, (size, 0, 0), (size - ballooned, ballooned, 0), (resident, ballooned, swapped))


def target(between: Between, pages: int) -> int:
    """A target for what holds so many pages: mostly reached."""
    return one(between, pages, pages, between(0, 2 * pages + 20))


def sample(between: Between, resident: int) -> Sample | None:
    """A sample of a VM that had about so many pages: of all of them, of some, or none."""
    kind = between(0, 6)
    if kind == 6:
        return None
    population = max(0, resident + one(between, 0, 0, 0, -3, 3, 10))
    seen = between(0, population) if kind == 5 else population
    taken_at_s = NOW_S - one(between, 0, 0, 10, 59, 60, 119, between(120, 500))
    return Sample(population, ClassPages(*split(between, seen, 6)), taken_at_s)


def split(between: Between, pages: int, parts: int) -> list[int]:
    """So many pages in so many parts."""
    cuts = sorted(between(0, pages) for _ in range(parts - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, pages], strict=True)]


def one(between: Between, *choices: T) -> T:
    """One of the choices; the first is the simplest."""
    return choices[between(0, len(choices) - 1)]
