"""The copies of a VM, of which one runs at most: fencing, and the record by which that is checked.

QEMU does not prevent two copies from running: a source may be continued after its migration completed, and two
processes may run on one memory file. So nothing here continues a copy but `run_only`, which ends every other one first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from .monitor import Event, Monitor

FENCE_TIMEOUT_S = 60.0


class Copy(Protocol):
    """One process that has a VM's state, or is to get it."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def monitor(self) -> Monitor:
        """How one talks to it."""
        ...

    @property
    def gone(self) -> bool:
        """Whether its process was observed to have ended."""
        ...

    async def end(self, timeout_s: float = FENCE_TIMEOUT_S) -> None:
        """End its process, and return when that was observed. Raises TimeoutError."""
        ...


class NotFenced(Exception):
    """A copy was to run while another one's end was not observed (S1)."""


async def run_only(chosen: Copy, others: Iterable[Copy], timeout_s: float = FENCE_TIMEOUT_S) -> None:
    """Let this copy run, after the end of every other one was observed (S1).

    Raises TimeoutError, MonitorLost or Refused; then the chosen copy may not run, and no other one does.
    """
    for other in others:
        if not other.gone:
            await other.end(timeout_s)
        if not other.gone:
            raise NotFenced(f"{other.name} has not ended, so {chosen.name} must not run")
    await resume(chosen, timeout_s)


async def resume(copy: Copy, timeout_s: float = FENCE_TIMEOUT_S) -> None:
    """Let the only copy of a VM run. Raises TimeoutError, MonitorLost or Refused."""
    since = len(copy.monitor.events)
    if await copy.monitor.status() == "running":
        return
    await copy.monitor.ask("cont")
    await copy.monitor.until("RESUME", lambda _: True, timeout_s, since)


async def stop(copy: Copy, timeout_s: float = FENCE_TIMEOUT_S) -> None:
    """Stun a VM: its processors stand still when this returns. Raises TimeoutError, MonitorLost or Refused."""
    since = len(copy.monitor.events)
    if await copy.monitor.status() != "running":
        return
    await copy.monitor.ask("stop")
    await copy.monitor.until("STOP", lambda _: True, timeout_s, since)


@dataclass
class RunRecord:
    """Which copy of which VM began and ceased to run, in the order in which that was reported.

    A copy is continued only after another one's end was reported, so the order of reports is that of the events.
    """

    entries: list[tuple[int, str, str, bool]] = field(default_factory=list[tuple[int, str, str, bool]])

    def note(self, vm: str, copy: str, runs: bool, at_ns: int | None = None) -> None:
        """Write down that a copy began, or ceased, to run."""
        self.entries.append((time.monotonic_ns() if at_ns is None else at_ns, vm, copy, runs))

    def watch(self, vm: str, copy: str, monitor: Monitor) -> None:
        """Write down what this monitor reports from now on."""

        def heard(event: Event) -> None:
            if event.name in ("STOP", "RESUME"):
                self.note(vm, copy, event.name == "RESUME", event.arrived_ns)

        monitor.on_event = heard

    def overlaps(self) -> list[str]:
        """Where a copy began to run while another one of the same VM ran (S1)."""
        running: dict[str, set[str]] = {}
        found: list[str] = []
        for _, vm, copy, runs in self.entries:
            now = running.setdefault(vm, set())
            if runs and now - {copy}:
                found.append(f"{vm} runs in {copy} while it runs in {', '.join(sorted(now - {copy}))}")
            now.add(copy) if runs else now.discard(copy)
        return found

    def blackout_ms(self, vm: str) -> list[int]:
        """For how long no copy ran, each time that one went on after another had ceased."""
        gaps: list[int] = []
        ceased: int | None = None
        for at_ns, name, _, runs in self.entries:
            if name == vm and runs and ceased is not None:
                gaps.append((at_ns - ceased) // 1_000_000)
            if name == vm:
                ceased = None if runs else at_ns if ceased is None else ceased
        return gaps
