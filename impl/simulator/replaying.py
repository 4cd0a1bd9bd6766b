"""A simulated world is nowhere but in its process; so, to resume a run on it, it is made again from the run's journal."""

from __future__ import annotations

from collections.abc import Iterable

from ..driver import Effect
from ..encoding import decoded
from ..journal import Entry, Kind
from .driver import Simulator


def relive(simulator: Simulator, entries: Iterable[Entry]) -> None:
    """Let everything happen again that the journal has, in a world at its beginning; an open intent happened, too.

    The world is deterministic, so it is as it was then. Between two openings of the journal some time has passed.
    """
    opened = False
    for entry in entries:
        if entry.kind is Kind.OPENED:
            if opened:
                simulator.pass_time()
            opened = True
        elif entry.kind is Kind.INTENT:
            simulator.perform(decoded(Effect, entry.body["effect"]))
    simulator.pass_time()
