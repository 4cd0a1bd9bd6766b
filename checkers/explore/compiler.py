"""Functions of restricted Python as native code: Numba lowers each, LLVM optimises them together.

All arguments and results are 64-bit integers; arrays and functions are addresses. Only the passes of Numba that such
code needs are run, and none of its wrappers are made, so that the result needs neither Python nor Numba to run.
Imported only where something has to be compiled.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from llvmlite import binding, ir
from numba.core import compiler, typed_passes, types, typing, untyped_passes
from numba.core.compiler_machinery import PassManager
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from .kernel import LANES
from .loader import host_machine

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
HASH_FACTOR = -7046029254386353131  # 2**64 / the golden ratio
WHOLE = types.int64
CALL_ARGUMENTS = 7


def _at(builder: Any, address: Any, index: Any, element: Any) -> Any:
    size = I64(element.width // 8)
    return builder.inttoptr(builder.add(address, builder.mul(index, size)), element.as_pointer())


@intrinsic
def load(_t: Any, array: Any, index: Any) -> Any:
    """array[index]"""
    return WHOLE(WHOLE, WHOLE), lambda _c, b, _s, a: b.load(_at(b, a[0], a[1], I64))


@intrinsic
def store(_t: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] = value"""

    def generate(context: Any, b: Any, _s: Any, a: Any) -> Any:
        b.store(a[2], _at(b, a[0], a[1], I64))
        return context.get_dummy_value()

    return types.void(WHOLE, WHOLE, WHOLE), generate


@intrinsic
def note(_t: Any, array: Any, index: Any, value: Any, width: Any) -> Any:
    """array[index] = value, in entries of `width` bytes, which are 1, 2 or 4"""

    def generate(context: Any, b: Any, _s: Any, a: Any) -> Any:
        done = b.append_basic_block("noted")
        choice = b.switch(a[3], done)
        for kind in (I8, ir.IntType(16), I32):
            block = b.append_basic_block(f"note{kind.width}")
            choice.add_case(I64(kind.width // 8), block)
            with b.goto_block(block):
                b.store(b.trunc(a[2], kind), _at(b, a[0], a[1], kind))
                b.branch(done)
        b.position_at_end(done)
        return context.get_dummy_value()

    return types.void(WHOLE, WHOLE, WHOLE, WHOLE), generate


@intrinsic
def prefetch(_t: Any, array: Any, index: Any) -> Any:
    """Ask for the memory at array[index] ahead of its use."""

    def generate(context: Any, b: Any, _s: Any, a: Any) -> Any:
        pointer = b.bitcast(_at(b, a[0], a[1], I64), I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, I32, I32, I32])
        known = b.module.globals.get("llvm.prefetch.p0")
        b.call(known or ir.Function(b.module, kind, "llvm.prefetch.p0"), [pointer, I32(0), I32(3), I32(1)])
        return context.get_dummy_value()

    return types.void(WHOLE, WHOLE), generate


@intrinsic
def matches(_t: Any, array: Any, index: Any, value: Any) -> Any:
    """A bit for each of the words array[index], ... array[index + LANES - 1] that is the value, the first the lowest."""

    def generate(_c: Any, b: Any, _s: Any, a: Any) -> Any:
        lanes = ir.VectorType(I64, LANES)
        pointer = b.bitcast(_at(b, a[0], a[1], I64), lanes.as_pointer())
        one = b.insert_element(ir.Constant(lanes, ir.Undefined), a[2], I32(0))
        first = ir.Constant(ir.VectorType(I32, LANES), [0] * LANES)
        every = b.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), first)
        same = b.icmp_unsigned("==", b.load(pointer, align=8), every)
        return b.zext(b.bitcast(same, ir.IntType(LANES)), I64)

    return WHOLE(WHOLE, WHOLE, WHOLE), generate


