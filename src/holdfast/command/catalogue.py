"""`holdfast catalogue`: each requirement with what says it, where it holds, and what shows that it is not idle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .app import json_option, paint, print_json, print_lines

if TYPE_CHECKING:
    from ..specs.catalogue import Row

EPILOG = """\b
Examples:
  holdfast catalogue
  holdfast catalogue --json
"""


@click.command(short_help="List the requirements, and what shows each.", epilog=EPILOG)
@json_option
def catalogue(as_json: bool) -> None:
    """List the requirements: the property that says each, its pinned verdict, its witnesses, and the mutants that it
    catches."""
    from dataclasses import asdict

    from ..specs.catalogue import rows

    found = rows()
    if as_json:
        print_json([asdict(row) for row in found])
    else:
        print_lines([line for row in found for line in _lines(row)])


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
