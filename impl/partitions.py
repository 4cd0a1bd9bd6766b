"""A machine that is split into two partitions, as it is seen: who has which frames, processors and devices (US10445123).

Both hypervisors run side by side, each with an account of its own; what is on its way from one to the other is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

PARTITIONED: Mapping[str, str] = MappingProxyType(
    {
        "split_machine": "Give free frames and the processor `part` to a partition of its own.",
        "boot_beside": "Begin the boot of the new hypervisor in its partition, beside the old one that goes on.",
        "cross": "Stop the host VM in memory, to take it to the new partition.",
        "quiesce_device": "The device `part` starts nothing any more; what it has started may still go on.",
        "dma_ends": "Wait until what the device `part` had started is over.",
        "publish_pages": "The old hypervisor releases `amount` pages of the host VM: they are nobody's.",
        "claim_pages": "The new hypervisor claims `amount` released pages where they are.",
        "detach_device": "The device `part` is given up by the hypervisor that the host VM leaves.",
        "attach_device": "The device `part` is taken by the hypervisor that the host VM goes to.",
        "arrive": "Run the host VM on the new hypervisor.",
        "restart_device": "The device `part` goes on.",
        "give_processor": "The old hypervisor takes the processor `part` out of use.",
        "take_processor": "The new hypervisor takes the processor `part` into use, which nobody uses.",
        "bequeath": "Publish what the old hypervisor still has, with a time-out that starts to run: the point of no return.",
        "terminate_old": "The old hypervisor ends, in the frames that it has bequeathed; else refused.",
        "observe_end": "The new hypervisor looks whether the old one has terminated.",
        "expire_timer": "Wait until the time-out has passed.",
        "raise_alarm": "Tell somebody that the time-out has passed and the old hypervisor has not terminated (L5).",
        "claim_last": "The new hypervisor claims all that the old one had.",
        "inherit_processor": "The new hypervisor takes the processor `part` that the old one has left behind.",
        "join_new": "The machine is one partition again: the new hypervisor has all of it.",
        "turn_back": "Give the exchange up: a host VM that runs on the new hypervisor is stopped, to go home.",
        "return_pages": "The new hypervisor releases `amount` pages of the host VM again.",
        "take_pages_back": "The old hypervisor claims `amount` released pages.",
        "return_home": "Run the host VM on the old hypervisor again.",
        "end_new": "End the new hypervisor, whether it runs, boots or hangs.",
        "take_back_processor": "The old hypervisor takes the processor `part` back.",
        "join_old": "The machine is one partition again, as it was: the old hypervisor has all of it.",
    }
)
"""Every effect on partitions; the names are the model's."""


class Bequest(Enum):
    """What the old hypervisor leaves: nothing yet, published with a time-out that runs, or the time-out has expired."""

    NONE = "none"
    PUBLISHED = "published"
    EXPIRED = "expired"


class Part(NamedTuple):
    """A processor or a device, as either hypervisor has it in its account. Processors are never quiesced."""

    name: str
    with_old: bool = True
    with_new: bool = False
    quiesced: bool = False

    @property
    def with_nobody(self) -> bool:
        """It is on its way."""
        return not self.with_old and not self.with_new


class Division(NamedTuple):
    """How a machine is divided, without its pages: what a journal is compared with."""

    split: bool = False
    homeward: bool = False
    """The exchange is being given up."""
    bequest: Bequest = Bequest.NONE
    end_observed: bool = False
    alarm: bool = False
    processors: tuple[Part, ...] = ()
    devices: tuple[Part, ...] = ()

    def __str__(self) -> str:
        """As a person would say it."""
        if not self.split:
            return "one partition"
        parts = ", ".join(
            f"{part.name} with {' and '.join([*['old'] * part.with_old, *['new'] * part.with_new]) or 'nobody'}"
            for part in (*self.processors, *self.devices)
        )
        home = ", homeward" if self.homeward else ""
        return f"two partitions{home}, bequest {self.bequest.value}, {parts}"


@dataclass(frozen=True)
class PartitionsView:
    """The partitions of a machine as they were observed. In pages of 4 KiB; all zero while the machine is one partition."""

    division: Division
    given_pages: int
    """What the new partition gets when the machine is split."""
    content_pages: int
    """The pages of the host VM: what is inside, and what its carrier keeps for it."""
    old_pages: int = 0
    new_pages: int = 0
    released_pages: int = 0
    """Pages of the host VM that are nobody's."""
    claimed_pages: int = 0
    """Pages of the host VM that the new hypervisor has claimed, while that is on its way."""
    dma: tuple[str, ...] = ()
    """Devices that have DMA in flight."""

    def still(self, device: Part) -> bool:
        """It starts nothing, and nothing that it started goes on."""
        return device.quiesced and device.name not in self.dma


def encoded_partitions(view: PartitionsView) -> dict[str, Any]:
    """The view as a JSON value."""
    said = {name: getattr(view, name) for name in _PAGES} | {"dma": list(view.dma)}
    division = view.division._asdict() | {"bequest": view.division.bequest.value}
    return said | {"division": division | {name: [list(part) for part in division[name]] for name in _PARTS}}


def decoded_partitions(said: Mapping[str, Any]) -> PartitionsView:
    """The view that was encoded so. Raises KeyError, TypeError, ValueError for what is none."""
    fields: dict[str, Any] = dict(said["division"])
    fields["bequest"] = Bequest(fields["bequest"])
    fields |= {name: tuple(Part(*part) for part in fields[name]) for name in _PARTS}
    pages = {name: said[name] for name in _PAGES}
    return PartitionsView(Division(**fields), **pages, dma=tuple(said["dma"]))


_PAGES = ("given_pages", "content_pages", "old_pages", "new_pages", "released_pages", "claimed_pages")
_PARTS = ("processors", "devices")


def split_fields(machine: str, view: PartitionsView) -> dict[str, Any]:
    """What is seen of a split, by the model's names."""
    division, its = view.division, f"{machine}.split"
    said: dict[str, Any] = {its: division.split}
    said |= {f"{its}.old_frames": view.old_pages, f"{its}.new_frames": view.new_pages}
    said |= {f"{its}.released": view.released_pages, f"{its}.claimed": view.claimed_pages}
    said |= {f"{its}.homeward": division.homeward, f"{its}.bequest": division.bequest.value}
    said |= {f"{its}.end_observed": division.end_observed, f"{its}.alarm": division.alarm}
    for part in (*division.processors, *division.devices):
        said |= {f"{part.name}.with_old": part.with_old, f"{part.name}.with_new": part.with_new}
    for device in division.devices:
        said |= {f"{device.name}.quiesced": device.quiesced, f"{device.name}.dma": device.name in view.dma}
    return said
