"""What there is: one machine, its hypervisors, host VM and map; and VMs with the contents of their memory.

A VM's memory is a few blocks, each of which stands for an equal share of its pages. The guest numbers what it writes: a
block's generation. A copy that lacks a generation, or has an old one, is a copy with lost or stale pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..driver import Copy, HostVmState, MapState, Place, Power, Stage
from ..plan import Sizes
from .network import NOT_THERE, Missing, Network, Parcel
from .partitions import Partitions, partitions
from .storage import Image, Store, digest

BLOCKS_MOST = 16
GARBAGE = -2
"""The generation of a block that was overwritten by something else."""


@dataclass(frozen=True)
class VmStart:
    """How a VM begins. In pages; `peak_pages` is how many the guest ever has resident."""

    name: str
    size_pages: int
    resident_pages: int
    peak_pages: int
    hot_pages: int = 0
    """What the guest does not give up to a balloon, nor to swapping."""
    ballooned_pages: int = 0
    swapped_pages: int = 0
    busy: bool = True
    """Whether the guest writes whenever it has time; one that is not busy writes when it has come to a new place."""
    hardware: int = 0
    """The version of its virtual hardware."""


@dataclass(frozen=True)
class MachineStart:
    """How the machine begins: with the old hypervisor, and room. In pages."""

    name: str
    capacity_pages: int
    commit_limit_pages: int
    host_vm_size_pages: int
    sizes: Sizes
    swap_pages: int = 0
    store_pages: int = 0
    """What the store for the image of its host VM holds."""
    battery: bool = True
    """Whether it carries the machine on without power until the image can be relied on (A14)."""
    partition_pages: int = 0
    """What a second partition is given."""
    processors: tuple[str, ...] = ()
    """Their names; where there are none, the machine cannot be split."""
    devices: tuple[str, ...] = ()
    old_hardware: tuple[int, int] = (0, 0)
    """The versions of virtual hardware that the old hypervisor offers, from and up to."""
    new_hardware: tuple[int, int] = (0, 0)
    """The same of the new one."""


@dataclass(slots=True)
class Guest:
    """A VM: its pages, its migration, and the contents of its memory wherever it has some."""

    start: VmStart
    resident: int
    ballooned: int
    swapped: int
    balloon_target: int
    swap_target: int
    truth: list[int]
    """For each block, what the guest has last written: what its memory should be."""
    copies: dict[Place, list[int]]
    unpaused: list[Place]
    """Where its processors are not paused: they execute if the hypervisor there does."""
    source: Place = Place.OLD
    target: Place | None = None
    stage: Stage = Stage.SETTLED
    lost: bool = False
    rounds: int = 0
    gave_up: str | None = None
    sent: int = 0
    downtime_us: int = 0
    stunned_at_us: int | None = None
    balloon_stuck: bool = False
    charges: tuple[int, int, int] = (0, 0, 0)
    """What is counted for it: frames used, frames promised, frames inside the host VM."""
    swapped_truth: list[int] = field(default_factory=list[int])
    """The same as `truth`, of its swapped pages."""
    slots: list[int] = field(default_factory=list[int])
    """What is in its swap slots."""
    parcel: Parcel | None = None
    """What of it is on another machine, while it goes there."""
    missing: Missing | None = None
    """What of it is still on the machine that it came from."""

    def fit_blocks(self) -> None:
        """As long as there are few pages each is a block: what is new is where the VM runs, and nowhere else."""
        while len(self.truth) < min(BLOCKS_MOST, self.resident):
            self.truth.append(0)
            for place, copy in self.copies.items():
                copy.append(NOT_THERE if place is self.target else 0)
            if self.parcel is not None:
                self.parcel.blocks.append(NOT_THERE)
        while len(self.truth) > self.resident:
            for blocks in (self.truth, *self.copies.values(), *([self.parcel.blocks] if self.parcel else [])):
                blocks.pop()
        self._fit_slots()

    def _fit_slots(self) -> None:
        """The same of what is swapped."""
        while len(self.swapped_truth) < min(BLOCKS_MOST, self.swapped):
            self.swapped_truth.append(0)
            self.slots.append(0)
            if self.parcel is not None:
                self.parcel.slots.append(NOT_THERE)
        while len(self.swapped_truth) > self.swapped:
            for blocks in (self.swapped_truth, self.slots, *([self.parcel.slots] if self.parcel else [])):
                blocks.pop()

    @property
    def arrived(self) -> int:
        """How many pages have come to the receiver."""
        there = self.copies.get(self.target) if self.target else None
        return self.resident * (len(there) - there.count(NOT_THERE)) // len(there) if there else 0

    @property
    def stale(self) -> int:
        """How many pages of the receiver are not what the guest has written since."""
        there = self.copies.get(self.target) if self.target else None
        if there is None or there == self.truth:
            return 0
        old = sum(a != NOT_THERE and a != b for a, b in zip(there, self.truth, strict=True))
        return max(1, self.resident * old // len(there)) if old else 0


def guest(start: VmStart) -> Guest:
    """A VM at its beginning, running on the old hypervisor."""
    truth = [0] * min(BLOCKS_MOST, start.resident_pages)
    balloon, swap = start.ballooned_pages, start.swapped_pages
    it = Guest(start, start.resident_pages, balloon, swap, balloon, swap, truth, {Place.OLD: list(truth)}, [Place.OLD])
    it.fit_blocks()
    return it


@dataclass(slots=True)
class Machine:
    """The machine, its three hypervisors, the host VM, the hand-off map, and the image in the store."""

    start: MachineStart
    store: Store
    old: Power = Power.RUNNING
    guest: Power = Power.ABSENT
    new: Power = Power.ABSENT
    host_vm: HostVmState = HostVmState.ABSENT
    carrier: Place | None = None
    map: MapState = MapState.NONE
    map_bytes: bytes = b""
    map_right: bytes = b""
    """What the map said when it was built."""
    map_read: bytes = b""
    """What the new hypervisor has read of it."""
    boot_hangs: bool = False
    image: Image = field(default_factory=Image)
    copy: Copy = Copy.ORIGINAL
    halted: bytes = b""
    """What was in the memory of the host VM when it was halted."""
    loaded: bytes = b""
    """What was loaded from the image."""
    whole: bool = True
    """Whether all that is in the host VM lies somewhere, as it should be."""
    partitions: Partitions | None = None
    used: int = 0
    committed: int = 0
    inside: int = 0
    faults: list[str] = field(default_factory=list[str])

    def executes(self, place: Place) -> bool:
        """Whether VMs on this hypervisor can run."""
        if place is Place.GUEST:
            return self.guest is Power.RUNNING and self.host_vm is HostVmState.RUNNING
        return (self.old if place is Place.OLD else self.new) is Power.RUNNING

    def overhead(self, place: Place) -> int:
        """What the hypervisor there takes for each VM."""
        return self.start.sizes.per_vm(place)

    def offers(self, place: Place, hardware: int) -> bool:
        """Whether the old hypervisor, or the new one, offers this virtual hardware."""
        first, last = self.start.old_hardware if place is Place.OLD else self.start.new_hardware
        return first <= hardware <= last

    @property
    def digest(self) -> str | None:
        """Of the sealed map as it is now; once validated, of what was read."""
        if self.map in (MapState.NONE, MapState.BUILT):
            return None
        return digest(self.map_read if self.map is MapState.VALIDATED else self.map_bytes)

    @property
    def host_vm_digest(self) -> str | None:
        """Of the halted host VM's memory, once it was read."""
        if self.host_vm is not HostVmState.HALTED or self.copy is Copy.LOADED:
            return None
        return digest(self.halted if self.copy is Copy.ORIGINAL else self.loaded)

    def holds(self, place: Place) -> bool:
        """Whether what is at a hypervisor lies in memory: in the host VM it may be in storage only."""
        return place is not Place.GUEST or self.host_vm is not HostVmState.STORED


