"""Effects and views as JSON values, and back: what the journal keeps. Fields at their default are left out."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from enum import Enum
from typing import Any, TypeVar

from .driver import Copy, Effect, HostVmState, ImageState, MachineView, MapState, Place, Power, Stage, VmView
from .partitions import decoded_partitions, encoded_partitions

_ENUMS: dict[str, dict[str, Enum]] = {
    name: {member.value: member for member in kind}
    for kind, names in (
        (Place, ("source", "target", "carrier")),
        (Stage, ("stage",)),
        (Power, ("old", "guest", "new")),
        (HostVmState, ("host_vm",)),
        (MapState, ("map",)),
        (ImageState, ("image",)),
        (Copy, ("copy",)),
    )
    for name in names
}
"""Fields that hold a member of an enumeration: the members by value."""

_PLACES = ("running_at", "copies_at")
_PLACE = {place.value: place for place in Place}

Record = TypeVar("Record", Effect, VmView, MachineView)


def _with_defaults(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    every: tuple[Field[Any], ...] = fields(kind)
    return tuple((f.name, f.default) for f in every)


_FIELDS: dict[type[Any], tuple[tuple[str, Any], ...]] = {
    kind: _with_defaults(kind) for kind in (Effect, VmView, MachineView)
}


def encoded(record: Effect | VmView | MachineView) -> dict[str, Any]:
    """The record's fields by name."""
    said: dict[str, Any] = {}
    for name, default in _FIELDS[type(record)]:
        value = getattr(record, name)
        if default is MISSING or value != default:
            said[name] = value.value if isinstance(value, Enum) else value
    for name in _PLACES:
        if name in said:
            said[name] = [place.value for place in said[name]]
    if "partitions" in said:
        said["partitions"] = encoded_partitions(said["partitions"])
    return said


def decoded(kind: type[Record], said: dict[str, Any]) -> Record:
    """The record that was encoded so. Raises KeyError, TypeError for what is none."""
    rich: dict[str, Any] = {
        name: _ENUMS[name][value] if value and name in _ENUMS else value for name, value in said.items()
    }
    for name in _PLACES:
        if name in rich:
            rich[name] = tuple(_PLACE[value] for value in rich[name])
    if "faults" in rich:
        rich["faults"] = tuple(rich["faults"])
    if "partitions" in rich:
        rich["partitions"] = decoded_partitions(rich["partitions"])
    return kind(**rich)
