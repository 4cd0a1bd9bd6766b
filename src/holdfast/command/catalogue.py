"""`holdfast catalogue`: what must hold, and how much of it is checked."""

from __future__ import annotations

import click

from .app import json_option


@click.command()
@json_option
def catalogue(as_json: bool) -> None:
    """List the properties of the catalogue, each with its sentence, and what shows it."""
    raise click.UsageError("not yet")
