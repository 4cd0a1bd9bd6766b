"""A log made smaller that still fails in the same way: delta debugging over its events, the order of the rest kept.

*The same way*: the same event cannot be taken, and the same requirements are in its way (or the same fields differ).
What comes after what was matched goes at once, since nothing of it was needed. Then ever smaller parts are left out (Zeller
and Hildebrandt's ddmin), until no single event can be, or so many logs were judged, or for so long, as the budget says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

from .inclusion import Excluded, Inclusion
from .observation import Observed

BUDGET, SECONDS = 1_000, 60.0


class Judging(Protocol):
    """What judges logs: see inclusion.py and quantities.py."""

    def judge(self, log: Sequence[Observed], *, by_process: bool = False, instead: bool = True) -> Inclusion:
        """The verdict on a log."""
        ...


@dataclass(frozen=True)
class Minimised:
    """The smaller log and its verdict; `least` says whether no single event can be left out of it."""

    log: tuple[Observed, ...]
    verdict: Excluded
    least: bool


def minimise(
    acceptor: Judging,
    log: Sequence[Observed],
    failed: Excluded,
    *,
    by_process: bool = False,
    budget: int = BUDGET,
    seconds: float = SECONDS,
) -> Minimised:
    """The smallest log that the acceptor refuses as it refused this one.

    The search ends after `budget` judgements, or so many seconds.
    """
    tried, until = 0, perf_counter() + seconds

    def fails(events: Sequence[Observed]) -> Excluded | None:
        nonlocal tried
        tried += 1
        if tried > 1 and (tried > budget or perf_counter() > until):
            return None
        verdict = acceptor.judge([*events, failed.event], by_process=by_process, instead=False)
        if not isinstance(verdict, Excluded) or verdict.number != len(events):
            return None
        return verdict if verdict.diagnosis.cause == failed.diagnosis.cause else None

    found = Minimised(tuple(log), failed, least=False)
    kept = _matched(log, failed, by_process=by_process)
    verdict = fails(kept)
    if verdict is None:
        return found
    parts = 2
    while kept and tried < budget and perf_counter() < until:
        size = -(-len(kept) // parts)
        shorter = _first(fails, [kept[:k] + kept[k + size :] for k in range(0, len(kept), size)])
        if shorter:
            kept, verdict = shorter
            parts = max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(2 * parts, len(kept))
    return Minimised((*kept, failed.event), verdict, least=tried < budget and perf_counter() < until)


def _first(
    fails: Callable[[Sequence[Observed]], Excluded | None], logs: Sequence[list[Observed]]
) -> tuple[list[Observed], Excluded] | None:
    """The first of these logs that fails, and how."""
    for log in logs:
        verdict = fails(log)
        if verdict is not None:
            return log, verdict
    return None


def _matched(log: Sequence[Observed], failed: Excluded, *, by_process: bool) -> list[Observed]:
    """The events that were matched."""
    left = dict(failed.matched)
    kept: list[Observed] = []
    for event in log:
        process = event.process if by_process else None
        if left.get(process, 0) > 0:
            left[process] -= 1
            kept.append(event)
    return kept


def numbered(log: Sequence[Observed]) -> list[Observed]:
    """The log with its events' lines counted anew, from 1."""
    return [replace(event, line=n) for n, event in enumerate(log, 1)]
