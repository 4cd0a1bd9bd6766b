"""Scenarios in the Informal Trace Format of Apalache, for whatever reads that: its trace explorers, its test drivers.

https://apalache-mc.org/docs/adr/015adr-trace.html. There is a variable for every field, a function from the labels of
its sort: `Vm_stage` is a map from VMs to stages. References are labels, members of an Enum their names, numbers big
integers. Each state's `#meta` says which step led there.
"""

from __future__ import annotations

import json
from typing import Any

from ..checkers.trace import narrate
from ..model.language import Instance, State
from .scenario import Scenario

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def itf(scenario: Scenario) -> str:
    """The scenario as ITF JSON. Raises Refused or OutOfRange where it is no behaviour."""
    one, instance = scenario.counterexample, scenario.run.instance
    states, events = narrate(scenario.run, one.steps, one.initial)
    rows: list[dict[str, Any]] = []
    for i, state in enumerate(states):
        meta: dict[str, Any] = {"index": i}
        if i:
            event = events[i - 1]
            meta |= {"actor": event.actor, "action": event.action, "arguments": event.arguments}
        rows.append({"#meta": meta, **_variables(instance, state)})
    meta = {
        "format": "ITF",
        "format-description": FORMAT,
        "source": scenario.run.world.name,
        "description": scenario.what,
    }
    said: dict[str, Any] = {"#meta": meta, "vars": list(_variables(instance, states[0])), "states": rows}
    if one.cycle_from is not None:
        said["loop"] = one.cycle_from
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _variables(instance: Instance, state: State) -> dict[str, Any]:
    """Every field as a map from the labels of its sort."""
    return {
        f"{f.owner.__name__}_{f.name}": {
            "#map": [
                [member.label, _value(instance.show(f.sort, state[instance.slot(f, rank)]))]
                for rank, member in enumerate(instance.world.of(f.owner))
            ]
        }
        for f in instance.fields
    }


def _value(shown: Any) -> Any:
    return {"#bigint": str(shown)} if type(shown) is int else shown
