"""Small worlds in which the controller is crashed: each with its plan, sizes at which a mistake shows, and its ending."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from holdfast.impl.plan import (
    Entry,
    Hardware,
    Plan,
    Sizes,
    Step,
    Tolerated,
    VmSizes,
    in_order,
    whole_exchange,
    whole_exchange_by_partition,
    whole_exchange_by_remapping,
    whole_exchange_by_storage,
)
from holdfast.impl.simulator.driver import Simulator
from holdfast.impl.simulator.faults import Fault
from holdfast.impl.simulator.network import Network
from holdfast.impl.simulator.state import MachineStart, VmStart, reality

SIZES = Sizes(
    old_pages=2, guest_pages=1, new_pages=2, old_vm_pages=0, guest_vm_pages=1, new_vm_pages=0, host_vm_pages=1
)
ONCE = Tolerated(**{fault.name: 1 for fault in fields(Tolerated)})
TWICE = Tolerated(**{fault.name: 2 for fault in fields(Tolerated)})


@dataclass(frozen=True)
class Case:
    """A plan and the world that it is for. `ends` is what comes of it without faults: done, or the name of a stop."""

    name: str
    plan: Plan
    machine: MachineStart
    vms: tuple[VmStart, ...]
    ends: str = "done"
    other: MachineStart | None = None
    """Another machine, which VMs can go to."""

    def world(self, *faults: Fault) -> Simulator:
        """The world at its beginning."""
        simulator = Simulator.begin(self.machine, self.vms, seed=7, faults=faults)
        if self.other is not None:
            network = Network()
            network.join(simulator.world)
            network.join(reality(self.other, [], 7), *simulator.world.vms)
        return simulator

    def tolerating(self, tolerated: Tolerated) -> Case:
        """The same, with other assumptions."""
        return replace(self, plan=replace(self.plan, tolerated=tolerated))


def case(name: str, steps: tuple[Step, ...], vms: tuple[VmStart, ...], capacity_pages: int, ends: str = "done") -> Case:
    """A case with the sizes that all of them share; a commit limit that never binds, a host VM that fits, and a store that
    has room for it and for not a page more."""
    total_pages = sum(vm.size_pages + 1 for vm in vms)
    machine = MachineStart(
        "m",
        capacity_pages,
        commit_limit_pages=3 * total_pages + 8,
        host_vm_size_pages=total_pages + 1,
        sizes=SIZES,
        swap_pages=4,
        store_pages=total_pages + 1,
    )
    sizes = tuple(VmSizes(vm.name, vm.size_pages, 1) for vm in vms)
    return Case(name, Plan(name, "m", steps, sizes, SIZES, ONCE), machine, vms, ends)


def _vms(busy: str, quiet: str = "") -> tuple[VmStart, ...]:
    """VMs with names of one letter; those of guests that write all the time come first."""
    return tuple(
        VmStart(name, 3, resident_pages=2, peak_pages=3, hot_pages=1, busy=name in busy) for name in busy + quiet
    )


ONE = case("one", whole_exchange(("a",), 1), _vms("", "a"), capacity_pages=11)
"""One VM: 2 for the old hypervisor, 2 for host VM and guest hypervisor, 3 + 1 for the VM twice: exactly enough."""

BUSY = case("busy", whole_exchange(("a",), 1), _vms("a"), capacity_pages=11)
"""The same with a guest that writes all the time: pages are sent again, before the stop and after it."""

TWO = case("two", whole_exchange(("a", "b"), 2), _vms("a", "b"), capacity_pages=18)
"""Two VMs in flight at once."""

THREE = case("three", whole_exchange(("a", "b", "c"), 2), _vms("", "abc"), capacity_pages=22)
"""Three VMs, two of them in flight at once."""

TIGHT = case("tight", whole_exchange(("a",), 1), _vms("a"), capacity_pages=8, ends="NoRoom")
"""A plan that no proof holds for: pages are missing for the copy."""

HASTY = case(
    "hasty",
    in_order(
        (
            Entry("create_host_vm"),
            Entry("consolidate", ("a",)),
            Entry("suspend"),
            Entry("launch_new"),
            Entry("tear_down_old"),
        )
    ),
    _vms("", "ab"),
    capacity_pages=18,
    ends="OutOfOrder",
)
"""A plan that no proof holds for: one VM is left on the old hypervisor, which is to end."""

RECLAIMED = case(
    "reclaimed",
    in_order((Entry("reclaim", ("a",), balloon_pages=2, swap_pages=1),))
    + tuple(replace(step, after=step.after or ("reclaim a",)) for step in whole_exchange(("a",), 1)),
    (VmStart("a", size_pages=6, resident_pages=6, peak_pages=6, hot_pages=2),),
    capacity_pages=11,
)
"""A VM that is too large for the machine, until pages of it were taken."""

GIVEN = case(
    "given",
    (Step("reclaim a", "reclaim", "a", (), balloon_pages=0), Step("reclaim b", "reclaim", "b", (), balloon_pages=2)),
    (
        VmStart("a", size_pages=4, resident_pages=2, peak_pages=4, hot_pages=1, ballooned_pages=2),
        VmStart("b", size_pages=4, resident_pages=4, peak_pages=4, hot_pages=1),
    ),
    capacity_pages=8,
)
"""A full machine: what one VM is given, another one has to give first."""

STORED = case("stored", whole_exchange_by_storage(("a",), 1), _vms("", "a"), capacity_pages=11)
"""One VM, by way of storage: the store has room for one image, so what is left over is in the way."""

STORED_TWO = case("stored-two", whole_exchange_by_storage(("a", "b"), 2), _vms("a", "b"), capacity_pages=18)
"""Two VMs, by way of storage; the image has the memory of both."""

CARELESS = case(
    "careless",
    in_order(
        (
            Entry("create_host_vm"),
            Entry("consolidate", ("a",)),
            *map(Entry, ("suspend_to_storage", "retire_old", "boot_new", "delete_image", "load_image", "wake")),
        )
    ),
    _vms("", "a"),
    capacity_pages=11,
    ends="OutOfOrder",
)
"""A plan that no proof holds for: the image is to be deleted as soon as the new hypervisor is up."""

REMAPPED = case("remapped", whole_exchange_by_remapping(("a",), 1), _vms("a"), capacity_pages=11)
"""One VM whose frames change hands where they are; there is room to take it back as a copy, and not a page more."""

IN_PLACE = case(
    "in-place",
    whole_exchange_by_remapping(("a", "b"), 2),
    tuple(VmStart(name, 3, resident_pages=3, peak_pages=3, hot_pages=1, busy=name == "a") for name in "ab"),
    capacity_pages=14,
)
"""Two VMs on a machine that has room for both hypervisors and for no second copy: what is in the host VM goes forward."""


def _within(budget_pages: int, it: Case, name: str, ends: str) -> Case:
    """The same with a budget for the downtime of each VM."""
    vms = tuple(replace(vm, downtime_pages=budget_pages) for vm in it.plan.vms)
    return replace(it, name=name, plan=replace(it.plan, name=name, vms=vms), ends=ends)


AT_REST = _within(1, BUSY, "at-rest", "done")
"""A guest that writes a page whenever one is sent, and may wait for one."""

NEVER_AT_REST = _within(0, BUSY, "never-at-rest", "NeverAtRest")
"""The same guest, which may not wait for any: its VM is never stunned."""


def parted(name: str, vms: tuple[VmStart, ...], capacity_pages: int) -> Case:
    """A case in which the machine can be split: three processors, so that one changes hands, two devices, and for the new
    partition the new hypervisor's frames and one for each VM that may grow there."""
    whole = case(name, whole_exchange_by_partition(tuple(vm.name for vm in vms), 1), vms, capacity_pages)
    given_pages = SIZES.new_pages + len(vms)
    machine = replace(
        whole.machine,
        partition_pages=given_pages,
        processors=("cpu0", "cpu1", "cpu2"),
        devices=("nic0", "nic1"),
    )
    return replace(whole, machine=machine)


