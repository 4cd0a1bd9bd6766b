"""`holdfast testbed`: a machine of real hypervisors, made for a plan, on which that can be tried."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from .app import Unusable, json_option, paint, print_json, print_lines
from .progress import Ticker

if TYPE_CHECKING:
    from ..impl.qemu.inspect import Condition
    from ..impl.qemu.testbed import Wanted

EPILOG = """\b
Examples:
  holdfast testbed start plan.yaml bed
  holdfast run plan.yaml --proof plan.proof --driver qemu --testbed bed
  holdfast testbed check bed
  holdfast testbed stop bed

\b
Exit codes: 0 done, and every VM is unharmed; 1 a VM is not; 2 bad input, or there is no testbed.
"""
FOLDER = click.argument("folder", type=click.Path(path_type=Path))
SAID = "testbed.said"


@click.group(short_help="Real hypervisors to try a plan on.", epilog=EPILOG)
def testbed() -> None:
    """A machine of real QEMU processes that is like a plan's, on which the plan can be carried out.

    Its VMs have the plan's sizes and count; what they counted, and every page of their memory, tells whether they came
    through unharmed. The old and the new hypervisor are two versions of QEMU, by software emulation, from Debian's
    packages, which are fetched once ($HOLDFAST_QEMU says where to, else .qemu here)."""


@testbed.command(epilog=EPILOG)
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@FOLDER
@json_option
def start(plan_file: Path, folder: Path, as_json: bool) -> None:
    """Start a testbed for a PLAN in a new FOLDER, and leave it running."""
    from ..inputs.load import load_plan
    from ..planning import prepare

    plan = load_plan(plan_file)
    prepare(plan)
    _prepare(folder, _wanted(plan_file))
    said = _started(folder)
    if as_json:
        print_json({"folder": str(folder), "vms": [vm.name for vm in plan.residents], "said": said})
    else:
        print_lines([*said, f"{paint('RUNS', 'good')}  {len(plan.residents)} VMs count in {folder}"])


def _wanted(plan_file: Path) -> Wanted:
    from ..inputs.load import load_plan
    from ..running import wanted_testbed

    try:
        return wanted_testbed(load_plan(plan_file))
    except ValueError as error:
        raise Unusable(f"There can be no testbed for {plan_file}: {error}") from None


def _prepare(folder: Path, wanted: Wanted) -> None:
    if problems := wanted.unfit(folder):
        raise Unusable("There can be no such testbed:\n" + "\n".join(f"  {problem}" for problem in problems))
    try:
        folder.mkdir(parents=True)
        wanted.write(folder)
    except OSError as error:
        raise Unusable(f"{folder} cannot be made: {error.strerror}; it has to be a new folder") from None


def _started(folder: Path) -> list[str]:
    """What the testbed said until it was ready. Raises Unusable if it never was; interrupted, it is ended."""
    from ..impl.qemu import testbed as bed

    with (folder / SAID).open("w") as errors, Ticker("starting a testbed") as ticker:
        process = subprocess.Popen(
            [sys.executable, "-m", bed.__name__, str(folder.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        try:
            said = list(_until_ready(process.stdout, bed.READY, ticker))
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if said and said[-1] == bed.READY:
        return said[1:-1]
    process.wait()
    why = (folder / SAID).read_text().strip()
    raise Unusable(f"The testbed did not start: {why or 'it does not say why'}")


def _until_ready(output: IO[str], ready: str, ticker: Ticker) -> Iterator[str]:
    for line in output:
        ticker.say(line.strip())
        yield line.rstrip("\n")
        if line.strip() == ready:
            return


@testbed.command(epilog=EPILOG)
@FOLDER
@json_option
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Look at every VM of the testbed in a FOLDER: where it is, whether it counted on, whether its memory is right."""
    found = _conditions(folder)
    if as_json:
        print_json([asdict(c) | {"place": c.place.value, "memory": c.memory.value} for c in found])
    else:
        print_lines(list(_lines(found)))
    ctx.exit(1 if any(condition.faults for condition in found) else 0)


def _conditions(folder: Path) -> list[Condition]:
    import asyncio

    from ..impl.qemu.inspect import inspect
    from ..impl.qemu.monitor import MonitorLost, Refused
    from ..impl.qemu.packages import Unavailable
    from ..impl.qemu.provision import provision

    try:
        return asyncio.run(inspect(folder, provision()))
    except (OSError, ValueError, MonitorLost, Refused, TimeoutError, Unavailable) as error:
        raise Unusable(f"{folder} is no testbed that runs: {error}") from None


def _lines(found: list[Condition]) -> Iterator[str]:
    width = max(len(condition.vm) for condition in found)
    for c in found:
        head = paint("harmed" if c.faults else "unharmed", "bad" if c.faults else "good")
        yield f"{c.vm:<{width}}  {head}  at {c.place.value}, {c.heartbeat} heartbeats, memory {c.memory.value}"
        yield from (f"  {fault}" for fault in c.faults)


@testbed.command(epilog=EPILOG)
@FOLDER
def stop(folder: Path) -> None:
    """End the testbed in a FOLDER, with every process of it. What it wrote stays."""
    import asyncio

    from ..impl.qemu.keeper import dismiss

    try:
        ended = asyncio.run(dismiss(folder))
    except (OSError, TimeoutError, ValueError) as error:
        raise Unusable(f"{folder} is no testbed that runs: {error}") from None
    click.echo(f"ended {len(ended)} processes")
