"""`holdfast catalogue`: what must hold."""

from __future__ import annotations

import click

from .app import json_option, paint, print_json, print_lines


@click.command(short_help="List what must hold, and which requirement says so.")
@json_option
def catalogue(as_json: bool) -> None:
    """List the properties of the exchange: each with its sentence, and the requirements that it stands for."""
    from ..model.language import Kind
    from ..specs.model import full

    kinds = (Kind.ALWAYS, Kind.STEP, Kind.LEADS_TO, Kind.RECOVERABLE, Kind.SOMETIMES)
    found = [p for kind in kinds for p in full().of_kind(kind)]
    if as_json:
        print_json(
            [{"name": p.name, "kind": p.kind.value, "cites": list(p.cites), "sentence": p.sentence} for p in found]
        )
        return
    width = max(len(p.name) for p in found)
    print_lines(
        [
            f"{' '.join(p.cites):<4} {paint(f'{p.name:<{width}}', 'strong')}  {p.kind.value:<9}  {p.sentence}"
            for p in found
        ]
    )
