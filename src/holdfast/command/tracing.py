"""Writing a counterexample to a file, with how to get its run again; and getting it again."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click

from ..checkers.interpret import Run
from ..checkers.trace import Trace, dump, load, trace
from ..checkers.verdict import Violated
from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem, quoted
from ..inputs.records import Plan
from ..scenarios.origin import FAULTS_MOST, NotKnown

STDIN = Path("-")
TRACE_BYTES_MAX = 256 << 20


def write_trace(file: Path, run: Run, verdict: Violated, origin: dict[str, Any]) -> None:
    """The counterexample as JSON Lines, replayed once more. `-` is stdout. Raises BadInput for a file not to be had."""
    told = trace(
        run,
        verdict.steps,
        broken=verdict.property,
        sentence=verdict.sentence,
        initial=verdict.initial,
        cycle_from=verdict.cycle_from,
    )
    lines = "".join(f"{line}\n" for line in dump(replace(told, origin=origin)))
    if file == STDIN:
        click.echo(lines, nl=False)
        return
    try:
        file.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise _bad(file, 0, f"a file that cannot be written ({error.strerror})", "a place for the trace") from None


def plan_origin(plan: Plan, trace_file: Path) -> dict[str, Any]:
    """How to get a plan's run again: the plan's file, as seen from the trace's folder, and a hash of what it says."""
    beside = Path.cwd() if trace_file == STDIN else trace_file.absolute().parent
    return {"plan": os.path.relpath(plan.source, beside), "sha256": content_hash(plan)}


def content_hash(plan: Plan) -> str:
    """A hash of a plan's file and its cluster's, byte by byte."""
    both = hashlib.sha256()
    for source in (plan.source, plan.cluster.source):
        content = Path(source).read_bytes()
        both.update(f"{len(content)}\n".encode() + content)
    return both.hexdigest()


def read_trace(file: Path) -> Trace:
    """The trace in a file (`-`: stdin). Raises BadInput."""
    try:
        if file == STDIN:
            return load(sys.stdin)
        if file.stat().st_size > TRACE_BYTES_MAX:
            raise _bad(file, 0, "a file too large for a trace", f"at most {TRACE_BYTES_MAX} bytes")
        with file.open(encoding="utf-8") as lines:
            return load(lines)
    except OSError as error:
        raise _bad(file, 0, f"a file that cannot be read ({error.strerror})", "a trace") from None
    except UnicodeDecodeError:
        raise _bad(file, 0, "a file that is not UTF-8 text", "a trace: JSON Lines") from None
    except ValueError as error:
        raise _bad(file, 0, str(error), "a trace: JSON Lines, as `--trace` writes them") from None


def run_of(t: Trace, file: Path, plan_file: Path | None) -> tuple[Run, bool]:
    """The run that a trace is of, and whether its amounts are real sizes. Raises BadInput where it is not to be had.

    `plan_file` takes the place of the plan that the trace names, whatever that plan said.
    """
    if plan_file is not None:
        return _plan_run(_loaded(plan_file)), True
    if "plan" in t.origin:
        from ..scenarios.origin import tolerating_more

        plan = _named_plan(t, file)
        try:
            return _plan_run(tolerating_more(plan, _tolerated(t, file))), True
        except NotKnown as unknown:
            raise _bad(file, 1, f"the fault {quoted(unknown.name)}", "a fault that a plan tolerates") from None
    return _world_run(t, file), False


def _loaded(plan_file: Path) -> Plan:
    from ..inputs.load import load_plan

    return load_plan(plan_file)


def _plan_run(plan: Plan) -> Run:
    from ..planning import prepare

    return prepare(plan).run


def _named_plan(t: Trace, file: Path) -> Plan:
    beside = Path.cwd() if file == STDIN else file.absolute().parent
    plan = _loaded(Path(os.path.relpath(beside / str(t.origin["plan"]))))
    if content_hash(plan) != t.origin.get("sha256"):
        found = f"the plan {quoted(plan.source)} (or its cluster), which is not what it was when the trace was written"
        raise _bad(file, 1, found, "the same content; or `--plan FILE`, to replay the trace against what it says now")
    return plan


def _world_run(t: Trace, file: Path) -> Run:
    from ..scenarios.origin import tolerating
    from ..specs.decided import asked, deciding
    from ..specs.mutants import MUTANTS
    from ..specs.worlds import WORLDS

    name = str(t.origin.get("world", t.world))
    if name not in WORLDS:
        raise _bad(file, 1, f"the world {quoted(name)}", "a world that `holdfast explore --list` shows")
    mutant = t.origin.get("mutant")
    if mutant is not None:
        if mutant not in MUTANTS:
            raise _bad(file, 1, f"the mutant {quoted(str(mutant))}", "a mutant that `holdfast catalogue` names")
        named = t.property in (None, MUTANTS[mutant].breaks)
        return Run(*(MUTANTS[mutant].alone() if named else MUTANTS[mutant].build()))
    lively = t.property is not None and any((one.named, one.world) == (t.property, name) for one in asked())
    system, world = deciding(name) if lively else WORLDS[name].build()
    try:
        return Run(system, tolerating(system, world, _tolerated(t, file)))
    except NotKnown as unknown:
        raise _bad(file, 1, f"the fault {quoted(unknown.name)}", "a fault of the model") from None


def _tolerated(t: Trace, file: Path) -> dict[str, int]:
    """How often faults may strike, where the trace says otherwise than its plan or its world."""
    said = t.origin.get("tolerated", {})
    if not isinstance(said, dict):
        raise _bad(file, 1, "an origin that tolerates no faults by name", '"tolerated": {FAULT: NUMBER}')
    counts = cast("dict[str, Any]", said)
    for name, count in counts.items():
        if type(count) is not int or not 0 <= count <= FAULTS_MOST:
            raise _bad(file, 1, f"{quoted(str(count))} for {name}", f"a number from 0 to {FAULTS_MOST}")
    return counts


def _bad(file: Path, line: int, found: str, expected: str) -> BadInput:
    return BadInput([Problem(Position(str(file), line, 1 if line else 0), found, expected)])
