"""`holdfast plan CLUSTER`: from a goal to a plan file, which nobody trusts before `verify` has accepted it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .app import Unusable, json_option, print_json
from .importing import Pages

if TYPE_CHECKING:
    from ..inputs.records import Cluster

EPILOG = """\b
Example:
  holdfast plan specs/examples/host-256gib.yaml --host rack7-n3 --to kvm-10.0 \\
      --at-most 4 -o plan.yaml
  holdfast verify plan.yaml --proof plan.proof
"""


@click.command("plan", short_help="Make a plan for an exchange.", epilog=EPILOG)
@click.argument("cluster_file", metavar="CLUSTER", type=click.Path(path_type=Path))
@click.option("--host", required=True, help="The machine whose hypervisor is exchanged.")
@click.option("--to", "to_release", required=True, metavar="RELEASE", help="The release that it is to run.")
@click.option("--at-most", type=click.IntRange(min=1), default=1, show_default=True, help="VMs in flight at once.")
@click.option("--guest-footprint", type=Pages(), default="1GiB", show_default=True, help="The guest hypervisor itself.")
@click.option("--vm-overhead", type=Pages(), default="64MiB", show_default=True, help="What it takes for each VM.")
@click.option(
    "--host-vm-overhead", type=Pages(), default="512MiB", show_default=True, help="For the host VM, outside it."
)
@click.option("-o", "--output", "output_file", type=click.Path(path_type=Path), help="Write the plan there.")
@json_option
def plan(
    cluster_file: Path,
    host: str,
    to_release: str,
    at_most: int,
    guest_footprint: int,
    vm_overhead: int,
    host_vm_overhead: int,
    output_file: Path | None,
    as_json: bool,
) -> None:
    """Make a plan that exchanges the hypervisor of a host of this CLUSTER by suspending its VMs in memory.

    Pages are reclaimed first where the machine is too full. The plan is a proposal: `holdfast verify` decides."""
    from ..impl.planner import propose
    from ..importers.planned import planned_text
    from ..inputs.load import load_cluster
    from ..inputs.records import HostVm
    from ..running import goal_of

    cluster = load_cluster(cluster_file)
    _known(cluster, host, to_release)
    host_vm = HostVm(0, guest_footprint, vm_overhead, host_vm_overhead)
    proposal = propose(goal_of(cluster, host, to_release, host_vm, at_most))
    beside = output_file.absolute().parent if output_file else Path.cwd()
    text = planned_text(proposal, host, to_release, host_vm, os.path.relpath(cluster_file, beside))
    if output_file is not None:
        _write(output_file, text)
    if as_json:
        print_json(
            {"plan": text, "file": str(output_file) if output_file else None, "short_pages": proposal.short_pages}
        )
    elif output_file is None:
        click.echo(text, nl=False)
    if proposal.short_pages:
        click.echo(f"the machine may be short by {proposal.short_pages} pages, reclaiming included", err=True)


def _known(cluster: Cluster, host: str, to_release: str) -> None:
    if host not in cluster.host_named:
        raise Unusable(f"The cluster has no host {host}; it has {', '.join(cluster.host_named)}")
    if to_release not in cluster.release_named:
        raise Unusable(f"The cluster has no release {to_release}; it has {', '.join(cluster.release_named)}")
    if cluster.host_named[host].release == to_release:
        raise Unusable(f"{host} runs {to_release} already")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file} cannot be written: {error.strerror}") from None
