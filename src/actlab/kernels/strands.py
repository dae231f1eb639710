"""Vectors of STRANDS numbers for kernels along an axis.

A plain loop over a sum adds one number after the other, for a compiler may not reorder it. Here a sum is made of
STRANDS sums at once; `actlab.emit.axis` says in which order, and it is the same whatever vectors the CPU has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once, alloca_once_value, for_range_slice
from numba.extending import intrinsic

from actlab.emit.axis import STRANDS
from actlab.kernels.instructions import word

_INDEX, _INT32, _BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)
_SUMS = ir.VectorType(ir.DoubleType(), STRANDS)
_CACHE_LINE = 64  # bytes; a vector of AVX-512


def _new_strands(_context: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        numbers = alloca_once(builder, ir.ArrayType(_SUMS.element, STRANDS))  # type: ignore[no-untyped-call]
        numbers.align = _CACHE_LINE
        return builder.bitcast(numbers, _SUMS.element.as_pointer())

    return types.CPointer(types.float64)(), emit  # type: ignore[no-untyped-call]


def _fold_strands(_context: Any, strands: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = _address(context, builder, signature.args[0], arguments[0], _INDEX(0))
        return _halved(builder, _load(builder, first, _SUMS), builder.fadd)

    return types.float64(strands), emit


def _largest_of(_context: Any, values: Any, start: Any, count: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, start, count = arguments
        number = context.get_value_type(signature.args[0].dtype)
        vector, flags = ir.VectorType(number, STRANDS), ir.VectorType(_BIT, STRANDS)
        first = _address(context, builder, signature.args[0], values, start)
        top = alloca_once_value(builder, _load(builder, first, vector))  # type: ignore[no-untyped-call]
        nan_seen = alloca_once_value(builder, flags([0] * STRANDS))  # type: ignore[no-untyped-call]

        def take(i: Any) -> None:
            new = _load(builder, builder.gep(first, [i]), vector)
            builder.store(_larger(builder, builder.load(top), new), top)
            builder.store(builder.or_(builder.load(nan_seen), builder.fcmp_unordered("uno", new, new)), nan_seen)

        whole = builder.and_(count, _INDEX(-STRANDS))
        with for_range_slice(builder, _INDEX(0), whole, _INDEX(STRANDS), intp=_INDEX) as (i, _):
            take(i)
        take(builder.sub(count, _INDEX(STRANDS)))  # the rest, and some again, which does no harm
        largest = _halved(builder, builder.load(top), lambda a, b: _larger(builder, a, b))
        is_nan = _halved(builder, builder.load(nan_seen), builder.or_)
        return builder.select(is_nan, number(float("nan")), largest)

    return values.dtype(values, start, count), emit


def _prefetch(_context: Any, values: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = builder.bitcast(_address(context, builder, signature.args[0], *arguments), ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [address.type, _INT32, _INT32, _INT32])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
        builder.call(function, [address, _INT32(0), _INT32(3), _INT32(1)])  # to read, into all caches, data
        return context.get_dummy_value()

    return types.void(values, index), emit


def _read_only(_context: Any, array: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        context.nrt.incref(builder, signature.return_type, arguments[0])
        return arguments[0]

    return array.copy(readonly=True)(array), emit


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _load(builder: Any, pointer: Any, vector: Any) -> Any:
    """A vector from memory that is aligned for its elements only."""
    size = 4 if isinstance(vector.element, ir.FloatType) else 8
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=size)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


def _halved(builder: Any, vector: Any, combine: Callable[[Any, Any], Any]) -> Any:
    """The elements combined: the first half with the second, until one is left."""
    length = STRANDS
    while length > 1:
        length //= 2
        masks = [ir.VectorType(_INT32, length)(list(half)) for half in (range(length), range(length, 2 * length))]
        vector = combine(*(builder.shuffle_vector(vector, vector, mask) for mask in masks))
    return builder.extract_element(vector, _INT32(0))


_pointer_to_strands = cast("Callable[[], Any]", intrinsic(_new_strands))

#: `fold_strands(strands)`: the sum of STRANDS numbers, the first half added to the second until one is left.
fold_strands = cast("Callable[[Any], float]", intrinsic(_fold_strands))

#: `largest_of(values, start, count)`: the largest of at least STRANDS numbers; NaN if one is NaN.
largest_of = cast("Callable[[Any, int, int], float]", intrinsic(_largest_of))

#: `prefetch(values, index)` asks for the memory of an element, which need not exist.
prefetch = cast("Callable[[Any, int], None]", intrinsic(_prefetch))

#: `read_only(array)`: the array, with the type of one that is only read.
read_only = cast("Callable[[Any], Any]", intrinsic(_read_only))


@word
def strands() -> Any:
    """STRANDS float64 numbers that the compiler can keep in registers: an array that nobody else can know of."""
    return numba.carray(_pointer_to_strands(), STRANDS)  # type: ignore[attr-defined]
