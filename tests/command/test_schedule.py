"""`holdfast schedule`: a decision about a machine in a cluster file, and what the host VM needs; held to the verifier."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from . import EXAMPLES, run

FULL, HOST = EXAMPLES / "full.yaml", EXAMPLES / "host-256gib.yaml"


def record(*arguments: str | Path) -> dict[str, Any]:
    """What the command prints as JSON."""
    found: dict[str, Any] = json.loads(run("schedule", *arguments, "--json").stdout)
    return found


def test_every_vm_is_told_with_its_classes_targets_and_why() -> None:
    done = run("schedule", FULL)

    assert done.exit_code == 0
    for name in ("web", "db", "cache"):
        assert re.search(rf"^{name}  .*balloon active$", done.stdout, re.MULTILINE)
    assert done.stdout.startswith("full-1  memory is HIGH: 10.81 GiB of 64 GiB free")
    for label in ("pages", "due", "spares", "targets", "why"):
        assert len(re.findall(rf"^  {label} ", done.stdout, re.MULTILINE)) == 3


def test_all_the_pages_of_the_file_count_as_seen() -> None:
    web = record(FULL)["vms"][0]

    assert web["estimate"]["unreclaimable_pages"] == 512 << 8
    assert web["estimate"]["active_anonymous_pages"] == 3 << 18
    assert (web["estimate"]["error_pages"], web["allocated_pages"], web["spare_pages"]) == (0, 5 << 18, 2 << 18)


def test_with_few_samples_it_is_less_sure() -> None:
    sure, unsure = record(HOST, "--make-room", "240GiB"), record(HOST, "--make-room", "240GiB", "--samples", "100")
    told = run("schedule", HOST, "--samples", "100").stdout

    assert unsure["make_room"]["sparable_pages"] < sure["make_room"]["sparable_pages"]
    assert "100 of 1048576 pages seen, 0 s ago: with 95 % confidence it uses" in told
    for vm in unsure["vms"]:
        assert 0 < vm["estimate"]["error_pages"] * 1000 <= 136 * vm["resident_pages"]


def test_the_host_vm_is_admitted_after_reclaim_or_rejected() -> None:
    fits = run("schedule", HOST, "--plan", EXAMPLES / "safe.yaml")
    waits = run("schedule", FULL, "--make-room", "60GiB", "--to", "kvm-10.0")
    small = run("schedule", FULL, "--make-room", "40GiB")
    reserved = run("schedule", FULL, "--make-room", "60GiB", "--reserve-all")

    assert [r.exit_code for r in (fits, waits, small, reserved)] == [0, 0, 1, 1]
    assert "\nADMIT  a host VM of 240 GiB, elastic, entered by one VM at a time" in fits.stdout
    assert "\nADMIT AFTER RECLAIM  a host VM of 60 GiB" in waits.stdout
    assert "balloon plan    cache: 0 -> " in waits.stdout
    assert "why             it is smaller than what is to be inside: short of 13.19 GiB" in small.stdout
    assert "why             its reservation does not fit beside those of others" in reserved.stdout


def test_more_at_once_needs_more() -> None:
    needs = [
        record(HOST, "--make-room", "240GiB", "--at-once", at_once)["make_room"]["needs_pages"] for at_once in "123"
    ]

    assert needs == sorted(set(needs))
    assert record(HOST, "--make-room", "240GiB", "--remap")["make_room"]["needs_pages"] == (2 << 18) + 2 * (96 << 8)


# -------------------------------------------------------------------------------------- the verifier has the last word
PLAN = """\
plan: 1
cluster: still.yaml
host: full-1
to: kvm-10.0
host_vm: {size: 56GiB, overhead: 256MiB, guest_footprint: 512MiB, vm_overhead: 64MiB}
faults: {migration_aborted: 1, destination_killed: 1, boot_failed: 1, format_unreadable: 1}
guests: as given
steps:
"""
STEPS = """\
  - create_host_vm
  - consolidate: [web, cache, db]
    at_most: 1
  - suspend
  - launch_new
  - tear_down_old
  - resume
  - disassociate: [web, cache, db]
    at_most: 1
  - destroy_host_vm
