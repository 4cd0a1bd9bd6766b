"""`holdfast conform LOG`: can what was observed of an implementation have happened in the model? (Or: conforming.py.)"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Unusable, json_option, paint, print_json, print_lines
from .conforming import adapter_options, asked_for, conform_adapter
from .progress import Ticker

if TYPE_CHECKING:
    from ..checkers.conform.inclusion import Inclusion
    from ..checkers.conform.observation import Observed
    from ..checkers.conform.shrinking import Judging, Minimised
    from ..logs.judging import Target
    from ..logs.reading import Log

EPILOG = """\b
A log is JSON Lines, one event a line; only "action" has to be there:
  {"action": "stop", "arguments": {"vm": "a"}, "after": {"a.stage": "stopped"}, "process": "p1"}
An argument that is missing may be any; "after" (or "changed") names what was seen after it.

\b
Examples:
  holdfast conform run.jsonl --world smallest
  holdfast conform run.jsonl --world smallest --partial --by-process
  holdfast run plan.yaml --unproved --trace run.jsonl; holdfast conform run.jsonl --plan plan.yaml
  holdfast conform run.jsonl --plan plan.yaml --hidden fault --minimised small.jsonl
  holdfast conform --adapter "python adapter.py" --world smallest --report junit=holdfast.xml

\b
Exit codes: 0 it conforms, 1 it does not, 2 bad input or usage (or an adapter that never spoke the
protocol), 3 undecided.
"""


@click.command(short_help="Judge an implementation, or a log of one, by the model.", epilog=EPILOG)
@click.argument("log", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--world", metavar="WORLD", help="A named world: `holdfast explore --list` shows them.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), help="A plan: its own world, at its real sizes.")
@click.option("--any-order", is_flag=True, help="With --plan: the operator may do all that the model allows.")
@click.option("--partial", is_flag=True, help="Any event may be missing from the log.")
@click.option(
    "--hidden", multiple=True, metavar="NAME", help="An action, or an actor whose actions, the log does not tell."
)
@click.option("--by-process", is_flag=True, help="Only the order within each process is known.")
@click.option(
    "--minimised", "minimised_file", type=click.Path(path_type=Path), help="Write a smaller log there that still fails."
)
@adapter_options
@json_option
@click.pass_context
def conform(ctx: click.Context, /, log: Path | None, as_json: bool, **chosen: Any) -> None:
    """Judge a LOG: can it have happened in the model? If not: how far it can, what is in the way, and what could have
    happened instead.

    With --plan, what guests do and pages that a hypervisor sends by itself need not be in the log.

    With --adapter, an implementation itself is judged: it is driven along walks of a --world (docs/conformance.md)."""
    asked = asked_for(ctx, log, chosen)
    if asked is not None:
        ctx.exit(conform_adapter(asked, as_json=as_json))
    assert log is not None, "there is a log where there is no adapter"
    from ..logs.reading import read_log
    from ..logs.telling import EXIT_CODE

    target = _target(chosen)
    written = read_log(log)
    events = target.read(written, by_process=chosen["by_process"])
    with Ticker(f"judging {log}"):
        verdict, minimised = _judged(target, events, chosen)
    if minimised:
        _write(chosen["minimised_file"], written, minimised)
    _report(target, written, verdict, minimised, as_json)
    ctx.exit(EXIT_CODE[type(verdict)])


def _target(chosen: dict[str, Any]) -> Target:
    """What the log is judged against. Raises UsageError, BadInput."""
    from ..logs.judging import Unknown, plan_target, world_target

    world: str | None = chosen["world"]
    plan_file: Path | None = chosen["plan_file"]
    if (world is None) == (plan_file is None):
        raise click.UsageError("Against what? Either --world WORLD or --plan PLAN.")
    if world is not None and chosen["any_order"]:
        raise click.UsageError("--any-order goes with --plan: in a named world, the operator is free anyway.")
    if plan_file is not None and chosen["by_process"]:
        raise click.UsageError("--by-process goes with --world: at real sizes, events are taken in the log's order.")
    try:
        if plan_file is None:
            return world_target(str(world), chosen["hidden"], partial=chosen["partial"])
        return plan_target(plan_file, chosen["hidden"], partial=chosen["partial"], any_order=chosen["any_order"])
    except Unknown as error:
        raise click.UsageError(str(error)) from None


def _judged(target: Target, events: Sequence[Observed], chosen: dict[str, Any]) -> tuple[Inclusion, Minimised | None]:
    from ..checkers.conform.inclusion import Excluded
    from ..checkers.conform.shrinking import minimise

    acceptor: Judging = target.acceptor()
    verdict = acceptor.judge(events, by_process=chosen["by_process"])
    if not isinstance(verdict, Excluded) or chosen["minimised_file"] is None:
        return verdict, None
    return verdict, minimise(acceptor, events, verdict, by_process=chosen["by_process"])


def _write(file: Path, written: Log, minimised: Minimised) -> None:
    """The smaller log, its events as they were written."""
    from ..logs.reading import lines_of

    by_line = {event.line: event for event in written.events}
    text = "".join(f"{line}\n" for line in lines_of((by_line[e.line] for e in minimised.log), written.head))
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file} cannot be written: {error.strerror}") from None


def _report(target: Target, written: Log, verdict: Inclusion, minimised: Minimised | None, as_json: bool) -> None:
    from ..checkers.conform.inclusion import Included
    from ..logs.telling import headline, lines, record

    if as_json:
        print_json(record(target.name, written.events, verdict, minimised))
        return
    first, *rest = lines(target.name, written.events, verdict, minimised)
    mark = paint(headline(verdict), "good" if isinstance(verdict, Included) else "bad")
    print_lines([f"{mark}  {first}", *rest])
