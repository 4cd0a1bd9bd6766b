"""Why an event does not fit a path whose amounts are open: what no amounts at all could mend."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from ...model.language import Requirement, Sort, State
from ..interpret import Run
from ..smt.z3types import known, rank_in, z3
from .diagnosis import Diagnosis, Difference, explained, out_of_range
from .nearest import nearest
from .observation import Observed, Pattern, resolve
from .space import Space
from .symbolic import Symbolic, Wanted


def candidates(symbolic: Symbolic, pattern: Pattern, at: int | None) -> Iterator[Wanted]:
    """Every choice of members that the event leaves; numbers that were not observed are open.

    The path is marked for as long as one is looked at, and goes back before the next. Who stops half-way leaves the path
    as it is: that is how a search keeps what it has found.
    """
    if pattern.never:
        return
    for members in product(*_choices(symbolic, pattern)):
        symbolic.mark()
        pairs = zip(pattern.action.parameters, pattern.allowed, members, strict=True)
        arguments = tuple(_open(symbolic, p, values) if m is None else m for p, values, m in pairs)
        yield Wanted(pattern.action, arguments, pattern.after, at)
        symbolic.back()


def _choices(symbolic: Symbolic, pattern: Pattern) -> Iterator[list[int | None]]:
    for p, values in zip(pattern.action.parameters, pattern.allowed, strict=True):
        allowed = symbolic.instance.range(p)
        if values is not None and (isinstance(p.var.sort, Sort) or len(values) == 1):
            yield [v for v in sorted(values) if v in allowed]
        else:
            yield [*allowed] if isinstance(p.var.sort, Sort) else [None]


def _open(symbolic: Symbolic, parameter: Any, values: frozenset[int] | None) -> Any:
    allowed = symbolic.instance.range(parameter)
    value = symbolic.integer(allowed.start, allowed.stop - 1)
    if values is not None:
        symbolic.solver.add(z3.Or([value == v for v in sorted(values)]))
    return value


def reasons(symbolic: Symbolic, pattern: Pattern, event: Observed) -> Diagnosis:
    """Why the event does not fit where the path ends: of all choices, that with the fewest reasons. Raises TooMany."""
    wrong = pattern.never or out_of_range(symbolic.run, pattern, event)
    found = (
        [] if wrong else [_reasons(symbolic, wanted, pattern, event) for wanted in candidates(symbolic, pattern, None)]
    )
    return min(found, key=lambda d: len(d.refused), default=Diagnosis(never=wrong or f"there is no {event}"))


def _reasons(symbolic: Symbolic, wanted: Wanted, pattern: Pattern, event: Observed) -> Diagnosis:
    asked = symbolic.ask(wanted)
    never = [r for r, truth in asked if not symbolic.fits(truth)]
    if never:
        return _by(never, always=True)
    if not symbolic.fits(*(truth for _, truth in asked)):
        return _by(_broken_in_some_state(symbolic, asked), always=False)
    symbolic.solver.add(*(truth for _, truth in asked if not known(truth)))
    seen = symbolic.do(wanted)
    symbolic.fits()
    model = symbolic.solver.model()
    wrong = [key for key, truth in zip(pattern.keys, seen, strict=True) if not symbolic.fits(truth)]
    slots = {key: slot for key, (slot, _) in zip(pattern.keys, pattern.after, strict=True)}
    shown = symbolic.run.shown(tuple(rank_in(model, v) for v in symbolic.path.state))
    differ = [Difference(key, event.after[key], (shown[key],)) for key in wrong or slots]
    return Diagnosis(differs=tuple(differ))


def _broken_in_some_state(symbolic: Symbolic, asked: tuple[tuple[Requirement, Any], ...]) -> list[Requirement]:
    """Requirements that can each be met, but not together: those broken where the first ones are met."""
    met: list[Any] = []
    for requirement, truth in asked:
        if not symbolic.fits(*met, truth):
            return [requirement]
        met.append(truth)
    return []


def _by(broken: list[Requirement], *, always: bool) -> Diagnosis:
    sentences = tuple(dict.fromkeys(r.sentence for r in broken))
    return Diagnosis(sentences, sentences if always else ())


def with_nearest(run: Run, state: State, event: Observed, diagnosis: Diagnosis, hidden: Collection[str]) -> Diagnosis:
    """The diagnosis with why it matters in this state, and what could be done there instead."""
    space, pattern = Space(run), resolve(run, event)
    members = tuple(min(v) if v else None for v in pattern.allowed)
    asked = None if None in members else space.way(pattern.action, tuple(m for m in members if m is not None))
    near = nearest(space, state, pattern, asked, hidden)
    return replace(explained(run, [state], event, diagnosis), nearest=near)
