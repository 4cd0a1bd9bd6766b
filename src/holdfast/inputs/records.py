"""What a cluster and a plan say, as frozen values: the only form in which the rest of the house sees input.

Every amount of memory is a whole number of 4 KiB pages. Records that `load.py` made have been checked: names are
unique and known, sums fit, orders have no cycle. A plan that is merely unsafe is *not* an error here; deciding that is
the verifier's work. Equality ignores positions, so that the same cluster written twice compares equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from .positions import NOWHERE, Position

Guests = Literal["as given", "unbounded"]


@dataclass(frozen=True)
class Release:
    """A hypervisor release, old or new."""

    name: str
    footprint_pages: int
    """What the hypervisor itself takes on a machine."""
    vm_overhead_pages: int
    """What it takes for every VM on top of the VM's own pages."""
    writes_format: int
    """The hand-off format that it writes."""
    reads_formats: tuple[int, ...]
    nested: bool
    """Whether a hypervisor can run inside its VMs."""
    hardware_versions: tuple[int, ...]
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Host:
    """A machine and the release that it runs now."""

    name: str
    memory_pages: int
    commit_limit_percent: int
    swap_pages: int
    processors: int
    release: str
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class ClassPages:
    """A VM's resident pages by memory usage class (US9529609B2); they are disjoint."""

    unreclaimable_pages: int = 0
    active_anonymous_pages: int = 0
    active_buffer_pages: int = 0
    inactive_anonymous_pages: int = 0
    inactive_buffer_pages: int = 0
    free_pages: int = 0

    @property
    def resident_pages(self) -> int:
        """All six classes: what occupies frames of the machine."""
        cold = self.inactive_anonymous_pages + self.inactive_buffer_pages + self.free_pages
        return self.hot_pages + cold

    @property
    def hot_pages(self) -> int:
        """Unreclaimable and active pages: what the guest needs right now."""
        return self.unreclaimable_pages + self.active_anonymous_pages + self.active_buffer_pages


@dataclass(frozen=True)
class VirtualMachine:
    """A VM with its measured pages and how far its guest may move them."""

    name: str
    host: str
    size_pages: int
    reservation_pages: int
    limit_pages: int
    shares: int
    hardware_version: int
    classes: ClassPages
    ballooned_pages: int
    swapped_pages: int
    balloon: bool
    """Whether a balloon driver works in the guest."""
    resident_peak_pages: int
    """The most that the guest may ever have resident."""
    hot_peak_pages: int
    """The most that may be active or unreclaimable at once."""
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    @property
    def untouched_pages(self) -> int:
        """Pages that the guest never touched: in no class, not ballooned, not swapped."""
        return self.size_pages - self.classes.resident_pages - self.ballooned_pages - self.swapped_pages


@dataclass(frozen=True)
class Cluster:
    """Releases, machines and VMs as they are now, and what had to be assumed about them."""

    releases: tuple[Release, ...]
    hosts: tuple[Host, ...]
    vms: tuple[VirtualMachine, ...]
    assumptions: tuple[str, ...] = ()
    """One sentence for each default that was taken because something was missing."""
    source: str = field(default="", compare=False)

    @cached_property
    def release_named(self) -> Mapping[str, Release]:
        """Releases by name."""
        return {release.name: release for release in self.releases}

    @cached_property
    def host_named(self) -> Mapping[str, Host]:
        """Hosts by name."""
        return {host.name: host for host in self.hosts}

    @cached_property
    def vm_named(self) -> Mapping[str, VirtualMachine]:
        """VMs by name."""
        return {vm.name: vm for vm in self.vms}

    def vms_on(self, host: str) -> tuple[VirtualMachine, ...]:
        """The VMs of one host, in the order in which the file gives them."""
        return tuple(vm for vm in self.vms if vm.host == host)


@dataclass(frozen=True)
class Step:
    """One action of a plan; it starts when every step in `after` is done."""

    name: str
    verb: str
    """One of `verbs.VERBS`."""
    target: str | None
    """The VM that the step is about, or None for a step about the whole machine."""
    after: tuple[str, ...]
    balloon_target_pages: int | None = None
    """`reclaim` only: the VM is to have this many pages ballooned in all; None leaves the target alone."""
    swap_target_pages: int | None = None
    """`reclaim` only: the VM is to have this many pages swapped in all; None leaves the target alone."""
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class HostVm:
    """The VM that carries the guest hypervisor."""

    size_pages: int
    guest_footprint_pages: int
    """What the guest hypervisor itself takes inside the host VM."""
    vm_overhead_pages: int
    """What the guest hypervisor takes for every VM, inside the host VM."""
    overhead_pages: int
    """What the outer hypervisor needs for the host VM, outside it."""
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Faults:
    """How many faults of each kind the plan must survive."""

    migration_aborted: int = 0
    destination_killed: int = 0
    boot_failed: int = 0
    format_unreadable: int = 0
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Plan:
    """The exchange of one host's hypervisor, step by step."""

    name: str
    host: str
    to_release: str
    host_vm: HostVm
    steps: tuple[Step, ...]
    faults: Faults
    guests: Guests
    cluster: Cluster
    assumptions: tuple[str, ...] = ()
    """What was assumed about the plan itself; `all_assumptions` adds the cluster's."""
    source: str = field(default="", compare=False)
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    @cached_property
    def step_named(self) -> Mapping[str, Step]:
        """Steps by name."""
        return {step.name: step for step in self.steps}

    @property
    def all_assumptions(self) -> tuple[str, ...]:
        """The cluster's assumptions, then the plan's."""
        return self.cluster.assumptions + self.assumptions

    @cached_property
    def residents(self) -> tuple[VirtualMachine, ...]:
        """The VMs of the plan's host, with drift as the plan's `guests` wants it."""
        vms = self.cluster.vms_on(self.host)
        if self.guests == "as given":
            return vms
        return tuple(replace(vm, resident_peak_pages=vm.size_pages, hot_peak_pages=vm.size_pages) for vm in vms)
