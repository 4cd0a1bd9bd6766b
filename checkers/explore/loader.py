"""Native code from the cache, or compiled: without Numba where it is cached, which saves most of a short run's time."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import __version__ as llvmlite_version
from llvmlite import binding

from . import cache as disk


@cache
def host_machine() -> Any:
    """LLVM's description of this machine. Raises RuntimeError where LLVM has none."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    features = binding.get_host_cpu_features().flatten()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=2, reloc="pic", codemodel="jitdefault", jit=True
    )


def identity() -> str:
    """What compiled code depends on besides its source."""
    machine = host_machine()
    host = f"{machine.triple} {binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    return f"{llvmlite_version} {host}"


class Code:
    """Loaded functions, by name. They live as long as this object does."""

    def __init__(self, content: bytes) -> None:
        """Load object code. Raises RuntimeError if it is none."""
        host = host_machine()
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), host)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(content))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function lies."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, count: int) -> Callable[..., int]:
        """A function of so many integers, for Python to call."""
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * count)
        native = kind(self.address(name))
        result = ctypes.c_int64()

        def run(*arguments: int) -> int:
            native(ctypes.addressof(result), None, *arguments)
            return result.value

        return run


def _name(source: str, constants: dict[str, int]) -> str:
    return disk.key(identity(), source, repr(sorted(constants.items())))


def is_cached(source: str, constants: dict[str, int]) -> bool:
    """Whether this source has been compiled here before."""
    return (disk.directory() / _name(source, constants)).exists()


def code(source: str, constants: dict[str, int], beside: dict[str, int]) -> Code:
    """The functions of a source (see compiler.compiled), from the cache if it holds them."""
    name = _name(source, constants)
    found = disk.read(name)
    if found is not None:
        return Code(found)
    from .compiler import compiled

    content = compiled(source, constants, beside)
    disk.write(name, content)
    return Code(content)
