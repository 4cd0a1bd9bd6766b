"""`holdfast schedule CLUSTER`: what the memory scheduler decides about a machine, and what the host VM needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .app import Unusable, json_option, print_json, print_lines
from .importing import Pages

if TYPE_CHECKING:
    from ..impl.scheduler.host_vm import HostVm
    from ..impl.scheduler.snapshot import Settings, Snapshot, VmMemory
    from ..inputs.records import Cluster, Host, VirtualMachine

EPILOG = """\b
Exit codes: 0 done, and the host VM is admitted, at once or after reclaim; 1 it is rejected; 2 bad input or usage.

\b
Examples:
  holdfast schedule specs/examples/full.yaml
  holdfast schedule specs/examples/host-256gib.yaml --host rack7-n3 --samples 100
  holdfast schedule specs/examples/full.yaml --make-room 56GiB --to kvm-10.0
  holdfast schedule specs/examples/host-256gib.yaml --plan specs/examples/safe.yaml
  holdfast schedule specs/examples/host-256gib.yaml --make-room 192GiB --at-once 2 --json
"""


@dataclass(frozen=True)
class Wanted:
    """The host VM that room is asked for: its size, or the plan that has it."""

    size_pages: int | None
    plan: Path | None
    at_once: int
    reserve_all: bool
    remap: bool
    to_release: str | None

    @property
    def asked(self) -> bool:
        """Whether room is asked for at all."""
        return self.size_pages is not None or self.plan is not None

    def check(self, ctx: click.Context) -> None:
        """Raises UsageError where options say different things, or nothing."""
        if self.size_pages is not None and self.plan is not None:
            raise click.UsageError("--plan has the host VM's size: leave --make-room out, or --plan", ctx)
        if self.plan is not None and self.to_release:
            raise click.UsageError("--plan says to which release: leave --to out", ctx)
        if self.reserve_all and self.remap:
            raise click.UsageError("what is remapped is not reserved twice: leave --reserve-all or --remap out", ctx)
        if not self.asked and (self.reserve_all or self.remap or self.to_release or self.at_once > 1):
            raise click.UsageError("--at-once, --reserve-all, --remap and --to need --make-room or --plan", ctx)


@click.command(short_help="Decide who gives memory, and what the host VM needs.", epilog=EPILOG)
@click.argument("cluster", type=click.Path(path_type=Path))
@click.option("--host", "host_name", metavar="NAME", help="The machine; needed where the cluster has several.")
@click.option("--make-room", type=Pages(), metavar="SIZE", help="Ask the gate for a host VM of that size.")
@click.option("--plan", type=click.Path(path_type=Path), help="Ask the gate for the host VM of this plan.")
@click.option("--at-once", type=click.IntRange(min=1), default=1, help="VMs copied into it side by side. Default: 1.")
@click.option("--reserve-all", is_flag=True, help="The host VM has all of its frames from the start.")
@click.option("--remap", is_flag=True, help="Frames change hands as VMs go in, instead of being copied.")
@click.option("--to", "to_release", metavar="RELEASE", help="Have room for this release beside the old one, too.")
@click.option("--samples", type=click.IntRange(min=1), metavar="N", help="As if N pages of each VM had been looked at.")
@click.option("--hard-swaps-all", is_flag=True, help="Balloons do not go on in Hard with what they were asked for.")
@json_option
@click.pass_context
def schedule(
    ctx: click.Context,
    cluster: Path,
    host_name: str | None,
    make_room: int | None,
    plan: Path | None,
    at_once: int,
    reserve_all: bool,
    remap: bool,
    to_release: str | None,
    samples: int | None,
    hard_swaps_all: bool,
    as_json: bool,
) -> None:
    """Decide once about the memory of a machine in a CLUSTER file: for each VM its pages by class, what it is due, how much
    it can spare, by which technique pages are taken from it, its targets, and why. With --make-room or --plan, what it takes
    to admit the host VM before an exchange. That counts what VMs use now; whether guests that grow are a danger to a plan
    is what `holdfast verify` answers.

    The file's pages count as seen, every one of them; with --samples, the decision is what it would be had only so many
    been looked at."""
    from ..impl.scheduler.snapshot import Settings
    from ..inputs.load import load_cluster

    wanted = Wanted(make_room, plan, at_once, reserve_all, remap, to_release)
    wanted.check(ctx)
    known = load_cluster(cluster)
    host = _host(known, host_name)
    snapshot = _snapshot(known, host, Settings(hard_keeps_balloons=not hard_swaps_all), samples)
    host_vm = _host_vm(known, host, wanted) if wanted.asked else None
    ctx.exit(_report(known, host, snapshot, host_vm, as_json))


def _report(cluster: Cluster, host: Host, snapshot: Snapshot, host_vm: HostVm | None, as_json: bool) -> int:
    """Print the decision, and the gate's answer where it is asked; the exit code."""
    from ..impl.scheduler.admission import Outcome
    from ..impl.scheduler.host_vm import make_room
    from ..impl.scheduler.policy import decide
    from .scheduled import decision_lines, decision_record, room_lines, room_record

    decision = decide(snapshot)
    answer = make_room(snapshot, host_vm) if host_vm else None
    if as_json:
        room = {"make_room": room_record(answer)} if answer else {}
        print_json({"file": cluster.source, "host": host.name, **decision_record(snapshot, decision), **room})
    else:
        lines = list(decision_lines(host.name, snapshot, decision))
        print_lines([*lines, "", *room_lines(snapshot, host_vm, answer)] if host_vm and answer else lines)
    return 1 if answer is not None and answer.outcome is Outcome.REJECT else 0


