"""What type checkers say of a model: nothing of a good one, and the right line of a bad one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GOOD = '''
"""A model as its authors write it."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Quantity,
    Role,
    Truth,
    Unit,
    World,
    action,
    after,
    all_of,
    always,
    any_of,
    assume,
    between,
    budget,
    constant,
    derived,
    implies,
    leads_to,
    quantity,
    require,
    step,
    total,
    varying,
    where,
)

pages = Unit("pages")
OPERATOR = Actor("operator", Role.PLANNED)


class Stage(Enum):
    """Where a VM is."""

    SETTLED = 1
    MOVING = 2


class Machine(Entity):
    """A machine."""

    capacity = constant(pages)
    first = constant(lambda: Vm)
    reserve = varying(pages, upto=capacity, start=capacity)

    @derived
    def used(self) -> Quantity:
        """What its VMs hold."""
        return total(vm.active + vm.free for vm in Vm.where(machine=self))

    @derived
    def guest(self) -> Vm:
        """Its first VM."""
        return self.first


class Vm(Entity):
    """A VM."""

    machine = varying(Machine)
    home = constant(Machine)
    size = constant(pages)
    active = varying(pages, upto=size, start=size)
    free = varying(pages, upto=size)
    stage = varying(Stage, start=Stage.SETTLED)
    pinned = varying(bool, start=ANYTHING)
    aborts = budget(NUMBER, upto=2)


@action(by=OPERATOR, until=lambda vm, n: vm.stage == Stage.SETTLED)
def release(vm: Vm, n: Annotated[Quantity, between(pages, 1, Machine.capacity)]) -> None:
    """Give pages back."""
    require(vm.active >= n, "so many pages are active")
    require(0 < vm.active, "some page is active")
    require((vm.stage == Stage.MOVING) & ~vm.pinned, "it moves, and is not pinned")
    require(vm.stage.one_of(Stage.SETTLED, Stage.MOVING), "one or the other")
    require(vm.machine.used <= vm.machine.capacity, "there is room")
    require(vm.machine != vm.home, "it is away")
    vm.active -= n
    vm.active -= 1
    vm.free += where(vm.pinned, n, 0)
    vm.free = quantity(3, pages) * 2
    vm.stage = where(vm.pinned, Stage.MOVING, vm.stage)
    vm.pinned = where(vm.free > 0, vm.pinned, True)
    vm.machine = where(vm.pinned, vm.home, vm.machine.guest.machine)
    vm.machine.guest.stage = Stage.SETTLED


@always("M1")
def within() -> Truth:
    """No machine is too full."""
    apart = all_of((a.machine == b.machine) | (a == b) for a in Vm for b in Vm)
    return all_of(m.used <= m.capacity for m in Machine) & all_of(apart, any_of(vm.pinned for vm in Vm))


@step()
def grows() -> Truth:
    """No VM shrinks."""
    return all_of(implies(after(vm.machine) == vm.machine, after(vm.free) >= vm.free) for vm in Vm)


@leads_to()
def settles() -> tuple[Truth, Truth]:
    """What moves, settles."""
    return any_of(vm.stage == Stage.MOVING for vm in Vm), all_of(vm.stage == Stage.SETTLED for vm in Vm)


@assume
def roomy() -> Truth:
    """Machines have room."""
    return all_of(m.capacity > 0 for m in Machine)


world = World("one", alpha := Machine("alpha", capacity=4, first="v"), Vm("v", machine=alpha, home=alpha, size=2))
'''

BAD = [
    "vm.active = Stage.MOVING",
    "vm.active = True & vm.pinned",
    "vm.stage = 3",
    "vm.stage = vm.active",
    "vm.machine = vm",
    "vm.pinned = vm.active",
    "vm.size = 3",
    "vm.home = vm.machine",
    "vm.activ = 3",
    "vm.active = vm.fre",
    "vm.machine.used = 3",
    "vm.active += 0.5",
    "vm.active = vm.active / 2",
    "require(vm.stage < Stage.MOVING, 'order')",
    "require(vm.active == vm.stage, 'a quantity is no Enum')",
    "require(vm.pinned == vm.free, 'a truth is no quantity')",
    "require(vm.active, 'no truth')",
    "require(vm.active > 0)",
    "require(vm.active == 1 & vm.free == 2, 'precedence')",
    "require(all_of(v.free for v in Vm), 'no truths')",
    "vm.active = total(v.pinned for v in Vm)",
    "vm.active = where(vm.pinned, Stage.MOVING, Stage.SETTLED)",
    "vm.active = where(vm.pinned, 1, Stage.SETTLED)",
    "vm.active = after(3)",
    "vm.stage = Stage.MOVED",
]
BAD_PROPERTIES = """
@always()
def pair() -> tuple[Truth, Truth]:
    return all_of(), any_of()


@action(by=OPERATOR)
def returns(vm: Vm) -> Truth:
    return vm.pinned


class Odd(Entity):
    unbounded = varying(pages)
    wrong = varying(Stage, start=3)
"""
BAD_PROPERTIES_LINES = {2, 7, 13, 14}


def bad() -> tuple[str, set[int]]:
    """A model with one mistake to a line, and the lines."""
    head = GOOD + "\n\n\ndef mistakes(vm: Vm) -> None:\n"
    first = head.count("\n") + 1
    source = head + "".join(f"    {line}\n" for line in BAD)
    after = source.count("\n")
    wrong = {*range(first, first + len(BAD)), *(after + line for line in BAD_PROPERTIES_LINES)}
    return source + BAD_PROPERTIES, wrong


def mypy(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that mypy complains of."""
    config = ["--strict", f"--config-file={ROOT / 'pyproject.toml'}", "--no-error-summary"]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *config, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not run.stderr, run.stderr
    for line in run.stdout.splitlines():
        found = re.fullmatch(r"(.+?):(\d+): (?:error|(note)): (.*)", line)
        assert found is not None, line
        if Path(found[1]).name == path.name and not found[3]:
            yield int(found[2]), found[4]


def pyright(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that pyright complains of."""
    config = path.with_name("pyrightconfig.json")
    config.write_text(json.dumps({"typeCheckingMode": "strict", "extraPaths": [str(ROOT / "src")]}))
    command = [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={sys.executable}", "-p", str(config)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stdout.startswith("{"), run.stdout + run.stderr
    for found in json.loads(run.stdout)["generalDiagnostics"]:
        yield found["range"]["start"]["line"] + 1, found["message"]


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_good_model_passes_the_strict_checks(
    checker: Callable[[Path], Iterator[tuple[int, str]]], tmp_path: Path
) -> None:
    path = tmp_path / "a_good_model.py"
    path.write_text(GOOD)

    assert list(checker(path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_mistake_is_found_on_its_line(
    checker: Callable[[Path], Iterator[tuple[int, str]]], tmp_path: Path
) -> None:
    source, wrong = bad()
    path = tmp_path / "a_bad_model.py"
    path.write_text(source)

    assert {line for line, _ in checker(path)} == wrong
