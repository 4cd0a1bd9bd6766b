"""Compiled code on disk, found by the content that it was compiled from.

An entry is trusted only if it is whole: it begins with a digest of the rest. Entries are written beside and moved into
place, so that a reader sees all of one or nothing; whoever else writes the same entry writes the same bytes. A cache
that cannot be read or written costs time and changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

DIGEST_BYTES = hashlib.sha256().digest_size


def directory() -> Path:
    """`HOLDFAST_CACHE`, or holdfast/ in the user's cache directory."""
    chosen = os.environ.get("HOLDFAST_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "holdfast"


def key(*parts: str) -> str:
    """The name of what is compiled from these."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(f"{len(part)}:".encode())
        whole.update(part.encode())
    return whole.hexdigest()


def read(name: str) -> bytes | None:
    """The entry of that name; None where there is none, or a damaged one."""
    try:
        found = (directory() / name).read_bytes()
    except OSError:
        return None
    digest, content = found[:DIGEST_BYTES], found[DIGEST_BYTES:]
    return content if content and hashlib.sha256(content).digest() == digest else None


def write(name: str, content: bytes) -> None:
    """Keep an entry, if the disk lets us."""
    try:
        folder = directory()
        folder.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=folder, prefix=name[:16], suffix=".new")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        Path(beside).replace(folder / name)
    except OSError:
        Path(beside).unlink(missing_ok=True)
