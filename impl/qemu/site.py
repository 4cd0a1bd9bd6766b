"""A machine for the driver: its VMs, what a host VM is made of, and sizes; written down where its keeper serves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..plan import Sizes
from .board import Board
from .state import State

FILE = "site.json"


@dataclass(frozen=True)
class Site:
    """What does not change while an exchange is carried out. Sizes are in pages of 4 KiB, and nominal.

    Resident number *n* of the list moves into slot *n* of the host VM, which starts from `image`.
    """

    machine: str
    residents: tuple[str, ...]
    resident_board: Board
    resident_pages: int
    host_board: Board
    image: State
    sizes: Sizes
    capacity_pages: int
    commit_limit_pages: int
    host_vm_size_pages: int

    def lines(self) -> Mapping[str, int]:
        """How many files each VM writes to."""
        return {"host": self.host_board.lines, **dict.fromkeys(self.residents, self.resident_board.lines)}

    def write(self, folder: Path) -> None:
        """Write it down."""
        (folder / FILE).write_text(json.dumps(asdict(self), default=str))

    @classmethod
    def read(cls, folder: Path) -> Site:
        """Read it. Raises OSError, ValueError."""
        try:
            said = json.loads((folder / FILE).read_text())
            said["image"] = State(**{**said["image"], "path": Path(said["image"]["path"])})
            boards = {key: _board(said[key]) for key in ("resident_board", "host_board")}
            return cls(**{**said, **boards, "residents": tuple(said["residents"]), "sizes": Sizes(**said["sizes"])})
        except (KeyError, TypeError) as e:
            raise ValueError(f"{folder / FILE} does not describe a machine: {e}") from e


def _board(said: Mapping[str, Any]) -> Board:
    shared = Path(said["shared"]) if said["shared"] else None
    return Board(**{**said, "boot": tuple(said["boot"]), "devices": tuple(said["devices"]), "shared": shared})
