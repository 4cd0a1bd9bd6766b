"""What a plan is for the controller: steps, what waits for what, and the sizes that its memory gate reckons with.

Frozen values that go to JSON and back. Pages are of 4 KiB. Whoever reads plan files makes these; nothing here reads one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from .driver import Place
from .errors import UnusablePlan

ABOUT_A_VM = frozenset({"consolidate", "disassociate", "remap_in", "remap_out", "reclaim", "transfer"})
IN_MEMORY = ("suspend", "launch_new", "tear_down_old", "resume")
"""How the old hypervisor gives way while the host VM is suspended in memory: the verbs in order."""
BY_STORAGE = ("suspend_to_storage", "retire_old", "boot_new", "load_image", "wake", "delete_image")
"""The same, while it is in storage."""
BY_PARTITION = ("split_machine", "boot_beside", "cross", "arrive", "bequeath", "join_new")
"""The same, while both hypervisors run side by side in partitions of their own."""
ABOUT_THE_MACHINE = frozenset({"create_host_vm", *IN_MEMORY, *BY_STORAGE, *BY_PARTITION, "destroy_host_vm"})


@dataclass(frozen=True)
class Step:
    """One verb about one VM or about the machine; it begins when every step in `after` is done."""

    name: str
    verb: str
    vm: str | None = None
    after: tuple[str, ...] = ()
    balloon_pages: int | None = None
    """`reclaim` only: so many pages in the balloon in all; None leaves the target as it is."""
    swap_pages: int | None = None
    """`reclaim` only: so many pages swapped in all; None leaves the target as it is."""
    to: str | None = None
    """`transfer` only: the machine that the VM goes to."""
    to_new: bool = False
    """`transfer` only: whether it goes to the new hypervisor there, since that machine was exchanged before."""
    early: bool = False
    """`transfer` only: whether it runs there before all of it has arrived. If either machine dies meanwhile, it is lost."""


@dataclass(frozen=True)
class VmSizes:
    """What a VM was promised, in pages; how many it may wait for; and what it needs."""

    name: str
    size_pages: int
    reservation_pages: int = 0
    downtime_pages: int | None = None
    """Its budget for downtime: with so many pages left to send at most it may be stunned (L6); None for no budget."""
    hardware: int = 0
    """The version of virtual hardware that it needs."""


@dataclass(frozen=True)
class Sizes:
    """What hypervisors take themselves, for each VM that they carry, and for the host VM. In pages."""

    old_pages: int
    guest_pages: int
    new_pages: int
    old_vm_pages: int = 0
    guest_vm_pages: int = 0
    new_vm_pages: int = 0
    host_vm_pages: int = 0

    def per_vm(self, place: Place) -> int:
        """The frames that the hypervisor there takes for each VM that it carries."""
        return {Place.OLD: self.old_vm_pages, Place.GUEST: self.guest_vm_pages, Place.NEW: self.new_vm_pages}[place]


@dataclass(frozen=True)
class Formats:
    """The hand-off format that the old hypervisor writes, and those that the new one reads, by number."""

    written: int = 1
    read: tuple[int, ...] = (1,)

    @property
    def readable(self) -> bool:
        """Whether the new hypervisor reads what the old one writes."""
        return self.written in self.read


@dataclass(frozen=True)
class Hardware:
    """The versions of virtual hardware that the new hypervisor offers."""

    offered_from: int = 0
    offered_upto: int = 0

    def offers(self, vm: VmSizes) -> bool:
        """Whether it offers what the VM needs."""
        return self.offered_from <= vm.hardware <= self.offered_upto


@dataclass(frozen=True)
class Tolerated:
    """How often each fault may strike before the run stops: the assumptions of the plan's proof."""

    migration_aborted: int = 0
    destination_killed: int = 0
    boot_failed: int = 0
    format_unreadable: int = 0
    map_corrupted: int = 0
    image_torn: int = 0
    storage_full: int = 0
    load_torn: int = 0
    power_lost: int = 0
    transfer_failed: int = 0


