"""What several commands print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..checkers.interpret import Run
from ..checkers.verdict import Violated
from ..story import Story
from .app import paint


def assumption_lines(assumptions: Iterable[str]) -> Iterator[str]:
    """What a verdict rests on."""
    said = list(assumptions)
    if said:
        yield "Assuming:"
        yield from (f"  {sentence}" for sentence in said)


def trace_lines(run: Run, verdict: Violated, *, exact: bool) -> Iterator[str]:
    """A counterexample, step by step, and what it breaks. Replayed here: raises where it is no behaviour."""
    story = Story(run, verdict.steps, verdict.initial, exact=exact)
    yield from story.lines(paint)
    if not verdict.steps:
        yield "Before any step:"
    if verdict.cycle_from is not None:
        yield f"Steps {verdict.cycle_from + 1} to {len(verdict.steps)} repeat for ever."
    yield ""
    yield f"After {len(verdict.steps)} steps {verdict.property} is broken:"
    yield from (f"  {line}" for line in story.why_lines(verdict.property, paint))
