"""Making one counterexample lighter, where there are too many states to search for the lightest.

Steps are left out, one run of neighbours after another, as long as what is left is a behaviour that ends in the same
failure; then a step is moved next to another one of its actor. What comes out is a behaviour that nothing of this kind
makes lighter, and maybe not the lightest that there is. Of n steps, a round tries no more than n times n changes; each
is replayed from where it differs to the first step that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...model.language import Kind, State, Step
from ..interpret import OutOfRange, Refused, Run
from .order import Cause, Counterexample, Scale


def shrink(scale: Scale, steps: tuple[Step, ...], name: str, initial: int = 0) -> Counterexample:
    """A counterexample to this property, no heavier than the steps given. Raises ValueError if these do not end in one.

    Raises Refused or OutOfRange where the steps are no behaviour.
    """
    run = scale.run
    states = run.replay(steps, initial)
    if not _breaks(run, states, name):
        raise ValueError(f"these steps do not break {name}")
    best = steps
    while (lighter := _lighter(scale, best, states, name)) is not None:
        best, states = lighter
    last = best[-1].action if best else None
    return Counterexample(Cause((name,), last, scale.faults(best)), scale.cost(best), best, initial)


def _lighter(
    scale: Scale, steps: tuple[Step, ...], states: list[State], name: str
) -> tuple[tuple[Step, ...], list[State]] | None:
    """The first change that makes the steps lighter, and the states that these then lead through."""
    cost = scale.cost(steps)
    for changed in _changes(scale, steps):
        if scale.cost(changed) < cost:
            through = _through(scale.run, steps, states, changed)
            if through is not None and _breaks(scale.run, through, name):
                return changed, through
    return None


def _changes(scale: Scale, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Fewer steps, most at once first; then one step elsewhere, beside another one of its actor."""
    for size in range(len(steps) // 2, 0, -1):
        yield from (steps[:i] + steps[i + size :] for i in range(len(steps) - size + 1))
    actors = [scale.weight(step).actor for step in steps]
    for i, step in enumerate(steps):
        rest, others = steps[:i] + steps[i + 1 :], actors[:i] + actors[i + 1 :]
        for j in range(len(steps)):
            if j != i and actors[i] in others[max(0, j - 1) : j + 1]:
                yield (*rest[:j], step, *rest[j:])


def _through(run: Run, steps: tuple[Step, ...], states: list[State], changed: tuple[Step, ...]) -> list[State] | None:
    """The states that changed steps lead through, of which those up to the change are known; None if one is refused."""
    same = next((i for i, (a, b) in enumerate(zip(steps, changed, strict=False)) if a != b), len(changed))
    through = states[: same + 1]
    for step in changed[same:]:
        try:
            through.append(run.take(through[-1], step))
        except (Refused, OutOfRange):
            return None
    return through


def _breaks(run: Run, states: list[State], name: str) -> bool:
    """Whether the last state (of a `step` property: the last step) breaks it."""
    p = run.system.property(name)
    if p.kind is not Kind.STEP:
        return not run.holds(p, states[-1])
    return any(not run.holds(p, before, after) for before, after in list(pairwise(states))[-1:])
