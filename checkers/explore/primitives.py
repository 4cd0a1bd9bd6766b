"""What generated code and the kernel are made of, as LLVM's instructions: each takes a builder and the arguments.

All arguments and results are 64-bit integers; arrays and functions are addresses. python.py has the same functions for
CPython. Imported only where something has to be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

from .kernel import LANES

# Numba and llvmlite tell type checkers nothing, so here they are Any.
ir: Any = import_module("llvmlite.ir")
types: Any = import_module("numba.core.types")
extending: Any = import_module("numba.extending")

Value: TypeAlias = Any
Arguments: TypeAlias = Sequence[Value]

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
NOTE_KINDS = I8, ir.IntType(16), I32
HASH_FACTOR = -7046029254386353131  # 2**64 / the golden ratio
WHOLE = types.int64
CALL_ARGUMENTS = 7


def _at(b: Any, address: Value, index: Value, element: Any) -> Value:
    return b.inttoptr(b.add(address, b.mul(index, I64(element.width // 8))), element.as_pointer())


def load(b: Any, a: Arguments) -> Value:
    """array[index]"""
    return b.load(_at(b, a[0], a[1], I64))


def store(b: Any, a: Arguments) -> Value:
    """array[index] = value"""
    b.store(a[2], _at(b, a[0], a[1], I64))
    return I64(0)


def note(b: Any, a: Arguments) -> Value:
    """array[index] = value, in entries of `width` bytes, which are 1, 2 or 4"""
    done = b.append_basic_block("noted")
    choice = b.switch(a[3], done)
    for kind in NOTE_KINDS:
        block = b.append_basic_block(f"note{kind.width}")
        choice.add_case(I64(kind.width // 8), block)
        with b.goto_block(block):
            b.store(b.trunc(a[2], kind), _at(b, a[0], a[1], kind))
            b.branch(done)
    b.position_at_end(done)
    return I64(0)


def noted(b: Any, a: Arguments) -> Value:
    """array[index], in entries of `width` bytes, which are 1, 2 or 4"""
    done = b.append_basic_block("read")
    choice = b.switch(a[2], done)
    found = [(I64(0), b.block)]
    for kind in NOTE_KINDS:
        block = b.append_basic_block(f"read{kind.width}")
        choice.add_case(I64(kind.width // 8), block)
        with b.goto_block(block):
            found.append((b.zext(b.load(_at(b, a[0], a[1], kind)), I64), block))
            b.branch(done)
    b.position_at_end(done)
    value = b.phi(I64)
    for one, block in found:
        value.add_incoming(one, block)
    return value


def prefetch(b: Any, a: Arguments) -> Value:
    """Ask for the memory at array[index], which will be written, ahead of its use."""
    pointer = b.bitcast(_at(b, a[0], a[1], I64), I8.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, I32, I32, I32])
    known = b.module.globals.get("llvm.prefetch.p0")
    b.call(known or ir.Function(b.module, kind, "llvm.prefetch.p0"), [pointer, I32(1), I32(3), I32(1)])
    return I64(0)


def prefetch_next(b: Any, a: Arguments) -> Value:
    """The same for array[index + step] if none of the LANES words from array[index] is 0"""
    full = b.icmp_unsigned("==", matches(b, [a[0], a[1], I64(0)]), I64(0))
    return prefetch(b, [a[0], b.select(full, b.add(a[1], a[2]), a[1])])


def matches(b: Any, a: Arguments) -> Value:
    """A bit for each of the LANES words from array[index] that is the value, the first word's the lowest."""
    lanes = ir.VectorType(I64, LANES)
    pointer = b.bitcast(_at(b, a[0], a[1], I64), lanes.as_pointer())
    one = b.insert_element(ir.Constant(lanes, ir.Undefined), a[2], I32(0))
    first = ir.Constant(ir.VectorType(I32, LANES), [0] * LANES)
    every = b.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), first)
    same = b.icmp_unsigned("==", b.load(pointer, align=8), every)
    return b.zext(b.bitcast(same, ir.IntType(LANES)), I64)


def lowest(b: Any, a: Arguments) -> Value:
    """The number of the lowest bit that is set"""
    return b.cttz(a[0], ir.Constant(ir.IntType(1), 0))


def choose(b: Any, a: Arguments) -> Value:
    """The second if the first is not 0, else the third; both are computed"""
    return b.select(b.icmp_signed("!=", a[0], I64(0)), a[1], a[2])


def mix(b: Any, a: Arguments) -> Value:
    """A step of the hash: the hash so far, and a word"""
    product = b.mul(b.xor(a[0], a[1]), I64(HASH_FACTOR))
    return b.mul(b.xor(product, b.lshr(product, I64(32))), I64(HASH_FACTOR))


def call(b: Any, a: Arguments) -> Value:
    """The result of the function at an address, as Numba makes it: status(result*, exception*, arguments ...)"""
    with b.goto_entry_block():
        result = b.alloca(I64)
    exception = I8.as_pointer().as_pointer()
    kind = ir.FunctionType(I32, [I64.as_pointer(), exception, *[I64] * CALL_ARGUMENTS])
    b.call(b.inttoptr(a[0], kind.as_pointer()), [result, ir.Constant(exception, None), *a[1:]])
    return b.load(result)


def _known_to_numba(generate: Callable[[Any, Arguments], Value], count: int) -> Any:
    """The primitive as something that Numba compiles calls of; it reads the number of arguments off a signature."""

    def answer() -> tuple[Any, Callable[[Any, Any, Any, Any], Value]]:
        def lowered(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Value:
            return generate(builder, arguments)

        return WHOLE(*[WHOLE] * count), lowered

    parameters = ", ".join(f"a{k}" for k in range(count))
    scope: dict[str, Any] = {"answer": answer}
    exec(f"def {generate.__name__}(_typing, {parameters}): return answer()", scope)
    return extending.intrinsic(scope[generate.__name__])


COUNTS: dict[Callable[[Any, Arguments], Value], int] = {
    load: 2,
    store: 3,
    note: 4,
    noted: 3,
    prefetch: 2,
    prefetch_next: 3,
    matches: 3,
    lowest: 1,
    choose: 3,
    mix: 2,
    call: 1 + CALL_ARGUMENTS,
}
PRIMITIVES: dict[str, Any] = {f.__name__: _known_to_numba(f, count) for f, count in COUNTS.items()}
