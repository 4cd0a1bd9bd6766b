"""What comes of holding an implementation against the model: what deviated and where, and the verdict on all walks.

The verdict is a closed type; only `Conforms` is green. Exit codes: 0 conforms; 1 deviates, or failed once it had
spoken; 2 never spoke the protocol; 3 undecided, or too little was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from ..checkers.conform.consequences import Consequence
from ..checkers.conform.coverage import Coverage
from ..checkers.conform.observation import Observed
from .baseline import Known


class Kind(Enum):
    """How an implementation deviates."""

    TAKEN = "it did what the model refuses"
    REFUSED = "it refused what the model allows"
    SEEN = "what was seen fits no state that it could be in"
    FAILED = "it stopped answering"


@dataclass(frozen=True)
class Deviation:
    """The first thing on a walk that no behaviour of the model explains.

    `requirements` are those that it broke, of the state that came nearest; `consequences` the properties that this breaks
    or lets break; `differs` what was seen and could not be; `possible` the legal events there.
    """

    kind: Kind
    event: str
    action: str
    requirements: tuple[str, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    differs: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    why: str = ""

    @property
    def identity(self) -> str:
        """What makes it the same deviation on another walk, or another day: short, and stable."""
        about = "; ".join(self.requirements) or ("; ".join(sorted(d.partition(" is ")[0] for d in self.differs)))
        return hashlib.sha256(f"{self.kind.name}|{self.action}|{about}".encode()).hexdigest()[:12]

    @property
    def cites(self) -> tuple[str, ...]:
        """The requirements of the catalogue that its consequences stand for."""
        return tuple(dict.fromkeys(c for one in self.consequences for c in one.cites))

    @property
    def sentence(self) -> str:
        """In one sentence."""
        said = "; ".join(self.requirements or self.differs) or self.why
        return f"{self.event}: {self.kind.value}" + (f": {said}" if said else "")


@dataclass(frozen=True)
class Note:
    """Something that is no deviation, and that a reader may want to know."""

    walk: str
    text: str


@dataclass(frozen=True)
class Walked:
    """One walk: what happened on it as far as it went, and the deviation that ended it, if one did."""

    walk: str
    initial: int
    attempts: int
    events: tuple[Observed, ...]
    deviation: Deviation | None = None
    known: Known | None = None
    seconds: float = 0.0

    @property
    def fails(self) -> bool:
        """Whether it deviates in a way that no baseline excuses."""
        return self.deviation is not None and (self.known is None or self.known.expired)


def gravest(walked: Iterable[Walked]) -> tuple[Walked, ...]:
    """The walks that fail: first those whose deviation breaks a property, or lets it break."""
    fails = [w for w in walked if w.fails]
    return tuple(sorted(fails, key=lambda w: not (w.deviation and w.deviation.consequences)))


@dataclass(frozen=True)
class Figures:
    """The suite, and how much of it was gone through. `seed` is of the random walks."""

    walks: int
    attempts: int
    least_attempts: int | None
    random_walks: int
    seed: int
    seconds: float


@dataclass(frozen=True)
class Report:
    """All that was found out about an implementation in a world."""

    implementation: str
    world: str
    walked: tuple[Walked, ...]
    coverage: Coverage | None
    figures: Figures
    notes: tuple[Note, ...] = ()
    unreachable: tuple[str, ...] = ()
    unseen: tuple[Known, ...] = ()
    """Known deviations of the baseline that did not occur."""
    shortest: Walked | None = field(default=None)
    """The first deviation once more, by the fewest steps that show it."""

    @property
    def failing(self) -> tuple[Walked, ...]:
        """The walks that fail, the first one first; before them those that break a property."""
        return gravest(self.walked)

    @property
    def accepted(self) -> tuple[Walked, ...]:
        """The walks that deviate as is known, until a date that has not passed."""
        return tuple(w for w in self.walked if w.deviation is not None and not w.fails)


@dataclass(frozen=True)
class Conforms:
    """No walk deviates (but as the baseline says), and all was shown that had to be."""

    report: Report


@dataclass(frozen=True)
class Deviates:
    """Some walk deviates."""

    report: Report


@dataclass(frozen=True)
class Thin:
    """Nothing deviates, but less was shown than was asked for: the verdict would be worth little."""

    report: Report
    why: str


@dataclass(frozen=True)
class Undecided:
    """The run ended before it could say."""

    report: Report
    why: str


@dataclass(frozen=True)
class NeverSpoke:
    """The implementation never said hello in the protocol: nothing was judged."""

    implementation: str
    world: str
    why: str


Verdict: TypeAlias = Conforms | Deviates | Thin | Undecided | NeverSpoke

EXIT_CODE = {Conforms: 0, Deviates: 1, NeverSpoke: 2, Thin: 3, Undecided: 3}


def exit_code(verdict: Verdict) -> int:
    """0 conforms, 1 deviates, 2 never spoke the protocol, 3 undecided or thin."""
    return EXIT_CODE[type(verdict)]
