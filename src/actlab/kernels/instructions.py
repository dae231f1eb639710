"""The few machine instructions that Numba has no name for, and the decorator that makes a word of a function.

Fused multiply-adds are asked for by name: whether a compiler contracts `a*b + c` into one depends on its
version and on the CPU, and error-free sums would break where it did. On a CPU without the instruction
`llvm.fma` becomes a call of the C library: slow, the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core.types import float64, int64, void
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

_DOUBLE = ir.DoubleType()
_INT32, _INT64 = ir.IntType(32), ir.IntType(64)
_INTERLEAVED = 4


def word(function: Function) -> Function:
    """Compile a scalar function so that it becomes part of every loop that calls it.

    It is inlined always (a call would keep the loop from being vectorised), divides as IEEE 754 says
    (Numba's default raises ZeroDivisionError, and that too keeps loops scalar) and leaves the order of
    operations alone (no fastmath).
    """
    compile_later = numba.njit(error_model="numpy", forceinline=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
    return cast("Function", compile_later(function))


def _unary(returns: Any, takes: Any, emit: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Make a function of one number, for use in compiled code, from the instructions that `emit` writes."""

    @intrinsic
    def operation(_context: Any, _x: Any) -> Any:
        return returns(takes), lambda _context, builder, _signature, arguments: emit(builder, arguments[0])

    return cast("Callable[[Any], Any]", operation)


def _fma(_context: Any, _x: Any, _y: Any, _z: Any) -> Any:
    return float64(float64, float64, float64), lambda _context, builder, _signature, xyz: builder.fma(*xyz)


#: `fma(x, y, z)` is x y + z, rounded once.
fma = cast("Callable[[float, float, float], float]", intrinsic(_fma))

#: `bits_of(x)` is the integer that has the 64 bits of the double x.
bits_of: Callable[[float], int] = _unary(int64, float64, lambda builder, x: builder.bitcast(x, _INT64))

#: `float_of(bits)` is the double that has the 64 bits of the integer.
float_of: Callable[[int], float] = _unary(float64, int64, lambda builder, n: builder.bitcast(n, _DOUBLE))


def polynomial(coefficients: tuple[float, ...]) -> Callable[[float], float]:
    """Make the polynomial with these coefficients, constant term first.

    The even and the odd terms are summed apart, each by Horner's scheme in x^2: half as long a chain of operations that
    wait for each other. Written as instructions, because Numba takes far longer over the same written in Python.
    """

    def emit(builder: Any, x: Any) -> Any:
        square = builder.fmul(x, x)
        even, odd = (_horner(builder, square, coefficients[start::2]) for start in (0, 1))
        return builder.fma(odd, x, even)

    return _unary(float64, float64, emit)


def _horner(builder: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    total, *lower = (ir.Constant(_DOUBLE, c) for c in reversed(coefficients))
    for coefficient in lower:
        total = builder.fma(total, x, coefficient)
    return total


def _vectorise(_context: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        module = builder.module
        several = [ir.MetaDataString(module, "llvm.loop.interleave.count"), _INT32(_INTERLEAVED)]
        rolled = [ir.MetaDataString(module, "llvm.loop.unroll.disable")]
        hints = [module.add_metadata(several), module.add_metadata(rolled)]
        for branch in _backwards(builder.function):
            loop = module.add_metadata([ir.MetaDataString(module, branch.parent.name), *hints])
            loop.operands = (loop, *hints)  # it names itself, as LLVM wants the metadata of a loop
            branch.set_metadata("llvm.loop", loop)
        return context.get_dummy_value()

    return void(), emit


def _backwards(function: Any) -> list[Any]:
    """Branches to a block that stands before their own: all that close a loop (to others the hints mean nothing)."""
    place = {block.name: k for k, block in enumerate(function.blocks)}

    def goes_back(end: Any) -> bool:
        targets = [target.name for target in end.operands if isinstance(target, ir.Block)]
        return any(place[target] <= place[end.parent.name] for target in targets)

    return [block.terminator for block in function.blocks if block.is_terminated and goes_back(block.terminator)]


#: `vectorise()` at the end of a kernel says how LLVM is to treat the loops above: four vectors at a time, and none
#: unrolled before that. It would take one where a loop is as long as an exponential, and wait for the longest chain of
#: operations in it: up to twice as slow. No operation is reordered: the bits are the same.
vectorise = cast("Callable[[], None]", intrinsic(_vectorise))
