"""`holdfast scenarios`: many different counterexamples, each as light as can be, in every form that a team can use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import json_option, paint, print_json, print_lines
from .interrupts import interruptible
from .progress import Ticker

if TYPE_CHECKING:
    from ..scenarios.gather import Gathered, Wanted
    from ..scenarios.scenario import Scenario

EPILOG = """\b
Exit codes: 0 nothing breaks, 1 something does, 2 bad input or usage,
3 a limit was reached before anything was found.

\b
Examples:
  holdfast scenarios --mutant source-continued
  holdfast scenarios --mutant torn-image-accepted --out found
  holdfast scenarios specs/examples/unsafe-order.yaml --out found
  holdfast scenarios --world smallest --faults 1
"""


@click.command(short_help="Find many different counterexamples, each minimal.", epilog=EPILOG)
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--mutant", metavar="NAME", help="Of the model with this deliberate bug, in the bug's own world.")
@click.option("--world", metavar="NAME", help="Of a named world; where nothing breaks, with one more fault of a kind.")
@click.option("--faults", type=click.IntRange(min=0), help="No more faults than this in one scenario.")
@click.option(
    "--steps", type=click.IntRange(min=0), help="Up to so many in one (of a mutant or a world). Default: the shortest."
)
@click.option("--most", type=click.IntRange(min=1), default=5, show_default=True, help="No more scenarios than this.")
@click.option("--max-states", type=click.IntRange(min=1), default=50_000, show_default=True, help="Stop beyond these.")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Write all forms there: a new or empty folder.")
@json_option
@click.pass_context
def scenarios(
    ctx: click.Context,
    plan: Path | None,
    mutant: str | None,
    world: str | None,
    faults: int | None,
    steps: int | None,
    most: int,
    max_states: int,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Find many different counterexamples of a PLAN, a mutant or a world: different in what breaks, by which action,
    and after which faults. Each has as few faults as can be, then changes of actor, then VMs, then steps."""
    from ..scenarios.gather import Wanted
    from ..scenarios.origin import NotKnown

    if sum(x is not None for x in (plan, mutant, world)) != 1:
        raise click.UsageError("Scenarios of what? Name a PLAN, or --mutant, or --world.", ctx)
    try:
        with interruptible(), Ticker("looking for scenarios"):
            gathered = _gather(plan, mutant, world, Wanted(most, faults, steps, max_states))
    except NotKnown as unknown:
        raise click.UsageError(str(unknown), ctx) from None
    names: list[str] = []
    if folder is not None and gathered.scenarios:
        from ..scenarios.forms import write_all

        names = write_all(gathered.scenarios, folder)
    if as_json:
        print_json(_record(gathered, names))
    else:
        print_lines([*_lines(gathered, folder, names)])
    ctx.exit(1 if gathered.scenarios else 3 if gathered.unfinished else 0)


def _gather(plan: Path | None, mutant: str | None, world: str | None, wanted: Wanted) -> Gathered:
    from ..scenarios.gather import of_mutant, of_plan, of_world

    if plan is not None:
        return of_plan(plan, wanted)
    return of_mutant(mutant, wanted) if mutant is not None else of_world(str(world), wanted)


def _record(gathered: Gathered, names: list[str]) -> dict[str, Any]:
    found = [_scenario_record(scenario) for scenario in gathered.scenarios]
    return {"scenarios": found, "unfinished": gathered.unfinished, "tried": list(gathered.tried), "files": names}


def _scenario_record(scenario: Scenario) -> dict[str, Any]:
    cause, cost = scenario.counterexample.cause, scenario.counterexample.cost
    return {
        "properties": list(cause.properties),
        "action": cause.last,
        "faults": sorted(cause.faults),
        "cost": {"faults": cost.faults, "changes": cost.changes, "vms": cost.members, "steps": cost.steps},
        "tolerated": dict(scenario.origin.tolerated),
        "sentences": scenario.sentences,
        "steps": list(scenario.lines(outcomes=False)),
    }


def _lines(gathered: Gathered, folder: Path | None, names: list[str]) -> Iterator[str]:
    if not gathered.scenarios:
        yield f"{paint('NOTHING BREAKS', 'good')}" if not gathered.unfinished else f"{paint('NOTHING FOUND', 'bad')}"
    for number, scenario in enumerate(gathered.scenarios, 1):
        yield f"{paint(f'{number}', 'strong')}  {paint(scenario.what, 'bad')}"
        yield f"   {paint(scenario.cost, 'faint')}{_allowing(scenario)}"
        yield from (f"   {sentence}" for sentence in scenario.sentences)
        yield from (f"     {line}" for line in scenario.lines(outcomes=False))
    if gathered.tried:
        yield f"Nothing breaks as it is. One more of these was allowed, one kind at a time: {', '.join(gathered.tried)}."
    if gathered.unfinished:
        yield f"There may be more: {gathered.unfinished}."
    if names:
        yield f"{len(names)} files in {folder}."


def _allowing(scenario: Scenario) -> str:
    """What is tolerated otherwise than the plan or the world says."""
    said = ", ".join(f"{name}: {count}" for name, count in scenario.origin.tolerated.items())
    return paint(f"; tolerating {said}", "faint") if said else ""
