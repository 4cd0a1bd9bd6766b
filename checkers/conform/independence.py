"""Which events can be taken first without loss: those that concern nothing that anything still to come concerns.

Two events are independent where neither writes what the other reads or writes. What an event reads is what its
requirements and assignments read, and what was observed after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...model.language import ModelError
from ..plans.ground import Grounder, slots_of
from .closure import Closure
from .lanes import Lanes, Positions
from .space import Space, Way


@dataclass(frozen=True)
class Footprint:
    """The slots that are read, and those that are written, as bits."""

    reads: int = 0
    writes: int = 0

    def __or__(self, other: Footprint) -> Footprint:
        """Both."""
        return Footprint(self.reads | other.reads, self.writes | other.writes)

    def apart(self, other: Footprint) -> bool:
        """Whether the order between the two makes no difference."""
        return not (self.writes & (other.reads | other.writes) or self.reads & other.writes)


class Independence:
    """For the lanes of a log: what each event concerns, and all events of its lane from it on."""

    def __init__(self, closure: Closure, lanes: Lanes) -> None:
        """Worked out once."""
        self._lanes = lanes
        space = closure.space
        grounder, everything = Grounder(space.run.instance), (1 << space.run.instance.slots) - 1
        self._footprints: dict[Way, Footprint] = {}
        patterns = [_union(self._of(space, grounder, w, everything) for w in space.ways(p)) for p in lanes.patterns]
        seen = [_bits(slot for slot, _ in p.after) for p in lanes.patterns]
        self._patterns = [Footprint(f.reads | s, f.writes) for f, s in zip(patterns, seen, strict=True)]
        self._hidden = _union(self._of(space, grounder, w, everything) for w in closure.ways)
        self._rest = [self._suffixes(lane) for lane in lanes.lanes]

    def alone(self, at: Positions) -> tuple[int, int] | None:
        """A lane, and the event at its head, that may be taken before all others; None where order may matter."""
        for lane, event in self._lanes.heads(at):
            own = self._patterns[self._lanes.pattern[event]]
            others = (rest[i] for k, (rest, i) in enumerate(zip(self._rest, at, strict=True)) if k != lane)
            if own.apart(self._hidden) and all(own.apart(other) for other in others):
                return lane, event
        return None

    def _suffixes(self, lane: tuple[int, ...]) -> list[Footprint]:
        found = [Footprint()]
        for event in reversed(lane):
            found.append(found[-1] | self._patterns[self._lanes.pattern[event]])
        return found[::-1]

    def _of(self, space: Space, grounder: Grounder, way: Way, everything: int) -> Footprint:
        if way not in self._footprints:
            try:
                self._footprints[way] = _footprint(space, grounder, way)
            except ModelError:  # a term that cannot be spelled out may concern anything
                self._footprints[way] = Footprint(everything, everything)
        return self._footprints[way]


def _footprint(space: Space, grounder: Grounder, way: Way) -> Footprint:
    instance, env = space.run.instance, grounder.environment(way.action, way.arguments)
    asked = [grounder.ground(r.term, env) for r in way.action.requires]
    writes = [(w.field, grounder.ground(w.ref, env), grounder.ground(w.value, env)) for w in way.action.writes]
    read = [*asked, *(g for _, ref, value in writes for g in (ref, value))]
    written: set[int] = set()
    for f, ref, _ in writes:
        members = [ref[1]] if ref[0] == "lit" else range(instance.count(f.owner))
        written.update(instance.slot(f, m) for m in members)
    return Footprint(_bits(slot for g in read for slot in slots_of(g)), _bits(written))


def _union(footprints: Iterable[Footprint]) -> Footprint:
    found = Footprint()
    for footprint in footprints:
        found |= footprint
    return found


def _bits(slots: Iterable[int]) -> int:
    bits = 0
    for slot in slots:
        bits |= 1 << slot
    return bits
