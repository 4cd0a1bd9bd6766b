"""Good files become the records that they describe, however they are written."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from holdfast.inputs.load import cluster_from, load_cluster, load_plan
from holdfast.inputs.problems import Source
from holdfast.inputs.records import Host, Plan, Release, VirtualMachine
from holdfast.inputs.schema import SCHEMAS, schema_text
from tests.inputs.as_yaml import to_yaml

GOOD = Path(__file__).parent / "good"
SHIPPED = Path(__file__).parents[2] / "specs" / "schemas"
PLANS = sorted(path for path in GOOD.iterdir() if "-plan" in path.name)
CLUSTERS = sorted(path for path in GOOD.iterdir() if "-plan" not in path.name)
GIB = 1 << 18
"""Pages in a GiB."""


def parsed(path: Path) -> Any:
    """A good file as plain data."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


def waits(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {step.name: step.after for step in plan.steps}


def test_a_cluster_says_what_was_written() -> None:
    cluster = load_cluster(GOOD / "two-hosts.yaml")
    web1 = cluster.vm_named["web1"]
    assert web1.size_pages == 16 * GIB
    assert web1.reservation_pages == 4 * GIB
    assert web1.classes.resident_pages == 12 * GIB
    assert web1.classes.hot_pages == 6 * GIB
    assert web1.swapped_pages == GIB // 2
    assert web1.untouched_pages == 7 * GIB // 2
    assert (web1.resident_peak_pages, web1.hot_peak_pages) == (14 * GIB, 7 * GIB)
    assert cluster.host_named["alpha"].commit_limit_percent == 120
    assert cluster.release_named["kvm-10.0"].reads_formats == (3, 4)
    assert [vm.name for vm in cluster.vms_on("alpha")] == ["web1", "db1"]


def test_records_point_at_the_line_they_came_from() -> None:
    text = (GOOD / "two-hosts.yaml").read_text(encoding="utf-8").split("\n")
    cluster = load_cluster(GOOD / "two-hosts.yaml")
    records: tuple[Release | Host | VirtualMachine, ...] = (*cluster.releases, *cluster.hosts, *cluster.vms)
    for record in records:
        assert record.name in text[record.position.line - 1]
        assert record.position.file.endswith("two-hosts.yaml")


def test_every_conservative_default_is_a_named_assumption() -> None:
    cluster = load_cluster(GOOD / "two-hosts.yaml")
    silent = cluster.vm_named["007"]
    assert silent.classes.active_anonymous_pages == silent.size_pages
    assert silent.resident_peak_pages == silent.hot_peak_pages == silent.size_pages
    assert silent.hardware_version == 18
    assert not silent.balloon
    assert len(cluster.assumptions) == 4
    assert all(sentence.startswith("vm 007: ") for sentence in cluster.assumptions)


def test_measured_pages_without_drift_may_still_grow_to_the_size() -> None:
    text = (GOOD / "two-hosts.yaml").read_text(encoding="utf-8").replace("    drift: {resident: 2GiB, hot: 1GiB}\n", "")
    cluster = cluster_from(Source("c", text))
    web1 = cluster.vm_named["web1"]
    assert web1.resident_peak_pages == web1.hot_peak_pages == web1.size_pages > web1.classes.resident_pages
    assert "vm web1: no drift was given; its guest may use all of its memory at any time" in cluster.assumptions


def test_a_drift_without_a_hot_bound_lets_all_that_is_resident_be_hot() -> None:
    text = (GOOD / "two-hosts.yaml").read_text(encoding="utf-8").replace(", hot: 1GiB}", "}")
    web1 = cluster_from(Source("c", text)).vm_named["web1"]
    assert web1.hot_peak_pages == web1.resident_peak_pages == 14 * GIB


def test_drift_never_exceeds_the_size_of_the_vm() -> None:
    text = (
        (GOOD / "two-hosts.yaml")
        .read_text(encoding="utf-8")
        .replace("{resident: 2GiB, hot: 1GiB}", "{resident: 1TiB, hot: 1TiB}")
    )
    web1 = cluster_from(Source("c", text)).vm_named["web1"]
    assert web1.hot_peak_pages == web1.resident_peak_pages == web1.size_pages


def test_assumptions_of_the_file_come_first() -> None:
    cluster = load_cluster(GOOD / "one-host.json")
    assert cluster.assumptions[0] == "the machine's memory was read from its data sheet"
    assert any("no swap was given" in sentence for sentence in cluster.assumptions)


def test_steps_in_order_wait_for_what_is_written_before() -> None:
    plan = load_plan(GOOD / "two-hosts-plan.yaml")
    assert waits(plan) == {
        "reclaim db1": (),
        "create_host_vm": ("reclaim db1",),
        "consolidate web1": ("create_host_vm",),
        "consolidate db1": ("create_host_vm",),
        "suspend": ("consolidate web1", "consolidate db1"),
        "launch_new": ("suspend",),
        "tear_down_old": ("launch_new",),
        "resume": ("tear_down_old",),
        "out1": ("resume",),
        "disassociate db1": ("resume",),
        "end": ("out1", "disassociate db1"),
    }
    reclaim = plan.step_named["reclaim db1"]
    assert (reclaim.balloon_target_pages, reclaim.swap_target_pages) == (4 * GIB, 0)
    assert plan.host_vm.size_pages == 40 * GIB
    assert (plan.faults.migration_aborted, plan.faults.destination_killed) == (1, 0)
    assert plan.cluster == load_cluster(GOOD / "two-hosts.yaml")


def test_at_most_makes_groups_in_the_order_given() -> None:
    plan = load_plan(GOOD / "one-host-plan.json")
    assert waits(plan)["consolidate a"] == ("create_host_vm",)
    assert waits(plan)["consolidate b"] == ("consolidate a",)
    assert waits(plan)["suspend"] == ("consolidate b",)


def test_unbounded_guests_may_use_all_of_their_memory() -> None:
    plan = load_plan(GOOD / "one-host-plan.json")
    given = plan.cluster.vm_named["b"]
    assert given.resident_peak_pages <= given.size_pages
    assert all(vm.resident_peak_pages == vm.size_pages == vm.hot_peak_pages for vm in plan.residents)


def test_a_plan_without_faults_says_that_it_assumes_none() -> None:
    plan = load_plan(GOOD / "one-host-plan.json")
    assert plan.assumptions == ("plan: no faults were given; the verdict is about runs without any",)
    assert plan.all_assumptions[-1] == plan.assumptions[0]


def test_steps_without_after_wait_for_every_open_end_of_a_graph(tmp_path: Path) -> None:
    steps = """steps:
  - {name: create, do: create_host_vm}
  - {name: in1, consolidate: web1, after: [create]}
  - {name: in2, consolidate: db1, after: [create]}
  - suspend
  - {reclaim: {vm: web1, swap: 0}, after: []}
  - launch_new
  - {do: resume, after: [tear_down_old, launch_new]}
  - {do: tear_down_old, after: [launch_new]}
"""
    head = (GOOD / "two-hosts-plan.yaml").read_text(encoding="utf-8").split("steps:")[0]
    path = tmp_path / "plan.yaml"
    path.write_text(head.replace("two-hosts.yaml", str(GOOD / "two-hosts.yaml")) + steps, encoding="utf-8")
    assert waits(load_plan(path)) == {
        "create": (),
        "in1": ("create",),
        "in2": ("create",),
        "suspend": ("in1", "in2"),
        "reclaim web1": (),
        "launch_new": ("suspend", "reclaim web1"),
        "resume": ("tear_down_old", "launch_new"),
        "tear_down_old": ("launch_new",),
    }


@pytest.mark.parametrize("path", CLUSTERS, ids=lambda path: path.name)
def test_a_cluster_means_the_same_as_yaml_and_as_json(path: Path) -> None:
    data = parsed(path)
    written = [
        json.dumps(data),
        json.dumps(data, indent=3),
        to_yaml(data),
        to_yaml(data, default_flow_style=True),
    ]
    for text in written:
        assert cluster_from(Source("again", text)) == load_cluster(path)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_a_plan_means_the_same_as_yaml_and_as_json(path: Path, tmp_path: Path) -> None:
    data = parsed(path)
    data["cluster"] = str(GOOD / data["cluster"])
    again = tmp_path / path.name
    for text in (json.dumps(data), to_yaml(data)):
        again.write_text(text, encoding="utf-8")
        assert load_plan(again) == load_plan(path)


@pytest.mark.parametrize("file_name", SCHEMAS)
def test_the_shipped_schema_is_the_one_that_the_models_give(file_name: str) -> None:
    assert (SHIPPED / file_name).read_text(encoding="utf-8") == schema_text(file_name), (
        "run `python -m holdfast.inputs.schema specs/schemas`"
    )


@pytest.mark.parametrize("path", [*CLUSTERS, *PLANS], ids=lambda path: path.name)
def test_good_files_fit_the_published_schema(path: Path) -> None:
    kind = "plan" if path in PLANS else "cluster"
    schema = json.loads((SHIPPED / f"{kind}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(parsed(path), schema)


@pytest.mark.parametrize(
    "name",
    [
        "cluster-unknown-key",
        "cluster-missing-unit",
        "cluster-missing-keys",
        "cluster-wrong-units",
        "plan-unknown-steps",
        "plan-missing-keys",
    ],
)
def test_malformed_files_do_not_fit_the_published_schema(name: str) -> None:
    schema = json.loads((SHIPPED / f"{name.split('-')[0]}.schema.json").read_text(encoding="utf-8"))
    data = yaml.safe_load((GOOD.parent / "bad" / f"{name}.yaml").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)
