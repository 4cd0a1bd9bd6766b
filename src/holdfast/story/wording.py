"""The model's fields and actions in words: one table, and names for what a run is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import product
from typing import Any

from ..checkers.interpret import Run
from ..inputs.verbs import VERBS, Takes
from ..model.actors import pages
from ..model.inventory import HostVm, Hypervisor, Machine
from ..model.language import Field, ModelError, Sort, State, Step
from ..model.tolerance import Tolerated
from . import sizes

WORDS: dict[tuple[str, str, str], str] = {
    ("HostVm", "state", "ABSENT"): "{} gone",
    ("HostVm", "state", "RUNNING"): "{} running",
    ("HostVm", "state", "SUSPENDED"): "{} suspended",
    ("Hypervisor", "power", "ABSENT"): "{} gone",
    ("Hypervisor", "power", "BOOTING"): "{} boots",
    ("Hypervisor", "power", "RUNNING"): "{} runs",
    ("Machine", "map", "NONE"): "no hand-off map",
    ("Machine", "map", "BUILT"): "hand-off map built",
    ("Machine", "map", "SEALED"): "hand-off map sealed",
    ("Machine", "map", "PASSED"): "hand-off map passed to the new hypervisor",
    ("Machine", "map", "VALIDATED"): "hand-off map validated",
    ("Vm", "stage", "SETTLED"): "{} settled",
    ("Vm", "stage", "COPYING"): "{} in pre-copy",
    ("Vm", "stage", "STOPPED"): "{} in stop-and-copy",
    ("Vm", "stage", "COMMITTED"): "authority over {} has passed",
    ("Vm", "running", "True"): "{} runs",
    ("Vm", "running", "False"): "{} stunned",
    ("Vm", "intact", "False"): "pages of {} lost",
}
"""What it means that a field of a sort has come to hold a value; {} is the member's name."""

REFERENCES: dict[tuple[str, str], str] = {
    ("Vm", "source"): "{} is in the {}",
    ("Vm", "target"): "{} bound for the {}",
    ("HostVm", "carrier"): "{} carried by the {}",
}
"""The same for references to hypervisors: the member's name and the hypervisor's."""


class Wording:
    """How a run's members, steps and changes are called. `exact` amounts are binary sizes; else pages are counted."""

    def __init__(self, run: Run, *, exact: bool) -> None:
        """`exact` for plans at real sizes; False for worlds of a few pages."""
        self.run, self.instance = run, run.instance
        self.amount: Callable[[int], str] = sizes.size if exact else sizes.count
        self._names: dict[tuple[Sort, int], str] = dict(self._role_names())

    # -------------------------------------------------------------------------------------------------- names
    def _role_names(self) -> Iterator[tuple[tuple[Sort, int], str]]:
        """Where there is one machine, its hypervisors and its host VM go by what they are, not by their labels."""
        if Machine not in self.run.system.sorts or self.instance.count(Machine) != 1:
            return
        for field, name in ((Machine.old, "old hypervisor"), (Machine.new, "new hypervisor")):
            yield (Hypervisor, self.instance.fixed[field][0]), name
        for i, guest in enumerate(self.instance.fixed[HostVm.guest]):
            yield (Hypervisor, guest), "guest hypervisor"
            yield (HostVm, i), "host VM"

    def name(self, sort: Sort, rank: int) -> str:
        """What a member is called."""
        return self._names.get((sort, rank)) or str(self.run.world.of(sort)[rank].label)

    def value(self, sort: Any, value: int) -> str:
        """A value of a sort in words."""
        if isinstance(sort, Sort):
            return self.name(sort, value)
        if sort == pages:
            return self.amount(value)
        return str(self.instance.show(sort, value)).lower().replace("_", " ")

    # -------------------------------------------------------------------------------------------------- steps
    def step(self, step: Step) -> str:
        """`touch web1, 4 GiB`; a step of a plan by its name there."""
        action = self.run.system.action(step.action)
        said: list[str] = []
        for p, value in zip(action.parameters, step.arguments, strict=True):
            if p.var.sort is self._task_sort:
                return self.task(value)
            if p.var.sort is not Tolerated:
                said.append(self.value(p.var.sort, value))
        return f"{step.action} {', '.join(said)}" if said else step.action

    def task(self, rank: int) -> str:
        """A step of the plan: its name, and what it does unless that is its name."""
        assert self._task_sort is not None, "only a plan has tasks"
        task = self.run.world.of(self._task_sort)[rank]
        verb: str = task.values["does"].name
        takes = VERBS[verb].takes if verb in VERBS else Takes.NOTHING
        does = verb if takes is Takes.NOTHING else f"{verb} {task.values['vm']}"
        return task.label if task.label.startswith(does) else f"{task.label}: {does}"

    @cached_property
    def _task_sort(self) -> Sort | None:
        """The sort of a plan's steps, if this is a plan."""
        return next((s for s in self.run.system.sorts if s.__name__ == "Task"), None)

    # ------------------------------------------------------------------------------------------------ changes
    def changes(self, before: State, after: State) -> list[str]:
        """What a step changed, in words; changed amounts of one member are told together."""
        told: list[str] = []
        amounts: dict[str, list[str]] = {}
        for field, rank, old, new in self._changed(before, after):
            owner = self.name(field.owner, rank)
            if field.sort == pages:
                change = f"{field.name} {self.amount(old)} → {self.amount(new)}"
                amounts.setdefault(owner, []).append(change)
            else:
                told.append(self._change(field, owner, old, new))
        return [*told, *(f"{owner}: {', '.join(parts)}" for owner, parts in amounts.items())]

    def _changed(self, before: State, after: State) -> Iterator[tuple[Field[Any, Any], int, int, int]]:
        for field in self.instance.fields:
            if field.owner is self._task_sort:
                continue  # the step itself says that it has begun
            for rank in range(self.instance.count(field.owner)):
                slot = self.instance.slot(field, rank)
                if before[slot] != after[slot]:
                    yield field, rank, before[slot], after[slot]

    def _change(self, field: Field[Any, Any], owner: str, old: int, new: int) -> str:
        key = field.owner.__name__, field.name
        if field.owner is Tolerated:
            times = "time" if new == 1 else "times"
            return f"{field.name} may strike {new} more {times}"
        if key in REFERENCES and isinstance(field.sort, Sort):
            return REFERENCES[key].format(owner, self.name(field.sort, new))
        known = WORDS.get((*key, str(self.instance.show(field.sort, new))))
        if known is not None:
            return known.format(owner)
        return f"{owner}: {field.name} {self.value(field.sort, old)} → {self.value(field.sort, new)}"

    # ------------------------------------------------------------------------------------- what could be done
    def possible(self, state: State, most: int = 40) -> list[str]:
        """The steps that can be taken here, their amounts at their least."""
        found: list[str] = []
        for action in self.instance.actions:
            for arguments in self.least(action.name):
                if len(found) < most and not self.run.broken(state, action, arguments):
                    found.append(self.step(Step(action.name, arguments)))
        return found

    def least(self, name: str) -> Iterator[tuple[int, ...]]:
        """Every choice of members for an action, its integers at their least: a plan's range over every page."""
        action = self.run.system.action(name)
        if action not in self.instance.actions:
            raise ModelError(f"{name} is left out of {self.run.world.name}")
        ranges = [
            range(self.instance.count(p.var.sort)) if p.range is None else (p.range.low,) for p in action.parameters
        ]
        return product(*ranges)
