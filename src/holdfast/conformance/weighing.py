"""What a deviation comes to: the properties that it breaks at once, and those that it lets break later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from ..checkers.conform.compiled import Compiled
from ..checkers.conform.consequences import Consequence, ahead, at_once, merged
from ..checkers.interpret import Run
from ..model.language import State
from .protection import protected
from .verdicts import Deviation, Walked

AHEAD_MOST = 20
"""Of so many different deviations it is sought what breaks later, each once: so the cost of it all is bounded."""


class Weighing:
    """Of one implementation in one world."""

    def __init__(self, run: Run) -> None:
        """Nothing has deviated yet."""
        self.run = _compiled(run)
        self._sought: set[str] = set()

    def weighed(self, found: Deviation, before: State, after: State | None) -> Deviation:
        """The deviation with what comes of it, if that leads from one state to another (None: to none that has a meaning).

        What the search does not find, the ledger may know: which property misses the requirements.
        """
        comes: tuple[Consequence, ...] = ()
        if after is not None:
            comes = at_once(self.run, before, after)
            if found.identity not in self._sought and len(self._sought) < AHEAD_MOST:
                self._sought.add(found.identity)
                forgotten = {(found.action, sentence) for sentence in found.requirements}
                comes += ahead(self.run, before, after, forgotten)
        return replace(found, consequences=comes or protected(self.run, found.action, found.requirements))


@lru_cache(maxsize=8)
def _compiled(run: Run) -> Compiled:
    """The run as code, which serves every implementation that is held against it."""
    return Compiled(run.instance)


def together(walked: Iterable[Walked]) -> tuple[Walked, ...]:
    """The same deviation comes to the same on every walk: to all that it came to on any."""
    walks = tuple(walked)
    comes: dict[str, tuple[Consequence, ...]] = {}
    for found in (w.deviation for w in walks if w.deviation is not None):
        comes[found.identity] = merged(comes.get(found.identity, ()), found.consequences)
    return tuple(
        w
        if w.deviation is None
        else replace(w, deviation=replace(w.deviation, consequences=comes[w.deviation.identity]))
        for w in walks
    )
