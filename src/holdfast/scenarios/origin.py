"""What a scenario is a run of: a named world or a plan, with a deliberate bug or not, and with which faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..checkers.interpret import Run
from ..inputs.records import Plan
from ..model.language import Entity, Kind, System, World
from ..model.tolerance import Tolerated

FAULTS_MOST = 3
"""The largest budget of a fault that the model knows."""


class NotKnown(Exception):
    """A name that is none of those known: what it was to be (`world`, `mutant`, `fault`), and the names that there are."""

    def __init__(self, what: str, name: str, names: tuple[str, ...]) -> None:
        """What, which, and which there are."""
        from ..inputs.problems import did_you_mean

        hint = did_you_mean(name, names)
        super().__init__(f"There is no {what} {name!r}" + (f"; {hint}" if hint else "."))
        self.what, self.name, self.names = what, name, names


@dataclass(frozen=True)
class Origin:
    """A world by its name, or a plan by its file; `tolerated` says how often a fault may strike, where it is otherwise.

    A mutant brings its own world. `lively`: the system that asks the liveness properties of the world, and no others.
    """

    world: str | None = None
    plan: Path | None = None
    mutant: str | None = None
    tolerated: Mapping[str, int] = field(default_factory=dict[str, int])
    lively: bool = False

    def run(self) -> Run:
        """The run, without witnesses. Raises NotKnown for a name, BadInput for a bad plan."""
        if self.plan is not None:
            return _plan_run(self.plan, self.tolerated)
        system, world = self._system()
        kept = tuple(p for p in system.properties if p.kind is not Kind.SOMETIMES)
        return Run(replace(system, properties=kept), tolerating(system, world, self.tolerated))

    def _system(self) -> tuple[System, World]:
        from ..specs.decided import deciding
        from ..specs.mutants import MUTANTS
        from ..specs.worlds import WORLDS

        if self.mutant is not None:
            mutant = MUTANTS[_known(self.mutant, "mutant", MUTANTS)]
            if self.world not in (None, mutant.world):
                raise NotKnown("world of that mutant", str(self.world), (mutant.world,))
            return mutant.build()
        name = _known(str(self.world), "world", WORLDS)
        return deciding(name) if self.lively else WORLDS[name].build()

    def record(self) -> dict[str, Any]:
        """As a trace's header keeps it; a plan's file is for whoever writes the header to add."""
        said: dict[str, Any] = {} if self.world is None else {"world": self.world}
        if self.mutant is not None:
            said["mutant"] = self.mutant
        return said | ({"tolerated": dict(self.tolerated)} if self.tolerated else {})


def _known(name: str, what: str, names: Mapping[str, Any]) -> str:
    if name not in names:
        raise NotKnown(what, name, tuple(names))
    return name


def _plan_run(file: Path, tolerated: Mapping[str, int]) -> Run:
    from ..inputs.load import load_plan
    from ..planning import prepare

    plan = load_plan(file)
    return prepare(tolerating_more(plan, tolerated)).run


def tolerating_more(plan: Plan, tolerated: Mapping[str, int]) -> Plan:
    """The plan in which these faults may strike so often (more or less than it says). Raises NotKnown."""
    from ..planning import FAULT_WORDS

    for name in tolerated:
        _known(name, "fault", FAULT_WORDS)
    counts: dict[str, Any] = dict(tolerated)
    return replace(plan, faults=replace(plan.faults, **counts))


# --------------------------------------------------------------------------------------------------- fault budgets
def budgets(run: Run) -> dict[str, int]:
    """How often each fault may strike that some action of the run's system (left out or not) can spend."""
    spent = {w.field.name for a in run.system.actions for w in a.writes if w.field.budget}
    members = run.world.of(Tolerated)
    return {name: _count(m, name) for m in members for name in (f.name for f in Tolerated.fields) if name in spent}


def tolerating(system: System, world: World, tolerated: Mapping[str, int]) -> World:
    """The world in which these faults may strike so often, and are not left out. Raises NotKnown."""
    if not tolerated:
        return world
    known = {f.name for f in Tolerated.fields}
    for name in tolerated:
        _known(name, "fault", dict.fromkeys(known))
    members = [_with(m, tolerated) if isinstance(m, Tolerated) else m for m in world.members]
    spending = {a.name for a in system.actions for w in a.writes if w.field.budget and w.field.name in tolerated}
    left_out = {name: why for name, why in world.leave_out.items() if name not in spending}
    return World(world.name, *members, reason=world.reason, leave_out=left_out)


def _with(member: Entity, tolerated: Mapping[str, int]) -> Entity:
    return Tolerated(member.label, **{**member.values, **tolerated})


def _count(member: Entity, name: str) -> int:
    value = member.values.get(name, 0)
    return value if isinstance(value, int) else 0
