"""What keeps a VM from running twice, without QEMU: copies that are slow to end, and records that show an overlap."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.impl.qemu.copies import FENCE_TIMEOUT_S, NotFenced, RunRecord, run_only
from holdfast.impl.qemu.monitor import Monitor


class Claimed:
    """A copy that says that it has ended, and whether that was observed."""

    def __init__(self, name: str, ends: bool) -> None:
        self.name = name
        self.monitor = Monitor(name)
        self.gone = False
        self.ends = ends

    async def end(self, timeout_s: float = FENCE_TIMEOUT_S) -> None:
        """Return, having ended or not."""
        self.gone = self.ends and timeout_s > 0


def test_nothing_runs_while_another_copy_was_not_seen_to_end() -> None:
    async def tried() -> None:
        await run_only(Claimed("target", ends=True), [Claimed("source", ends=False)])

    with pytest.raises(NotFenced, match="source has not ended, so target must not run"):
        asyncio.run(tried())


def test_two_copies_that_run_at_once_show() -> None:
    record = RunRecord()
    record.note("a", "a.0", True)
    record.note("b", "b.0", True)
    record.note("a", "a.1", True)
    record.note("a", "a.0", False)

    assert record.overlaps() == ["a runs in a.1 while it runs in a.0"]


def test_a_blackout_lasts_from_when_one_copy_ceased_to_when_the_next_one_ran() -> None:
    record = RunRecord()
    record.note("a", "a.0", True, 0)
    record.note("a", "a.0", False, 5_000_000)
    record.note("a", "a.0", False, 6_000_000)
    record.note("b", "b.0", True, 7_000_000)
    record.note("a", "a.1", True, 12_000_000)

    assert record.overlaps() == []
    assert record.blackout_ms("a") == [7]
