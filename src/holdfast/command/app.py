"""The group of commands, what they share, and how errors end them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..inputs.problems import BadInput

F = TypeVar("F", bound=Callable[..., Any])

EPILOG = """\b
Exit codes: 0 holds, 1 violated, 2 bad input or usage, 3 unknown or vacuous.

\b
Examples:
  holdfast import libvirt vm*.xml --nodeinfo node.txt --old kvm-8.2 \\
      --new kvm-10.0 -o cluster.yaml --plan plan.yaml
  holdfast verify plan.yaml
  holdfast verify plan.yaml --trace bad.jsonl; holdfast replay bad.jsonl
  holdfast plan cluster.yaml --host alpha --to kvm-10.0 -o plan.yaml
  holdfast verify plan.yaml --proof plan.proof; holdfast run plan.yaml --proof plan.proof
  holdfast explore exchange-3-3-9 --json
"""


class Unusable(click.ClickException):
    """What was asked for cannot be done; the command ends with 2."""

    exit_code = 2


class NobodyReads(Exception):
    """The reader of stdout has gone away (click would end with 1, which says "violated")."""


class Commands(click.Group):
    """A group whose commands may raise what is wrong with their input."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; bad input is said on stderr (and, with --json, as an object) and ends it with 2."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise NobodyReads from None
        except Exception as error:
            if not _is_input_error(error):
                raise
            _tell(ctx, error)
            ctx.exit(2)


def _is_input_error(error: Exception) -> bool:
    """Looked up by name only where something was raised, so that starting up imports nothing."""
    from ..inputs.problems import BadInput
    from ..model.language import ModelError

    return isinstance(error, (BadInput, ModelError))


def _tell(ctx: click.Context, error: Exception) -> None:
    from ..inputs.problems import BadInput

    if ctx.meta.get("json"):
        problems = _problems(error) if isinstance(error, BadInput) else [{"found": str(error)}]
        click.echo(json.dumps({"error": "bad input", "problems": problems}, ensure_ascii=False))
    click.echo(str(error), err=True)


def _problems(error: BadInput) -> list[dict[str, Any]]:
    return [
        {
            "file": p.position.file,
            "line": p.position.line,
            "column": p.position.column,
            "found": p.found,
            "expected": p.expected,
            "hint": p.hint,
        }
        for p in error.problems
    ]


def json_option(command: F) -> F:
    """`--json`, which also makes bad input a JSON object."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
        ctx.meta["json"] = value
        return value

    option = click.option("--json", "as_json", is_flag=True, is_eager=True, callback=remember, help="Print JSON.")
    return option(command)


def print_json(value: object) -> None:
    """One JSON value on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def paint(text: str, purpose: str) -> str:
    """A text in the colour of its purpose; click takes the colour out again where there is no terminal."""
    styles: dict[str, dict[str, Any]] = {
        "good": {"fg": "green", "bold": True},
        "bad": {"fg": "red"},
        "strong": {"bold": True},
        "faint": {"dim": True},
    }
    return click.style(text, **styles[purpose])


def print_lines(lines: Sequence[str]) -> None:
    """Lines on stdout, all at once."""
    click.echo("\n".join(lines))


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the version of the installed package; run from its sources, Holdfast has none."""
    from importlib.metadata import PackageNotFoundError, version

    if asked and not ctx.resilient_parsing:
        try:
            click.echo(f"holdfast {version('holdfast')}")
        except PackageNotFoundError:
            click.echo("holdfast, from its sources (not installed)")
        ctx.exit()


@click.group(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def holdfast() -> None:
    """Prove a hypervisor exchange safe before anybody runs it, or see exactly how it goes wrong."""


def _assemble() -> None:
    from .catalogue import catalogue
    from .conform import conform
    from .explore import explore
    from .importing import import_
    from .plan import plan
    from .replay import replay
    from .run import run
    from .scenarios import scenarios
    from .schedule import schedule
    from .schemas import cluster_schema, plan_schema
    from .testbed import testbed
    from .verify import verify

    planning = (plan, verify, run, testbed, schedule)
    judging = (conform, explore, scenarios, replay, catalogue)
    for command in (*planning, *judging, import_, plan_schema, cluster_schema):
        holdfast.add_command(command)


_assemble()
