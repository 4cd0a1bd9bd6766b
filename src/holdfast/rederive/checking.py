"""The catalogue derived again, and held against the ledger: what is missing, idle, different or undecided."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from ..specs.catalogue import Row, missing, rows
from ..specs.equivalents import EQUIVALENT
from ..specs.ledger import Ledger, RemovalRow
from ..specs.removals import removals
from ..specs.worlds import MODEL_WORLDS, WORLDS
from .tasks import Outcome, Task, derive

Told = Callable[[int, int, Outcome], None]
"""Hears of each task that is over: how many are, of how many, and what it came to."""

MOST_EQUIVALENT = 0.05
"""Of all requirements, fewer than this may survive being removed."""


@dataclass(frozen=True)
class Gap:
    """Something that the catalogue does not show: an identifier, property, world, mutant or removal, and what is wrong."""

    name: str
    says: str


@dataclass(frozen=True)
class Checked:
    """What came out: the rows as derived, the gaps, what nobody had the time to decide."""

    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    undecided: tuple[Gap, ...]

    @property
    def exit_code(self) -> int:
        """As of verdicts: 0 without a gap, 1 with one, 3 where the only gaps are undecided ones."""
        if self.gaps:
            return 1
        return 3 if self.undecided else 0


def check(todo: Sequence[Task], ledger: Ledger, *, seconds: float, jobs: int, told: Told) -> Checked:
    """Derive all of it again, by so many processes, within so many seconds, and compare."""
    until = time.time() + seconds
    return compared(_derived(todo, partial(derive, ledger=ledger, until=until), jobs, told), ledger)


def compared(outcomes: Iterable[Outcome], ledger: Ledger) -> Checked:
    """What these outcomes show, and what of the ledger they do not."""
    outcomes = list(outcomes)
    found = _as_ledger(outcomes, ledger)
    listed = rows(found)
    undecided = tuple(Gap(o.task.name, o.undecided) for o in outcomes if o.undecided)
    gaps = [Gap(name, "no property says it") for name in missing(listed)]
    gaps += (gap for row in listed for gap in _idle(row, known_to_hold=not undecided))
    gaps += (Gap(o.task.name, o.failed) for o in outcomes if o.failed)
    gaps += (gap for o in outcomes for gap in _different(o, ledger))
    gaps += _stale(ledger)
    gaps += surviving(found.removals)
    return Checked(tuple(listed), tuple(gaps), undecided)


def _as_ledger(outcomes: Iterable[Outcome], ledger: Ledger) -> Ledger:
    """The rows that were derived; of removals those of the ledger, where none was."""
    found: dict[str, dict[str, Any]] = {"worlds": {}, "mutants": {}, "liveness": {}, "removals": {}}
    for outcome in outcomes:
        found[outcome.task.section].update(outcome.rows)
    found["removals"] = found["removals"] or dict(ledger.removals)
    return Ledger(**found)


def _idle(row: Row, *, known_to_hold: bool) -> Iterator[Gap]:
    """What a row of the catalogue lacks; what is undecided is told elsewhere."""
    said = {part for part in row.verdict.split(", ") if known_to_hold or part != "Unknown"}
    if not row.worlds:
        yield Gap(f"{row.id} {row.property}", "no world decides it")
    elif said - {"Holds"}:
        yield Gap(f"{row.id} {row.property}", f"its verdict is {row.verdict}")
    if not row.witness and known_to_hold:
        yield Gap(f"{row.id} {row.property}", "no witness is seen in any world: it is vacuous")
    if not row.mutants and known_to_hold:
        yield Gap(f"{row.id} {row.property}", "no mutant shows that it can fail")


def _different(outcome: Outcome, ledger: Ledger) -> Iterator[Gap]:
    """The rows that are not as they were pinned; and a world that should not have come to what it did."""
    pinned: Mapping[str, Any] = getattr(ledger, outcome.task.section)
    for name, row in outcome.rows.items():
        if name not in pinned:
            yield Gap(name, "the ledger has no row of it")
        elif pinned[name] != row:
            before, now = asdict(pinned[name]), asdict(row)
            changed = [f"{key} {before[key]}, now {now[key]}" for key in now if now[key] != before[key]]
            yield Gap(name, f"the ledger says otherwise: {'; '.join(changed)}")
        if outcome.task.section == "worlds" and getattr(row, "broke", None) != MODEL_WORLDS[name].breaks:
            yield Gap(name, f"it breaks {getattr(row, 'broke', None)}")


def _stale(ledger: Ledger) -> Iterator[Gap]:
    """Rows of the ledger that belong to nothing."""
    for name in ledger.worlds.keys() - WORLDS.keys():
        yield Gap(name, "the ledger has a row of it, but there is no such world")


def surviving(found: Mapping[str, RemovalRow]) -> Iterator[Gap]:
    """Removals without a row, those that nothing kills and nobody has listed as equivalent, and too many of these."""
    equivalent = {f"{action}: {sentence}" for action, sentence in EQUIVALENT}
    every = [removal.name for removal in removals()]
    for name in every:
        killer = found[name].killer if name in found else None
        if name not in found:
            yield Gap(name, "the removal has no row")
        elif killer is None and name not in equivalent:
            yield Gap(name, "removed, nothing misses it, and it is not listed as equivalent")
        elif killer is not None and name in equivalent:
            yield Gap(name, f"it is listed as equivalent, but {killer} misses it")
    if len(equivalent) >= MOST_EQUIVALENT * len(every):
        yield Gap("equivalents", f"{len(equivalent)} of {len(every)} requirements are too many")


# ----------------------------------------------------------------------------------------------------- processes
def _derived(todo: Sequence[Task], do: Callable[[Task], Outcome], jobs: int, told: Told) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for outcome in _in_processes(todo, do, jobs) if jobs > 1 else map(do, todo):
        outcomes.append(outcome)
        told(len(outcomes), len(todo), outcome)
    place = {task: i for i, task in enumerate(todo)}
    return sorted(outcomes, key=lambda outcome: place[outcome.task])


def _in_processes(todo: Sequence[Task], do: Callable[[Task], Outcome], jobs: int) -> Iterator[Outcome]:
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_let_interrupts_through) as pool:
        yield from (future.result() for future in as_completed([pool.submit(do, task) for task in todo]))


def _let_interrupts_through() -> None:
    """Ctrl-C ends a process that works for another at once: nobody waits for what it would have said."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
