"""The few machine instructions that Numba has no name for, and the decorator that makes a word of a function.

Fused multiply-adds are asked for by name: whether a compiler contracts `a*b + c` into one depends on its
version and on the CPU, and error-free sums would break where it did. On a CPU without the instruction
`llvm.fma` becomes a call of the C library: slow, the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core.types import float64, int64
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

_DOUBLE = ir.DoubleType()
_INT64 = ir.IntType(64)


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
    """Make the polynomial with these coefficients, constant term first, by Horner's scheme.

    Written as instructions, because Numba takes far longer over the same chain written in Python.
    """
    return _unary(float64, float64, lambda builder, x: _horner(builder, x, coefficients))


def split_polynomial(coefficients: tuple[float, ...]) -> Callable[[float], float]:
    """Make the same polynomial as a sum of its even and its odd terms, each by Horner's scheme in x^2.

    One bit less accurate, and half as long a chain of operations that wait for each other.
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
