"""What there is of partitions: the accounts of both hypervisors, and what their devices have in flight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..partitions import Division, Part


@dataclass(slots=True)
class Partitions:
    """How a machine is divided. In pages; `released` ones are nobody's."""

    given: int
    division: Division
    old: int = 0
    new: int = 0
    released: int = 0
    claimed: int = 0
    dma: list[str] = field(default_factory=list[str])

    def still(self, device: Part) -> bool:
        """It starts nothing, and nothing that it started goes on."""
        return device.quiesced and device.name not in self.dma

    @property
    def all_still(self) -> bool:
        """No device writes to memory."""
        return all(self.still(device) for device in self.division.devices)

    def join(self) -> None:
        """Nothing is divided any more."""
        self.old = self.new = self.released = self.claimed = 0


def partitions(given: int, processors: Iterable[str], devices: Iterable[str]) -> Partitions:
    """A machine that can be split: all of it is with the old hypervisor."""
    division = Division(processors=tuple(map(Part, processors)), devices=tuple(map(Part, devices)))
    return Partitions(given, division)
