"""Functions of restricted Python as native code: Numba lowers each, LLVM optimises them together.

Only the passes of Numba that integers, loops and conditions need are run, and none of its wrappers are made: the result
needs neither Python nor Numba to run. Imported only where something has to be compiled.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from .primitives import PRIMITIVES, WHOLE

# Numba and llvmlite tell type checkers nothing, so here they are Any.
binding: Any = import_module("llvmlite.binding")
ir: Any = import_module("llvmlite.ir")
compiler: Any = import_module("numba.core.compiler")
lowering: Any = import_module("numba.core.lowering")
machinery: Any = import_module("numba.core.compiler_machinery")
numba_ir: Any = import_module("numba.core.ir")
typed_passes: Any = import_module("numba.core.typed_passes")
types: Any = import_module("numba.core.types")
typing: Any = import_module("numba.core.typing")
untyped_passes: Any = import_module("numba.core.untyped_passes")
cpu_target: Any = import_module("numba.core.registry").cpu_target


def host_machine() -> Any:
    """LLVM's description of this machine; an execution engine owns the one that it is given."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    features = binding.get_host_cpu_features().flatten()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=2, reloc="pic", codemodel="jitdefault", jit=True
    )


class _Lower(lowering.Lower):  # type: ignore[misc]
    """Lowers `x + 1` as it lowers `x + y`; LLVM sees the constant anyway."""

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        """Without trying how Numba would lower each operator for a known operand."""
        expr.static_lhs = expr.static_rhs = numba_ir.UNDEFINED
        return lowering.Lower.lower_binop(self, resty, expr, op)


class _Lowering(typed_passes.BaseNativeLowering):  # type: ignore[misc]
    """Numba's last pass, with the above."""

    _name = "restricted_lowering"

    @property
    def lowering_class(self) -> type[_Lower]:
        """What lowers a function."""
        return _Lower


machinery.register_pass(mutates_CFG=True, analysis_only=False)(_Lowering)


class _Pipeline(compiler.CompilerBase):  # type: ignore[misc]
    """The passes that integers, loops and conditions need."""

    def define_pipelines(self) -> list[Any]:
        passes = machinery.PassManager("restricted")
        for one in (
            untyped_passes.TranslateByteCode,
            untyped_passes.FixupArgs,
            untyped_passes.IRProcessing,
            typed_passes.NopythonTypeInference,
            typed_passes.PreLowerStripPhis,
            typed_passes.IRLegalization,
            _Lowering,
        ):
            passes.add_pass(one, one.__name__)
        passes.finalize()
        return [passes]


class _Typing(typing.Context):  # type: ignore[misc]
    """Numba's typing rules, each asked once: here every call of a function has arguments of the same types."""

    def __init__(self) -> None:
        typing.Context.__init__(self)
        self._known: dict[Any, Any] = {}

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        """The signature of a call, literals taken as the integers that they are."""
        key = func, tuple(types.unliteral(a) for a in args)
        if key not in self._known:
            self._known[key] = typing.Context.resolve_function_type(self, func, key[1], kws)
        return self._known[key]


class _Collector:
    """Stands for a library of Numba's: takes the modules that lowering makes, as text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.modules: list[str] = []
        self.recorded_timings: Any = None
        self._reload_init: set[Any] = set()

    def create_ir_module(self, name: str) -> Any:
        """Called by the lowering."""
        module = ir.Module(name)
        machine = host_machine()
        module.triple, module.data_layout = machine.triple, str(machine.target_data)
        return module

    def add_ir_module(self, module: Any) -> None:
        """Called by the lowering."""
        self.modules.append(str(module))

    def add_linking_library(self, library: Any) -> None:
        """Called by the lowering with Numba's memory management, of which integers need nothing."""


@cache
def _contexts() -> tuple[Any, Any]:
    """How Numba types and lowers for this machine."""
    rules = _Typing()
    target = cpu_target.target_context.subtarget(typing_context=rules)
    rules.refresh()
    target.refresh()
    return rules, target


def compiled(source: str, constants: dict[str, int]) -> bytes:
    """The object code of all functions in a source, under their own names; `constants` are integers that it names.

    Functions call one another by address only, so that the code is free of relocations.
    """
    scope: dict[str, Any] = {**PRIMITIVES, **constants}
    defined: dict[str, Any] = {}
    exec(compile(source, "<generated>", "exec"), scope, defined)
    rules, target = _contexts()
    flags = compiler.Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.error_model = "numpy"
    collector = _Collector("generated")
    names: dict[str, str] = {}
    for name, function in defined.items():
        arguments = (WHOLE,) * function.__code__.co_argcount
        result = compiler.compile_extra(
            rules,
            target,
            function,
            arguments,
            WHOLE,
            flags,
            dict.fromkeys(function.__code__.co_varnames, WHOLE),
            library=collector,
            pipeline_class=_Pipeline,
        )
        names[result.fndesc.llvm_func_name] = name
    return _optimised(collector.modules, names)


def _optimised(modules: list[str], names: dict[str, str]) -> bytes:
    machine = host_machine()
    whole = binding.parse_assembly("")
    for text in modules:
        for mangled, name in names.items():
            text = text.replace(f'@"{mangled}"', f'@"{name}"')
        whole.link_in(binding.parse_assembly(text))
    whole.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(whole, builder)
    return bytes(machine.emit_object(whole))
