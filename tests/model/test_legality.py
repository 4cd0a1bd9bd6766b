"""What `check` refuses: systems built from terms, without the tracer that would have found the fault before."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Any

import pytest

from holdfast.model.language import (
    BOOL,
    NUMBER,
    TRUE,
    Action,
    Actor,
    Entity,
    Kind,
    ModelError,
    Parameter,
    Property,
    Quantity,
    Requirement,
    Role,
    System,
    Term,
    Truth,
    Unit,
    Write,
    between,
    budget,
    check,
    constant,
    derived,
    quantity,
    varying,
)
from holdfast.model.language.terms import const

pages, kib = Unit("pages"), Unit("KiB")
GUEST, ACCIDENT = Actor("guest", Role.ENVIRONMENT), Actor("accident", Role.FAULT)


class Stage(Enum):
    """A choice."""

    SETTLED = "settled"
    MOVING = "moving"


class Machine(Entity):
    """A machine."""

    capacity = constant(pages)
    kib = constant(kib)

    @derived
    def room(self) -> Quantity:
        """What it has."""
        return self.capacity


class Vm(Entity):
    """A VM."""

    machine = varying(Machine)
    active = varying(pages, upto=9)
    count = varying(NUMBER, upto=9)
    stage = varying(Stage, start=Stage.SETTLED)
    running = varying(bool)
    aborts = budget(NUMBER, upto=1)

    @derived
    def grown(self) -> Truth:
        """Whether it holds anything."""
        return self.active > 0

    @derived
    def share(self) -> Quantity:
        """A number that no action changes."""
        return quantity(2, NUMBER)


class Stranger(Entity):
    """Of no system."""

    machine = constant(Machine)
    size = constant(pages)
    number = varying(NUMBER, upto=1)


VM, OTHER = Term("var", ("vm", 0), Vm), Term("var", ("other", 0), Vm)
STRANGER, BOUND = Term("var", ("stranger", 0), Stranger), Term("var", ("vm", 1), Vm)
ONE, ONE_KIB = const(1, pages), const(1, kib)


def read(field: Any, ref: Term, sort: Any = None) -> Term:
    """`ref.field`, of the field's sort unless said otherwise."""
    return Term("read", (field, ref), sort or field.sort)


ACTIVE, RUNNING, LEFT = read(Vm.active, VM), read(Vm.running, VM), read(Vm.aborts, VM)
GROW = Action(
    "grow",
    GUEST,
    (Parameter(VM),),
    (Requirement(Term("<", (ACTIVE, const(9, pages)), BOOL), "there is room"),),
    (Write(Vm.active, VM, Term("+", (ACTIVE, ONE), pages)),),
)
SYSTEM = System((Machine, Vm), (GROW,), ())


def asks(term: Term) -> System:
    """The system whose action requires the term."""
    return replace(SYSTEM, actions=(replace(GROW, requires=(Requirement(term, "x"),)),))


def writes(*written: Write, by: Actor = GUEST, requires: tuple[Term, ...] = ()) -> System:
    """The system whose action makes these assignments."""
    said = tuple(Requirement(term, "x") for term in requires)
    return replace(SYSTEM, actions=(replace(GROW, by=by, writes=written, requires=said),))


def gives(value: Term) -> System:
    """The system whose action gives `active` this value."""
    return writes(Write(Vm.active, VM, value))


def says(term: Term, kind: Kind = Kind.ALWAYS, goal: Term = TRUE) -> System:
    """The system with this property."""
    return replace(SYSTEM, properties=(Property(kind, "p", "p", term, goal=goal),))


def everywhere(body: Term, var: Term = BOUND, keep: Term = TRUE) -> Term:
    """For all members, whatever the parts are."""
    return Term("forall", (var, keep, body), BOOL)


def with_sort(**items: Any) -> System:
    """The system with one sort more."""
    return replace(SYSTEM, sorts=(*SYSTEM.sorts, type("Extra", (Entity,), items)))  # type: ignore[arg-type]


def defined_by_itself() -> System:
    """A definition that was put together without being traced."""
    circle: derived[Any] = derived(lambda self: self)
    circle.name = "circle"
    system = with_sort(circle=circle)
    circle._definition = Term("derived", (circle, circle.variable), pages)  # pyright: ignore[reportPrivateUsage]
    return system


def over(parameter: Parameter) -> System:
    """The system whose action has a parameter more."""
    return replace(SYSTEM, actions=(replace(GROW, parameters=(Parameter(VM), parameter)),))


