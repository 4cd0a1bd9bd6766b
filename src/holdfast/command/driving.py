"""What `holdfast run` drives: the simulator, with the seed and faults of its journal, or a testbed of real hypervisors."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .app import Unusable

if TYPE_CHECKING:
    from ..impl.driver import Driver
    from ..impl.journal import Journal
    from ..impl.qemu.driver import QemuDriver
    from ..impl.tap import Tap
    from ..inputs.records import Plan


@dataclass(frozen=True)
class Driven:
    """A driver, what it is called, and what it has seen that must never be."""

    driver: Driver
    name: str
    broken: Callable[[], list[str]]


def check_choice(chosen: dict[str, Any]) -> None:
    """Raises Unusable for options that do not go together."""
    real = chosen["driver"] == "qemu"
    if real and chosen["testbed"] is None:
        raise Unusable("--driver qemu needs --testbed FOLDER: `holdfast testbed start PLAN FOLDER` makes one")
    if not real and chosen["testbed"] is not None:
        raise Unusable("A testbed is driven with --driver qemu")
    if real and (chosen["seed"] or chosen["faults"]):
        raise Unusable("The seed and the faults are for the simulator: a testbed has real ones")


@contextmanager
def driven(plan: Plan, chosen: dict[str, Any], opened: Callable[[], Journal]) -> Generator[tuple[Driven, Journal]]:
    """The world of the run, at its beginning or as it has become; and the journal, opened once the world is there.

    Raises Unusable, with nothing written.
    """
    with ExitStack() as stack:
        real = stack.enter_context(_testbed(plan, chosen)) if chosen["driver"] == "qemu" else None
        journal = opened()
        stack.callback(journal.close)
        tap = _tap(plan, chosen, stack)
        if real is None:
            yield _simulator(plan, journal, chosen, tap), journal
        else:
            real.tap = tap
            name = f"real QEMU {real.supply.old.version} and {real.supply.new.version}"
            yield Driven(real, name, list), journal


def parsed_faults(texts: tuple[str, ...]) -> list[Any]:
    """Faults as `NAME@N`. Raises Unusable."""
    from ..impl.simulator.faults import parsed

    try:
        return [parsed(text) for text in texts]
    except ValueError as error:
        raise Unusable(str(error)) from None


def _tap(plan: Plan, chosen: dict[str, Any], opened: ExitStack) -> Tap:
    from ..impl.tap import LinesTap, NoTap

    if chosen["trace_file"] is None:
        return NoTap()
    try:
        stream = opened.enter_context(chosen["trace_file"].open("w", encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{chosen['trace_file']} cannot be written: {error.strerror}") from None
    return LinesTap(stream, plan.name, {"driver": chosen["driver"]})


def _simulator(plan: Plan, journal: Journal, chosen: dict[str, Any], tap: Tap) -> Driven:
    from ..impl.simulator.replaying import relive
    from ..running import simulated

    faults = parsed_faults(tuple(json.loads(journal.note("faults") or "[]")))
    simulator = simulated(plan, seed=int(journal.note("seed") or 0), faults=faults, tap=tap)
    if chosen["resume"] or chosen["roll_back"]:
        relive(simulator, journal.entries())
    return Driven(simulator, "the simulator", lambda: list(simulator.broken))


@contextmanager
def _testbed(plan: Plan, chosen: dict[str, Any]) -> Generator[QemuDriver]:
    from ..impl.driver import DriverLost
    from ..impl.qemu.driver import QemuDriver
    from ..impl.qemu.packages import Unavailable
    from ..impl.qemu.provision import provision
    from ..impl.qemu.testbed import Wanted
    from ..running import wanted_testbed

    folder = chosen["testbed"]
    try:
        made, wanted = Wanted.read(folder), wanted_testbed(plan)
        if made != wanted:
            raise Unusable(f"{folder} is a testbed for another plan, by its names and sizes: start one for {plan.name}")
        driver = QemuDriver(folder, provision())
    except (OSError, ValueError, Unavailable, DriverLost) as error:
        raise Unusable(f"{folder} is no testbed that runs: {error}") from None
    with closing(driver):
        yield driver
