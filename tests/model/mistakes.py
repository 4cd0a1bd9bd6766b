"""Models with one mistake, written to a file and read: what is said, and of which line."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from holdfast.model.language import ModelError

PREAMBLE = """
from __future__ import annotations
import sys
from enum import Enum
from typing import Annotated
from holdfast.model.language import *

pages, kib = Unit("pages"), Unit("KiB")
OPERATOR = Actor("operator", Role.PLANNED)
ACCIDENT = Actor("accident", Role.FAULT)
Stage = Enum("Stage", "SETTLED MOVING")

class Machine(Entity):
    capacity = constant(pages)
    memory = constant(kib)
    @derived
    def used(self) -> Quantity:
        return total(vm.active for vm in Vm.where(machine=self))

class Vm(Entity):
    machine = varying(Machine)
    size = constant(pages)
    active = varying(pages, upto=size)
    free = varying(pages, upto=size)
    stage = varying(Stage, start=Stage.SETTLED)
    pinned = varying(bool)

class Luck(Entity):
    aborts = budget(NUMBER, upto=2)

def system():
    return System.of(sys.modules[__name__])
"""
NUMBERS = itertools.count()


def read(path: Path, source: str) -> ModuleType:
    """Import a model from its text."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"model_{next(NUMBERS)}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


class Mistake(NamedTuple):
    """A name for the test, the model's text (its wrong line ends with `#!`), and what is said of it."""

    name: str
    text: str
    says: str


def inside(name: str, body: str, says: str) -> Mistake:
    """A mistake in an action over a VM."""
    text = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return Mistake(name, f"@action(by=OPERATOR)\ndef act(vm: Vm, other: Vm) -> None:\n{text}\n", says)


def expect(mistake: Mistake, path: Path) -> None:
    """Read the model; the error begins with the path and the marked line, and says what it should."""
    source = PREAMBLE + mistake.text + "\n"
    wrong = [number for number, line in enumerate(source.splitlines(), 1) if line.endswith("#!")]

    with pytest.raises(ModelError) as caught:
        read(path, source)

    assert len(wrong) == 1
    assert str(caught.value).startswith(f"{path}:{wrong[0]}: ")
    assert mistake.says in str(caught.value)