PARTED = parted("parted", _vms("", "a"), capacity_pages=11)
"""One VM, by way of a second partition."""

PARTED_TWO = parted("parted-two", _vms("a", "b"), capacity_pages=18)
"""Two VMs, one of which writes all the time, by way of a second partition."""


GOES = VmStart("a", 5, resident_pages=2, peak_pages=3, hot_pages=1, swapped_pages=2)
STAYS = VmStart("b", 3, resident_pages=2, peak_pages=3, hot_pages=1, busy=False, hardware=1)


def _moved() -> Case:
    steps = (Step("transfer a", "transfer", "a", to="n"), *whole_exchange(("b",), 1))
    first, second = replace(steps[1], after=("transfer a",)), steps[2:]
    made = case("moved", (steps[0], first, *second), (GOES, STAYS), capacity_pages=14)
    sizes = (VmSizes("a", 5, 1), VmSizes("b", 3, 1, hardware=1))
    plan = replace(made.plan, vms=sizes, hardware=Hardware(1, 1), network_pages=60)
    machine = replace(made.machine, old_hardware=(0, 1), new_hardware=(1, 1))
    return replace(made, plan=plan, machine=machine, other=MachineStart("n", 7, 7, 0, SIZES, swap_pages=2))


MOVED = _moved()
"""Two VMs, one of which the new hypervisor does not offer its hardware: it goes to another machine first, which has the room
that it may come to need, and not a page more; the other VM stays through the exchange."""

EARLY = replace(
    MOVED,
    name="early",
    plan=replace(MOVED.plan, name="early", steps=(Step("transfer a", "transfer", "a", to="n", early=True),)),
)
"""A VM that runs on the other machine before all of it is there."""

CASES = (
    *(ONE, BUSY, TWO, THREE, TIGHT, HASTY, RECLAIMED, GIVEN, STORED, STORED_TWO, CARELESS, PARTED, PARTED_TWO),
    *(REMAPPED, IN_PLACE, AT_REST, NEVER_AT_REST, MOVED, EARLY),
)
