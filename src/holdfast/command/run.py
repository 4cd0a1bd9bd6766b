"""`holdfast run PLAN`: carry a proved plan out, or go on with a run, or undo it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .app import Unusable, json_option, paint, print_json, print_lines
from .driving import check_choice, driven, parsed_faults
from .interrupts import INTERRUPTED_EXIT
from .progress import Ticker

if TYPE_CHECKING:
    from ..impl.controller import Controller, Finished, Progress
    from ..impl.driver import Driver
    from ..impl.journal import Identity, Journal
    from ..impl.summary import Summary
    from ..inputs.records import Plan

EPILOG = """\b
Examples:
  holdfast verify plan.yaml --proof plan.proof
  holdfast run plan.yaml --proof plan.proof
  holdfast run plan.yaml --proof plan.proof --resume
  holdfast run plan.yaml --unproved --fault boot_failed@120 --journal trial.journal
  holdfast run plan.yaml --proof plan.proof --driver qemu --testbed bed

\b
Exit codes: 0 done, or rolled back as asked; 1 stopped, or a VM was lost; 2 bad input, no proof,
or no such journal; 130 interrupted: what the journal has can be resumed.
"""


@click.command(short_help="Carry a proved plan out.", epilog=EPILOG)
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option(
    "--driver", type=click.Choice(["simulator", "qemu"]), default="simulator", show_default=True, help="On what."
)
@click.option(
    "--testbed",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="The real machine, with --driver qemu: what `testbed start` made.",
)
@click.option(
    "--proof", "proof_file", type=click.Path(path_type=Path), help="What `verify --proof` wrote for this plan."
)
@click.option("--unproved", is_flag=True, help="Carry it out although nothing says that it is safe.")
@click.option(
    "--journal", "journal_file", type=click.Path(path_type=Path), help="The run's journal [PLAN's name.journal]."
)
@click.option("--resume", is_flag=True, help="Go on from where the journal ends.")
@click.option("--roll-back", is_flag=True, help="Undo what the journal says was done.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chance, in the simulator.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME@N",
    help="Let a simulated fault strike before the N-th effect.",
)
@click.option("--trace", "trace_file", type=click.Path(path_type=Path), help="Write what happens there (JSON Lines).")
@json_option
@click.pass_context
def run(ctx: click.Context, /, plan_file: Path, as_json: bool, **chosen: Any) -> None:
    """Carry a PLAN out, step by step, with a journal from which a run can be resumed or rolled back after any crash.

    A plan is only carried out with a proof of exactly this plan and cluster, or with --unproved."""
    from ..planning import prepare

    plan, identity = _unchanged(plan_file)
    prepare(plan)
    _see_proof(chosen["proof_file"], chosen["unproved"], identity)
    check_choice(chosen)
    with driven(plan, chosen, lambda: _journal(plan, identity, chosen)) as (world, journal):
        stopped, finished = _carried_out(ctx, plan, world.driver, journal, chosen)
        record = _record(plan, journal, chosen, stopped, finished) | {"on": world.name, "broken": world.broken()}
    if as_json:
        print_json(record)
    else:
        print_lines(list(_lines(record)))
    ctx.exit(0 if finished is not None and not finished.lost and not record["broken"] else 1)


def _unchanged(plan_file: Path) -> tuple[Plan, Identity]:
    """The plan, and what it was when it was read. Raises BadInput; Unusable where its files changed meanwhile."""
    from ..inputs.load import load_plan
    from ..planning import assumptions_of
    from ..proofs import identity_of

    first = load_plan(plan_file)
    identity = identity_of(first, assumptions_of(first))
    again = load_plan(plan_file)
    if again != first or identity_of(again, assumptions_of(again)) != identity:
        raise Unusable(f"{plan_file} or its cluster is being changed")
    return first, identity


def _see_proof(proof_file: Path | None, unproved: bool, identity: Identity) -> None:
    from ..proofs import check_proof

    if proof_file is not None:
        check_proof(proof_file, identity)
    elif not unproved:
        raise Unusable(
            "Nothing says that this plan is safe. `holdfast verify PLAN --proof FILE` writes a proof of it, for --proof;"
            " --unproved does without."
        )


def _journal(plan: Plan, identity: Identity, chosen: dict[str, Any]) -> Journal:
    from ..impl.errors import UnusableJournal
    from ..impl.journal import Journal

    file = chosen["journal_file"] or Path(f"{plan.name}.journal")
    going_on = chosen["resume"] or chosen["roll_back"]
    if chosen["resume"] and chosen["roll_back"]:
        raise Unusable("--resume goes on, and --roll-back undoes: one of the two")
    if going_on and (chosen["seed"] or chosen["faults"]):
        raise Unusable("A run that is resumed has the seed and the faults that it was started with")
    faults = json.dumps([str(f) for f in parsed_faults(chosen["faults"])])
    notes = {"driver": chosen["driver"], "seed": str(chosen["seed"]), "faults": faults}
    try:
        journal = Journal.reopen(file, identity) if going_on else Journal.create(file, identity, notes)
    except UnusableJournal as error:
        raise Unusable(f"{error}") from None
    if (began_on := journal.note("driver")) != chosen["driver"]:
        journal.close()
        raise Unusable(f"{file} is of a run on the {began_on}, which cannot go on anywhere else")
    return journal


def _carried_out(
    ctx: click.Context, plan: Plan, driver: Driver, journal: Journal, chosen: dict[str, Any]
) -> tuple[Exception | None, Finished | None]:
    """How the run ended: what stopped it, or how it finished. Ctrl-C ends the command."""
    from ..impl.controller import Controller
    from ..impl.driver import DriverLost
    from ..impl.errors import Stopped, UnusableJournal
    from ..running import controller_plan

    steps = len(plan.steps)
    with Ticker("running") as ticker:

        def watch(progress: Progress) -> None:
            ticker.say(_live(progress, steps))

        try:
            controller = Controller(controller_plan(plan), driver, journal, watch=watch)
            return None, _begin(controller, chosen)
        except (Stopped, DriverLost) as stop:
            return stop, None
        except UnusableJournal as error:
            raise Unusable(str(error)) from None
        except KeyboardInterrupt:
            click.echo(
                "interrupted: the journal has what was done; go on with --resume, or undo with --roll-back", err=True
            )
            ctx.exit(INTERRUPTED_EXIT)


def _begin(controller: Controller, chosen: dict[str, Any]) -> Finished:
    if controller.unbegun:
        return controller.start()
    return controller.roll_back() if chosen["roll_back"] else controller.resume()


def _live(progress: Progress, steps: int) -> str:
    vm = progress.world.vms.get(progress.effect.vm or "")
    sent = f", {vm.sent_pages} pages sent, {vm.downtime_us // 1000} ms down" if vm else ""
    return f"{progress.steps_done} of {steps} steps done: {progress.step}: {progress.effect.action}{sent}"


# ---------------------------------------------------------------------------------------------------------- the summary
def _record(
    plan: Plan, journal: Journal, chosen: dict[str, Any], stopped: Exception | None, finished: Finished | None
) -> dict[str, Any]:
    from ..impl.summary import summary

    found: Summary = summary(journal.entries())
    return {
        "plan": plan.name,
        "host": plan.host,
        "from": plan.cluster.host_named[plan.host].release,
        "to": plan.to_release,
        "driver": chosen["driver"],
        "proved": chosen["proof_file"] is not None,
        "ended": found.ended,
        "stopped": None if stopped is None else {"name": type(stopped).__name__, "why": str(stopped)},
        "lost": list(finished.lost) if finished else [],
        "effects": found.effects,
        "time_us": found.time_us,
        "openings": found.openings,
        "faults": dict(found.faults),
        "steps": [asdict(step) for step in found.steps.values()],
        "vms": [asdict(vm) for vm in found.vms.values()],
    }


def _lines(record: dict[str, Any]) -> Iterator[str]:
    what = f"{record['plan']}: {record['host']} from {record['from']} to {record['to']}, on {record['on']}"
    proof = "proved" if record["proved"] else "unproved"
    yield f"{_headline(record)}  {what}, {proof}"
    if record["stopped"]:
        yield f"{record['stopped']['name']}: {record['stopped']['why']}"
        yield "What was done is in the journal: go on with --resume, or undo it with --roll-back."
    for broken in record["broken"]:
        yield f"{paint('broken', 'bad')}: {broken}"
    yield ""
    width = max((len(step["name"]) for step in record["steps"]), default=4)
    yield f"{'step':<{width}}  effects  pages sent    seconds"
    for step in record["steps"]:
        yield f"{step['name']:<{width}}  {step['effects']:>7}  {step['sent_pages']:>10}  {_seconds(step)}"
    yield ""
    width = max((len(vm["name"]) for vm in record["vms"]), default=2)
    yield f"{'VM':<{width}}  is at  pages sent  seconds down"
    for vm in record["vms"]:
        where = "lost" if vm["lost"] else vm["source"]
        yield f"{vm['name']:<{width}}  {where:<5}  {vm['sent_pages']:>10}  {_fixed(vm['downtime_us']):>12}"
    yield ""
    kind = "simulated " if record["driver"] == "simulator" else ""
    struck = ", ".join(f"{name} {count}" for name, count in record["faults"].items()) or "none"
    yield f"{record['effects']} effects in {_fixed(record['time_us'])} {kind}seconds; faults: {struck}."


def _headline(record: dict[str, Any]) -> str:
    if record["stopped"]:
        return paint("STOPPED", "bad")
    return paint("DONE" if record["ended"] == "done" else "ROLLED BACK", "bad" if record["lost"] else "good")


def _seconds(step: dict[str, Any]) -> str:
    return f"{_fixed(step['ended_us'] - step['began_us']) if step['ended_us'] is not None else 'unfinished':>9}"


def _fixed(time_us: int) -> str:
    return f"{time_us // 1_000_000}.{time_us // 1000 % 1000:03}"
