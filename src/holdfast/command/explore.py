"""`holdfast explore WORLD`: every reachable state of a named world."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Unusable, json_option, paint, print_json, print_lines
from .interrupts import interruptible
from .progress import Ticker

if TYPE_CHECKING:
    from ..checkers.explore import Engine, Progress
    from ..checkers.interpret import Run
    from ..checkers.verdict import Verdict

EPILOG = """\b
Examples:
  holdfast explore --list
  holdfast explore exchange-3-3-9 --json
  holdfast explore exchange-4-2-11 --max-seconds 60
  holdfast explore reclaim-first --witness exchange_done
  holdfast explore --mutant source-continued
"""


@click.command(short_help="Visit every reachable state of a named world.", epilog=EPILOG)
@click.argument("world", required=False)
@click.option("--list", "list_them", is_flag=True, help="List the worlds, with what each is for.")
@click.option("--witness", metavar="NAME", help="Tell the shortest steps to this witness.")
@click.option("--mutant", metavar="NAME", help="Explore the model with this deliberate bug, in the bug's own world.")
@click.option("--engine", type=click.Choice(["auto", "native", "python"]), default="auto", help="Default: auto.")
@click.option("--max-states", type=click.IntRange(min=1), help="Stop with Unknown beyond so many states.")
@click.option("--max-seconds", type=click.FloatRange(min=0), help="Stop with Unknown after so long.")
@click.option("--max-memory", type=click.IntRange(min=1), help="Stop with Unknown beyond so many MiB.")
@click.option(
    "--trace", "trace_file", type=click.Path(path_type=Path), help="Write a counterexample there (JSON Lines)."
)
@json_option
@click.pass_context
def explore(
    ctx: click.Context,
    world: str | None,
    list_them: bool,
    witness: str | None,
    mutant: str | None,
    engine: Engine,
    max_states: int | None,
    max_seconds: float | None,
    max_memory: int | None,
    trace_file: Path | None,
    as_json: bool,
) -> None:
    """Visit every reachable state of a named WORLD, breadth first: what holds, or the shortest counterexample."""
    from ..checkers.explore import Limits
    from ..checkers.interpret import OutOfRange
    from ..checkers.verdict import exit_code

    if list_them:
        _list(as_json)
        return
    if (world is None) == (mutant is None):
        raise click.UsageError("Which world? Or which mutant? `holdfast explore --list` shows the worlds.", ctx)
    run, origin = _mutant(mutant) if mutant else _run(str(world))
    if witness is not None:
        _check_witness(run, witness)
    limits = Limits(max_states, max_seconds, max_memory << 20 if max_memory else None)
    try:
        verdict = _verdict(run, limits, engine)
    except OutOfRange as error:
        steps = ", ".join(step.action for step in error.steps)
        raise Unusable(
            f"the model is wrong, whatever its properties say: {error}; after {steps or 'no step'}"
        ) from None
    _report(run, origin, verdict, trace_file, as_json, engine, witness)
    ctx.exit(exit_code(verdict))


def _list(as_json: bool) -> None:
    from ..specs.worlds import WORLDS

    if as_json:
        print_json([{"world": case.name, "reason": case.reason} for case in WORLDS.values()])
        return
    width = max(map(len, WORLDS))
    print_lines([f"{paint(f'{case.name:<{width}}', 'strong')}  {case.reason}" for case in WORLDS.values()])


def _run(name: str) -> tuple[Run, dict[str, str]]:
    """A named world, and where a trace of it says that it comes from."""
    from ..checkers.interpret import Run
    from ..specs.worlds import WORLDS

    _known(name, "world", WORLDS, "`holdfast explore --list` shows them")
    return Run(*WORLDS[name].build()), {"world": name}


def _mutant(name: str) -> tuple[Run, dict[str, str]]:
    """A mutant in its world, with the property that it breaks; and where a trace of it says that it comes from."""
    from ..checkers.interpret import Run
    from ..specs.mutants import MUTANTS

    _known(name, "mutant", MUTANTS, "`holdfast catalogue` names them")
    return Run(*MUTANTS[name].alone()), {"world": MUTANTS[name].world, "mutant": name}


def _check_witness(run: Run, name: str) -> None:
    from ..model.language import Kind

    _known(name, "witness", [p.name for p in run.system.of_kind(Kind.SOMETIMES)], "`holdfast catalogue` names them")


def _known(name: str, what: str, names: Collection[str], otherwise: str) -> None:
    """Raises UsageError for a name that is none of these."""
    from ..inputs.problems import did_you_mean

    if name not in names:
        raise click.UsageError(f"There is no {what} {name!r}; {did_you_mean(name, names) or otherwise}.")


def _verdict(run: Run, limits: Any, engine: Engine) -> Verdict:
    """The explorer's verdict; where it holds, or nothing else is asked, also that on what needs the whole graph."""
    from ..checkers import graph
    from ..checkers.explore import explore as search
    from ..checkers.verdict import Holds
    from ..model.language import Kind
    from ..rederive.deciding import asks_graph_only

    with interruptible(), Ticker(f"exploring {run.world.name}") as ticker:
        if asks_graph_only(run):
            return graph.check(run)
        verdict = search(run, limits=limits, engine=engine, progress=lambda so_far: ticker.say(_progress(so_far)))
        if isinstance(verdict, Holds) and run.system.of_kind(Kind.LEADS_TO, Kind.RECOVERABLE):
            return _with_graph(run, verdict)
    return verdict


