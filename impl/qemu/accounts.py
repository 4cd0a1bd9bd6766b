"""What is written down about a VM because no process remembers it: targets, how long it stood still, how much was sent.

One small file a VM. Nothing is decided by it but what a balloon is still to do; a controller that is killed loses no more
than the moments between two looks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..driver import VmView
from .board import PAGE_BYTES


@dataclass(frozen=True)
class Account:
    """One VM's account. Pages are of 4 KiB, times those of the machine's monotonic clock."""

    balloon_target_pages: int = 0
    swap_target_pages: int = 0
    ballooned_pages: int = 0
    """When it was last asked: in a host VM that is suspended a balloon cannot be."""
    downtime_us: int = 0
    standing_since_us: int | None = None
    """Since when it has been seen not to run."""
    sent_bytes: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, "tuple[int, int]"])
    """By process: what its migrations sent before the last one, and what the last one has."""

    @property
    def sent_pages(self) -> int:
        """What all migrations sent, what they say about themselves included."""
        return sum(map(sum, self.sent_bytes.values())) // PAGE_BYTES

    @property
    def shown(self) -> Mapping[str, int]:
        """The part of a view that comes from here."""
        return {
            "ballooned_pages": self.ballooned_pages,
            "balloon_target_pages": self.balloon_target_pages,
            "swap_target_pages": self.swap_target_pages,
            "sent_pages": self.sent_pages,
            "downtime_us": self.downtime_us,
        }

    def seen(self, vm: VmView, now_us: int, sent_bytes: Mapping[str, int]) -> Account:
        """The account after a look at the VM, and at what each of its processes has sent."""
        sent = dict(self.sent_bytes)
        for name, now_bytes in sent_bytes.items():
            before, last = sent.get(name, (0, 0))
            sent[name] = (before, now_bytes) if now_bytes >= last else (before + last, now_bytes)
        if vm.running_at and self.standing_since_us is not None:
            stood_us = now_us - self.standing_since_us
            return replace(self, sent_bytes=sent, downtime_us=self.downtime_us + stood_us, standing_since_us=None)
        standing = vm.running_at or vm.lost or self.standing_since_us is not None
        return replace(self, sent_bytes=sent, standing_since_us=self.standing_since_us if standing else now_us)


def read(folder: Path, vm: str) -> Account:
    """A VM's account; a new one where nothing was written yet. Raises OSError, ValueError."""
    path = _path(folder, vm)
    if not path.exists():
        return Account()
    said = json.loads(path.read_bytes())
    return Account(**said | {"sent_bytes": {name: (a, b) for name, (a, b) in said["sent_bytes"].items()}})


def write(folder: Path, vm: str, account: Account) -> None:
    """Write it down: all of it or nothing. Raises OSError."""
    draft = _path(folder, f"{vm}.draft")
    draft.write_text(json.dumps(asdict(account)))
    draft.replace(_path(folder, vm))


def _path(folder: Path, vm: str) -> Path:
    return folder / f"{vm}.account"
