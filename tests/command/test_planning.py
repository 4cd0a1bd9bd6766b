"""From a plan's records to the model: every amount arrives, and what the model has no word for is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.inputs.load import load_plan
from holdfast.inputs.problems import BadInput
from holdfast.inputs.records import Faults, Plan, Release, Step, VirtualMachine
from holdfast.inputs.verbs import VERBS
from holdfast.model.language import TRUE, Role
from holdfast.planning import assumptions_of, planned_steps, prepare, world_of
from holdfast.specs.model import safety

from . import EXAMPLES

NOT_IN_PLANS = {"withdraw", "cancel", "roll_back"}
"""What an operator can do, and a plan's file cannot yet say."""


@pytest.fixture
def plan() -> Plan:
    return load_plan(EXAMPLES / "safe.yaml")


def test_the_verbs_of_plans_are_the_operators_actions() -> None:
    planned = {a.name for a in safety().actions if a.by.role is Role.PLANNED and a.until is not TRUE}

    assert set(VERBS) | NOT_IN_PLANS == planned
    assert not set(VERBS) & NOT_IN_PLANS


def test_every_amount_of_the_cluster_and_the_plan_arrives_in_the_world(plan: Plan) -> None:
    members = {(type(m).__name__, m.label): m.values for m in world_of(plan).members}
    db = plan.cluster.vm_named["db-orders"]
    monitor = members["Vm", "monitor"]

    assert members["Machine", "rack7-n3"]["capacity"] == 256 << 18
    assert members["Machine", "rack7-n3"]["commit_limit"] == 512 << 18
    assert members["Machine", "rack7-n3"]["swap"] == 32 << 18
    assert members["HostVm", "rack7-n3.host-vm"]["size"] == 240 << 18
    assert members["HostVm", "rack7-n3.host-vm"]["overhead"] == 512 << 8
    assert members["Hypervisor", "rack7-n3.old"]["footprint"] == 2 << 18
    assert members["Hypervisor", "rack7-n3.new"]["footprint"] == 2304 << 8
    assert members["Hypervisor", "rack7-n3.guest"]["footprint"] == 1 << 18
    assert members["Hypervisor", "rack7-n3.guest"]["vm_overhead"] == 64 << 8
    assert members["Vm", "db-orders"]["resident_peak"] == db.resident_peak_pages == 48 << 18
    assert members["Vm", "db-orders"]["active_anonymous"] == 24 << 18
    assert (monitor["ballooned"], monitor["balloon_target"]) == (512 << 8, 512 << 8)
    assert members["Vm", "mail"]["swapped"] == 512 << 8
    assert members["Tolerated", "tolerated"]["destination_killed"] == 1


@pytest.mark.parametrize(
    ("reads", "low", "high"), [((4,), 4, 4), ((2, 4, 5), 4, 5), ((3, 4, 6), 3, 4), ((5, 6), 5, 4), ((), 5, 4)]
)
def test_of_formats_with_gaps_the_one_that_is_asked_about_counts(
    plan: Plan, reads: tuple[int, ...], low: int, high: int
) -> None:
    new = {m.label: m.values for m in world_of(_release(plan, lambda r: replace(r, reads_formats=reads))).members}[
        "rack7-n3.new"
    ]

    assert (new["reads_from"], new["reads_upto"]) == (low, high)


def test_what_is_assumed_is_said(plan: Plan) -> None:
    said = list(assumptions_of(plan))
    unbounded = list(assumptions_of(replace(plan, guests="unbounded", faults=Faults())))

    assert said[0].startswith("faults: a migration is aborted at most once, ")
    assert "guests: db-orders never has more than 48 GiB resident, nor more than 34 GiB hot" in said
    assert unbounded[0] == "faults: none at all"
    assert unbounded[1].endswith("dns may use all of their memory at any time")
    assert prepare(plan).assumptions == tuple(said)


def _release(plan: Plan, change: Callable[[Release], Release]) -> Plan:
    """The plan with its new release changed."""
    releases = tuple(change(r) if r.name == plan.to_release else r for r in plan.cluster.releases)
    return replace(plan, cluster=replace(plan.cluster, releases=releases))


def _dns(plan: Plan, change: Callable[[VirtualMachine], VirtualMachine]) -> Plan:
    """The plan with one of its VMs changed."""
    vms = tuple(change(vm) if vm.name == "dns" else vm for vm in plan.cluster.vms)
    return replace(plan, cluster=replace(plan.cluster, vms=vms))


def _not_nested(plan: Plan) -> Plan:
    return _release(plan, lambda r: replace(r, nested=False))


def _old_hardware_gone(plan: Plan) -> Plan:
    return _release(plan, lambda r: replace(r, hardware_versions=(18,)))


def _for_itself(plan: Plan) -> Plan:
    return replace(plan, to_release="kvm-8.2")


def _too_many_faults(plan: Plan) -> Plan:
    return replace(plan, faults=Faults(boot_failed=4))


def _balloon_without_driver(plan: Plan) -> Plan:
    step = Step("r", "reclaim", "dns", (), balloon_target_pages=1)
    return replace(_dns(plan, lambda vm: replace(vm, balloon=False)), steps=(step, *plan.steps))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_not_nested, "whose VMs cannot hold a hypervisor, `kvm-10.0`"),
        (_old_hardware_gone, "hardware version 17 of `git`, which kvm-10.0 does not offer"),
        (_for_itself, "an exchange of `kvm-8.2` for itself"),
        (_too_many_faults, "boot_failed: 4, expected at most 3 faults of a kind"),
        (_balloon_without_driver, "a balloon target of 4KiB for `dns`, which has no balloon driver"),
    ],
)
def test_what_the_model_has_no_word_for_is_refused(plan: Plan, change: Callable[[Plan], Plan], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        prepare(change(plan))

    assert said in str(refused.value)


def test_a_limit_below_the_size_is_named_as_not_enforced(plan: Plan) -> None:
    said = assumptions_of(_dns(plan, lambda vm: replace(vm, limit_pages=1 << 18)))

    assert "limits are not enforced: dns may come to hold more than their limit" in said


def _reclaims(plan: Plan, *steps: Step) -> list[tuple[str | int, ...]]:
    found, problems = planned_steps(replace(plan, steps=steps))
    if problems:
        raise BadInput(problems)
    return [(s.arguments["balloon"], s.arguments["swap"]) for s in found]


def test_a_target_that_is_left_out_stays_what_it_was(plan: Plan) -> None:
    first = Step("a", "reclaim", "monitor", (), swap_target_pages=7)
    second = Step("b", "reclaim", "monitor", ("a",), balloon_target_pages=900)
    third = Step("c", "reclaim", "monitor", ("b",), swap_target_pages=0)

    assert _reclaims(plan, first, second, third) == [(512 << 8, 7), (900, 7), (900, 0)]


def test_a_target_that_depends_on_which_step_comes_first_is_refused(plan: Plan) -> None:
    one = Step("a", "reclaim", "monitor", (), swap_target_pages=7)
    other = Step("b", "reclaim", "monitor", (), balloon_target_pages=900)

    with pytest.raises(BadInput) as refused:
        _reclaims(plan, one, other)

    assert len(refused.value.problems) == 2
    assert "whose VM gets one from `b` side by side" in str(refused.value)
