"""From what libvirt prints to a verdict, with two commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ..command import ROOT, run

DOMAINS = sorted((ROOT / "tests" / "importers" / "domains").glob("*.xml"))
NAMES = ("--old", "kvm-8.2", "--new", "kvm-10.0")
ROOMY = ("--memory", "8TiB", "--swap", "0", "--processors", "64", "--commit-limit", "100")
DEFINED = {
    "small": "<memory unit='MiB'>512</memory><os><type machine='pc-i440fx-7.2'>hvm</type></os>",
    "ballooned": "<memory unit='GiB'>2</memory><currentMemory unit='GiB'>1</currentMemory><os><type>hvm</type></os>"
    "<devices><memballoon model='virtio'/></devices>",
    "promised": "<memory unit='GiB'>1</memory><memtune><min_guarantee unit='MiB'>256</min_guarantee></memtune>"
    "<os><type>hvm</type></os>",
}


def two_commands(folder: Path, *arguments: str | Path) -> dict[str, object]:
    """`import libvirt`, then `verify`: the verdict, which says what was assumed."""
    cluster, plan = folder / "cluster.yaml", folder / "plan.yaml"
    imported = run("import", "libvirt", *arguments, *NAMES, "-o", cluster, "--plan", plan)
    assert imported.exit_code == 0, imported.stderr
    verified = run("verify", plan, "--json")
    said: dict[str, object] = json.loads(verified.stdout)
    assert verified.exit_code == {"Holds": 0, "Violated": 1}[str(said["verdict"])]
    return said


def test_there_are_ten_domain_files_of_different_shapes() -> None:
    assert len(DOMAINS) == 10


@pytest.mark.parametrize("path", DOMAINS, ids=lambda p: p.stem)
def test_a_domain_goes_to_a_verdict_with_two_commands(path: Path, tmp_path: Path) -> None:
    said = two_commands(tmp_path, path, *ROOMY)

    assert said["verdict"] == "Holds"
    assert any("drift" in str(a) or "may use all of its memory" in str(a) for a in _list(said["assumptions"]))


def test_all_ten_together_on_a_machine_that_is_too_small_are_refused_with_a_reason(tmp_path: Path) -> None:
    roomy, tight = tmp_path / "roomy", tmp_path / "tight"
    roomy.mkdir()
    tight.mkdir()
    held = two_commands(roomy, *DOMAINS, *ROOMY)
    broken = two_commands(tight, *DOMAINS, "--memory", "16GiB")

    assert held["verdict"] == "Holds"
    assert (broken["verdict"], broken["length"]) == ("Violated", 0)
    assert run("verify", tight / "plan.yaml").stdout.count("Before any step ") == 1


def test_an_inventory_written_by_libvirt_goes_to_a_verdict_with_two_commands(tmp_path: Path) -> None:
    virsh = shutil.which("virsh")
    if virsh is None:
        pytest.skip("virsh is not installed (Debian: libvirt-clients), so libvirt cannot write an inventory here")
    domains, domstats, nodeinfo = _inventory(virsh, tmp_path)

    said = two_commands(tmp_path, domains, "--domstats", domstats, "--nodeinfo", nodeinfo, "--host", "node")

    steps = [step.split(" ")[1] for step in _plan_steps(tmp_path) if step.startswith("consolidate ")]
    assert sorted(steps) == sorted([*DEFINED, "test"])
    assert said["host"] == "node"
    assert (said["verdict"], said["property"]) == ("Violated", "commitments_within_limit")
    assert said["length"] == 0, "libvirt's test machine has 3 GiB, and promises 8 to its test domain alone"


def test_the_same_inventory_on_a_machine_that_can_carry_it_is_safe(tmp_path: Path) -> None:
    virsh = shutil.which("virsh")
    if virsh is None:
        pytest.skip("virsh is not installed (Debian: libvirt-clients), so libvirt cannot write an inventory here")
    domains, domstats, _ = _inventory(virsh, tmp_path)

    assert two_commands(tmp_path, domains, "--domstats", domstats, "--memory", "48GiB")["verdict"] == "Holds"


def _inventory(virsh: str, folder: Path) -> list[Path]:
    """What virsh prints of libvirt's built-in test machine with domains defined in it: one run, since it forgets."""
    commands: list[str] = []
    for number, (name, body) in enumerate(DEFINED.items()):
        path = folder / f"{number}.xml"
        path.write_text(f"<domain type='test'><name>{name}</name>{body}</domain>", encoding="utf-8")
        commands += [f"define {path}", f"start {name}"]
    commands += ["echo =====", *(f"dumpxml {name}" for name in (*DEFINED, "test"))]
    commands += ["echo =====", "domstats", "echo =====", "nodeinfo"]
    printed = subprocess.run(
        [virsh, "--quiet", "--connect", "test:///default", "; ".join(commands)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    files = [folder / "domains.xml", folder / "domstats.txt", folder / "nodeinfo.txt"]
    for file, part in zip(files, printed.split("=====")[1:], strict=True):
        file.write_text(part, encoding="utf-8")
    return files


def _plan_steps(folder: Path) -> list[str]:
    from holdfast.inputs.load import load_plan

    return [step.name for step in load_plan(folder / "plan.yaml").steps]


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
