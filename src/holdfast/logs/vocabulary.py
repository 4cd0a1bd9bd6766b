"""The words of an implementation's log in those of a plan's model.

A driver names hypervisors by their place, and what is not there by null; the model names them by their labels, and says
nothing of what does not matter. `fence` is half of the model's `activate`. A planned action is, in the plan's world, one of
the plan's steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..checkers.conform.observation import Observed
from ..checkers.plans.product import Planned
from ..inputs.records import Plan
from ..model.language import Entity

SILENT = frozenset({"fence", "source_killed", "balloon_stopped_short"})
"""Nothing happens in the model: half of an action, the end of a copy that is not used any more, a balloon that waits."""

SAME_AS = {"boot_hung": "boot_failed"}
"""Faults that come to the same: a hypervisor that hangs in its boot is ended."""


class Vocabulary:
    """Translates events of a plan's log. `planned` is the plan's world; None where the operator is free."""

    def __init__(self, plan: Plan, planned: Planned | None) -> None:
        """For one plan."""
        self._host, self._planned = plan.host, planned
        self._stunned: set[Any] = set()

    def translated(self, events: Iterable[Observed]) -> Iterator[Observed]:
        """The events as the model knows them."""
        for event in events:
            if event.action in SILENT or self._ends_a_death(event):
                continue
            action = SAME_AS.get(event.action, event.action)
            arguments = self._arguments(action, dict(event.arguments))
            after = dict(self._after(event.after))
            yield replace(event, action=action, arguments=arguments, after=after)

    def _ends_a_death(self, event: Observed) -> bool:
        """Whether this lets a VM go on whose receiver died: in the model, the death itself does.

        It is stunned until then, and its receiver is gone already: so `target` does not change.
        """
        vm = event.arguments.get("vm")
        if event.action == "destination_killed":
            self._stunned.add(vm)
        if event.action == "cancel" and vm in self._stunned:
            self._stunned.discard(vm)
            return f"{vm}.target" not in event.after
        if event.action in ("consolidate", "disassociate", "withdraw"):
            self._stunned.discard(vm)
        return False

    def _arguments(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """In a plan's world, the steps of the plan that these can be."""
        if self._planned is None or not self._is_planned(action):
            return arguments
        steps = tuple(
            task.label
            for task in self._planned.world.of(self._planned.task)
            if _value(task, "does") == action and all(_value(task, key) == value for key, value in arguments.items())
        )
        return {"task": steps} if steps else arguments

    def _is_planned(self, action: str) -> bool:
        assert self._planned is not None
        return any(
            a.name == action and any(p.var.sort is self._planned.task for p in a.parameters)
            for a in self._planned.system.actions
        )

    def _after(self, after: Any) -> Iterator[tuple[str, Any]]:
        for key, value in after.items():
            label, _, field = key.rpartition(".")
            if value is None or (field == "stage" and value == "fenced"):
                continue  # nothing is there; the model says nothing of it
            if label.endswith(".host_vm"):
                label = f"{label.removesuffix('.host_vm')}.host-vm"
            if field in ("source", "target", "carrier") and value in ("old", "guest", "new"):
                value = f"{self._host}.{value}"
            yield f"{label}.{field}", value


def _value(task: Entity, name: str) -> Any:
    """A constant of a step, as a log shows it."""
    value: Any = task.values[name]
    return value.label if isinstance(value, Entity) else getattr(value, "name", value)
