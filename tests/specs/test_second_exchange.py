"""The end of one exchange is a beginning of the next: any number of them can follow one another.

Every state in which a small world is done is made into a world of its own, in which what was the new hypervisor is the old
one; and that world is explored too.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.checkers.explore import explore
from holdfast.checkers.interpret import Run
from holdfast.checkers.verdict import Holds, Vacuous
from holdfast.model.inventory import Vm
from holdfast.model.language import Kind, State, World
from holdfast.specs.hosts import CLASSES, GuestPages, Release, bounds, machine, resident
from holdfast.specs.questions import host
from holdfast.specs.worlds import MODEL_WORLDS
from tests.plain_search import search

MACHINES = {
    "smallest": host(5, 2),
    "one-at-a-time": host(9, 5, limit=16),
    "reclaim-first": host(5, 4, limit=16, swap=1),
}
"""The machines of these worlds, as the worlds have them."""
THIRD = Release(footprint=1)
"""What follows the new hypervisor."""


def ends(run: Run) -> list[State]:
    """The reachable states in which the machine is exchanged."""
    exchanged = run.system.property("exchange_done")
    return [state for state in search(run).seen if run.holds(exchanged, state)]


def residents(run: Run, state: State) -> list[GuestPages]:
    """The VMs as this state has them."""
    shown = run.shown(state)
    found: list[GuestPages] = []
    for vm in run.world.of(Vm):
        now = {f.name: shown.get(f"{vm.label}.{f.name}", vm.values.get(f.name, 0)) for f in Vm.fields}
        classes = {name: now[name] for name in CLASSES}
        pages = {name: now[name] for name in ("size", "ballooned", "swapped", "reservation")}
        found.append(GuestPages(vm.label, classes=classes, **pages))
    return found


@pytest.mark.parametrize("name", MACHINES)
def test_where_one_exchange_ends_another_can_begin(name: str) -> None:
    run = Run(*MODEL_WORLDS[name].build())
    kept = [p for p in run.system.properties if p.kind is not Kind.SOMETIMES or p.name == "exchange_done"]
    again = replace(MACHINES[name], old=MACHINES[name].new, new=THIRD)
    beginnings = {repr(vms): vms for vms in (residents(run, state) for state in ends(run))}

    assert beginnings
    for vms in beginnings.values():
        members = [*machine(again), *resident(again, vms), *bounds(most=2)]
        world = World(name, *members, leave_out=run.world.leave_out)
        verdict = explore(Run(replace(run.system, properties=tuple(kept)), world))
        seen = verdict.witnesses if isinstance(verdict, Holds) else ()
        idle = isinstance(verdict, Vacuous) and not verdict.never_witnessed  # there may be no page left for an action
        assert "exchange_done" in seen or idle, (vms, verdict)


def test_the_machines_are_those_of_the_worlds() -> None:
    for name, box in MACHINES.items():
        _, world = MODEL_WORLDS[name].build()
        built = {member.label: repr(member.values) for member in machine(box)}
        assert built.items() <= {member.label: repr(member.values) for member in world.members}.items()
