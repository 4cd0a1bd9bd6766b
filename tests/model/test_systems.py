"""Systems, worlds and instances: order, mutants, digests; slots, starts, ranges, and what a world leaves out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from types import ModuleType
from typing import Annotated

import pytest

from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Action,
    Actor,
    Entity,
    Instance,
    Kind,
    Quantity,
    Requirement,
    Role,
    Step,
    System,
    Truth,
    Unit,
    World,
    action,
    all_of,
    always,
    between,
    budget,
    check,
    constant,
    derived,
    require,
    sometimes,
    total,
    varying,
)
from holdfast.model.language.expressions import lift

pages = Unit("pages")
OPERATOR, GUEST = Actor("operator", Role.PLANNED), Actor("guest", Role.ENVIRONMENT)


class Stage(Enum):
    """Where a VM is."""

    SETTLED = "settled"
    MOVING = "moving"
    LOST = "lost"


class Machine(Entity):
    """A machine."""

    capacity = constant(pages)
    largest = constant(lambda: Vm)
    open = varying(bool, start=ANYTHING)

    @derived
    def used(self) -> Quantity:
        """What its VMs hold."""
        return total(vm.active for vm in Vm.where(machine=self))


class Vm(Entity):
    """A VM."""

    machine = varying(Machine)
    size = constant(pages)
    active = varying(pages, upto=size, start=size)
    stage = varying(Stage, start=Stage.SETTLED)
    idle = varying(pages, upto=5)


class Limits(Entity):
    """Numbers that bound a parameter."""

    burst = constant(pages)
    aborts = budget(NUMBER, upto=2)


@action(by=GUEST)
def release(vm: Vm, n: Annotated[Quantity, between(pages, 1, Limits.burst)]) -> None:
    """Give pages back."""
    require(vm.active >= n, "so many pages are active")
    require(vm.stage != Stage.LOST, "the VM is there")
    vm.active -= n


@action(by=OPERATOR)
def move(vm: Vm, to: Machine) -> None:
    """Move a VM."""
    require(to.used + vm.active <= to.capacity, "there is room")
    vm.machine = to
    vm.stage = Stage.MOVING


@always("S1")
def within_capacity() -> Truth:
    """No machine holds more
    than it has.

    This is not part of the sentence.
    """
    return all_of(m.used <= m.capacity for m in Machine)


@sometimes()
def moved() -> Truth:
    """Some VM moved."""
    return ~all_of(vm.stage == Stage.SETTLED for vm in Vm)


HERE = sys.modules[__name__]


def system() -> System:
    """The system of this module."""
    return check(System.of(HERE))


def world(**left_out: str) -> World:
    """Two machines and two VMs; the first machine refers to a VM that comes later."""
    alpha = Machine("alpha", capacity=4, largest="small")
    beta = Machine("beta", capacity=3, largest="large", open=True)
    small = Vm("small", machine=alpha, size=1)
    large = Vm("large", machine="beta", size=3, active=2, stage=Stage.LOST)
    return World("pair", alpha, beta, small, large, Limits("limits", burst=2, aborts=1), leave_out=left_out)


# --------------------------------------------------------------------------------------------------- systems
def test_a_system_is_what_its_modules_define_in_order() -> None:
    assert system().sorts == (Machine, Vm, Limits)
    assert system().actions == (release, move)
    assert system().properties == (within_capacity, moved)
    assert System.of(HERE, HERE).actions == (release, move)
    assert system().of_kind(Kind.SOMETIMES) == (moved,)
    assert system().action("move") is move and system().property("moved") is moved


def test_a_property_knows_its_sentence_and_what_it_stands_for() -> None:
    assert within_capacity.sentence == "No machine holds more than it has."
    assert within_capacity.cites == ("S1",)
    assert str(within_capacity.term) == "all_of((machine1.used <= machine1.capacity) for machine1 in Machine)"
    assert str(Machine.used.definition) == "total(vm1.active for vm1 in Vm if (vm1.machine == self))"


def test_a_mutant_forgets_one_requirement_and_nothing_else() -> None:
    mutant = system().without("release", "the VM is there")

    assert [r.sentence for r in mutant.action("release").requires] == ["so many pages are active"]
    assert mutant.action("release").writes == release.writes
    assert mutant.action("move") is move
    assert [r.sentence for r in release.requires] == ["so many pages are active", "the VM is there"]


def test_equal_systems_have_equal_digests() -> None:
    assert system().digest == system().digest
    assert replace(system()).digest == system().digest


def changed(action_: Action, **changes: object) -> Callable[[System], System]:
    """The system with one action changed."""
    return lambda s: s.with_action(replace(action_, **changes))  # type: ignore[arg-type]


CHANGES: list[Callable[[System], System]] = [
    changed(release, requires=release.requires[:1]),
    changed(release, requires=(replace(release.requires[0], sentence="other"), release.requires[1])),
    changed(release, requires=(Requirement(lift(True), "so many pages are active"), release.requires[1])),
    changed(release, parameters=(release.parameters[0], replace(release.parameters[1], range=None))),
    changed(release, writes=move.writes),
    changed(release, by=OPERATOR),
    changed(release, until=lift(False)),
    lambda s: replace(s, sorts=s.sorts[:2]),
    lambda s: replace(s, actions=s.actions[::-1]),
    lambda s: replace(s, properties=(within_capacity, replace(moved, kind=Kind.ALWAYS))),
    lambda s: replace(s, properties=(within_capacity, replace(moved, term=lift(True)))),
    lambda s: replace(s, properties=(within_capacity, replace(moved, goal=lift(False)))),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_system_that_says_something_else_has_another_digest(change: Callable[[System], System]) -> None:
    assert change(system()).digest != system().digest


def _alone(**fields: object) -> System:
    return System((type("Alone", (Entity,), dict(fields)),), (), ())  # type: ignore[arg-type]


def _other_stage() -> type[Enum]:
    class Stage(Enum):
        SETTLED = "settled"
        LOST = "lost"

    return Stage


def test_the_digest_tells_fields_apart_by_all_that_they_say() -> None:
    fields = [
        constant(pages),
        constant(NUMBER),
        constant(Stage),
        constant(_other_stage()),
        varying(pages, upto=1),
        varying(pages, upto=2),
        varying(pages, upto=1, start=1),
        varying(pages, upto=1, start=ANYTHING),
        budget(pages, upto=1),
    ]
    systems = [_alone(x=f) for f in fields] + [_alone(y=constant(pages)), _alone()]

    assert len({s.digest for s in systems}) == len(systems)


def test_a_definition_read_again_or_written_anew_in_another_file_replaces_the_first() -> None:
    module = ModuleType("reloaded")
    text = "from tests.model.test_systems import *\n@action(GUEST)\ndef act(vm: Vm) -> None:\n    vm.idle = 0\n"
    for name in ("cell 1", "cell 1", "cell 2"):
        exec(compile(text, name, "exec"), vars(module))

        assert module.act.place == f"{name}:2"


# ---------------------------------------------------------------------------------------- worlds and instances
def test_members_are_known_by_rank_and_by_label() -> None:
    pair = world()
    alpha, beta, small, *_ = pair.members

    assert pair.of(Machine) == [alpha, beta]
    assert (pair.rank(beta), pair.rank(small)) == (1, 0)
    assert pair.labelled(Machine, "beta") is beta
    assert [alpha == small, alpha != beta] == [False, True] and len({alpha, beta, small}) == 3
    assert alpha.values == {"capacity": 4, "largest": "small"} and str(alpha) == "alpha"


def test_a_state_has_a_slot_for_every_member_of_every_field_that_varies() -> None:
    instance = Instance(system(), world())

    assert instance.fields == (Machine.open, Vm.machine, Vm.active, Vm.stage)
    assert [instance.slot(f, 1) for f in instance.fields] == [1, 3, 5, 7]
    assert instance.slots == 8
    assert instance.highs == (1, 1, 1, 1, 1, 3, 2, 2)
    assert list(instance.starts()) == [(0, 1), (1,), (0,), (1,), (1,), (2,), (0,), (2,)]
    assert instance.fixed == {
        Machine.capacity: (4, 3),
        Machine.largest: (0, 1),
        Vm.size: (1, 3),
        Vm.idle: (0, 0),
        Limits.burst: (2,),
        Limits.aborts: (1,),
    }


def test_what_no_remaining_action_writes_is_fixed() -> None:
    instance = Instance(system(), world(move="nothing moves here"))

    assert instance.actions == (release,)
    assert instance.fields == (Machine.open, Vm.active)
    assert instance.fixed[Vm.machine] == (0, 1)
    assert instance.fixed[Vm.stage] == (0, 2)


def test_parameters_range_over_members_and_numbers() -> None:
    instance = Instance(system(), world())

    assert list(instance.arguments(release)) == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert list(instance.arguments(move)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [a.name for a, _ in instance.steps()] == ["release"] * 4 + ["move"] * 4
    assert instance.limit(release.parameters[1]) == 2
    assert instance.roles(Role.PLANNED) == (move,)
    assert Step("move", (0, 1)) == Step("move", (0, 1))


def test_values_are_shown_as_a_person_names_them() -> None:
    instance = Instance(system(), world())

    assert instance.show(Vm, 1) == "large"
    assert instance.show(Stage, 2) == "LOST"
    assert instance.show(Machine.open.sort, 1) is True
    assert instance.show(pages, 7) == 7


def test_a_world_without_members_of_a_sort_has_no_slots_for_it() -> None:
    instance = Instance(system(), World("empty", Limits("limits", burst=2)))

    assert (instance.slots, instance.fields, list(instance.starts())) == (0, (), [])
    assert list(instance.steps()) == []
