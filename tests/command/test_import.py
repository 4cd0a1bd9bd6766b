"""`holdfast import libvirt`: what it writes, and what it refuses to write over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.inputs.load import load_cluster, load_plan

from . import ROOT, run

DOMAIN = ROOT / "tests" / "importers" / "domains" / "02-web-q35.xml"
MEMINFO = ROOT / "tests" / "importers" / "first.meminfo"


def test_without_output_the_cluster_goes_to_stdout() -> None:
    done = run("import", "libvirt", DOMAIN, "--memory", "64GiB")

    assert done.exit_code == 0
    assert "name: web1" in done.stdout
    assert done.stdout.startswith("#")


def test_every_fact_that_is_given_arrives(tmp_path: Path) -> None:
    cluster_file, plan_file = tmp_path / "cluster.yaml", tmp_path / "deeper" / "plan.yaml"
    plan_file.parent.mkdir()
    facts = (
        "--host alpha --memory 64GiB --swap 4GiB --processors 8 --commit-limit 150 --old a --old-footprint 3GiB "
        "--old-vm-overhead 8MiB --old-writes 4 --old-reads 3,4 --old-hardware-versions 702 --new b --new-reads 4,5 "
        "--new-hardware-versions 702 --at-most 2"
    )
    done = run("import", "libvirt", DOMAIN, *facts.split(), "-o", cluster_file, "--plan", plan_file)
    cluster, plan = load_cluster(cluster_file), load_plan(plan_file)
    alpha, a = cluster.host_named["alpha"], cluster.release_named["a"]

    assert done.exit_code == 0, done.stderr
    assert (alpha.memory_pages, alpha.swap_pages, alpha.processors) == (64 << 18, 4 << 18, 8)
    assert alpha.commit_limit_percent == 150
    assert (a.footprint_pages, a.vm_overhead_pages, a.writes_format) == (3 << 18, 8 << 8, 4)
    assert (a.reads_formats, a.hardware_versions) == ((3, 4), (702,))
    assert cluster.release_named["b"].reads_formats == (4, 5)
    assert (plan.host, plan.to_release, plan.cluster) == ("alpha", "b", cluster)


def test_nothing_is_written_over_unless_forced_and_nothing_by_halves(tmp_path: Path) -> None:
    cluster, plan = tmp_path / "cluster.yaml", tmp_path / "plan.yaml"
    plan.write_text("mine", encoding="utf-8")
    arguments = ("import", "libvirt", DOMAIN, "--memory", "64GiB", "-o", cluster, "--plan", plan)

    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert (plan.read_text(encoding="utf-8"), cluster.exists()) == ("mine", False)
    assert run(*arguments, "--force").exit_code == 0
    assert plan.read_text(encoding="utf-8") != "mine"


def test_json_lists_what_was_assumed(tmp_path: Path) -> None:
    done = run("import", "libvirt", DOMAIN, "--memory", "64GiB", "-o", tmp_path / "c.yaml", "--json")
    said = json.loads(done.stdout)

    assert said["vms"] == ["web1"]
    assert said["assumptions"] == list(load_cluster(tmp_path / "c.yaml").assumptions)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--memory", "64GB"], "units are binary and written in full: `64GiB`"),
        (["--memory", "64GiB", "--plan", "p.yaml"], "--plan needs -o FILE"),
        (["--memory", "64GiB", "--old-reads", "3,x"], "expected whole numbers such as 4 or 3,4"),
        (["--memory", "64GiB", "--meminfo", "web1"], "expected a VM's name and a file"),
        ([], "no memory of the host"),
        (["--memory", "64GiB", "--meminfo", f"other={MEMINFO}"], "the meminfo of `other`"),
    ],
)
def test_facts_that_make_no_sense_end_with_2_and_a_hint(arguments: list[str], said: str) -> None:
    done = run("import", "libvirt", DOMAIN, *arguments)

    assert done.exit_code == 2
    assert said in done.stderr
