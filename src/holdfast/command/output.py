"""What several commands print. The story of a counterexample is only loaded where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..checkers.interpret import Run
from ..checkers.verdict import Figures, Holds, Unknown, Vacuous, Verdict, Violated
from .app import paint

if TYPE_CHECKING:
    from ..story import Story

LEFT_OUT = " is left out: "
"""How the explorer says what a world leaves out: name, this, why."""


def assumption_lines(assumptions: Iterable[str]) -> Iterator[str]:
    """What a verdict rests on; actions that are left out for one reason are named together."""
    said: list[str] = []
    alike: dict[str, list[str]] = {}
    for sentence in assumptions:
        name, left_out, why = sentence.partition(LEFT_OUT)
        if left_out:
            alike.setdefault(why, []).append(name)
        else:
            said.append(sentence)
    said += [f"left out: {', '.join(names)} ({why})" for why, names in alike.items()]
    if said:
        yield "Assuming:"
        yield from (f"  {sentence}" for sentence in said)


def trace_lines(run: Run, verdict: Violated, *, exact: bool) -> Iterator[str]:
    """A counterexample, step by step, and what it breaks. Replayed here: raises where it is no behaviour."""
    from ..story import Story

    story = Story(run, verdict.steps, verdict.initial, exact=exact)
    yield from story.lines(paint)
    if verdict.cycle_from is not None:
        yield f"Steps {verdict.cycle_from + 1} to {len(verdict.steps)} repeat for ever."
    if verdict.steps:
        yield ""
    yield f"{after_steps(len(verdict.steps))} {verdict.property} is broken:"
    yield from (f"  {line}" for line in story.why_lines(verdict.property, paint))


def witness_lines(run: Run, verdict: Holds, name: str) -> Iterator[str]:
    """The shortest steps to a witness, replayed here, and its sentence."""
    story = _witness(run, verdict, name)
    yield from story.lines(paint)
    if story.steps:
        yield ""
    yield f"{after_steps(len(story.steps))} {name} is seen:"
    yield f"  {run.system.property(name).sentence}"


def witness_record(run: Run, verdict: Holds, name: str) -> dict[str, Any]:
    """The same as a JSON value."""
    from ..story import story_record

    return story_record(_witness(run, verdict, name), name)


def _witness(run: Run, verdict: Holds, name: str) -> Story:
    from ..story import Story

    return Story(run, verdict.witnesses[name], verdict.initials.get(name, 0), exact=False)


def after_steps(count: int) -> str:
    """When something came about."""
    return f"After {count} step{'s' if count > 1 else ''}" if count else "Before any step"


def trace_record(run: Run, verdict: Violated, *, exact: bool) -> dict[str, Any]:
    """The same as a JSON value."""
    from ..story import Story, story_record

    return story_record(Story(run, verdict.steps, verdict.initial, exact=exact), verdict.property)


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """The verdict without its trace; figures stand beside it, by name."""
    said: dict[str, Any] = {"verdict": type(verdict).__name__, "world": verdict.world, **_figures(verdict.figures)}
    match verdict:
        case Holds():
            said |= {"how": verdict.how, "properties": list(verdict.properties)}
            said |= {"assumptions": list(verdict.assumptions)}
            said |= {"witnesses": {name: len(steps) for name, steps in verdict.witnesses.items()}}
        case Violated():
            said |= {"property": verdict.property, "sentence": verdict.sentence, "length": len(verdict.steps)}
            said |= {"initial": verdict.initial, "assumptions": list(verdict.assumptions)}
        case Vacuous():
            said |= {"never_fired": list(verdict.never_fired), "never_witnessed": list(verdict.never_witnessed)}
        case Unknown():
            said |= {"why": verdict.why}
    return said


def _figures(figures: Figures) -> dict[str, Any]:
    said = asdict(figures)
    said["seconds"] = round(figures.seconds, 6)
    return said
