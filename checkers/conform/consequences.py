"""What would come of a step that a requirement refuses, if it were taken all the same: the properties that it breaks.

A requirement says what is not so; the property says why that matters. What breaks only later is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model.language import Kind, Property, State, Step
from ..interpret import OutOfRange, Run


@dataclass(frozen=True)
class Consequence:
    """A property that breaks, with the names that it stands for."""

    property: str
    sentence: str
    cites: tuple[str, ...]

    @classmethod
    def of(cls, p: Property) -> Consequence:
        """Of this property."""
        return cls(p.name, p.sentence, p.cites)


def consequences(run: Run, state: State, step: Step) -> tuple[Consequence, ...]:
    """The properties that hold before the step, and break by it; none where its effect has no meaning."""
    try:
        after = run.effect(state, run.system.action(step.action), step.arguments)
    except OutOfRange:
        return ()
    broken = [p for p in run.system.of_kind(Kind.STEP) if not run.holds(p, state, after)]
    broken += [p for p in run.system.of_kind(Kind.ALWAYS) if run.holds(p, state) and not run.holds(p, after)]
    return tuple(Consequence.of(p) for p in broken)