@intrinsic
def lowest(_t: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set"""
    return WHOLE(WHOLE), lambda _c, b, _s, a: b.cttz(a[0], ir.Constant(ir.IntType(1), 0))


@intrinsic
def choose(_t: Any, condition: Any, then: Any, otherwise: Any) -> Any:
    """`then` if the condition is not 0, else `otherwise`; both are computed"""
    return (
        WHOLE(WHOLE, WHOLE, WHOLE),
        lambda _c, b, _s, a: b.select(b.icmp_signed("!=", a[0], I64(0)), a[1], a[2]),
    )


@intrinsic
def mix(_t: Any, h: Any, word: Any) -> Any:
    """A step of the hash."""

    def generate(_c: Any, b: Any, _s: Any, a: Any) -> Any:
        product = b.mul(b.xor(a[0], a[1]), I64(HASH_FACTOR))
        folded = b.xor(product, b.lshr(product, I64(32)))
        return b.mul(folded, I64(HASH_FACTOR))

    return WHOLE(WHOLE, WHOLE), generate


def _native_type(count: int) -> Any:
    """What Numba makes of a function of integers: status(result*, exception*, arguments ...)."""
    return ir.FunctionType(I32, [I64.as_pointer(), I8.as_pointer().as_pointer(), *[I64] * count])


@intrinsic
def call(_t: Any, function: Any, a1: Any, a2: Any, a3: Any, a4: Any, a5: Any, a6: Any, a7: Any) -> Any:
    """The result of the function at an address."""

    def generate(context: Any, b: Any, _s: Any, a: Any) -> Any:
        with b.goto_entry_block():
            result = b.alloca(I64)
        kind = _native_type(CALL_ARGUMENTS)
        nowhere = ir.Constant(kind.args[1], None)
        b.call(b.inttoptr(a[0], kind.as_pointer()), [result, nowhere, *a[1:]])
        return b.load(result)

    return WHOLE(*[WHOLE] * (CALL_ARGUMENTS + 1)), generate


PRIMITIVES = {f.__name__: f for f in (load, store, note, prefetch, matches, lowest, choose, mix, call)}


def external(name: str, count: int) -> Any:
    """A function of so many integers that is compiled beside the caller, as something to call."""

    def generate(context: Any, b: Any, _s: Any, a: Any) -> Any:
        with b.goto_entry_block():
            result = b.alloca(I64)
        kind = _native_type(count)
        function = b.module.globals.get(name) or ir.Function(b.module, kind, name)
        b.call(function, [result, ir.Constant(kind.args[1], None), *a])
        return b.load(result)

    parameters = ", ".join(f"a{k}" for k in range(count))
    scope: dict[str, Any] = {"sign": lambda: WHOLE(*[WHOLE] * count), "generate": generate}
    exec(f"def {name}(_t, {parameters}): return sign(), generate", scope)
    return intrinsic(scope[name])


class _Pipeline(compiler.CompilerBase):
    """The passes that integers, loops and conditions need."""

    def define_pipelines(self) -> list[Any]:
        passes = PassManager("restricted")
        for one in (
            untyped_passes.TranslateByteCode,
            untyped_passes.FixupArgs,
            untyped_passes.IRProcessing,
            untyped_passes.ReconstructSSA,
            typed_passes.NopythonTypeInference,
            typed_passes.PreLowerStripPhis,
            typed_passes.IRLegalization,
            typed_passes.NativeLowering,
        ):
            passes.add_pass(one, one.__name__)
        passes.finalize()
        return [passes]


class _Typing(typing.Context):  # type: ignore[misc]
    """Numba's typing rules, each asked once: here every call of a function has arguments of the same types."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Any, Any] = {}

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        """The signature of a call, literals taken as the integers that they are."""
        key = func, tuple(types.unliteral(a) for a in args)
        if key not in self._known:
            self._known[key] = super().resolve_function_type(func, key[1], kws)
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
        module.triple, module.data_layout = host_machine().triple, str(host_machine().target_data)
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


def compiled(source: str, constants: dict[str, int], beside: dict[str, int]) -> bytes:
    """The object code of all functions in a source, under their own names.

    `constants` are integers that the source names; `beside` are its functions that others of it call, with how many
    arguments.
    """
    scope: dict[str, Any] = {**PRIMITIVES, **constants, **{name: external(name, n) for name, n in beside.items()}}
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
            {},
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
