"""A machine for the driver: its VMs, what a host VM is made of, and sizes; written down where its keeper serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..plan import Sizes
from .board import PAGES_PER_MIB, Board
from .state import State

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE = "site.json"


@dataclass(frozen=True)
class Site:
    """What does not change while an exchange is carried out. Sizes are in pages of 4 KiB.

    What VMs have is as large as it is said; what hypervisors take is nominal. Resident number *n* moves into slot *n* of the
    host VM, which starts from `image`.
    """

    machine: str
    residents: Mapping[str, Board]
    host_board: Board
    image: State
    sizes: Sizes
    capacity_pages: int
    commit_limit_pages: int
    host_vm_size_pages: int
    swap_pages: int = 0

    def size_pages(self, vm: str) -> int:
        """How large a VM is."""
        return self.residents[vm].memory_mib * PAGES_PER_MIB

    def slot(self, vm: str) -> int:
        """The number of the slot that a VM moves into."""
        return list(self.residents).index(vm)

    def lines(self) -> Mapping[str, int]:
        """How many files each VM writes to."""
        return {"host": self.host_board.lines, **{vm: board.lines for vm, board in self.residents.items()}}

    def write(self, folder: Path) -> None:
        """Write it down."""
        (folder / FILE).write_bytes(_adapter().dump_json(self))

    @classmethod
    def read(cls, folder: Path) -> Site:
        """Read it. Raises OSError, and ValueError if it does not describe a machine."""
        return _adapter().validate_json((folder / FILE).read_bytes())


def _adapter() -> TypeAdapter[Site]:
    from pydantic import TypeAdapter

    return TypeAdapter(Site)
