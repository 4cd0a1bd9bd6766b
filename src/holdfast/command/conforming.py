"""`holdfast conform` of an implementation: a program that speaks the adapter protocol, or a Python class."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Unusable, paint, print_lines
from .interrupts import interruptible
from .progress import Ticker

if TYPE_CHECKING:
    from ..checkers.interpret import Run
    from ..conformance.verdicts import Verdict

FORMATS = ("json", "junit", "sarif", "github", "tap")


@dataclass(frozen=True)
class Asked:
    """What the command line says about an implementation."""

    adapter: str
    world: str
    seed: int
    walks: int
    timeout: float
    max_seconds: float
    careful: bool
    coverage: int
    baseline: Path | None
    reports: tuple[str, ...]
    unreachable: bool


def adapter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that only an implementation takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


LOG_ONLY = ("plan_file", "any_order", "partial", "hidden", "by_process", "minimised_file")


def asked_for(ctx: click.Context, log: Path | None, chosen: Mapping[str, Any]) -> Asked | None:
    """What is asked about an implementation; None where a log is judged. Raises UsageError where the two are mixed."""
    names = [f.name for f in fields(Asked)]
    given = {name for name in chosen if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT}
    if log is not None:
        _refuse(ctx, given & set(names) - {"world"}, "--adapter")
        return None
    if chosen["adapter"] is None:
        raise click.UsageError("What is to be judged? A LOG, or an implementation: --adapter COMMAND.", ctx)
    _refuse(ctx, given & set(LOG_ONLY), "a LOG")
    if chosen["world"] is None:
        raise click.UsageError("Against what? With --adapter: --world WORLD.", ctx)
    return Asked(**{name: chosen[name] for name in names})


def _refuse(ctx: click.Context, wrong: Collection[str], what: str) -> None:
    if wrong:
        options = {p.name: p.opts[0] for p in ctx.command.params}
        raise click.UsageError(f"{', '.join(sorted(options[name] for name in wrong))}: only with {what}.", ctx)


_OPTIONS = (
    click.option("--adapter", metavar="COMMAND", help="The implementation: a command line, or module:Class."),
    click.option("--seed", type=int, default=0, help="Of the random walks. Default: 0."),
    click.option("--walks", type=click.IntRange(min=0), default=10, help="Random walks beyond the suite. Default: 10."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=10.0,
        help="Seconds for an answer. Default: 10.",
    ),
    click.option(
        "--max-seconds", type=click.FloatRange(min=0), default=600.0, help="No walk is begun after that. Default: 600."
    ),
    click.option("--careful", is_flag=True, help="It may refuse what the model allows: noted, and less is shown."),
    click.option(
        "--coverage", type=click.IntRange(0, 100), default=100, help="Percent of the actions to be taken. Default: 100."
    ),
    click.option(
        "--baseline", type=click.Path(path_type=Path), help="Known deviations, each with a reason and its last day."
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"Write a report ({', '.join(FORMATS)}) to a file, or instead of text to stdout. May be repeated.",
    ),
    click.option("--unreachable", is_flag=True, help="Also list what no state of the world shows."),
)


def conform_adapter(asked: Asked, *, as_json: bool) -> int:
    """Judge an implementation, print what came of it, write the reports; the exit code. Raises BadInput, ModelError."""
    from ..conformance.reports import REPORTS
    from ..conformance.reports.text import lines
    from ..conformance.verdicts import exit_code

    wanted = [_report(text) for text in (*asked.reports, *(("json",) if as_json else ()))]
    verdict = _verdict(asked)
    source = _source(asked.adapter)
    printed = False
    for name, file in wanted:
        text = REPORTS[name](verdict, source)
        if file is None:
            click.echo(text, nl=False)
            printed = True
        else:
            _write(file, text)
    if not printed:
        print_lines([*lines(verdict, paint, unreachable=asked.unreachable)])
    return exit_code(verdict)


def _verdict(asked: Asked) -> Verdict:
    from datetime import date

    from ..checkers.interpret import Run
    from ..conformance import baseline
    from ..conformance.lockstep import Rules
    from ..conformance.process import ProcessAdapter
    from ..conformance.session import LIMIT_STATES, Settings, conform, prepare
    from ..specs.ledger import read
    from ..specs.worlds import WORLDS

    if asked.world not in WORLDS:
        raise Unusable(f"there is no world {asked.world}; `holdfast explore --list` shows them")
    command = command_of(asked.adapter)
    known = baseline.read(asked.baseline, date.today()) if asked.baseline else baseline.NONE
    pinned = read().worlds.get(asked.world)
    small = pinned is None or pinned.states <= LIMIT_STATES
    settings = Settings(
        Rules(asked.careful),
        asked.seed,
        asked.walks,
        coverage=asked.coverage,
        seconds_max=asked.max_seconds,
        states_max=LIMIT_STATES if small else 0,
    )
    run: Run = Run(*WORLDS[asked.world].build())
    with interruptible(), Ticker("conforming") as ticker:
        ticker.say("making the suite")
        prepared = prepare(run, settings)
        return conform(
            prepared,
            lambda: ProcessAdapter(command, asked.timeout),
            settings,
            known,
            lambda done, of: ticker.say(f"{done} of {of} walks"),
        )


def command_of(adapter: str) -> tuple[str, ...]:
    """The command line of an adapter; a Python class is served by a program of ours. Raises Unusable."""
    from ..conformance.serve import CLASS_PATH

    if CLASS_PATH.fullmatch(adapter):
        return sys.executable, "-m", "holdfast.conformance.serve", adapter
    try:
        words = tuple(shlex.split(adapter))
    except ValueError as error:
        raise Unusable(f"--adapter {adapter!r} is no command line: {error}") from None
    if not words:
        raise Unusable("--adapter is empty: a command line, or module:Class")
    return words


def _report(text: str) -> tuple[str, Path | None]:
    name, found, file = text.partition("=")
    if name not in FORMATS or (found and not file):
        raise Unusable(f"--report {text}: expected one of {', '.join(FORMATS)}, and =FILE or nothing")
    return name, Path(file) if found else None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file} cannot be written ({error.strerror})") from None


def _source(adapter: str) -> str | None:
    """The file that annotations point to: the first word of the command that is a file here."""
    found = [word for word in shlex.split(adapter) if Path(word).is_file() and not Path(word).is_absolute()]
    return found[0] if found else None