def _with_graph(run: Run, holds: Any) -> Verdict:
    """`leads_to` and `recoverable` need the graph; the figures stay the explorer's."""
    from dataclasses import replace

    from ..checkers import graph
    from ..checkers.verdict import Holds

    verdict = graph.check(run)
    if not isinstance(verdict, Holds):
        return verdict
    both: Holds = replace(holds, properties=(*holds.properties, *verdict.properties))
    return both


def _progress(so_far: Progress) -> str:
    million = so_far.states_per_second / 1e6
    return f"{so_far.states:,} states, {so_far.waiting:,} waiting, depth {so_far.depth}, {million:.2f} million/s"


def _report(
    run: Run,
    origin: dict[str, str],
    verdict: Verdict,
    trace_file: Path | None,
    as_json: bool,
    engine: Engine,
    witness: str | None,
) -> None:
    from ..checkers.verdict import Holds, Violated

    if trace_file is not None and isinstance(verdict, Violated):
        from .tracing import write_trace

        write_trace(trace_file, run, verdict, origin)
    seen = witness if isinstance(verdict, Holds) else None
    if as_json:
        print_json(_record(run, verdict, engine, seen))
    else:
        print_lines([*_lines(run, verdict, seen)])


def _record(run: Run, verdict: Verdict, engine: Engine, witness: str | None) -> dict[str, Any]:
    from ..checkers.verdict import Holds, Violated
    from .output import trace_record, verdict_record, witness_record

    said = verdict_record(verdict) | {"engine": engine}
    if isinstance(verdict, Violated):
        said["trace"] = trace_record(run, verdict, exact=False)
    elif witness and isinstance(verdict, Holds):
        said["witness"] = witness_record(run, verdict, witness)
    return said


def _lines(run: Run, verdict: Verdict, witness: str | None) -> Iterator[str]:
    from ..checkers.verdict import Holds, Unknown, Vacuous, Violated
    from .output import assumption_lines, trace_lines, witness_lines

    name = type(verdict).__name__
    yield f"{paint(name.upper(), 'good' if name == 'Holds' else 'bad')}  {verdict.world}"
    match verdict:
        case Holds() if witness:
            yield ""
            yield from witness_lines(run, verdict, witness)
            yield ""
            yield from assumption_lines(verdict.assumptions)
        case Holds():
            yield f"How: {verdict.how}."
            yield from (f"  {run.system.property(p).sentence}" for p in verdict.properties)
            yield from (
                f"  seen in {len(s)} steps: {run.system.property(p).sentence}" for p, s in verdict.witnesses.items()
            )
            yield from assumption_lines(verdict.assumptions)
        case Violated():
            yield ""
            yield from trace_lines(run, verdict, exact=False)
            yield ""
            yield from assumption_lines(verdict.assumptions)
        case Vacuous():
            if verdict.never_fired:
                yield f"Never happened: {', '.join(verdict.never_fired)}"
            yield from (f"Never seen: {run.system.property(p).sentence}" for p in verdict.never_witnessed)
        case Unknown():
            yield f"Why: {verdict.why}"
    figures = verdict.figures
    said = f"{figures.states:,} states, {figures.transitions:,} transitions, depth {figures.depth}"
    yield f"{said}, {figures.seconds:.2f} s."
