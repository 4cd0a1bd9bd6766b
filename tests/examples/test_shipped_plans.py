"""Every shipped plan, its verdict pinned: what breaks, after how many steps, and the sentence that refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.checkers.verdict import Holds, Violated
from holdfast.inputs.load import load_plan
from holdfast.planning import decide, prepare
from holdfast.story import Story, first_broken

EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"
SAFE = ("safe", "safe-two-at-once", "safe-four-at-once", "safe-edge", "safe-full")


@dataclass(frozen=True)
class Expected:
    """The property that breaks, the length of the shortest trace, and what refuses the steps that are due."""

    property: str
    length: int
    refused: frozenset[str] = frozenset()


def stuck(length: int, *refused: str) -> Expected:
    return Expected("plan_never_stuck", length, frozenset(refused))


UNSAFE = {
    "unsafe-balloon-target": stuck(2, "the targets leave what cannot be reclaimed"),
    "unsafe-commit-limit": stuck(11, "the machine may promise a second copy of the VM"),
    "unsafe-destroyed-early": stuck(125, "no VM is in the guest hypervisor, and none is in flight"),
    "unsafe-full": stuck(4, "the machine has room for a second copy of the VM"),
    "unsafe-full-half": stuck(16, "the machine has room for a second copy of the VM"),
    "unsafe-guests-grow": Expected("machine_not_overcommitted", 7),
    "unsafe-guests-unbounded": stuck(7, "the machine has room for a second copy of the VM"),
    "unsafe-host-vm-full": stuck(22, "the host VM has room for the VM"),
    "unsafe-host-vm-too-small": Expected("host_vm_not_overcommitted", 12),
    "unsafe-no-room-for-new": stuck(16, "the machine has room for the new hypervisor"),
    "unsafe-order": stuck(64, "the new hypervisor has validated the map"),
    "unsafe-reservations": stuck(11, "the host VM has room for the VM's reservation"),
    "unsafe-swap-target": stuck(
        4, "swap_out: the machine has so many swap slots", "swap_out_blindly: the machine has so many swap slots"
    ),
    "unsafe-unreadable-format": stuck(61, "the new hypervisor reads the old one's hand-off format"),
    "unsafe-vm-left-out": stuck(56, "every VM of the machine is in the guest hypervisor, and none is in flight"),
}


def test_every_shipped_plan_is_expected_here() -> None:
    shipped = {p.stem for p in EXAMPLES.glob("*.yaml") if "\nplan: 1\n" in p.read_text(encoding="utf-8")}

    assert shipped == {*SAFE, *UNSAFE}


def test_every_shipped_plan_says_in_its_first_line_what_it_is() -> None:
    for name in (*SAFE, *UNSAFE):
        first = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# Unsafe: ") if name in UNSAFE else first.endswith(": safe.")


def test_the_large_host_has_twelve_vms_of_4_to_64_gib_with_measured_classes() -> None:
    plan = load_plan(EXAMPLES / "safe.yaml")
    sizes_gib = [vm.size_pages >> 18 for vm in plan.residents]

    assert plan.cluster.host_named[plan.host].memory_pages == 256 << 18
    assert (len(sizes_gib), min(sizes_gib), max(sizes_gib)) == (12, 4, 64)
    assert plan.all_assumptions == ()
    assert all(vm.classes.hot_pages < vm.hot_peak_pages < vm.size_pages for vm in plan.residents)


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_plan_holds(name: str) -> None:
    prepared = prepare(load_plan(EXAMPLES / f"{name}.yaml"))
    verdict = decide(prepared)

    assert isinstance(verdict, Holds)
    assert {"machine_not_overcommitted", "host_vm_not_overcommitted", "plan_never_stuck"} <= set(verdict.properties)
    assert verdict.assumptions == prepared.assumptions


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_plan_fails_for_its_own_reason_and_the_trace_replays(name: str) -> None:
    prepared = prepare(load_plan(EXAMPLES / f"{name}.yaml"))
    verdict = decide(prepared)
    assert isinstance(verdict, Violated)
    story = Story(prepared.run, verdict.steps, verdict.initial, exact=True)
    refused = {r.sentence for w in story.waiting() for r in w.refused} if UNSAFE[name].refused else set[str]()

    assert Expected(verdict.property, len(verdict.steps), frozenset(refused)) == UNSAFE[name]
    assert first_broken(prepared.run, story.states, verdict.property) == (verdict.property, len(verdict.steps))
