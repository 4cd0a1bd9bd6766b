"""Effects and views as JSON values, and back: what the journal keeps. Fields at their default are left out."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from .driver import Effect, HostVmState, MachineView, MapState, Place, Power, Stage, VmView

_ENUMS: dict[str, type[Enum]] = {
    "source": Place,
    "target": Place,
    "carrier": Place,
    "running_at": Place,
    "copies_at": Place,
    "stage": Stage,
    "old": Power,
    "guest": Power,
    "new": Power,
    "host_vm": HostVmState,
    "map": MapState,
}
"""Which fields hold members of an enumeration, or tuples of them."""

Record = TypeVar("Record", Effect, VmView, MachineView)


def encoded(record: Effect | VmView | MachineView) -> dict[str, Any]:
    """The record's fields by name."""
    said: dict[str, Any] = {}
    for name, default in _defaults(type(record)):
        value = getattr(record, name)
        if default is MISSING or value != default:
            said[name] = _plain(value)
    return said


def decoded(kind: type[Record], said: dict[str, Any]) -> Record:
    """The record that was encoded so."""
    return kind(**{name: _rich(name, value) for name, value in said.items()})


@cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    every: tuple[Field[Any], ...] = fields(kind)
    return tuple((f.name, f.default) for f in every)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case tuple():
            members: tuple[Any, ...] = value
            return [_plain(member) for member in members]
        case _:
            return value


def _rich(name: str, value: Any) -> Any:
    enum = _ENUMS.get(name)
    match value:
        case list():
            members: list[Any] = value
            return tuple(_rich(name, member) for member in members)
        case str() if enum is not None:
            return enum(value)
        case _:
            return value
