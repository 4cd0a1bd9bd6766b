"""`holdfast replay TRACE`: is it a behaviour, and does it break anything? Only the reference interpreter is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import json_option, paint, print_json, print_lines

if TYPE_CHECKING:
    from ..checkers.interpret import Run
    from ..checkers.trace import Trace
    from ..model.language import State, Step
    from ..story import Story

EPILOG = """\b
Exit codes: 1 the trace breaks a property (a violation reproduced), 0 it breaks none,
2 it is no behaviour.

\b
Examples:
  holdfast verify plan.yaml --trace bad.jsonl; holdfast replay bad.jsonl
  holdfast replay bad.jsonl --plan mended.yaml
"""


@dataclass(frozen=True)
class Refusal:
    """Why a trace is no behaviour, at which step (from 1), and what could have been done there."""

    number: int
    text: str
    why: tuple[str, ...]
    possible: tuple[str, ...]


@click.command(short_help="Run a trace again in the reference interpreter.", epilog=EPILOG)
@click.argument("trace", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), help="Replay against this plan instead.")
@json_option
@click.pass_context
def replay(ctx: click.Context, trace: Path, plan_file: Path | None, as_json: bool) -> None:
    """Run a TRACE again in the reference interpreter, from the plan or the world that it is of."""
    from .tracing import read_trace, run_of

    told = read_trace(trace)
    run, exact = run_of(told, trace, plan_file)
    if told.system != run.system.digest:
        click.echo("note: the model (or the plan) is not the one that the trace was written for", err=True)
    steps, refusal = _followed(run, told, exact=exact)
    if refusal is not None:
        _refuse(refusal, as_json)
        ctx.exit(2)
    story, broken = _judged(run, told, steps, exact=exact)
    _report(told, story, broken, as_json)
    ctx.exit(1 if broken else 0)


# ----------------------------------------------------------------------------------------------- is it a behaviour?
def _followed(run: Run, told: Trace, *, exact: bool) -> tuple[tuple[Step, ...], Refusal | None]:
    """The steps as far as they can be followed, and what stopped that."""
    from ..checkers.trace import steps_of
    from ..model.language import ModelError

    initials = run.initial()
    if not 0 <= told.initial < len(initials):
        return (), Refusal(0, f"initial state {told.initial}", (f"there are {len(initials)} initial states",), ())
    taken: list[Step] = []
    state = initials[told.initial]
    for i in range(len(told.events)):
        try:
            (step,) = steps_of(run, _only(told, i))
        except ModelError as error:
            return tuple(taken), _refusal(run, state, told, i, (str(error),), exact=exact)
        after, why = _taken(run, state, step, told, i)
        if after is None:
            return tuple(taken), _refusal(run, state, told, i, why, exact=exact)
        state = after
        taken.append(step)
    return tuple(taken), None


def _only(told: Trace, i: int) -> Trace:
    from dataclasses import replace

    return replace(told, events=(told.events[i],))


def _taken(run: Run, state: State, step: Step, told: Trace, i: int) -> tuple[State | None, tuple[str, ...]]:
    """The state after a step; None, and why, where it cannot be taken or does not do what the trace says."""
    from ..checkers.interpret import OutOfRange, Refused
    from ..checkers.trace import event

    action = run.system.action(step.action)
    if action not in run.instance.actions:
        return None, (f"{action.name} is left out of {run.world.name}: {run.world.leave_out[action.name]}",)
    for p, value in zip(action.parameters, step.arguments, strict=True):
        if value not in run.instance.range(p):
            allowed = run.instance.range(p)
            return None, (f"{p.var.args[0]} is from {allowed.start} to {allowed.stop - 1}, not {value}",)
    try:
        after = run.take(state, step)
    except Refused as refused:
        return None, tuple(r.sentence for r in refused.broken)
    except OutOfRange as error:
        return None, (str(error),)
    done = event(run, i, step, state, after).changed
    said = told.events[i].changed
    wrong = tuple(
        f"{key} changes {_pair(done[key]) if key in done else 'not at all'}, not {_pair(pair)}"
        for key, pair in said.items()
        if done.get(key) != pair
    )
    return (None, wrong) if wrong else (after, ())


def _pair(pair: tuple[Any, Any]) -> str:
    return f"from {pair[0]} to {pair[1]}"


def _refusal(run: Run, state: State, told: Trace, i: int, why: tuple[str, ...], *, exact: bool) -> Refusal:
    from ..story.wording import Wording

    e = told.events[i]
    said = ", ".join(str(v) for v in e.arguments.values())
    possible = Wording(run, exact=exact).possible(state)
    return Refusal(i + 1, f"{e.actor}: {e.action} {said}".rstrip(), why, tuple(possible))


def _refuse(refusal: Refusal, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "behaviour": False,
                "step": refusal.number,
                "text": refusal.text,
                "refused": list(refusal.why),
                "possible": list(refusal.possible),
            }
        )
        return
    lines = [f"{paint('NO BEHAVIOUR', 'bad')}  step {refusal.number} cannot be taken: {refusal.text}"]
    lines += ["It is not so that" if refusal.possible else "Why:", *(f"  {paint(why, 'bad')}" for why in refusal.why)]
    if refusal.possible:
        lines += ["What can be done there (amounts at their least):", *(f"  {step}" for step in refusal.possible)]
    print_lines(lines)


# ------------------------------------------------------------------------------------------ does it break anything?
def _judged(run: Run, told: Trace, steps: tuple[Step, ...], *, exact: bool) -> tuple[Story, str | None]:
    """The story, up to where a property first breaks; the trace's own property is looked at first.

    Where none breaks on the way, one of liveness may, by where the steps end or what they repeat for ever.
    """
    from ..checkers.lasso import first_lost
    from ..story import Story, first_broken

    whole = Story(run, steps, told.initial, exact=exact)
    found = first_broken(run, whole.states, told.property)
    if found is None:
        return whole, first_lost(run, whole.states, steps, told.cycle_from, told.property)
    name, length = found
    return (whole if length == len(steps) else Story(run, steps[:length], told.initial, exact=exact)), name


def _report(told: Trace, story: Story, broken: str | None, as_json: bool) -> None:
    if as_json:
        from ..story import story_record

        said: dict[str, Any] = {"behaviour": True, "broken": broken, "claimed": told.property, "world": told.world}
        said["cycle_from"] = told.cycle_from if len(story.steps) == len(told.events) else None
        said |= {"length": len(story.steps), "of": len(told.events), "trace": story_record(story, broken)}
        print_json(said)
    else:
        print_lines(list(_lines(told, story, broken)))


def _lines(told: Trace, story: Story, broken: str | None) -> Iterator[str]:
    from .output import after_steps

    if broken is None:
        yield f"{paint('BREAKS NOTHING', 'good')}  {told.world}: {len(story.steps)} steps"
        if told.property is not None:
            yield f"The trace says that it breaks {told.property}; it does not."
        yield ""
        yield from story.lines(paint)
        return
    yield f"{paint('REPRODUCED' if broken == told.property else 'VIOLATED', 'bad')}  {told.world}"
    yield ""
    yield from story.lines(paint)
    if told.cycle_from is not None and len(story.steps) == len(told.events):
        yield f"Steps {told.cycle_from + 1} to {len(told.events)} repeat for ever."
    yield ""
    yield f"{after_steps(len(story.steps))} {broken} is broken:"
    yield from (f"  {line}" for line in story.why_lines(broken, paint))
    if len(story.steps) < len(told.events):
        yield f"The trace goes on for {len(told.events) - len(story.steps)} more steps."
