"""`holdfast plan-schema` and `cluster-schema`: the JSON Schemas of the input files."""

from __future__ import annotations

import click


@click.command("plan-schema")
def plan_schema() -> None:
    """Print the JSON Schema of plan files."""
    from ..inputs.schema import schema_text

    click.echo(schema_text("plan.schema.json"), nl=False)


@click.command("cluster-schema")
def cluster_schema() -> None:
    """Print the JSON Schema of cluster files."""
    from ..inputs.schema import schema_text

    click.echo(schema_text("cluster.schema.json"), nl=False)
