"""A proposal of the planner as a plan file."""

from collections.abc import Iterator

from ..impl.plan import Entry
from ..impl.planner import Proposal
from ..inputs.records import HostVm
from ..inputs.sizes import size_text
from .cluster_text import name_text


def planned_text(proposal: Proposal, host: str, to_release: str, host_vm: HostVm, cluster_file: str) -> str:
    """The text of the plan. `cluster_file` is written as it is, so it must be relative to where the plan will lie."""
    lines = [
        "# Proposed by `holdfast plan`; `holdfast verify` says whether it is safe.",
        "plan: 1",
        f"cluster: {name_text(cluster_file)}",
        f"host: {name_text(host)}",
        f"to: {name_text(to_release)}",
        "host_vm:",
        f"  size: {size_text(proposal.host_vm_size_pages)}",
        f"  overhead: {size_text(host_vm.overhead_pages)}",
        f"  guest_footprint: {size_text(host_vm.guest_footprint_pages)}",
        f"  vm_overhead: {size_text(host_vm.vm_overhead_pages)}",
        "faults: {migration_aborted: 1, destination_killed: 1, boot_failed: 1, format_unreadable: 1}",
        "guests: as given",
        "steps:",
        *(line for entry in proposal.entries for line in _entry_lines(entry)),
    ]
    return "\n".join(lines) + "\n"


def _entry_lines(entry: Entry) -> Iterator[str]:
    if entry.verb == "reclaim":
        (vm,) = entry.vms
        yield f"  - reclaim: {{vm: {name_text(vm)}, balloon: {size_text(entry.balloon_pages or 0)}}}"
    elif entry.vms:
        yield f"  - {entry.verb}: [{', '.join(name_text(vm) for vm in entry.vms)}]"
        yield f"    at_most: {entry.at_most}"
    else:
        yield f"  - {entry.verb}"
