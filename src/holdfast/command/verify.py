"""`holdfast verify PLAN`: decide a plan at its real sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .app import Unusable, json_option, paint, print_json, print_lines
from .interrupts import interruptible
from .progress import Ticker

if TYPE_CHECKING:
    from ..checkers.verdict import Holds, Verdict
    from ..impl.journal import Identity
    from ..planning import Prepared

EPILOG = """\b
Examples:
  holdfast verify specs/examples/safe.yaml
  holdfast verify specs/examples/unsafe-vm-left-out.yaml --trace bad.jsonl
"""


@click.command(short_help="Decide a plan at its real sizes.", epilog=EPILOG)
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--trace", "trace_file", type=click.Path(path_type=Path), help="Write a counterexample there (JSON Lines)."
)
@click.option(
    "--proof", "proof_file", type=click.Path(path_type=Path), help="Write there that it holds, for `holdfast run`."
)
@json_option
@click.pass_context
def verify(ctx: click.Context, plan: Path, trace_file: Path | None, proof_file: Path | None, as_json: bool) -> None:
    """Decide a PLAN at its real sizes: over every order of what runs side by side, everything that guests may do within
    the plan's assumptions, and every placement of the faults that it tolerates."""
    from ..checkers.verdict import Holds, Violated, exit_code
    from ..inputs.load import load_plan
    from ..planning import decide, prepare

    prepared = prepare(load_plan(plan))
    before = _identity(prepared) if proof_file is not None else None
    with interruptible(), Ticker("verifying") as ticker:
        verdict = decide(prepared, lambda n, seconds: ticker.say(f"{n} control locations, {seconds:.0f} s"))
    if trace_file is not None and isinstance(verdict, Violated):
        from .tracing import plan_origin, write_trace

        write_trace(trace_file, prepared.run, verdict, plan_origin(prepared.plan, trace_file))
    if proof_file is not None and isinstance(verdict, Holds):
        _prove(proof_file, before, prepared, verdict)
    if as_json:
        print_json(_record(prepared, verdict))
    else:
        print_lines(list(_lines(prepared, verdict)))
    ctx.exit(exit_code(verdict))


def _identity(prepared: Prepared) -> Identity:
    from ..proofs import identity_of

    return identity_of(prepared.plan, prepared.assumptions)


def _prove(file: Path, before: Identity | None, prepared: Prepared, verdict: Holds) -> None:
    """Write the proof; of what was read and decided, and not of what the files have become meanwhile."""
    from ..inputs.load import load_plan
    from ..proofs import proof_of, write_proof

    identity = _identity(prepared)
    if identity != before or load_plan(prepared.plan.source) != prepared.plan:
        raise Unusable(f"{prepared.plan.source} or its cluster was changed while it was being verified")
    write_proof(file, proof_of(identity, verdict))


def _record(prepared: Prepared, verdict: Verdict) -> dict[str, object]:
    from ..checkers.verdict import Violated
    from .output import trace_record, verdict_record

    plan = prepared.plan
    said = verdict_record(verdict)
    said |= {"locations": said.pop("states"), "edges": said.pop("transitions")}
    del said["depth"], said["firings"]  # of locations: they say nothing of the behaviours
    said |= {"plan": plan.name, "file": plan.source, "cluster": plan.cluster.source, "host": plan.host}
    said |= {"from": plan.cluster.host_named[plan.host].release, "to": plan.to_release}
    if isinstance(verdict, Violated):
        said["trace"] = trace_record(prepared.run, verdict, exact=True)
    return said


def _lines(prepared: Prepared, verdict: Verdict) -> Iterator[str]:
    from ..checkers.verdict import Holds, Unknown, Vacuous, Violated
    from .output import assumption_lines, trace_lines

    plan = prepared.plan
    release = plan.cluster.host_named[plan.host].release
    what = f"{plan.name}: {plan.host} from {release} to {plan.to_release}, {len(plan.steps)} steps"
    figures = verdict.figures
    looked = f"{figures.states} control locations, {figures.transitions} edges, {figures.seconds:.2f} s"
    match verdict:
        case Holds():
            yield f"{paint('HOLDS', 'good')}  {what}"
            yield from _proved(prepared, verdict)
            yield from assumption_lines(verdict.assumptions)
            yield f"How: {verdict.how}; {looked}."
        case Violated():
            yield f"{paint('VIOLATED', 'bad')}  {what}"
            yield ""
            yield from trace_lines(prepared.run, verdict, exact=True)
            yield ""
            yield from assumption_lines(verdict.assumptions)
            yield f"Looked at: {looked}."
        case Unknown():
            yield f"{paint('UNKNOWN', 'bad')}  {what}"
            yield f"Why: {verdict.why}"
            yield f"Looked at: {looked}."
        case Vacuous():
            yield f"{paint('VACUOUS', 'bad')}  {what}"
            yield f"Never happened: {', '.join((*verdict.never_fired, *verdict.never_witnessed))}"


def _proved(prepared: Prepared, verdict: Holds) -> Iterator[str]:
    from ..specs.proved import proved_for

    system = prepared.run.system
    once = proved_for(system)
    yield "Decided for this plan:"
    for name in verdict.properties:
        if name not in once:
            yield f"  {system.property(name).sentence}"
    yield "Proved for any sizes, and true at the start:"
    for name in verdict.properties:
        if name in once:
            yield f"  {system.property(name).sentence}"
