"""`holdfast conform`: is what an implementation does a behaviour of the model?"""

from __future__ import annotations

from pathlib import Path

import click

from .app import json_option
from .conforming import Asked, adapter_options, conform_adapter


@click.command(short_help="Judge an implementation against a world.")
@click.option("--adapter", metavar="COMMAND", required=True, help="A command line, or module:Class.")
@click.option("--world", metavar="NAME", required=True, help="The world to judge it in.")
@adapter_options
@json_option
@click.pass_context
def conform(
    ctx: click.Context,
    adapter: str,
    world: str,
    as_json: bool,
    seed: int,
    walks: int,
    timeout: float,
    max_seconds: float,
    careful: bool,
    coverage: int,
    baseline: Path | None,
    reports: tuple[str, ...],
    unreachable: bool,
) -> None:
    """Judge an implementation against a world."""
    asked = Asked(seed, walks, timeout, max_seconds, careful, coverage, baseline, reports, unreachable)
    ctx.exit(conform_adapter(adapter, world, asked, as_json=as_json))
