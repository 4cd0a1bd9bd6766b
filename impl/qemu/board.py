"""What hardware a VM sees, as a QEMU command line: the same in every process that is to carry it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .provision import Build

PAGE_BYTES = 4 << 10
MIB = 1 << 20
PAGES_PER_MIB = MIB // PAGE_BYTES


@dataclass(frozen=True)
class Board:
    """A machine: versioned type, memory, what it boots from, and devices.

    With `shared`, its memory is that file, so that another process can have it without a copy; `backed`, it is in a file of
    the process's own, if that has one, so that the machine can take its frames. Beside its serial line it has so many
    `ports`, on which Linux writes as on a serial line. `translations_mib` bounds the emulator's own memory.
    """

    machine: str
    memory_mib: int
    boot: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    processors: int = 1
    shared: Path | None = None
    backed: bool = False
    ports: int = 0
    translations_mib: int | None = None

    @property
    def balloon(self) -> bool:
        """Whether the VM has a balloon."""
        return any(device.startswith("virtio-balloon") for device in self.devices)

    @property
    def lines(self) -> int:
        """How many files `arguments` takes: one for the serial line, one for each port."""
        return 1 + self.ports

    def arguments(self, output: list[Path], memory: Path | None = None) -> list[str]:
        """The command line, but for program and monitor; serial line and ports append to these files, in this order.

        `memory` is the file of a `backed` one.

        A machine is always started stopped, so that nothing runs but by a command. Emulation is always by software: that a
        machine has /dev/kvm does not mean that guests run on it.
        """
        file = self.shared or (memory if self.backed else None)
        kind = f"{self.machine},memory-backend=ram" if self.shared or self.backed else self.machine
        accelerator = f"tcg,tb-size={self.translations_mib}" if self.translations_mib else "tcg"
        fixed = ["-cpu", "qemu64", "-accel", accelerator, "-nodefaults", "-no-user-config", "-display", "none", "-S"]
        sizes = ["-m", str(self.memory_mib), "-smp", str(self.processors)]
        return [*self._memory(file), "-M", kind, *fixed, *sizes, *self._output(output), *self.boot, *self.devices]

    def _memory(self, file: Path | None) -> list[str]:
        if not self.shared and not self.backed:
            return []
        if not file:
            return ["-object", f"memory-backend-ram,id=ram,size={self.memory_mib}M"]
        return ["-object", f"memory-backend-file,id=ram,size={self.memory_mib}M,mem-path={file},share=on"]

    def _output(self, files: list[Path]) -> list[str]:
        ends = [["-serial", "chardev:line0"], *([["-device", "virtio-serial-pci"]] if self.ports else [])]
        ends += [["-device", f"virtserialport,chardev=line{i},nr={i}"] for i in range(1, self.lines)]
        files_of_lines = [["-chardev", f"file,id=line{i},path={path},append=on"] for i, path in enumerate(files)]
        return [argument for arguments in (*files_of_lines, *ends) for argument in arguments]


def machine_type(build: Build, board: str = "pc-i440fx") -> str:
    """The versioned machine type that belongs to a build: every later version has it too."""
    return f"{board}-{'.'.join(build.version.split('.')[:2])}"


def floppy(image: Path) -> tuple[str, ...]:
    """Boot from this floppy disk."""
    return ("-drive", f"if=floppy,format=raw,readonly=on,file={image}", "-boot", "a")


@dataclass(frozen=True)
class Start:
    """How a process begins: fresh, or waiting for a VM's state to arrive; and what is added to its name."""

    incoming: bool = False
    mark: str = ""
