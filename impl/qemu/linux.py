"""A small Linux: kernel, an initial memory disk with one static program, and a read-only disk made of files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .packages import Unavailable
from .provision import Build

DRIVERS = (
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
    "virtio_balloon",
    "failover",
    "net_failover",
    "virtio_net",
)
"""In an order in which each finds what it needs."""

COMMAND_LINE = "console=ttyS0 quiet nokaslr mitigations=off tsc=reliable no_timer_check panic=-1 random.trust_cpu=on"
SPARE_KIB = 4096
TOOL_TIMEOUT_S = 120
FILE, DIRECTORY, DEVICE = 0o100755, 0o040755, 0o020600

BEGIN = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs scratch /scratch
for driver in {drivers}; do insmod /drivers/$driver.ko; done
"""


def initramfs(linux: Build, path: Path, script: str) -> None:
    """Write an initial memory disk whose first process loads the drivers, and then goes on with this shell script."""
    entries: dict[str, tuple[int, bytes, int]] = {
        **dict.fromkeys(("bin", "dev", "drivers", "disk", "proc", "run", "scratch", "sys"), (DIRECTORY, b"", 0)),
        "dev/console": (DEVICE, b"", 1),
        "bin/busybox": (FILE, linux.tool("busybox").read_bytes(), 0),
        "init": (FILE, (BEGIN.format(drivers=" ".join(DRIVERS)) + script).encode(), 0),
    }
    for driver in DRIVERS:
        entries[f"drivers/{driver}.ko"] = (FILE, linux.first(f"lib/modules/*/kernel/**/{driver}.ko").read_bytes(), 0)
    path.write_bytes(_archive(entries))


def _archive(entries: Mapping[str, tuple[int, bytes, int]]) -> bytes:
    """An archive as the kernel unpacks it (`newc`): names with mode, content and, for a device, its minor number."""
    parts = [_entry(i, name, *entry) for i, (name, entry) in enumerate(entries.items(), 1)]
    return b"".join([*parts, _entry(0, "TRAILER!!!", 0, b"", 0)])


def _entry(inode: int, name: str, mode: int, content: bytes, minor: int) -> bytes:
    major = 5 if minor else 0
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return _padded(head) + _padded(content)


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)


def disk(linux: Build, path: Path, files: Mapping[str, Path]) -> None:
    """Write a file system with these files, by the path that they have in it. Raises Unavailable."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as name:
        tree = Path(name)
        for inside, source in files.items():
            (tree / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, tree / inside)
            (tree / inside).chmod(0o755)
        size_kib = sum(source.stat().st_size for source in files.values()) // 1024 + SPARE_KIB
        path.unlink(missing_ok=True)
        made = [
            *linux.command(str(linux.tool("mke2fs").relative_to(linux.root))),
            "-q",
            "-t",
            "ext4",
            "-O",
            "^has_journal",
            "-m",
            "0",
        ]
        run([*made, "-d", str(tree), str(path), f"{size_kib}k"])


def libraries(build: Build, programs: Iterable[Path]) -> dict[str, Path]:
    """The shared libraries that these programs of the build need, by name. Raises Unavailable."""
    found: dict[str, Path] = {}
    for program in programs:
        asked = [*build.command(str(program.relative_to(build.root)))]
        for line in run([*asked[:-1], "--list", asked[-1]]).splitlines():
            paths = [Path(word) for word in line.split() if word.startswith("/")]
            found.update({p.name: p.resolve() for p in paths if p.is_relative_to(build.root)})
    return found


def run(command: list[str]) -> str:
    """What a tool prints. Raises Unavailable if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(str(e)) from e
    if done.returncode:
        raise Unavailable(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def kernel(linux: Build) -> Path:
    """The kernel. Raises Unavailable."""
    return linux.first("boot/vmlinuz-*")


def boot(linux: Build, initial: Path) -> tuple[str, ...]:
    """Boot the kernel with this initial memory disk."""
    return ("-kernel", str(kernel(linux)), "-initrd", str(initial), "-append", COMMAND_LINE)
