"""`holdfast catalogue`: each requirement with what says it, where it holds, and what shows that it is not idle."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from .app import json_option, paint, print_json, print_lines
from .interrupts import interruptible
from .progress import Ticker

if TYPE_CHECKING:
    from ..rederive.checking import Checked
    from ..rederive.tasks import Outcome
    from ..specs.catalogue import Row

EPILOG = """\b
Examples:
  holdfast catalogue
  holdfast catalogue --json
  holdfast catalogue --check
  holdfast catalogue --check --removals --max-seconds 1800 --json
"""

CI_SECONDS = 900.0


@click.command(short_help="List the requirements, and what shows each.", epilog=EPILOG)
@click.option("--check", "derive", is_flag=True, help="Derive all of it again, and compare; exits with 1 on any gap.")
@click.option("--removals", is_flag=True, help="With --check: also remove each requirement of the model in turn.")
@click.option(
    "--max-seconds",
    type=click.FloatRange(min=0),
    default=CI_SECONDS,
    help="With --check: undecided after. Default: 900.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="With --check: so many processes. Default: one per processor.")
@json_option
@click.pass_context
def catalogue(
    ctx: click.Context, derive: bool, removals: bool, max_seconds: float, jobs: int | None, as_json: bool
) -> None:
    """List the requirements: the property that says each, its pinned verdict, its witnesses, and the mutants that it
    catches. With --check nothing pinned is believed: every world is explored again."""
    from ..specs.catalogue import missing, rows

    if derive:
        checked = _check(removals, max_seconds, jobs or os.cpu_count() or 1)
        print_json(_record(checked)) if as_json else print_lines([*_report(checked)])
        ctx.exit(checked.exit_code)
    if removals:
        raise click.UsageError("--removals is a part of --check.", ctx)
    found = rows()
    if as_json:
        print_json(_records(found))
    else:
        print_lines([line for row in found for line in _lines(row)])
        if unsaid := missing(found):
            print_lines([f"no property says {', '.join(unsaid)}"])


def _records(found: list[Row] | tuple[Row, ...]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(row) for row in found]


def _lines(row: Row) -> Iterator[str]:
    yield f"{row.id:<4} {paint(row.property, 'strong')}: {row.sentence}"
    colour = "good" if row.verdict == "Holds" else "bad"
    yield f"     {paint(row.verdict, colour)} in {_number(len(row.worlds), 'world')}"
    for shown in row.witness:
        if shown.states:
            yield f"     begins in {_number(shown.states, 'state')} of {shown.world}"
        else:
            yield f"     witness: {shown.witness}, after {_number(shown.steps, 'step')} of {shown.world}"
    if row.violated_in:
        yield f"     broken, as it should be, in {', '.join(row.violated_in)}"
    if row.mutants:
        yield f"     catches {', '.join(row.mutants)}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


# --------------------------------------------------------------------------------------------------------- --check
def _check(removals: bool, seconds: float, jobs: int) -> Checked:
    from ..rederive import checking, tasks
    from ..specs.ledger import read

    ledger = read()
    todo = tasks.tasks(ledger, with_removals=removals)
    with interruptible(), Ticker("deriving the catalogue") as ticker:

        def told(done: int, of: int, outcome: Outcome) -> None:
            ticker.say(f"{done} of {of}: {outcome.task.name}")
            if not sys.stderr.isatty() and (done == of or done * 10 // of > (done - 1) * 10 // of):
                click.echo(f"{done} of {of} derived", err=True)

        return checking.check(todo, ledger, seconds=seconds, jobs=jobs, told=told)


def _record(checked: Checked) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "verdict": {0: "Holds", 1: "Violated", 3: "Unknown"}[checked.exit_code],
        "rows": _records(checked.rows),
        "gaps": [asdict(gap) for gap in checked.gaps],
        "undecided": [asdict(gap) for gap in checked.undecided],
    }


def _report(checked: Checked) -> Iterator[str]:
    for row in checked.rows:
        verdict = paint(row.verdict, "good" if row.verdict == "Holds" else "bad")
        shown = f"{_number(len(row.worlds), 'world')}, {_number(len(row.mutants), 'mutant')}"
        yield f"{row.id:<4} {verdict}: {row.property} ({shown})"
    for gap in checked.gaps:
        yield f"{paint('gap', 'bad')}  {gap.name}: {gap.says}"
    for gap in checked.undecided:
        yield f"{paint('undecided', 'bad')}  {gap.name}: {gap.says}"
    said = f"{_number(len(checked.gaps), 'gap')}, {len(checked.undecided)} undecided"
    yield f"{_number(len({row.id for row in checked.rows}), 'identifier')}, {said}."
