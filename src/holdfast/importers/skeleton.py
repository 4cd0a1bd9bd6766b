"""The straightforward plan for one host: everything in, exchange, everything out. It is a start, and not known safe."""

import json
from collections.abc import Sequence

from ..inputs.records import Cluster, HostVm
from ..inputs.sizes import PAGE_KIB, size_text
from .cluster_text import name_text

GUEST_FOOTPRINT_PAGES_DEFAULT = (1 << 20) // PAGE_KIB
OVERHEAD_PAGES_DEFAULT = (512 << 10) // PAGE_KIB
_EXCHANGE = ("suspend", "launch_new", "tear_down_old", "resume")


def skeleton_plan(
    cluster: Cluster, host: str, to_release: str, at_most: int, cluster_file: str, host_vm: HostVm | None = None
) -> str:
    """The text of a plan that moves every VM of a host, at most `at_most` at a time.

    `cluster_file` is written into the plan as it is, so it must be relative to where the plan will lie. Without
    `host_vm`, the host VM is made large enough for all of its residents, and the plan lists what that assumes.
    """
    vms = [vm.name for vm in cluster.vms_on(host)]
    sizes, assumptions = (host_vm, []) if host_vm is not None else _assumed_host_vm(cluster, host)
    lines = [
        "# The straightforward plan; `holdfast verify` says whether it is safe.",
        "plan: 1",
        f"cluster: {name_text(cluster_file)}",
        f"host: {name_text(host)}",
        f"to: {name_text(to_release)}",
        "host_vm:",
        f"  size: {size_text(sizes.size_pages)}",
        f"  overhead: {size_text(sizes.overhead_pages)}",
        f"  guest_footprint: {size_text(sizes.guest_footprint_pages)}",
        f"  vm_overhead: {size_text(sizes.vm_overhead_pages)}",
        "faults: {migration_aborted: 1, boot_failed: 1}",
        "guests: as given",
        *_assumption_lines(assumptions),
        "steps:",
        "  - create_host_vm",
        *_moves("consolidate", vms, at_most),
        *(f"  - {verb}" for verb in _EXCHANGE),
        *_moves("disassociate", vms, at_most),
        "  - destroy_host_vm",
    ]
    return "\n".join(lines) + "\n"


def _assumed_host_vm(cluster: Cluster, host: str) -> tuple[HostVm, list[str]]:
    """A host VM for all VMs of a host at their full size."""
    release = cluster.release_named[cluster.host_named[host].release]
    vms = cluster.vms_on(host)
    residents_pages = sum(vm.size_pages + release.vm_overhead_pages for vm in vms)
    sizes = HostVm(
        size_pages=GUEST_FOOTPRINT_PAGES_DEFAULT + residents_pages,
        guest_footprint_pages=GUEST_FOOTPRINT_PAGES_DEFAULT,
        vm_overhead_pages=release.vm_overhead_pages,
        overhead_pages=OVERHEAD_PAGES_DEFAULT,
    )
    return sizes, [
        "host VM: its size is that of all VMs of the host with their overhead and the guest hypervisor",
        f"host VM: the guest hypervisor is assumed to take {size_text(sizes.guest_footprint_pages)}, "
        f"and for every VM as much as {release.name}",
        f"host VM: the outer hypervisor is assumed to take {size_text(sizes.overhead_pages)} for it",
    ]


def _assumption_lines(assumptions: Sequence[str]) -> list[str]:
    listed = [f"  - {json.dumps(sentence, ensure_ascii=False)}" for sentence in assumptions]
    return ["assumptions:", *listed] if listed else []


def _moves(verb: str, vms: Sequence[str], at_most: int) -> list[str]:
    """The step that moves all VMs, if there are any."""
    if not vms:
        return []
    names = ", ".join(name_text(vm) for vm in vms)
    return [f"  - {verb}: [{names}]\n    at_most: {at_most}"]
