"""Functions along an axis over NumPy arrays of any float dtype and layout: to the kernels and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actlab.emit.axis import inputs, is_per_group
from actlab.errors import OptionError
from actlab.expression import Expression, substitute
from actlab.frameworks import bfloat16
from actlab.frameworks.arrays import checked_out
from actlab.frameworks.common import axis_and_pieces
from actlab.kernels.axis import loop

if TYPE_CHECKING:
    from actlab.activation import Record

_FLOAT64 = np.dtype(np.float64)
_LANES = (np.dtype(np.float32), _FLOAT64)


def value(record: Record, x: NDArray[Any], parameters: Mapping[str, Any], out: Any = None) -> NDArray[Any]:
    """f(x) for a float array, in `out` if there is one."""
    groups = _groups_of(record, x, parameters)
    if out is not None:
        checked_out(out, groups.result_shape, x.dtype.newbyteorder("="), record.name)
    return groups.compute(record.expression, x.dtype, {"x": x}, out)


def vjp(record: Record, x: NDArray[Any], g: NDArray[Any], parameters: Mapping[str, Any]) -> NDArray[Any]:
    """The gradient with respect to x, given the gradient g with respect to f(x).

    Raises
    ------
    OptionError
        If g has not the shape of f(x).
    """
    groups = _groups_of(record, x, parameters)
    if g.shape != groups.result_shape:
        raise OptionError(f"{record.name}: g must have the shape of f(x), {groups.result_shape}; got shape {g.shape}")
    return groups.compute(_backward_of_x(record), x.dtype, {"x": x, "g": g})


def vjp_from(record: Record, arrays: Mapping[str, NDArray[Any]], parameters: Mapping[str, Any]) -> NDArray[Any]:
    """The same, given g and those of x and y = f(x) that `record.backward` reads."""
    full = arrays["x" if "x" in arrays else "y"]
    return _groups_of(record, full, parameters).compute(record.backward, full.dtype, arrays)


@lru_cache(maxsize=64)
def _backward_of_x(record: Record) -> Expression:
    return substitute(record.backward, {"y": record.expression})  # type: ignore[no-any-return]


def _groups_of(record: Record, x: NDArray[Any], parameters: Mapping[str, Any]) -> _Groups:
    # The axes from the outermost in memory to the innermost, unless they are in that order.
    order = () if x.flags.c_contiguous else tuple(sorted(range(x.ndim), key=lambda k: -abs(x.strides[k])))
    return _groups(record, x.shape, order, parameters["axis"], parameters.get("pieces"))


@lru_cache(maxsize=1024)
def _groups(record: Record, shape: tuple[int, ...], order: tuple[int, ...], axis: Any, pieces: Any) -> _Groups:
    axis, pieces = axis_and_pieces(record.name, shape, {"axis": axis, "pieces": pieces})
    length, count = (shape[axis], 1) if pieces is None else (pieces, shape[axis] // pieces)
    shortens = is_per_group(record.expression)
    result = (*shape[:axis], count, *shape[axis + 1 :]) if shortens else shape
    ordered = tuple(shape[k] for k in order) if order else shape
    place = order.index(axis) if order else axis
    outer, inner = math.prod(ordered[:place]), math.prod(ordered[place + 1 :])
    return _Groups(record.name, shape, result, order, (outer * count, length, inner), shortens)


@dataclass(frozen=True)
class _Groups:
    """How the groups of an array lie.

    Attributes
    ----------
    shape, result_shape : of x and f(x)
    order : the axes as they lie in memory, if that is another order
    view : (outer, length, inner) of the memory
    shortens : whether f(x) is one number a group
    """

    who: str
    shape: tuple[int, ...]
    result_shape: tuple[int, ...]
    order: tuple[int, ...]
    view: tuple[int, int, int]
    shortens: bool

    def compute(
        self, root: Expression, dtype: np.dtype[Any], arrays: Mapping[str, NDArray[Any]], out: Any = None
    ) -> NDArray[Any]:
        """A formula of x, y and g, rounded once to the dtype of x; in `out` if there is one."""
        native = dtype.newbyteorder("=")
        lane = native if native in _LANES else _FLOAT64
        sources = [self._in_order(_in_lane(arrays[name], lane)) for name in inputs(root)]
        result = self._room(self.result_shape if is_per_group(root) else self.shape, lane, sources, out)
        if result.size:
            per_group = ("y", "g") if self.shortens else ()
            loop(self.who, root, lane, self.view, per_group)(*(array.reshape(-1) for array in (*sources, result)))
        if out is not None and np.may_share_memory(result, out):
            return out  # type: ignore[no-any-return]
        if self.order:
            result = result.transpose(np.argsort(self.order))
        if lane is not native:
            result = _rounded(result, native)
        if out is None:
            return result
        out[...] = result
        return out  # type: ignore[no-any-return]

    def _room(
        self, shape: tuple[int, ...], lane: np.dtype[Any], sources: Sequence[NDArray[Any]], out: Any
    ) -> NDArray[Any]:
        """Memory for the result: that of `out` if a kernel can write there without touching what it reads."""
        if out is not None and out.dtype == lane:
            moved: NDArray[Any] = out.transpose(self.order) if self.order else out
            if moved.flags.c_contiguous and not any(np.may_share_memory(out, array) for array in sources):
                return moved
        return np.empty(tuple(shape[k] for k in self.order) if self.order else shape, lane)

    def _in_order(self, array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(array.transpose(self.order) if self.order else array)


def _in_lane(x: NDArray[Any], lane: np.dtype[Any]) -> NDArray[Any]:
    if x.dtype == lane:
        return x
    return (bfloat16.decode(x.view(np.uint16)) if bfloat16.is_bfloat16(x.dtype) else x).astype(lane, copy=False)


def _rounded(result: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if bfloat16.is_bfloat16(dtype):
        return bfloat16.encode(result).view(dtype)
    return result.astype(dtype, copy=False)
