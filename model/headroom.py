"""How many frames an exchange takes beside what is there (D6), in whole pages; and what else it takes.

Pure arithmetic over sizes, for whoever plans. It is held against the model itself: the smallest machine on which the model
can do an exchange is the one that is said here. `consumed` is what each VM has resident, without its overhead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What each hypervisor takes itself, and for each VM that it carries; and the host VM. In pages."""

    old: int
    new: int
    guest: int
    host_vm: int = 0
    old_per_vm: int = 0
    new_per_vm: int = 0
    guest_per_vm: int = 0

    @property
    def nested(self) -> int:
        """What the guest hypervisor and its host VM take themselves."""
        return self.guest + self.host_vm


@dataclass(frozen=True)
class Headroom:
    """What must be free: frames in pages, pages of storage, and processors for a second partition."""

    frames: int
    storage: int = 0
    processors: int = 0


def copies(consumed: Sequence[int], here: int, there: int, at_once: int = 1) -> int:
    """The most that VMs take beside what they had, while they are copied so many at once from one end to the other.

    A VM in flight takes all its pages twice, and its overhead at both ends; one that has moved only the growth of its
    overhead. The largest go first where overhead grows, and last where it shrinks, which takes least.
    """
    order = sorted(consumed, reverse=there >= here)
    batches = [order[i : i + at_once] for i in range(0, len(order), at_once)]
    moved = 0
    most = 0
    for batch in batches:
        most = max(most, moved * (there - here) + len(batch) * there + sum(batch))
        moved += len(batch)
    return most


def consolidation(consumed: Sequence[int], sizes: Sizes, at_once: int = 1) -> int:
    """Frames to consolidate by copying into an elastic host VM: it, the guest hypervisor, and the largest VMs again."""
    return sizes.nested + copies(consumed, sizes.old_per_vm, sizes.guest_per_vm, at_once)


def reserved_consolidation(consumed: Sequence[int], sizes: Sizes) -> int:
    """The same with a host VM that has all its frames from the start: every VM again, whatever is in flight."""
    return sizes.nested + sum(consumed) + len(consumed) * sizes.guest_per_vm


def remapped_consolidation(consumed: Sequence[int], sizes: Sizes) -> int:
    """The same where frames change hands without a copy: metadata only, for the VM that is remapped and those that were."""
    return sizes.nested + copies([0] * len(consumed), sizes.old_per_vm, sizes.guest_per_vm)


def at_first(consumed: Sequence[int], sizes: Sizes) -> int:
    """Frames in use before the exchange."""
    return sizes.old + sum(consumed) + len(consumed) * sizes.old_per_vm


def while_nested(consumed: Sequence[int], sizes: Sizes) -> int:
    """Frames in use by the host VM and all that is in it."""
    return sizes.nested + sum(consumed) + len(consumed) * sizes.guest_per_vm


def exchange(consumed: Sequence[int], sizes: Sizes, at_once: int = 1) -> int:
    """The frames of the smallest machine on which the exchange can be done by suspending in memory, copying in and out."""
    entering = at_first(consumed, sizes) + consolidation(consumed, sizes, at_once)
    beside = sizes.old + sizes.new + while_nested(consumed, sizes)
    out = copies(consumed, sizes.guest_per_vm, sizes.new_per_vm, at_once)
    return max(entering, beside, sizes.new + while_nested(consumed, sizes) + out)


def remapped_exchange(consumed: Sequence[int], sizes: Sizes) -> int:
    """The frames of the smallest machine on which the exchange can be done without copying a page of a VM."""
    none = [0] * len(consumed)
    entering = at_first(consumed, sizes) + remapped_consolidation(consumed, sizes)
    beside = sizes.old + sizes.new + while_nested(consumed, sizes)
    out = copies(none, sizes.guest_per_vm, sizes.new_per_vm)
    return max(entering, beside, sizes.new + while_nested(consumed, sizes) + out)


def partition_move(consumed: Sequence[int], sizes: Sizes, at_once: int = 1) -> Headroom:
    """To move the host VM between partitions: consolidation, the new hypervisor in its own partition, and a processor."""
    beside = while_nested(consumed, sizes) - (at_first(consumed, sizes) - sizes.old) + sizes.new
    return Headroom(max(consolidation(consumed, sizes, at_once), beside), processors=1)


def by_storage(consumed: Sequence[int], sizes: Sizes, at_once: int = 1) -> Headroom:
    """To suspend to storage: consolidation, and room for the image; the new hypervisor comes when the old one is gone."""
    image = sizes.guest + sum(consumed) + len(consumed) * sizes.guest_per_vm
    return Headroom(consolidation(consumed, sizes, at_once), storage=image)