"""


def still(folder: Path) -> Path:
    """The full machine, with guests that have all their pages and do not grow."""
    text = FULL.read_text(encoding="utf-8").replace("size: 8GiB", "size: 7GiB").replace("size: 24GiB", "size: 22GiB")
    cluster = folder / "still.yaml"
    cluster.write_text(re.sub(r"drift: \{.*\}", "drift: {resident: 0, hot: 0}", text), encoding="utf-8")
    return cluster


def verified(folder: Path, targets: dict[str, int]) -> int:
    """The verifier's answer to the exchange with these balloon targets first."""
    reclaims = "".join(f"  - reclaim: {{vm: {name}, balloon: {t * 4}KiB}}\n" for name, t in targets.items())
    plan = folder / "plan.yaml"
    plan.write_text(PLAN + reclaims + STEPS, encoding="utf-8")
    return run("verify", plan).exit_code


def test_what_the_gate_plans_is_proved_and_what_it_leaves_out_is_missed(tmp_path: Path) -> None:
    cluster = still(tmp_path)
    (tmp_path / "plan.yaml").write_text(PLAN + STEPS, encoding="utf-8")
    found = record(cluster, "--plan", tmp_path / "plan.yaml")
    targets, stays_free = found["make_room"]["balloon_plan_pages"], found["lines"]["soft_pages"]
    less = {**targets, "db": targets["db"] - stays_free // 2 - 200}

    assert found["make_room"]["outcome"] == "admit after reclaim"
    assert verified(tmp_path, targets) == 0
    assert verified(tmp_path, less) == 1


# ------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "full-2"], "no host full-2: did you mean `full-1`?"),
        (["--make-room", "60GiB", "--to", "kvm-10"], "no release kvm-10: did you mean `kvm-10.0`?"),
        (["--make-room", "60GB"], "units are binary and written in full"),
        (["--at-once", "2"], "need --make-room or --plan"),
        (["--make-room", "60GiB", "--remap", "--reserve-all"], "is not reserved twice"),
        (["--make-room", "1GiB", "--plan", "p.yaml"], "leave --make-room out, or --plan"),
        (["--plan", "p.yaml", "--to", "kvm-10.0"], "leave --to out"),
        (["--plan", str(EXAMPLES / "safe.yaml")], "is about rack7-n3"),
        (["--plan", "no-such-plan.yaml"], "no such file"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], said: str) -> None:
    done = run("schedule", FULL, *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_cluster_of_several_machines_needs_a_name(tmp_path: Path) -> None:
    text = FULL.read_text(encoding="utf-8")
    host = next(line for line in text.splitlines() if "name: full-1" in line)
    cluster = tmp_path / "two.yaml"
    cluster.write_text(text.replace(host, f"{host}\n{host.replace('full-1', 'empty-1')}"), encoding="utf-8")

    assert "has 2 machines: name one with --host, full-1 or empty-1" in run("schedule", cluster).stderr
    assert run("schedule", cluster, "--host", "empty-1").stdout.startswith("empty-1  memory is HIGH")


@pytest.mark.parametrize(
    ("was", "now"), [("memory: 64GiB", "memory: 48GiB"), ("free: 1GiB}", "free: 1GiB, swapped: 512MiB}")]
)
def test_a_machine_that_has_more_than_there_is_is_bad_input(tmp_path: Path, was: str, now: str) -> None:
    cluster = tmp_path / "over.yaml"
    cluster.write_text(FULL.read_text(encoding="utf-8").replace(was, now), encoding="utf-8")
    done = run("schedule", cluster)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "full-1" in done.stderr


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" in run("schedule", FULL, color=True).stdout
    assert "\x1b[" not in run("schedule", FULL).stdout
