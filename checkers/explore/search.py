"""Driving the kernel: slices, growth, limits, progress; and what a finished search says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...model.language import ModelError, Step
from ..interpret import Run
from ..verdict import Figures
from .kernel import EVENTS, LANES
from .machine import Machine, lineage
from .program import Program

FULL = 3, 4
"""The table grows when more than 3 of 4 lanes are taken: so full, nearly every state is found in its own bucket."""
DOUBLE_BELOW_BUCKETS = 1 << 20
MOST_BUCKETS = 1 << 31


@dataclass(frozen=True)
class Limits:
    """When to stop with Unknown. Memory is that of the search: table, queue and notes, in bytes; by default half of
    what the machine has."""

    states: int | None = None
    seconds: float | None = None
    memory_bytes: int | None = None

    @property
    def memory(self) -> int:
        """The memory limit in bytes."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


@dataclass(frozen=True)
class Progress:
    """How far a search has come. `waiting` states have been found and not yet expanded."""

    states: int
    transitions: int
    depth: int
    waiting: int
    seconds: float
    memory_bytes: int

    @property
    def states_per_second(self) -> float:
        """The rate so far."""
        return self.states / self.seconds if self.seconds else 0.0


class Search:
    """One search by one machine."""

    def __init__(
        self,
        run: Run,
        machine: Machine,
        limits: Limits,
        progress: Callable[[Progress], None] | None = None,
        started: float | None = None,
    ) -> None:
        """Enter the initial states. Raises ModelError where there is none."""
        self.run, self.machine, self.limits, self.progress = run, machine, limits, progress
        self.program: Program = machine.program
        self.started = time.monotonic() if started is None else started
        self.slice = machine.slice
        self.event = "PAUSED"
        self.stopped_by = ""
        self.initial = run.initial()
        self._enter_initial()

    # ------------------------------------------------------------------------------------------------- searching
    def go(self, until: Callable[[], bool] | None = None) -> bool:
        """Search until something is found, nothing is left, a limit is met, or `until` says so; whether it ended."""
        while not self.stopped_by and self.event in ("PAUSED", "TABLE_FULL"):
            if self.event == "TABLE_FULL" and not self._grow():
                break
            if self._limited() or (until is not None and until()):
                break
            self._slice()
        return bool(self.stopped_by) or self.event not in ("PAUSED", "TABLE_FULL")

    def _slice(self) -> None:
        m = self.machine
        m.set("BUDGET", self.slice)
        self.event = EVENTS[m.search()]
        m.forget("QUEUE", m.get("HEAD") * m.words)
        if self.progress:
            self.progress(self.so_far())

    def _limited(self) -> bool:
        limits, seconds = self.limits, time.monotonic() - self.started
        if limits.states is not None and self.machine.get("TAIL") > limits.states:
            self.stopped_by = f"more than {limits.states} states"
        elif limits.seconds is not None and seconds > limits.seconds:
            self.stopped_by = f"more than {limits.seconds} seconds"
        elif self.memory() > limits.memory:
            self.stopped_by = f"more than {limits.memory} bytes of memory"
        return bool(self.stopped_by)

    def check_rest(self, end: int) -> bool:
        """Check the states from HEAD to `end` without expanding them; whether one breaks an `always`."""
        m = self.machine
        found, depth = m.get("TAIL"), m.get("DEPTH")
        m.set("CHECK_ONLY", 1)
        m.set("TAIL", end)
        m.set("LEVEL_END", end)
        event = "PAUSED"
        while event == "PAUSED":
            m.set("BUDGET", self.slice)
            event = EVENTS[m.search()]
        for register, value in (("CHECK_ONLY", 0), ("TAIL", found), ("DEPTH", depth)):
            m.set(register, value)
        return event == "ALWAYS_BROKEN"

    # ---------------------------------------------------------------------------------------------------- memory
    def memory(self, buckets: int | None = None) -> int:
        """Bytes in use, or in use once the table has so many buckets."""
        m = self.machine
        waiting, found = m.get("TAIL") - m.get("HEAD"), m.get("TAIL")
        table = (buckets or m.get("SIZE")) * LANES * 8 * m.words
        return table + waiting * 8 * m.words + found * 2 * m.note_bytes

    def _grow(self) -> bool:
        """A larger table; whether the limits allow one."""
        m = self.machine
        old = m.get("SIZE")
        new = old * 2 if old < DOUBLE_BELOW_BUCKETS else old + old // 3
        if new > MOST_BUCKETS:
            self.stopped_by = "a table that cannot be larger"
            return False
        if self.memory(new) > self.limits.memory:
            self.stopped_by = f"more than {self.limits.memory} bytes of memory"
            return False
        self._room_for(new)
        m.set("SIZE", new)
        m.set("UNSPREAD", old)
        event = "PAUSED"
        while event != "FINISHED":
            m.set("BUDGET", self.slice)
            event = EVENTS[m.spread()]
            if event == "SPARE_FULL":
                spare = 2 * m.get("SPARE_ROOM")
                m.grow("SPARE", spare * LANES * m.words)
                m.set("SPARE_ROOM", spare)
        return True

    def _room_for(self, buckets: int) -> None:
        m = self.machine
        capacity = buckets * LANES * FULL[0] // FULL[1]
        m.grow("TABLE", buckets * LANES * m.words)
        m.grow("QUEUE", capacity * m.words)
        m.grow("ORDINALS", capacity)
        m.grow("COUNTS", capacity)
        m.set("CAPACITY", capacity)

    # ------------------------------------------------------------------------------------------------ the states
    def _enter_initial(self) -> None:
        if not self.initial:
            raise ModelError(f"{self.run.world.name} has no initial state: `initially` excludes every start")
        m = self.machine
        self._room_for(m.get("SIZE"))
        batch = m.get("BATCH")
        for start in range(0, len(self.initial), batch):
            part = self.initial[start : start + batch]
            while m.get("TAIL") + m.get("ROOM") > m.get("CAPACITY"):
                if not self._grow():
                    return
            for k, state in enumerate(part):
                m.put_state("OUT", k, self.program.layout.pack(state))
            m.enter(len(part))
            m.write("COUNTS", 0, 0)  # state 0 did not find them
        m.set("LEVEL_END", m.get("TAIL"))

    def path(self, state: int) -> tuple[int, tuple[Step, ...]]:
        """The initial state and the shortest steps that lead to a state by number, found again by the interpreter."""
        m = self.machine
        initial, ordinals = lineage(m, state, len(self.initial))
        steps: list[Step] = []
        now = self.initial[initial]
        for ordinal in ordinals:
            target = self.program.layout.unpack(m.successor(self.program.layout.pack(now), ordinal))
            steps.append(next(step for step, after in self.run.successors(now) if after == target))
            now = target
        return initial, tuple(steps)

    # --------------------------------------------------------------------------------------------------- figures
    def figures(self) -> Figures:
        """What was gone through."""
        m = self.machine
        names = [a.name for a in self.run.instance.actions]
        return Figures(
            states=m.get("TAIL"),
            transitions=m.get("TRANSITIONS"),
            depth=m.get("DEPTH"),
            firings={name: m.read("FIRED", k) for k, name in enumerate(names)},
            seconds=time.monotonic() - self.started,
        )

    def so_far(self) -> Progress:
        """Where the search is."""
        m = self.machine
        return Progress(
            states=m.get("TAIL"),
            transitions=m.get("TRANSITIONS"),
            depth=m.get("DEPTH"),
            waiting=m.get("TAIL") - m.get("HEAD"),
            seconds=time.monotonic() - self.started,
            memory_bytes=self.memory(),
        )

    def witnesses(self) -> dict[str, int]:
        """The number of the first state that shows each `sometimes`, for those that were shown."""
        seen = {p.name: self.machine.read("SEEN", k) for k, p in enumerate(self.program.sometimes)}
        return {name: number - 1 for name, number in seen.items() if number}