def _host(cluster: Cluster, name: str | None) -> Host:
    """The machine that is meant. Raises Unusable."""
    from ..inputs.problems import did_you_mean, one_of

    names = list(cluster.host_named)
    if name is None and len(names) == 1:
        return cluster.hosts[0]
    if name is None:
        raise Unusable(f"{cluster.source} has {len(names)} machines: name one with --host, {one_of(names)}")
    if name not in cluster.host_named:
        raise Unusable(f"{cluster.source} has no host {name}: {did_you_mean(name, names) or f'it has {one_of(names)}'}")
    return cluster.host_named[name]


def _snapshot(cluster: Cluster, host: Host, settings: Settings, samples: int | None) -> Snapshot:
    """The machine as the file describes it. Raises Unusable where its VMs have more than it has."""
    from ..impl.scheduler.snapshot import MachineMemory, Snapshot
    from ..story.sizes import size

    release = cluster.release_named[host.release]
    vms = cluster.vms_on(host.name)
    used = release.footprint_pages + sum(vm.classes.resident_pages + release.vm_overhead_pages for vm in vms)
    if used > host.memory_pages:
        raise Unusable(f"{host.name} has {size(host.memory_pages)}, but {size(used)} are in use: it cannot be so full")
    swapped = sum(vm.swapped_pages for vm in vms)
    if swapped > host.swap_pages:
        raise Unusable(f"{host.name} has {size(host.swap_pages)} of swap, but {size(swapped)} are swapped")
    machine = MachineMemory(host.memory_pages, used, release.footprint_pages, host.swap_pages)
    theirs = tuple(_vm(vm, release.vm_overhead_pages, samples) for vm in vms)
    return Snapshot(0, machine, theirs, settings=settings)


def _vm(vm: VirtualMachine, overhead_pages: int, samples: int | None) -> VmMemory:
    from ..impl.scheduler.estimates import ClassPages, Sample, apportion
    from ..impl.scheduler.snapshot import VmMemory

    c = vm.classes
    pages = ClassPages(
        c.unreclaimable_pages,
        c.active_anonymous_pages,
        c.active_buffer_pages,
        c.inactive_anonymous_pages,
        c.inactive_buffer_pages,
        c.free_pages,
    )
    seen = apportion(samples, pages) if samples is not None and samples < pages.total else pages
    return VmMemory(
        name=vm.name,
        size_pages=vm.size_pages,
        reservation_pages=vm.reservation_pages,
        limit_pages=vm.limit_pages,
        shares=vm.shares,
        resident_pages=pages.total,
        ballooned_pages=vm.ballooned_pages,
        swapped_pages=vm.swapped_pages,
        balloon_target_pages=vm.ballooned_pages,
        swap_target_pages=vm.swapped_pages,
        overhead_pages=overhead_pages,
        has_balloon=vm.balloon,
        sample=Sample(pages.total, seen, 0),
    )


def _host_vm(cluster: Cluster, host: Host, wanted: Wanted) -> HostVm:
    """The host VM, by its size or as a plan has it. Raises Unusable, and BadInput for the plan."""
    from ..impl.scheduler.host_vm import HostVm

    release = cluster.release_named[host.release]
    if wanted.plan is not None:
        return _planned(cluster, host, wanted, wanted.plan)
    size_pages = wanted.size_pages or 0
    return HostVm(
        size_pages=size_pages,
        footprint_pages=release.footprint_pages,
        overhead_pages=release.vm_overhead_pages,
        vm_overhead_pages=release.vm_overhead_pages,
        reserved_pages=size_pages if wanted.reserve_all else 0,
        at_once=wanted.at_once,
        remapped=wanted.remap,
        beside_pages=_footprint(cluster, wanted.to_release) if wanted.to_release else 0,
    )


def _planned(cluster: Cluster, host: Host, wanted: Wanted, path: Path) -> HostVm:
    """The host VM as a plan has it. Raises Unusable where the plan is about something else, and BadInput."""
    from ..impl.scheduler.host_vm import HostVm
    from ..inputs.load import load_plan

    plan = load_plan(path)
    if plan.host != host.name or plan.cluster != cluster:
        about = f"{plan.host} in {plan.cluster.source}"
        raise Unusable(f"{plan.source} is about {about}, not {host.name} in {cluster.source}")
    vm = plan.host_vm
    return HostVm(
        size_pages=vm.size_pages,
        footprint_pages=vm.guest_footprint_pages,
        overhead_pages=vm.overhead_pages,
        vm_overhead_pages=vm.vm_overhead_pages,
        reserved_pages=vm.size_pages if wanted.reserve_all else 0,
        at_once=wanted.at_once,
        remapped=wanted.remap,
        beside_pages=_footprint(cluster, plan.to_release),
    )


def _footprint(cluster: Cluster, release: str) -> int:
    """What a release takes on a machine. Raises Unusable where there is none of that name."""
    from ..inputs.problems import did_you_mean, one_of

    names = list(cluster.release_named)
    if release not in cluster.release_named:
        advice = did_you_mean(release, names) or f"it has {one_of(names)}"
        raise Unusable(f"{cluster.source} has no release {release}: {advice}")
    return cluster.release_named[release].footprint_pages
