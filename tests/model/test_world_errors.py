"""Mistakes in systems and worlds: found by `check`, by a member, a world or an instance, each at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.mistakes import Mistake, expect

ACT = "@action(by=OPERATOR)\ndef act(vm: Vm) -> None:\n    vm.active += 1\n"


def world(name: str, members: str, says: str) -> Mistake:
    """A mistake in a world of one machine and one VM."""
    return Mistake(name, f"{ACT}m = Machine('m', capacity=4, memory=1)\n{members}", says)


def instance(name: str, vm: str, says: str, more: str = "") -> Mistake:
    """A mistake that shows when the world is resolved against the system."""
    return world(name, f"v = {vm}  #!\nInstance(system(), World('w', m, v{more}))", says)


def fault(name: str, body: str, says: str, actor: str = "ACCIDENT") -> Mistake:
    """A mistake in a fault that spends a budget."""
    return Mistake(
        name, f"@action({actor})  #!\ndef fail(luck: Luck, vm: Vm) -> None:\n    {body}\ncheck(system())", says
    )


LUCKY = "require(luck.aborts > 0, 'x')"
MISUSE = "a budget is only asked whether it is above 0, by the fault that spends it"
MISTAKES = [
    # members
    world("typo", "Vm('v', machin=m)  #!", "Vm has no machin: did you mean machine? It has active, free, machine"),
    world("derived-given", "Machine('n', used=3)  #!", "Machine has no used; it has capacity, memory"),
    world("text-for-pages", "Vm('v', size='3')  #!", "Vm.size of v: expected one of pages, found '3'"),
    world("float-for-pages", "Vm('v', size=3.0)  #!", "Vm.size of v: expected one of pages, found 3.0"),
    world("truth-for-pages", "Vm('v', size=True)  #!", "Vm.size of v: expected one of pages, found True"),
    world("negative", "Vm('v', size=-1)  #!", "Vm.size of v: quantities start at 0"),
    world("number-for-enum", "Vm('v', stage=1)  #!", "Vm.stage of v: expected one of Stage, found 1"),
    world("other-entity", "Vm('v', machine=Luck('l'))  #!", "Vm.machine of v: expected one of Machine, found l"),
    world("anything-constant", "Vm('v', size=ANYTHING)  #!", "Vm.size of v: a constant starts with one value"),
    world("nothing", "Vm('v', machine=None)  #!", "Vm.machine of v: expected one of Machine, found None"),
    world("assigned", "m.capacity = 3  #!", "m is a member of a world, and does not change"),
    world("asked-derived", "m.used  #!", "Machine.used is derived: a world does not hold it"),
    world("asked-typo", "m.capacty  #!", "Machine has no capacty: did you mean capacity?"),
    world(
        "member-in-model",
        "@always()\ndef p() -> Truth:\n    return all_of(vm.machine == m for vm in Vm)  #!",
        "one world's",
    ),
    # worlds
    world("two-of-a-name", "World('w', m, Machine('m', capacity=1, memory=1))  #!", "w has two of Machine called m"),
    world("no-such-label", "World('w', m).labelled(Machine, 'n')  #!", "w, of Machine, has no n; it has m"),
    world("foreign", "World('w').rank(m)  #!", "m is not a member of w"),
    # a world and a system
    instance("missing-constant", "Vm('v', machine=m)", "w: v needs one value for Vm.size"),
    instance("missing-reference", "Vm('v', size=1)", "w: v needs one value for Vm.machine"),
    instance(
        "foreign-reference", "Vm('v', size=1, machine=Machine('n', capacity=1, memory=1))", "n is not a member of w"
    ),
    instance("label-typo", "Vm('v', size=1, machine='mm')", "w, of Machine, has no mm: did you mean m? It has m"),
    instance("out-of-range", "Vm('v', size=1, machine=m, active=2)", "Vm.active of v starts at 2, outside 0..1"),
    Mistake(
        "fixed-out-of-range",
        f"{ACT}m = Machine('m', capacity=4, memory=1)\nv = Vm('v', size=1, machine=m, free=2)  #!\n"
        "Instance(system(), World('w', m, v))",
        "Vm.free of v starts at 2, outside 0..1",
    ),
    Mistake(
        "foreign-sort",
        "Other = type('Other', (Entity,), {})\no = Other('o')  #!\nInstance(System((Machine,), (), ()), World('w', o))",
        "o is a Other: no sort of the system",
    ),
    world(
        "left-out-typo",
        "w = World('w', m, leave_out={'atc': 'not needed'})  #!\nInstance(system(), w)",
        "the system has no atc: did you mean act? It has act",
    ),
    world("no-such-action", "system().action('acct')  #!", "the system has no acct: did you mean act? It has act"),
    world("no-such-sentence", "system().without('act', 'it runs')  #!", "act does not require 'it runs'"),
    Mistake(
        "unbounded",
        "class A(Entity):\n    x = varying(pages, upto=None)  #!\n@action(by=OPERATOR)\n"
        "def grow(a: A) -> None:\n    a.x += 1\nInstance(system(), World('w', A('a'))).highs",
        "A.x is unbounded: a world that is explored needs upto=",
    ),
    Mistake(
        "open-and-unbounded",
        "class A(Entity):\n    x = varying(pages, upto=None, start=ANYTHING)  #!\n"
        "list(Instance(system(), World('w', A('a'))).starts())",
        "A.x is unbounded",
    ),
    Mistake(
        "bound-of-nothing",
        "class A(Entity):\n    most = constant(NUMBER)\n@action(by=OPERATOR)\n"
        "def act(vm: Vm, n: Annotated[Quantity, between(NUMBER, 0, A.most)]) -> None:\n    vm.pinned = n > 0\n"
        "w = World('w')  #!\nlist(Instance(system(), w).steps())",
        "A.most bounds n: this needs exactly one A",
    ),
    # systems
    Mistake(
        "two-of-a-name",
        "def again():\n    @action(by=OPERATOR)  #!\n    def act(vm: Vm) -> None:\n        vm.active = 0\n"
        "    return act\none, two = again(), again()\ncheck(system())",
        "there is another action called act",
    ),
    Mistake(
        "foreign-bound",
        "class A(Entity):\n    x = varying(pages, upto=Vm.size)  #!\ncheck(system())",
        "A.x is bounded by Vm.size: a bound is a number, or a constant beside it of its unit",
    ),
    Mistake(
        "bound-of-another-unit",
        "class A(Entity):\n    most = constant(kib)\n    x = varying(pages, upto=most)  #!\ncheck(system())",
        "A.x is bounded by A.most",
    ),
    Mistake(
        "foreign-start",
        "class A(Entity):\n    x = varying(pages, upto=3, start=Vm.size)  #!\ncheck(system())",
        "A.x starts as Vm.size, which is not a field beside it of its sort",
    ),
    Mistake(
        "varying-assumption",
        "@assume  #!\ndef p() -> Truth:\n    return all_of(vm.free > 0 for vm in Vm)\ncheck(system())",
        "varies: an assumption is about constants",
    ),
    Mistake(
        "squared",
        "class A(Entity):\n    k = varying(NUMBER, upto=3)\n    x = varying(pages, upto=9)\n"
        "@action(by=OPERATOR)  #!\ndef grow(a: A) -> None:\n    a.x = a.x * a.k\ncheck(system())",
        "a product has a side without a unit, and a side that no action changes",
    ),
    # budgets
    fault("asked-at-least", "require(luck.aborts >= 1, 'x'); luck.aborts -= 1; vm.free = 0", MISUSE),
    fault("asked-together", "require((luck.aborts > 0) & (vm.free > 0), 'x'); luck.aborts -= 1", MISUSE),
    fault("asked-not-spent", f"{LUCKY}; vm.free = 0", MISUSE),
    fault("spent-by-operator", f"{LUCKY}; luck.aborts -= 1", "only lowered by one, by a fault", "OPERATOR"),
    fault("spent-twice", f"{LUCKY}; luck.aborts -= 2", "a budget is only lowered by one, by a fault"),
    fault("restored", f"{LUCKY}; luck.aborts += 1", "a budget is only lowered by one, by a fault"),
    fault("copied", f"{LUCKY}; luck.aborts -= 1; vm.pinned = luck.aborts > 1", MISUSE),
    Mistake(
        "watched",
        "@always()  #!\ndef p() -> Truth:\n    return all_of(luck.aborts > 0 for luck in Luck)\ncheck(system())",
        MISUSE,
    ),
    Mistake(
        "defined",
        "class A(Entity):\n    left = budget(NUMBER, upto=1)\n    @derived  #!\n    def some(self) -> Truth:\n"
        "        return self.left > 0\ncheck(system())",
        MISUSE,
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_mistake_is_named_with_its_line(mistake: Mistake, tmp_path: Path) -> None:
    expect(mistake, tmp_path / "model.py")
