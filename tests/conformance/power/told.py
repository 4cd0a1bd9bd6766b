"""Mistakes that logs and plans show: a driver that tells wrongly, a controller out of order, a planner that errs.

A run's log is judged against the plan's own model at its real sizes; a proposed plan is verified.
"""

# What is broken here is private: a mutant replaces what nobody else may see.
# pyright: reportPrivateUsage=false
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from holdfast.impl import planner
from holdfast.impl.course import Course
from holdfast.impl.plan import Entry
from holdfast.impl.planner import Goal, Proposal, Resident
from holdfast.impl.tap import LinesTap
from holdfast.specs.model import safety
from tests.command import EXAMPLES, run

from .breaking import Breaking, function, method
from .controller import all_at_once

PLAN = EXAMPLES / "safe-edge.yaml"


@dataclass(frozen=True)
class Mutant:
    """What is broken, and what that breaks."""

    name: str
    mechanism: str
    expected: tuple[str, ...]
    breaking: Breaking


def by_its_log(folder: Path) -> tuple[str, ...] | None:
    """What the gate names of a run's log; None if it conforms, or if there is none."""
    log = folder / "log"
    run("run", PLAN, "--unproved", "--journal", folder / "journal", "--trace", log)
    judged = run("conform", log, "--plan", PLAN, "--json")
    if judged.exit_code == 0:
        return None
    said = json.loads(judged.stdout)
    return (*said["always"], *(differs["field"].partition(".")[2] for differs in said["differs"]))


def by_verifying(folder: Path) -> tuple[str, ...] | None:
    """The property that breaks of what the planner proposes, for a roomy machine or for a full one; None if both hold."""
    for cluster, host in (("host-256gib.yaml", "rack7-n3"), ("full.yaml", "full-1")):
        plan = folder / f"{host}.yaml"
        made = run("plan", EXAMPLES / cluster, "--host", host, "--to", "kvm-10.0", "--at-most", "2", "-o", plan)
        assert plan.exists(), made.output
        verified = json.loads(run("verify", plan, "--json").stdout)
        if verified["verdict"] == "Violated":
            broken = verified["property"]
            return (broken, *(p for prop in safety().properties if prop.name == broken for p in prop.cites))
    return None


# -------------------------------------------------------------------------------------------------- what a driver tells
EMIT = LinesTap.emit


def _leaving_out(action: str) -> Callable[..., None]:
    def emit(self: LinesTap, actor: str, told: str, arguments: Any, changed: Any) -> None:
        if told != action:
            EMIT(self, actor, told, arguments, changed)

    return emit


def _twice(action: str) -> Callable[..., None]:
    def emit(self: LinesTap, actor: str, told: str, arguments: Any, changed: Any) -> None:
        for _ in range(1 + (told == action)):
            EMIT(self, actor, told, arguments, changed)

    return emit


def _of_somebody_else(self: LinesTap, actor: str, told: str, arguments: Any, changed: Any) -> None:
    """Every commit is told of the same VM."""
    if told == "commit":
        arguments = {**arguments, "vm": SOMEBODY}
        changed = {}
    EMIT(self, actor, told, arguments, changed)


def _as_if_settled(self: LinesTap, actor: str, told: str, arguments: Any, changed: Any) -> None:
    """A VM that was committed is told as settled at once."""
    seen = {
        key: [was, "settled" if told == "commit" and key.endswith(".stage") else now]
        for key, (was, now) in changed.items()
    }
    EMIT(self, actor, told, arguments, seen)


SOMEBODY = "router-2"

TELLING = (
    Mutant("stun not told", "telling", ("the VM is stunned",), method(LinesTap, "emit", _leaving_out("stop"))),
    Mutant(
        "activation not told",
        "telling",
        (
            "the VM is not already moving",
            "every VM of the machine is in the guest hypervisor, and none is in flight",
            "the VM runs",
        ),
        method(LinesTap, "emit", _leaving_out("activate")),
    ),
    Mutant(
        "suspension told twice", "telling", ("the guest hypervisor runs",), method(LinesTap, "emit", _twice("suspend"))
    ),
    Mutant("seal not told", "telling", ("the map is sealed",), method(LinesTap, "emit", _leaving_out("seal_map"))),
    Mutant(
        "reading of the map not told",
        "telling",
        ("the new hypervisor has validated the map",),
        method(LinesTap, "emit", _leaving_out("validate_map")),
    ),
    Mutant("commit told of another VM", "telling", ("the VM is stunned",), method(LinesTap, "emit", _of_somebody_else)),
    Mutant("settled before it runs", "telling", ("stage",), method(LinesTap, "emit", _as_if_settled)),
)


# ---------------------------------------------------------------------------------------------------- out of its order
ORDER = (
    Mutant(
        "every step at once, by its log",
        "course",
        ("every step before it has reached its goal",),
        method(Course, "_enter", all_at_once),
    ),
)

# -------------------------------------------------------------------------------------------------------- the planner
PROPOSE = planner.propose


def _with(change: Callable[[Goal, Proposal], Proposal]) -> Callable[[Goal], Proposal]:
    return lambda goal: change(goal, PROPOSE(goal))


def _one_left_out(_: Goal, p: Proposal) -> Proposal:
    return replace(p, entries=tuple(replace(e, vms=e.vms[1:]) if e.vms else e for e in p.entries))


def _suspended_first(_: Goal, p: Proposal) -> Proposal:
    entries = [e for e in p.entries if e.verb != "suspend"]
    at = next(k for k, e in enumerate(entries) if e.verb == "consolidate")
    return replace(p, entries=(*entries[:at], Entry("suspend"), *entries[at:]))


def _destroyed_before_all_left(_: Goal, p: Proposal) -> Proposal:
    *rest, out, destroy = p.entries
    return replace(p, entries=(*rest, destroy, out))


def _small(_: Goal, vms: Sequence[Resident]) -> int:
    """Room for what VMs use now, and not for the guest hypervisor."""
    return sum(vm.hot_peak_pages for vm in vms)


def _nothing_missing(_: Goal, __: Any) -> int:
    return 0


PLANNER = (
    Mutant("a VM left out", "planner", ("plan_never_stuck",), function(planner.propose, _with(_one_left_out))),
    Mutant(
        "suspended before consolidated",
        "planner",
        ("plan_never_stuck",),
        function(planner.propose, _with(_suspended_first)),
    ),
    Mutant(
        "destroyed before all have left",
        "planner",
        ("plan_never_stuck",),
        function(planner.propose, _with(_destroyed_before_all_left)),
    ),
    Mutant("host VM too small", "planner", ("plan_never_stuck", "X6"), function(planner._host_vm_pages, _small)),
    Mutant("nothing reclaimed", "planner", ("plan_never_stuck",), function(planner.needed_pages, _nothing_missing)),
)
