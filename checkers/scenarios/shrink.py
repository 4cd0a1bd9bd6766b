"""Making one counterexample lighter, where there are too many states to search for the lightest.

Steps are left out, one run of neighbours after another, as long as what is left is a behaviour that breaks the same;
then a step is moved next to others of its actor. What comes out is a behaviour that nothing of this kind makes lighter,
and maybe not the lightest that there is.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.language import Kind, Step
from ..interpret import OutOfRange, Refused, Run
from .order import Cause, Counterexample, Scale


def shrink(scale: Scale, steps: tuple[Step, ...], name: str, initial: int = 0) -> Counterexample:
    """A counterexample to this property, no heavier than the steps given. Raises ValueError if these break nothing."""
    best = _ends(scale.run, steps, name, initial)
    if best is None:
        raise ValueError(f"these steps do not break {name}")
    while (lighter := _lighter(scale, best, name, initial)) is not None:
        best = lighter
    last = best[-1].action if best else None
    return Counterexample(Cause((name,), last, scale.faults(best)), scale.cost(best), best, initial)


def _lighter(scale: Scale, steps: tuple[Step, ...], name: str, initial: int) -> tuple[Step, ...] | None:
    """The first change that makes the steps lighter."""
    cost = scale.cost(steps)
    for changed in _changes(steps):
        if scale.cost(changed) < cost or len(changed) < len(steps):
            ends = _ends(scale.run, changed, name, initial)
            if ends is not None and scale.cost(ends) < cost:
                return ends
    return None


def _changes(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Fewer steps, most at once first; then one step elsewhere."""
    size = len(steps) // 2
    while size:
        yield from (steps[:i] + steps[i + size :] for i in range(len(steps) - size + 1))
        size //= 2
    for i, step in enumerate(steps):
        rest = steps[:i] + steps[i + 1 :]
        yield from (rest[:j] + (step,) + rest[j:] for j in range(len(steps)) if j != i)


def _ends(run: Run, steps: tuple[Step, ...], name: str, initial: int) -> tuple[Step, ...] | None:
    """The steps up to the one that breaks the property; None where they are no behaviour, or do not break it."""
    broken = run.system.property(name)
    state = run.initial()[initial]
    if broken.kind is Kind.ALWAYS and not run.holds(broken, state):
        return ()
    for i, step in enumerate(steps, 1):
        try:
            after = run.take(state, step)
        except (Refused, OutOfRange):
            return None
        if not (run.holds(broken, state, after) if broken.kind is Kind.STEP else run.holds(broken, after)):
            return steps[:i]
        state = after
    return None
