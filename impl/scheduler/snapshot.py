"""All that a decision rests on, as frozen values: a machine's memory, its VMs, the time, and what was decided before.

Who makes a snapshot says what was observed, and nothing else. Sizes are pages of 4 KiB, times seconds of one clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .estimates import Sample
from .memory_state import MemoryState


@dataclass(frozen=True)
class Settings:
    """What an operator may choose; the defaults are the published ones."""

    idle_tax_percent: int = 75
    """The tax on idle memory [W02]."""
    headroom_percent: int = 25
    """What a VM is due beyond its working set (D3)."""
    balloon_percent: int = 65
    """The most of a VM that its balloon may hold (D2)."""
    hard_keeps_balloons: bool = True
    """Whether balloons go on in Hard with what they were asked for before; if not, it is swapped instead (D4)."""
    sampled_every_s: int = 60
    stale_after_s: int = 120
    """An estimate of that age is not used any more."""

    def __post_init__(self) -> None:
        """Raises ValueError where a percentage is none (D2, D3)."""
        if not (0 <= self.idle_tax_percent < 100 and 0 <= self.balloon_percent <= 100 and self.headroom_percent >= 0):
            raise ValueError("a tax lies below 100 %, a balloon holds at most 100 %, headroom is not negative")

    @property
    def idle_price(self) -> Fraction:
        """How many active pages an idle one costs: 1/(1 - tax) [W02]."""
        return Fraction(100, 100 - self.idle_tax_percent)


@dataclass(frozen=True)
class VmMemory:
    """One VM's memory. What is in none of resident, ballooned and swapped was never touched, or was given back."""

    name: str
    size_pages: int
    reservation_pages: int
    limit_pages: int
    shares: int
    resident_pages: int
    """Its pages that have a frame: what it consumes."""
    ballooned_pages: int = 0
    swapped_pages: int = 0
    balloon_target_pages: int = 0
    swap_target_pages: int = 0
    overhead_pages: int = 0
    """What the hypervisor takes for it."""
    shareable_pages: int = 0
    """Idle pages that sharing will free anyway (D2)."""
    has_balloon: bool = True
    """Whether there is a balloon driver in the guest."""
    owing_since_s: int = 0
    """Since when its balloon has been below its target, and its guest ran so that it could fill it."""
    progress_at_s: int = 0
    """When its balloon last moved, or its driver last connected."""
    pinned: bool = False
    """Suspended, preserved or in flight: neither its pages nor its targets may be touched (X3)."""
    blocked: bool = False
    sample: Sample | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where the sizes cannot be true of one VM (M1)."""
        parts = (self.resident_pages, self.ballooned_pages, self.swapped_pages)
        targets = (self.balloon_target_pages, self.swap_target_pages, self.overhead_pages, self.shareable_pages)
        if min(*parts, *targets) < 0 or sum(parts) > self.size_pages:
            raise ValueError(f"{self.name}: its pages are not negative, and no more than its size")
        if not 0 <= self.reservation_pages <= self.limit_pages <= self.size_pages or self.shares < 1:
            raise ValueError(f"{self.name}: reservation ≤ limit ≤ size, and it has shares")

    @property
    def targets(self) -> Targets:
        """What it was asked for so far."""
        return Targets(self.balloon_target_pages, self.swap_target_pages)


@dataclass(frozen=True)
class Targets:
    """Up to how many pages of a VM are to be in its balloon, and in swap slots (US9529609 claim 1)."""

    balloon_pages: int
    swap_pages: int

    @property
    def total_pages(self) -> int:
        """Both."""
        return self.balloon_pages + self.swap_pages

    def owed_by_balloon(self, vm: VmMemory) -> int:
        """What the VM's balloon has yet to take (M3, M4)."""
        return max(0, self.balloon_pages - vm.ballooned_pages)

    def owed_by_swap(self, vm: VmMemory) -> int:
        """What has yet to be swapped out (M3, M4)."""
        return max(0, self.swap_pages - vm.swapped_pages)

    def owed(self, vm: VmMemory) -> int:
        """What has yet to be taken from the VM in all (M3, M4)."""
        return self.owed_by_balloon(vm) + self.owed_by_swap(vm)

    def granted(self, vm: VmMemory) -> int:
        """What the VM can have once the targets are reached (D3, M8)."""
        return vm.size_pages - self.total_pages

    def at_hand(self, vm: VmMemory) -> int:
        """What the VM can have at once: all that is not kept from it by balloon or swap already (M9, M10)."""
        kept_out = min(vm.ballooned_pages, self.balloon_pages) + min(vm.swapped_pages, self.swap_pages)
        return vm.size_pages - kept_out


@dataclass(frozen=True)
class MachineMemory:
    """A machine's frames and swap slots; `used_pages` counts all frames in use, whoever has them."""

    memory_pages: int
    used_pages: int
    hypervisor_pages: int
    swap_pages: int
    promised_pages: int = 0
    """Frames that somebody waits for who was admitted (D7): they are made available and given to nobody else."""

    def __post_init__(self) -> None:
        """Raises ValueError where more is used than there is (M1)."""
        if not 0 <= self.hypervisor_pages <= self.used_pages <= self.memory_pages:
            raise ValueError("the frames in use are at least the hypervisor's, and no more than the machine's")
        if min(self.swap_pages, self.promised_pages) < 0:
            raise ValueError("swap and promises are not negative")

    @property
    def free_pages(self) -> int:
        """Frames that nobody has."""
        return self.memory_pages - self.used_pages


@dataclass(frozen=True)
class Memory:
    """What the scheduler keeps from one decision for the next."""

    state: MemoryState = MemoryState.HIGH
    given_up_at_s: Mapping[str, int] = field(default_factory=dict[str, int])
    """Balloons that are uncooperative, and since when (D8)."""
    granted_up_to: Mapping[str, int] = field(default_factory=dict[str, int])
    """VMs that were given pages back which they have not taken yet, and how many resident pages they may come to (M9)."""


@dataclass(frozen=True)
class Snapshot:
    """A machine and its VMs at one time."""

    now_s: int
    machine: MachineMemory
    vms: tuple[VmMemory, ...]
    memory: Memory = field(default_factory=Memory)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Raises ValueError where the VMs do not fit the machine, or two have one name (M1)."""
        theirs = sum(vm.resident_pages + vm.overhead_pages for vm in self.vms)
        if theirs + self.machine.hypervisor_pages > self.machine.used_pages:
            raise ValueError("the VMs and the hypervisor have no more frames than are in use")
        if sum(vm.swapped_pages for vm in self.vms) > self.machine.swap_pages:
            raise ValueError("no more pages are swapped than there are slots")
        if len({vm.name for vm in self.vms}) < len(self.vms):
            raise ValueError("each VM has a name of its own")

    def vm(self, name: str) -> VmMemory:
        """The VM of that name, of which there is one (M1). Raises KeyError where there is none."""
        found = next((vm for vm in self.vms if vm.name == name), None)
        if found is None:
            raise KeyError(name)
        return found