@dataclass(slots=True)
class Reality:
    """All of it, the clock and chance included. `broken` is what went wrong for good, each thing once."""

    machine: Machine
    vms: dict[str, Guest]
    chance: int
    time_us: int = 0
    performed: int = 0
    swapped: int = 0
    broken: list[str] = field(default_factory=list[str])
    forgiven: set[str] = field(default_factory=set[str])
    """VMs that a fault has killed against which nothing helps: what was in the host VM that died."""
    network: Network | None = field(default=None, repr=False)
    away: list[str] = field(default_factory=list[str])
    """VMs that are known here and are on another machine: they have gone there, or may come from there."""
    crossed: int = 0
    """How many pages were sent to other machines."""

    def broke(self, what: str) -> None:
        """Note what must never be; the catalogue's name stands at its end."""
        if what not in self.broken:
            self.broken.append(what)

    def draw(self, below: int) -> int:
        """The next number of a fixed sequence that the seed has chosen, from 0 on."""
        self.chance = (self.chance * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.chance >> 33) % below

    def recharge(self, vm: Guest) -> None:
        """Count what a VM takes now, instead of what was counted for it before."""
        used, committed, inside = self._charges(vm)
        before = vm.charges
        vm.charges = (used, committed, inside)
        self.machine.used += used - before[0]
        self.machine.committed += committed - before[1]
        self.machine.inside += inside - before[2]
        self._check_room()

    def _charges(self, vm: Guest) -> tuple[int, int, int]:
        used = committed = inside = 0
        for place in vm.copies:
            pages = vm.arrived if place is vm.target and vm.stage in (Stage.COPYING, Stage.STOPPED) else vm.resident
            taken = pages + self.machine.overhead(place)
            used += taken if self.machine.holds(place) else 0
            committed += vm.start.size_pages - vm.ballooned + self.machine.overhead(place)
            inside += taken if place is Place.GUEST else 0
        if vm.stage is Stage.PASSING and vm.target is not None:  # its frames are charged once (X1), beside its metadata
            metadata = self.machine.overhead(vm.target)
            used, committed = used + metadata, committed + metadata
            inside += metadata if vm.target is Place.GUEST else 0
        return used, committed, inside

    def take(self, pages: int, *, inside: int = 0) -> None:
        """Hypervisors, or the host VM, take frames themselves, or give them back (negative)."""
        self.machine.used += pages
        self.machine.committed += pages
        self.machine.inside += inside
        self._check_room()

    def hold(self, pages: int) -> None:
        """Frames that were promised before are taken, or given back (negative) and promised still."""
        self.machine.used += pages
        self._check_room()

    def set_aside(self, frames_pages: int, slots_pages: int) -> None:
        """Frames and swap slots are held for a VM that comes from another machine, or no longer (negative)."""
        self.swapped += slots_pages
        self.take(frames_pages)

    def drop_parcel(self, vm: Guest) -> None:
        """What has arrived of a VM on another machine is dropped there, and what was set aside is free."""
        if vm.parcel is not None and self.network is not None:
            goal = self.network.machines[vm.parcel.goal]
            goal.set_aside(-vm.parcel.frames_pages, -vm.parcel.slots_pages)
        vm.parcel = None

    def depart(self, vm: Guest) -> None:
        """A VM is no longer on this machine: what was counted for it is free, its swap slots included."""
        used, committed, inside = vm.charges
        self.machine.used -= used
        self.machine.committed -= committed
        self.machine.inside -= inside
        self.swapped -= vm.swapped
        vm.charges = (0, 0, 0)
        del self.vms[vm.start.name]
        self.away.append(vm.start.name)

    def arrive(self, vm: Guest) -> None:
        """A VM is on this machine from now on."""
        self.vms[vm.start.name] = vm
        if vm.start.name in self.away:
            self.away.remove(vm.start.name)
        self.swapped += vm.swapped
        self.recharge(vm)

    def _check_room(self) -> None:
        machine, start = self.machine, self.machine.start
        if machine.used > start.capacity_pages:
            self.broke(f"the machine holds more frames than it has, by {machine.used - start.capacity_pages} pages (O)")
        if machine.committed > start.commit_limit_pages:
            self.broke(f"the machine promises too much, by {machine.committed - start.commit_limit_pages} pages (O)")
        if self.swapped > start.swap_pages and self.network is not None:
            self.broke(f"the machine has {self.swapped} swap slots taken, of {start.swap_pages} (X4)")
        if machine.inside > start.host_vm_size_pages and machine.inside:
            self.broke(
                f"the host VM holds more than its size, by {machine.inside - start.host_vm_size_pages} pages (O)"
            )

    def lose(self, vm: Guest, why: str, broken: str = "S2") -> None:
        """A VM is gone for good; `broken` is what the catalogue says of that."""
        vm.lost = True
        vm.unpaused.clear()
        self.drop_parcel(vm)
        if vm.start.name not in self.forgiven:
            self.broke(f"{vm.start.name} is lost: {why} ({broken})")

    def executing(self, vm: Guest) -> tuple[Place, ...]:
        """Where a VM executes."""
        return tuple(place for place in vm.unpaused if self.machine.executes(place))

    def stun(self, vm: Guest) -> None:
        """From here on the VM is down."""
        if vm.stunned_at_us is None:
            vm.stunned_at_us = self.time_us

    def rouse(self, vm: Guest) -> None:
        """The VM is no longer down."""
        if vm.stunned_at_us is not None:
            vm.downtime_us += self.time_us - vm.stunned_at_us
            vm.stunned_at_us = None


def reality(machine: MachineStart, vms: list[VmStart], seed: int, store: Store | None = None) -> Reality:
    """The world at its beginning; with a store of its own, unless it shares one."""
    it = Machine(machine, store or Store(machine.store_pages))
    it.store.images.append(it.image)
    if machine.processors:
        it.partitions = partitions(machine.partition_pages, machine.processors, machine.devices)
    world = Reality(it, {start.name: guest(start) for start in vms}, seed * 2 + 1)
    world.take(machine.sizes.old_pages)
    for vm in world.vms.values():
        world.recharge(vm)
        world.swapped += vm.swapped
    return world