NUMBER_VAR = Term("var", ("n", 0), pages)
BOUND_ACTIVE = read(Vm.active, BOUND)
FAULTS = {
    # names and fields
    "two-actions": (replace(SYSTEM, actions=(GROW, replace(GROW))), "there is another action called grow"),
    "two-properties": (replace(SYSTEM, properties=says(TRUE).properties * 2), "another property called p"),
    "two-sorts": (
        replace(SYSTEM, sorts=(Machine, Vm, type("Vm", (Entity,), {}))),  # type: ignore[arg-type]
        "there is another sort called Vm",
    ),
    "missing-sort": (replace(SYSTEM, sorts=(Vm,)), "Vm.machine refers to Machine, which is no sort of this system"),
    "foreign-bound": (with_sort(x=varying(pages, upto=Machine.capacity)), "Extra.x is bounded by Machine.capacity"),
    "foreign-start": (
        with_sort(x=varying(pages, upto=3, start=Machine.capacity)),
        "Extra.x starts as Machine.capacity, which is not a field beside it",
    ),
    # definitions
    "circle": (defined_by_itself(), "Extra.circle is defined by itself"),
    # actions
    "no-writes": (writes(), "grow: it changes nothing"),
    "constant": (
        writes(Write(Machine.capacity, read(Vm.machine, VM), ONE)),
        "grow: it assigns the constant Machine.capacity",
    ),
    "wrong-owner": (writes(Write(Vm.active, read(Vm.machine, VM), ONE)), "vm.machine is of Machine, where Vm is"),
    "wrong-value": (gives(ONE_KIB), "1 is of KiB, where pages is expected"),
    "no-truth": (asks(ACTIVE), "vm.active is of pages, where truth is expected"),
    "until-no-truth": (replace(SYSTEM, actions=(replace(GROW, until=ACTIVE),)), "where truth is expected"),
    "loose": (asks(read(Vm.running, OTHER)), "other in other.running is bound by nothing"),
    "loose-written": (writes(Write(Vm.active, OTHER, ONE)), "other in other is bound by nothing"),
    "parameter": (over(Parameter(STRANGER)), "stranger is of Stranger, which is no sort of this system"),
    "varying-range": (
        over(Parameter(NUMBER_VAR, between(pages, 0, Vm.active))),
        "n is bounded by Vm.active: a bound is a number, or a constant of its unit",
    ),
    "range-unit": (over(Parameter(NUMBER_VAR, between(pages, 0, Machine.kib))), "n is bounded by Machine.kib"),
    # terms
    "foreign-read": (asks(Term("<", (read(Stranger.size, STRANGER), ONE), BOOL)), "Stranger.size is not part of"),
    "wrong-read": (asks(Term("<", (read(Machine.capacity, VM), ONE), BOOL)), "reads Machine.capacity of Vm"),
    "wrong-read-sort": (asks(read(Vm.active, VM, BOOL)), "reads Vm.active of Vm"),
    "wrong-derived": (
        asks(Term("<", (Term("derived", (Machine.room, VM), pages), ONE), BOOL)),
        "reads Machine.room of Vm",
    ),
    "no-constant": (gives(const("many", pages)), "'many' is no pages"),
    "truth-constant": (gives(const(True, pages)), "True is no pages"),
    "enum-constant": (writes(Write(Vm.stage, VM, const(1, Stage))), "1 is no Stage"),
    "mixed-sum": (gives(Term("+", (ACTIVE, ONE_KIB), pages)), "mixes pages and KiB"),
    "mixed-equality": (asks(Term("==", (ACTIVE, ONE_KIB), BOOL)), "mixes pages and KiB"),
    "ordered-truths": (asks(Term("<", (RUNNING, RUNNING), BOOL)), "mixes truth and truth"),
    "sum-of-another-sort": (asks(Term("+", (ACTIVE, ONE), BOOL)), "is ill sorted"),
    "equality-of-another-sort": (gives(Term("==", (ACTIVE, ONE), pages)), "is ill sorted"),
    "joined": (asks(Term("and", (RUNNING, ACTIVE), BOOL)), "joins what is no truth"),
    "negated": (asks(Term("not", (ACTIVE,), BOOL)), "joins what is no truth"),
    "ite-condition": (gives(Term("ite", (ACTIVE, ONE, ONE), pages)), "is ill sorted"),
    "ite-branches": (gives(Term("ite", (RUNNING, ONE, ONE_KIB), pages)), "is ill sorted"),
    "squared": (gives(Term("*", (ACTIVE, read(Vm.count, VM)), pages)), "a product has a side without a unit, and"),
    "two-units": (gives(Term("*", (ONE, ACTIVE), pages)), "a product has a side without a unit"),
    "foreign-range": (says(everywhere(TRUE, STRANGER)), "does not range over a sort of this system"),
    "keep-no-truth": (says(everywhere(TRUE, keep=BOUND_ACTIVE)), "does not range over a sort"),
    "sum-of-truths": (gives(Term("sum", (BOUND, TRUE, read(Vm.running, BOUND)), BOOL)), "does not range over"),
    "exists-of-pages": (gives(Term("exists", (BOUND, TRUE, BOUND_ACTIVE), pages)), "does not range over"),
    "after-in-action": (asks(Term("after", (RUNNING,), BOOL)), "only a step property sees the state after"),
    "after-in-always": (says(everywhere(Term("after", (read(Vm.running, BOUND),), BOOL))), "only a step property"),
    "no-operator": (gives(Term("max", (ACTIVE, ONE), pages)), "max is no operator"),
    # properties
    "property-no-truth": (says(ONE), "p: 1 is of pages, where truth is expected"),
    "goal-no-truth": (says(TRUE, Kind.LEADS_TO, ONE), "p: 1 is of pages, where truth is expected"),
    "property-loose": (says(RUNNING), "p: vm in vm.running is bound by nothing"),
    "goal-loose": (says(TRUE, Kind.RECOVERABLE, RUNNING), "p: vm in vm.running is bound by nothing"),
    "assumption": (says(everywhere(read(Vm.running, BOUND)), Kind.ASSUME), "an assumption is about constants"),
    "assumption-by-definition": (
        says(everywhere(Term("derived", (Vm.grown, BOUND), BOOL)), Kind.ASSUME),
        "self.active varies: an assumption is about constants",
    ),
    # budgets
    "watched": (
        says(everywhere(Term("<", (const(0, NUMBER), read(Vm.aborts, BOUND)), BOOL))),
        "a budget is only asked whether it is above 0",
    ),
    "spent-by-guest": (
        writes(Write(Vm.aborts, VM, Term("-", (LEFT, const(1, NUMBER)), NUMBER))),
        "a budget is only lowered by one, by a fault",
    ),
    "spent-elsewhere": (
        writes(
            Write(Vm.aborts, VM, Term("-", (read(Vm.aborts, OTHER), const(1, NUMBER)), NUMBER)),
            by=ACCIDENT,
            requires=(Term("<", (const(0, NUMBER), LEFT), BOOL),),
        ),
        "a budget is only lowered by one, by a fault",
    ),
    "asked-elsewhere": (
        asks(Term("<", (const(0, NUMBER), LEFT), BOOL)),
        "a budget is only asked whether it is above 0, by the fault that spends it",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str) -> None:
    system, text = FAULTS[name]

    with pytest.raises(ModelError) as caught:
        check(system)

    assert text in str(caught.value)


def test_a_legal_system_is_returned_as_it_is() -> None:
    spend = Write(Vm.aborts, VM, Term("-", (LEFT, const(1, NUMBER)), NUMBER))
    fault = writes(spend, by=ACCIDENT, requires=(Term("<", (const(0, NUMBER), LEFT), BOOL),))
    untouched = everywhere(Term("<", (const(0, NUMBER), read(Vm.aborts, BOUND)), BOOL))
    start, sought = says(untouched, Kind.INITIALLY), says(untouched, Kind.SOMETIMES)
    seen = says(everywhere(Term("after", (read(Vm.running, BOUND),), BOOL)), Kind.STEP)
    scaled = gives(Term("*", (const(2, NUMBER), ACTIVE), pages))
    shared = gives(Term("*", (Term("derived", (Vm.share, VM), NUMBER), ACTIVE), pages))

    for system in (
        SYSTEM,
        fault,
        start,
        sought,
        seen,
        scaled,
        shared,
        over(Parameter(NUMBER_VAR, between(pages, 0, 2))),
    ):
        assert check(system) is system


def test_every_fault_is_reported_once_each_on_its_line() -> None:
    asked = asks(ACTIVE).actions[0].requires
    actions = (
        replace(GROW, requires=asked, until=ACTIVE, place="a.py:1"),
        replace(GROW, name="other", writes=(), place="a.py:9"),
    )
    system = replace(SYSTEM, actions=actions, properties=says(ONE).properties)

    with pytest.raises(ModelError) as caught:
        check(system)

    assert str(caught.value).splitlines() == [
        "a.py:1: grow: vm.active is of pages, where truth is expected",
        "a.py:9: other: it changes nothing",
        "p: 1 is of pages, where truth is expected",
    ]
