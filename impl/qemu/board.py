"""What hardware a VM sees, as a QEMU command line: the same in every process that is to carry it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .provision import Build


@dataclass(frozen=True)
class Board:
    """A machine: versioned type, memory, what it boots from, and devices.

    With `shared`, its memory is that file, so that another process can have it without a copy.
    """

    machine: str
    memory_mib: int
    boot: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    processors: int = 1
    shared: Path | None = None
    serial_lines: int = 1

    def arguments(self, serial: list[Path]) -> list[str]:
        """The command line, but for program and monitor; the guest's serial lines append to these files.

        A machine is always started stopped, so that nothing runs but by a command. Emulation is always by software: that a
        machine has /dev/kvm does not mean that guests run on it.
        """
        memory = f"memory-backend-file,id=ram,size={self.memory_mib}M,mem-path={self.shared},share=on"
        backend = ("-object", memory) if self.shared else ()
        kind = f"{self.machine},memory-backend=ram" if self.shared else self.machine
        fixed = ("-cpu", "qemu64", "-accel", "tcg", "-nodefaults", "-no-user-config", "-display", "none", "-S")
        sizes = ("-m", str(self.memory_mib), "-smp", str(self.processors))
        lines = [
            argument
            for i, path in enumerate(serial)
            for argument in ("-chardev", f"file,id=line{i},path={path},append=on", "-serial", f"chardev:line{i}")
        ]
        return [*backend, "-M", kind, *fixed, *sizes, *lines, *self.boot, *self.devices]


def machine_type(build: Build, board: str = "pc-i440fx") -> str:
    """The versioned machine type that belongs to a build: every later version has it too."""
    return f"{board}-{'.'.join(build.version.split('.')[:2])}"


def floppy(image: Path) -> tuple[str, ...]:
    """Boot from this floppy disk."""
    return ("-drive", f"if=floppy,format=raw,readonly=on,file={image}", "-boot", "a")


@dataclass(frozen=True)
class Start:
    """How a process begins: fresh, or waiting for a VM's state to arrive; and descriptors that it is to inherit."""

    incoming: bool = False
    extra: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = field(default=())
