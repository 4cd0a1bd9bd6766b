"""Every mistake that the tracer knows: what it says, and that it names the line that the author wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.mistakes import PREAMBLE, Mistake, expect, inside, read

NO_TRUTH = "a term has no truth value while the model is traced"
PYTHONS_OWN = "Python's own for, sum and list take any Vm for all of them"
LOOSE = "belongs to no quantifier: only all_of, any_of and total range over Vm, in a comprehension"
MISTAKES = [
    inside("if", "if vm.active > 0:  #!\n    vm.active -= 1", NO_TRUTH + ". Instead of `if`: where(c, a, b)"),
    inside("if-entity", "if vm.machine:  #!\n    vm.active -= 1", NO_TRUTH),
    inside("conditional", "vm.active = 1 if vm.free > 0 else 2  #!", "where(c, a, b)"),
    inside(
        "and",
        "require((vm.active > 0) and (vm.free > 0), 'x')  #!",
        "of `and`, `or`, `not`: a & b, a | b, ~a",
    ),
    inside("or", "require((vm.active > 0) or (vm.free > 0), 'x')  #!", "a & b, a | b, ~a"),
    inside("not", "require(not vm.active > 0, 'x')  #!", "a & b, a | b, ~a"),
    inside("chained", "require(0 < vm.active < vm.size, 'x')  #!", "of `a < b < c`: two comparisons joined by &"),
    inside("in", "require(vm.stage in (Stage.SETTLED,), 'x')  #!", "of `in`: one_of(...)"),
    inside("assert", "assert vm.active > 0  #!", NO_TRUTH),
    inside("any", "require(any(v.free > 0 for v in Vm), 'x')  #!", "of Python's any and all: any_of, all_of"),
    inside("all", "require(all(v.free > 0 for v in Vm), 'x')  #!", "of Python's any and all: any_of, all_of"),
    inside("sum", "require(sum(v.free for v in Vm) < 3, 'x')  #!", PYTHONS_OWN),
    inside("sum-apart", "free = sum(v.free for v in Vm)  #!\nrequire(free < 3, 'x')\nvm.free = 0", PYTHONS_OWN),
    inside("max", "require(max(v.free for v in Vm) < 3, 'x')  #!", PYTHONS_OWN),
    inside("list", "require(all_of(*[v.free > 0 for v in Vm]), 'x')  #!", PYTHONS_OWN),
    inside("len-of-list", "vm.free = len(list(Vm))  #!", PYTHONS_OWN),
    inside("for", "for v in Vm:  #!\n    v.free\nvm.free = 0", PYTHONS_OWN + ": write all_of, any_of"),
    inside(
        "for-assigns",
        "for v in Vm:\n    v.free = 0  #!",
        "while Vm is ranged over: an action changes the members",
    ),
    inside(
        "for-requires",
        "for v in Vm:\n    require(v.free > 0, 'x')  #!",
        "write require(all_of(... for vm in Vm)",
    ),
    inside("for-break", "for v in Vm:\n    break\nrequire(v.free > 0, 'x')  #!", LOOSE),
    inside("for-break-assigned", "for v in Vm:\n    break\nvm.free = v.free  #!", LOOSE),
    inside("for-break-written", "for v in Vm:\n    break\nv.free = 1  #!", LOOSE),
    inside("next", "require(next(iter(Vm)).free > 0, 'x')  #!", LOOSE),
    inside("filter", "require(all_of(v.free > 0 for v in Vm if v.active > 0), 'x')  #!", "Vm.where(...)"),
    inside("filter-entity", "require(all_of(v.free > 0 for v in Vm if v != vm), 'x')  #!", "Vm.where(...)"),
    inside(
        "quantifier-of-list",
        "require(all_of(v.free > 0 for v in [vm]), 'x')  #!",
        "only sorts are ranged over",
    ),
    inside(
        "mixed-range",
        "require(all_of(v.free > k for v in Vm for k in (1, 2)), 'x')  #!",
        "only sorts are ranged over",
    ),
    inside("total-of-sort", "require(total(Vm) > 0, 'x')  #!", "in a comprehension"),
    inside(
        "total-of-truth",
        "require(total(v.free > 0 for v in Vm) > 0, 'x')  #!",
        "to count, total(where(..., 1, 0)",
    ),
    inside(
        "where-typo",
        "require(all_of(v.free > 0 for v in Vm.where(machin=vm.machine)), 'x')  #!",
        "did you mean machine?",
    ),
    inside(
        "require-late",
        "vm.free = 0\nrequire(vm.active > 0, 'x')  #!",
        "require() after an assignment; ask first",
    ),
    inside("require-quantity", "require(vm.active, 'x')  #!", "neither true nor false"),
    inside("precedence", "require(vm.active == 1 & vm.free == 2, 'x')  #!", "put comparisons in parentheses"),
    inside(
        "precedence-enum", "require(vm.stage == Stage.MOVING | vm.stage, 'x')  #!", "put comparisons in parentheses"
    ),
    inside("precedence-truth", "require(vm.free == 1 & (vm.free > 0), 'x')  #!", "put comparisons in parentheses"),
    inside("constant", "vm.size = 3  #!", "Vm.size is constant: no action assigns it; declare it varying(...)"),
    inside("derived", "vm.machine.used = 3  #!", "Machine.used is derived: assign the fields that it is made of"),
    inside(
        "typo-read",
        "vm.free = vm.activ  #!",
        "Vm has no activ: did you mean active? It has active, free, machine",
    ),
    inside("typo-write", "vm.stag = Stage.MOVING  #!", "Vm has no stag: did you mean stage? It has"),
    inside("no-such", "vm.active = vm.zzz  #!", "Vm has no zzz; it has active"),
    inside("units-compared", "require(vm.machine.capacity <= vm.machine.memory, 'x')  #!", "is of pages, but"),
    inside("units-added", "vm.free = vm.active + vm.machine.memory  #!", "vm.machine.memory is of KiB"),
    inside("units-assigned", "vm.free = vm.machine.memory  #!", "vm.machine.memory is of KiB"),
    inside("units-chosen", "vm.free = where(vm.free > 0, 1, 2)  #!", "quantity(3, pages) gives a number its unit"),
    inside("units-product", "vm.free = vm.active * vm.size  #!", "one side of a product has no unit"),
    inside("enum-for-pages", "vm.free = Stage.MOVING  #!", "vm.free is of pages, but MOVING is of Stage"),
    inside(
        "other-enum",
        "require(vm.stage == Enum('Other', 'A').A, 'x')  #!",
        "vm.stage is of Stage, but A is of Other",
    ),
    inside("float", "vm.free = vm.free + 0.5  #!", "0.5: a model has integers only; scale the unit instead"),
    inside("float-factor", "vm.free = vm.free * 1.5  #!", "a model has integers only"),
    inside("division", "vm.free = vm.free / 2  #!", "does not divide; multiply the other side: 2 * a <= b"),
    inside("string", "vm.stage = 'moving'  #!", "'moving' (str) cannot appear in a model"),
    inside("string-compared", "require(vm.stage == 'moving', 'x')  #!", "members of an Enum (not of strings)"),
    inside("none", "vm.machine = None  #!", "None (NoneType) cannot appear in a model"),
    inside("hash", "{vm: 1}  #!", "compare with =="),
    inside("range", "range(vm.free)  #!", "a term is not a number yet"),
    inside("iterate", "[x for x in vm.free]  #!", "a term cannot be iterated; range over a sort"),
    inside(
        "equals",
        "vm.free = 0\nvm.stage == Stage.MOVING  #!",
        "act throws away what it computes here (== for =?)",
    ),
    inside("minus", "vm.free = 0\nvm.active - 1  #!", "act throws away what it computes here"),
    inside("equals-alone", "vm.stage == Stage.MOVING  #!", "(== for =?)"),
    inside("after", "vm.free = after(vm.active)  #!", "after(...) outside a step property"),
    Mistake(
        "nothing",
        "@action(by=OPERATOR)  #!\ndef act(vm: Vm) -> None:\n    require(vm.free > 0, 'x')",
        "act changes nothing",
    ),
    Mistake(
        "returned",
        "@action(by=OPERATOR)  #!\ndef act(vm: Vm) -> None:\n    vm.free = 0\n    return vm.active",
        "act: an action returns nothing",
    ),
    Mistake(
        "unannotated",
        "@action(by=OPERATOR)  #!\ndef act(vm) -> None:\n    vm.free = 0",
        "parameter vm: expected an entity",
    ),
    Mistake(
        "misannotated",
        "@action(by=OPERATOR)  #!\ndef act(n: int) -> None: ...",
        "parameter n: expected an entity",
    ),
    Mistake(
        "until-loose",
        "@action(OPERATOR, until=lambda vm: next(iter(Vm)).free > 0)  #!\ndef act(vm: Vm) -> None:\n    vm.free = 0",
        LOOSE,
    ),
    Mistake(
        "twice",
        "@action(by=OPERATOR)\ndef act(vm: Vm) -> None:\n    vm.free = 0\n"
        "@action(by=OPERATOR)  #!\ndef act(vm: Vm) -> None:\n    vm.free = 1",
        "two definitions of act; the other one is at ",
    ),
    Mistake(
        "assigned-outside",
        "@always()\ndef p() -> Truth:\n    Vm.free.__set__(next(iter(Vm)), 1)  #!",
        "outside an action",
    ),
    Mistake(
        "assigned-in-definition",
        "class A(Entity):\n    x = varying(pages, upto=1)\n    @derived\n    def y(self) -> Quantity:\n"
        "        self.x = 1  #!\n        return self.x\nA.y.definition",
        "assignment to self.x outside an action",
    ),
    Mistake(
        "required-outside",
        "@always()\ndef p() -> Truth:\n    require(True, 'x')  #!",
        "require() outside an action",
    ),
    Mistake(
        "property-loose",
        "@always()  #!\ndef p() -> Truth:\n    for vm in Vm:\n        return vm.free > 0",
        LOOSE,
    ),
    Mistake(
        "property-pair",
        "@always()  #!\ndef p() -> Truth:\n    return any_of(), any_of()",
        "p returns 2 truths; always takes 1",
    ),
    Mistake(
        "property-half",
        "@leads_to()  #!\ndef p() -> Truth:\n    return any_of()",
        "p returns 1 truths; leads to takes 2",
    ),
    Mistake("property-nothing", "@always()  #!\ndef p() -> Truth:\n    any_of()", "None (NoneType) cannot appear"),
    Mistake(
        "property-after",
        "@always()\ndef p() -> Truth:\n    return all_of(after(v.free) > 0 for v in Vm)  #!",
        "write @step",
    ),
    Mistake(
        "after-number",
        "@step()\ndef p() -> Truth:\n    return after(3) > 0  #!",
        "only what a state holds can change",
    ),
    Mistake(
        "after-after",
        "@step()  #!\ndef p() -> Truth:\n    return all_of(after(after(v.free)) > 0 for v in Vm)\ncheck(system())",
        "only a step property sees the state after, and only one",
    ),
    Mistake(
        "definition-loose",
        "class A(Entity):\n    x = constant(pages)\n    @derived  #!\n    def y(self) -> Quantity:\n"
        "        for vm in Vm:\n            return vm.free\ncheck(system())",
        LOOSE,
    ),
    Mistake(
        "definition-float",
        "class A(Entity):\n    x = constant(pages)\n    @derived  #!\n    def y(self) -> Quantity:\n"
        "        return 1.5\ncheck(system())",
        "1.5: a model has integers only",
    ),
    Mistake(
        "recursion",
        "class A(Entity):\n    next = constant(lambda: A)\n    @derived\n    def depth(self) -> Quantity:\n"
        "        return self.next.depth + 1  #!\ncheck(system())",
        "A.depth is defined by itself",
    ),
    Mistake(
        "mutual-recursion",
        "class A(Entity):\n    @derived\n    def x(self) -> Quantity:\n        return self.y + 1\n    @derived\n"
        "    def y(self) -> Quantity:\n        return self.x + 1  #!\ncheck(system())",
        "A.x is defined by itself",
    ),
    Mistake(
        "recursion-after-write",
        "class A(Entity):\n    level = varying(pages, upto=1)\n    @derived\n    def depth(self) -> Quantity:\n"
        "        return self.depth + 1  #!\n@action(OPERATOR)\ndef act(a: A) -> None:\n"
        "    a.level = 1\n    a.level = a.depth",
        "A.depth is defined by itself",
    ),
    Mistake(
        "no-sort",
        "class A(Entity):\n    x = varying('pages', upto=1)  #!",
        "'pages' is no sort: expected a Unit, bool, an",
    ),
    Mistake("no-later-sort", "class A(Entity):\n    x = constant(lambda: 3)  #!\nA.x.sort", "3 is no sort"),
    Mistake("quantity-float", "quantity(0.5, pages)  #!", "a model has integers only"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.name)
def test_a_mistake_is_named_with_its_line_and_what_to_write_instead(mistake: Mistake, tmp_path: Path) -> None:
    expect(mistake, tmp_path / "model.py")


def test_a_sound_action_is_accepted(tmp_path: Path) -> None:
    sound = inside("sound", "require(vm.free > 0, 'x')\nvm.free -= 1\nother.active = vm.active + 1", "")

    module = read(tmp_path / "model.py", PREAMBLE + sound.text + "check(system())\n")

    assert module.act.name == "act"
