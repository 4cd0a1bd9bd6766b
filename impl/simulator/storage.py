"""What there is of storage: a store with room for so many pages, and the image of a host VM in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ..driver import ImageState


@dataclass(slots=True, eq=False)
class Image:
    """The image of one machine's host VM: so many `pages` of it, and the bytes that stand for them."""

    state: ImageState = ImageState.NONE
    pages: int = 0
    on_medium: bytes = b""
    """What was written, or what has become of it."""
    read: bytes = b""
    """What was read back from the medium."""
    needed_pages: int = 0
    """What it will have once it is complete, while the host VM is halted or in storage; else 0."""

    @property
    def digest(self) -> str | None:
        """Of what was read back."""
        return digest(self.read) if self.state is ImageState.READ else None

    @property
    def promised_pages(self) -> int:
        """What it takes of the store, or will take."""
        return max(self.pages, self.needed_pages)

    def clear(self) -> None:
        """There is nothing of it any more; what it is needed for stays."""
        self.state, self.pages, self.on_medium, self.read = ImageState.NONE, 0, b"", b""


@dataclass(slots=True, eq=False)
class Store:
    """Storage for the images of one machine, or of several."""

    capacity_pages: int
    images: list[Image] = field(default_factory=list[Image])

    @property
    def used_pages(self) -> int:
        """The pages that were written."""
        return sum(image.pages for image in self.images)

    @property
    def promised_pages(self) -> int:
        """What images take, or will take once those that are being written are complete (D6)."""
        return sum(image.promised_pages for image in self.images)


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def torn(content: bytes, at: int) -> bytes:
    """The same with zeros from one byte on: what was lost on its way. Nothing that is written here has a zero."""
    return content[:at] + bytes(len(content) - at)
