"""By which technique pages are taken from a VM, and whether its balloon answers (D5, D8, M6)."""

from __future__ import annotations

from enum import Enum

from .memory_state import Lines
from .snapshot import VmMemory

INACTIVE_AFTER_S = 5
"""A balloon that owes pages and made no progress for so long is inactive (D8: the Xen memory daemon's design)."""

UNCOOPERATIVE_AFTER_S = 20
"""And after so long it is given up (D8)."""


class Liveness(Enum):
    """What is thought of a balloon."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNCOOPERATIVE = "uncooperative"
    ABSENT = "absent"

    @property
    def dead(self) -> bool:
        """Whether nothing is expected of it any more."""
        return self in (Liveness.UNCOOPERATIVE, Liveness.ABSENT)


class Technique(Enum):
    """How pages are taken from a VM."""

    BALLOON = "balloon"
    SWAP = "swap"


def liveness(vm: VmMemory, now_s: int, given_up_at_s: int | None) -> Liveness:
    """Whether a balloon answers (D8, M6). One that was given up is trusted again only once it has moved since (F5)."""
    if not vm.has_balloon:
        return Liveness.ABSENT
    if given_up_at_s is not None and vm.progress_at_s <= given_up_at_s:
        return Liveness.UNCOOPERATIVE
    if vm.ballooned_pages >= vm.balloon_target_pages or vm.pinned or vm.blocked:
        return Liveness.ACTIVE
    stalled_s = now_s - max(vm.owing_since_s, vm.progress_at_s)
    if stalled_s >= UNCOOPERATIVE_AFTER_S:
        return Liveness.UNCOOPERATIVE
    return Liveness.INACTIVE if stalled_s >= INACTIVE_AFTER_S else Liveness.ACTIVE


def choose(lines: Lines, free_pages: int, balloon: Liveness) -> Technique:
    """Balloon while more is free than the Hard line and the balloon answers; else swap, at equality too (D5, M6)."""
    ample = free_pages > lines.hard_pages
    return Technique.BALLOON if ample and balloon is Liveness.ACTIVE else Technique.SWAP