@dataclass(frozen=True)
class Plan:
    """An exchange of one machine's hypervisor. `checked` before it is used.

    VMs that may come from other machines meanwhile are among its VMs.
    """

    name: str
    machine: str
    steps: tuple[Step, ...]
    vms: tuple[VmSizes, ...]
    sizes: Sizes
    tolerated: Tolerated = field(default_factory=Tolerated)
    formats: Formats = field(default_factory=Formats)
    hardware: Hardware = field(default_factory=Hardware)
    network_pages: int = 0
    """How many pages may cross to other machines (S17)."""

    @cached_property
    def vm_named(self) -> Mapping[str, VmSizes]:
        """The sizes of each VM."""
        return {vm.name: vm for vm in self.vms}

    def checked(self) -> Plan:
        """The plan itself. Raises UnusablePlan for what no controller could carry out."""
        names = {step.name for step in self.steps}
        if len(names) < len(self.steps) or len(self.vm_named) < len(self.vms):
            raise UnusablePlan(f"{self.name} has two steps, or two VMs, of one name")
        for step in self.steps:
            _check_step(step, names, self.vm_named)
        try:
            TopologicalSorter({step.name: step.after for step in self.steps}).prepare()
        except CycleError as error:
            raise UnusablePlan(f"steps of {self.name} wait for each other: {' → '.join(error.args[1])}") from None
        return self

    def to_json(self) -> dict[str, Any]:
        """The plan as a JSON value."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Plan:
        """The plan that such a value holds. Raises UnusablePlan."""
        try:
            return cls(
                said["name"],
                said["machine"],
                tuple(_step_from(step) for step in said["steps"]),
                tuple(VmSizes(**vm) for vm in said["vms"]),
                Sizes(**said["sizes"]),
                Tolerated(**said["tolerated"]),
                _formats_from(said.get("formats", {})),
                Hardware(**said.get("hardware", {})),
                said.get("network_pages", 0),
            ).checked()
        except (KeyError, TypeError) as error:
            raise UnusablePlan(f"not a plan: {error}") from None


def _formats_from(said: Mapping[str, Any]) -> Formats:
    """A plan that says nothing of formats, as earlier releases wrote them, was verified with those that fit."""
    return Formats(said["written"], tuple(said["read"])) if said else Formats()


def _step_from(said: Mapping[str, Any]) -> Step:
    fixed = {name: value for name, value in said.items() if name != "after"}
    return Step(**fixed, after=tuple(said["after"]))


def _check_step(step: Step, names: set[str], vms: Mapping[str, VmSizes]) -> None:
    if step.verb not in ABOUT_A_VM | ABOUT_THE_MACHINE:
        raise UnusablePlan(f"{step.name}: there is no verb {step.verb!r}")
    if (step.verb in ABOUT_A_VM) != (step.vm is not None):
        raise UnusablePlan(f"{step.name}: {step.verb} is {'' if step.verb in ABOUT_A_VM else 'not '}about a VM")
    if step.vm is not None and step.vm not in vms:
        raise UnusablePlan(f"{step.name}: there is no VM {step.vm!r}")
    if (step.verb == "transfer") != (step.to is not None):
        raise UnusablePlan(f"{step.name}: {step.verb} {'names no' if step.to is None else 'has no'} machine to go to")
    if missing := set(step.after) - names:
        raise UnusablePlan(f"{step.name} waits for {sorted(missing)[0]!r}, which is no step")


@dataclass(frozen=True)
class Entry:
    """A verb with the VMs that it is about, at most so many of them at a time (all of them where it is 0)."""

    verb: str
    vms: tuple[str, ...] = ()
    at_most: int = 0
    balloon_pages: int | None = None
    swap_pages: int | None = None
    to: str | None = None


def in_order(entries: Iterable[Entry]) -> tuple[Step, ...]:
    """Steps one after the other, as plan files have them: groups of `at_most`, each after the whole of the one before."""
    steps: list[Step] = []
    after: tuple[str, ...] = ()
    for entry in entries:
        for group in _groups(entry.vms or (None,), entry.at_most):
            made = [_step(entry, vm, after) for vm in group]
            steps += made
            after = tuple(step.name for step in made)
    return tuple(steps)


def _groups(vms: Sequence[str | None], at_most: int) -> Iterable[Sequence[str | None]]:
    size = at_most or len(vms)
    return (vms[i : i + size] for i in range(0, len(vms), size))


def _step(entry: Entry, vm: str | None, after: tuple[str, ...]) -> Step:
    name = entry.verb if vm is None else f"{entry.verb} {vm}"
    return Step(name, entry.verb, vm, after, entry.balloon_pages, entry.swap_pages, entry.to)


def whole_exchange(vms: Sequence[str], at_most: int) -> tuple[Step, ...]:
    """The steps of an exchange by suspending in memory, nothing reclaimed."""
    return _exchange(vms, at_most, IN_MEMORY)


def whole_exchange_by_storage(vms: Sequence[str], at_most: int) -> tuple[Step, ...]:
    """The steps of an exchange by suspending to storage (US10963290), nothing reclaimed."""
    return _exchange(vms, at_most, BY_STORAGE)


def whole_exchange_by_partition(vms: Sequence[str], at_most: int) -> tuple[Step, ...]:
    """The steps of an exchange by migrating the host VM to a second partition (US10445123), nothing reclaimed."""
    return _exchange(vms, at_most, BY_PARTITION)


def _exchange(vms: Sequence[str], at_most: int, between: Iterable[str]) -> tuple[Step, ...]:
    """All VMs into the host VM, the old hypervisor gives way to the new one, and all VMs out again."""
    into = Entry("create_host_vm"), Entry("consolidate", tuple(vms), at_most)
    out = Entry("disassociate", tuple(vms), at_most), Entry("destroy_host_vm")
    return in_order((*into, *(Entry(verb) for verb in between), *out))


def whole_exchange_by_remapping(vms: Sequence[str], at_most: int) -> tuple[Step, ...]:
    """The steps of an exchange in memory in which no VM is copied: their frames change hands where they are (D6)."""
    into = Entry("create_host_vm"), Entry("remap_in", tuple(vms), at_most)
    out = Entry("remap_out", tuple(vms), at_most), Entry("destroy_host_vm")
    return in_order((*into, *(Entry(verb) for verb in IN_MEMORY), *out))
