"""The trace tap: what happens, as events with the model's names, one JSON object a line; and the twin that does nothing.

The format is that of the project's traces: `step`, `actor`, `action`, `arguments`, `changed`. A driver taps what it sees:
effects, faults, and what guests do, as far as it can see that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol, TextIO

from .driver import Copy, Effect, MachineView, Stage, VmView
from .partitions import PARTITIONED, split_fields

TRACE_VERSION = 1

ACTORS: Mapping[str, str] = {
    **dict.fromkeys(("copy", "copy_again", "stop", "commit", "activate", "pass_frames"), "hypervisor"),
    **dict.fromkeys(("send", "send_again", "stun", "hand_over", "fetch", "finish_fetching"), "hypervisor"),
    **dict.fromkeys(("build_map", "seal_map", "finish_boot", "pass_map", "validate_map"), "hypervisor"),
    **dict.fromkeys(PARTITIONED, "hypervisor"),
    **dict.fromkeys(("split_machine", "boot_beside", "cross", "arrive", "bequeath", "join_new"), "operator"),
    **dict.fromkeys(("turn_back", "return_home", "end_new", "join_old"), "operator"),
    **dict.fromkeys(("inflate", "deflate", "swap_out"), "scheduler"),
    **dict.fromkeys(("write_image", "sync_image", "verify_image", "verify_loaded", "delete_image"), "hypervisor"),
}
"""Who takes an action, where it is not the operator."""

SILENT = frozenset({"fence", "discard_image", "drop_loaded"})
"""Effects that are no action of the model by themselves."""

ABOUT_IMAGES = frozenset(
    {
        *("suspend_to_storage", "write_image", "sync_image", "verify_image", "free_pages", "retire_old"),
        *("boot_new", "load_image", "verify_loaded", "wake", "delete_image"),
        *("image_torn", "storage_full", "load_torn", "power_lost"),
    }
)
"""Effects on the machine, and faults of it, that the model has as actions on the image of its host VM."""


ABOUT_SPLITS = frozenset({"old_hung", "old_ended_early", "dma_outlasts"})
"""Faults of a machine that is split."""


class Tap(Protocol):
    """Hears events."""

    def emit(self, actor: str, action: str, arguments: Mapping[str, Any], changed: Mapping[str, list[Any]]) -> None:
        """One event; `changed` maps `label.field` to [before, after]."""
        ...


class NoTap:
    """The twin: hears nothing, keeps nothing."""

    def emit(self, actor: str, action: str, arguments: Mapping[str, Any], changed: Mapping[str, list[Any]]) -> None:
        """Nothing comes of it."""


class LinesTap:
    """Writes events to a stream as they come."""

    def __init__(self, stream: TextIO, world: str, origin: Mapping[str, Any]) -> None:
        """Write the header; `world` names what the events are of, `origin` says how they came about."""
        self._stream = stream
        self._steps = 0
        head = {"trace": TRACE_VERSION, "world": world, "system": "", "property": None, "sentence": "", "initial": 0}
        self._write(head | {"origin": dict(origin)})

    def emit(self, actor: str, action: str, arguments: Mapping[str, Any], changed: Mapping[str, list[Any]]) -> None:
        """Write a line."""
        self._steps += 1
        event = {"step": self._steps, "actor": actor, "action": action}
        self._write(event | {"arguments": dict(arguments), "changed": dict(changed)})

    def _write(self, said: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(said) + "\n")
        self._stream.flush()


def arguments_of(effect: Effect) -> dict[str, Any]:
    """An effect's arguments under the model's names."""
    if effect.action == "reclaim":
        return {"vm": effect.vm, "balloon": effect.amount, "swap": effect.swap_pages}
    if effect.to is not None:
        about = {"t": way(effect.vm, effect.to)}
    elif effect.action in PARTITIONED or effect.action in ABOUT_SPLITS:
        about = _about_split(effect)
    elif effect.action in ABOUT_IMAGES:
        about = {"image": f"{effect.machine}.image"}
    else:
        about = {"machine": effect.machine} if effect.vm is None else {"vm": effect.vm}
    return about if effect.amount is None else about | {"amount": effect.amount}


def _about_split(effect: Effect) -> dict[str, Any]:
    if effect.part is None:
        return {"s": f"{effect.machine}.split"}
    about_processor = effect.action == "split_machine" or effect.action.endswith("_processor")
    return {"processor" if about_processor else "device": effect.part}


def way(vm: str | None, to: str) -> str:
    """The name of a VM's way to another machine."""
    return f"{vm} to {to}"


def changes(before: VmView | MachineView, after: VmView | MachineView) -> dict[str, list[Any]]:
    """What an event changed of a VM or of the machine, by the model's names of fields."""
    return {field: pair for field, pair in seen(before, after).items() if pair[0] != pair[1]}


def seen(before: VmView | MachineView, after: VmView | MachineView) -> dict[str, list[Any]]:
    """All that was seen before and after an event, what it left as it was included."""
    names = _VM_FIELDS if isinstance(after, VmView) else _MACHINE_FIELDS
    if (
        isinstance(after, MachineView) and after.store_pages
    ):  # else it has no storage, and a plan without has no such words
        names = names | _IMAGE_FIELDS
    labels = {name: f"{after.name}.{shown}" for name, shown in names.items()}
    to = [view.abroad for view in (before, after) if isinstance(view, VmView) and view.abroad]
    if to:  # what has arrived on another machine is an account of the way there
        labels |= {name: f"{way(after.name, to[0])}.{shown}" for name, shown in _WAY_FIELDS.items()}
    pairs = {label: (getattr(before, name), getattr(after, name)) for name, label in labels.items()}
    return {label: [_plain(a), _plain(b)] for label, (a, b) in pairs.items()} | _seen_of_split(before, after)


def _seen_of_split(before: VmView | MachineView, after: VmView | MachineView) -> dict[str, list[Any]]:
    if isinstance(before, VmView) or isinstance(after, VmView) or not before.partitions or not after.partitions:
        return {}
    was, now = (split_fields(view.name, view.partitions) for view in (before, after) if view.partitions)
    return {name: [was[name], now[name]] for name in now}


_VM_FIELDS = {
    "source": "source",
    "target": "target",
    "stage": "stage",
    "copied_pages": "copied",
    "dirty_pages": "dirty",
    "ballooned_pages": "ballooned",
    "swapped_pages": "swapped",
    "balloon_target_pages": "balloon_target",
    "swap_target_pages": "swap_target",
}
_WAY_FIELDS = {"copied_pages": "sent", "dirty_pages": "stale"}
_MACHINE_FIELDS = {
    "old": "old.power",
    "guest": "guest.power",
    "new": "new.power",
    "host_vm": "host_vm.state",
    "carrier": "host_vm.carrier",
    "map": "map",
}
_IMAGE_FIELDS = {"image_pages": "image.written", "copy": "image.copy"}


def _plain(value: Any) -> Any:
    """The model's name: there a VM whose source has ended is committed still, one whose frames are to pass has stopped, one
    that goes to another machine is settled on its own, and what was read of a copy is verified."""
    return _MODELS.get(value, value.value) if isinstance(value, Enum) else value


_MODELS: Mapping[Enum, str] = {
    Copy.READ: "verified",
    Stage.FENCED: Stage.COMMITTED.value,
    Stage.PASSING: Stage.STOPPED.value,
    **dict.fromkeys((Stage.SENDING, Stage.STUNNED), Stage.SETTLED.value),
}
