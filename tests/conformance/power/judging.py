"""Who judges a mutant of controller and simulator: the gate in lock step, or crashes at every point; and what is named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from holdfast.checkers.interpret import Run
from holdfast.conformance.lockstep import Rules
from holdfast.conformance.reference import Reference
from holdfast.conformance.session import Prepared, Settings, conform, prepare
from holdfast.conformance.verdicts import Deviates, Deviation
from holdfast.impl.safeguards import Safeguards
from holdfast.impl.simulator.faults import Fault
from holdfast.specs.case import Case as World
from tests.impl.crashes import Mechanism, Tally, at_every_point, crash_everywhere, crash_twice, strikes
from tests.impl.worlds import Case

SETTINGS = Settings(rules=Rules(careful=True), walks=10)
NAME = re.compile(r"\(([A-Z]\d*)\)")
"""What a finding of the crash suite says, or whoever stopped: the catalogue's name for what is broken."""


# --------------------------------------------------------------------------------------------------------- in lock step
_PREPARED: dict[str, Prepared] = {}


def prepared(world: World) -> Prepared:
    """A world with its walks, which are made once."""
    if world.name not in _PREPARED:
        _PREPARED[world.name] = prepare(Run(*world.build()), SETTINGS)
    return _PREPARED[world.name]


def in_lock_step(world: World, safeguards: Safeguards) -> tuple[str, ...] | None:
    """What the report names of the implementation with these safeguards, its first deviation first; None if it conforms."""
    adapter = type("Mutant", (Reference,), {"safeguards": safeguards})
    verdict = conform(prepared(world), adapter, SETTINGS)
    if not isinstance(verdict, Deviates):
        return None
    deviation = verdict.report.failing[0].deviation
    assert deviation is not None, "a walk that fails deviates"
    return named_in(deviation)


def named_in(deviation: Deviation) -> tuple[str, ...]:
    """The requirements that a deviation broke, in their own sentences, and by the catalogue's names what comes of it."""
    return (*deviation.requirements, *deviation.cites)


# ------------------------------------------------------------------------------------------------------- crash by crash
class Found(Exception):
    """A run was wrong."""


@dataclass
class First(Tally):
    """Ends at the first run that is wrong."""

    named: tuple[str, ...] = field(default=())

    def add(self, findings: list[str], about: str) -> None:
        """One more run. Raises Found."""
        super().add(findings, about)
        if findings:
            self.named = tuple(dict.fromkeys(name for one in findings for name in NAME.findall(one)))
            raise Found(findings)


def in_runs(
    case: Case, faults: tuple[str, ...], mechanism: Mechanism, *, crashes: bool = True
) -> tuple[str, ...] | None:
    """What the first run names that is wrong, of a controller that crashes wherever it can; None if none is.

    Each of these faults strikes wherever it can, one in a run. Without crashes, each run is only looked at once it is over.
    """
    first = First()
    struck: list[tuple[Fault, ...]] = [(fault,) for fault in strikes(case) if fault.name in faults] or [()]
    try:
        for those in struck:
            if crashes:
                crash_everywhere(case, those, first, mechanism)
            else:
                first.add(at_every_point(case, those, lambda _: None, mechanism), case.name)
        if crashes and not faults:
            crash_twice(case, first, mechanism)
    except Found:
        return first.named
    return None
