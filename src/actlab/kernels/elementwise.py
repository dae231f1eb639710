"""A Plan over arrays of any shape and layout, through kernels that know contiguous ones only.

Contiguous native arrays with number parameters go to the kernel as they are, long ones in chunks to several threads. So
do results that take the place of x, and parameters that change along one axis, as PReLU's. Everything else - strides,
overlaps, other dtypes and byte orders - is brought into pieces that fit the cache, and taken out again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.emit.numba import elementwise as render
from actlab.kernels.cache import kernel
from actlab.kernels.threads import in_chunks
from actlab.symbolic.plan import Plan

Array = NDArray[Any]

_LANES = (np.dtype(np.float32), np.dtype(np.float64))
# Elements from which a second thread is worth waking, where a kernel computes and where it hardly does.
_LONG, _LONG_IF_LIGHT = 1 << 18, 1 << 21
# Elements of a piece: 256 KiB of float64; large enough that Python's share of the time is small.
_PIECE = 1 << 15


def run(plan: Plan, x: Array, parameters: Sequence[Any], outs: Sequence[Array], lanes: str = "wide") -> None:
    """Write the plan's outputs for x into `outs`.

    Parameters
    ----------
    plan : what to compute
    x : array of real numbers, any dtype and layout
    parameters : one float or array for each of plan.parameters
    outs : one array for each output, of the broadcast shape; may be x itself, or overlap it
    lanes : "odd" for float64 outputs that will be rounded again
    """
    attempt = _along_one_axis if any(isinstance(p, np.ndarray) for p in parameters) else _flat
    alike = x.dtype in _LANES and all(_alike(x, out) for out in outs)
    if not alike or not attempt(plan, x, parameters, outs, lanes):
        _in_pieces(plan, x, parameters, outs, lanes)


def _alike(x: Array, out: Array) -> bool:
    """Whether both are contiguous memory of one shape, order and dtype."""
    a, b = x.flags, out.flags
    same_order = (a.c_contiguous and b.c_contiguous) or (a.f_contiguous and b.f_contiguous)
    return same_order and out.shape == x.shape and out.dtype == x.dtype


def _flat(plan: Plan, x: Array, parameters: Sequence[float], outs: Sequence[Array], lanes: str) -> bool:
    """Run it on contiguous arrays and numbers, unless outputs overlap x otherwise than one by taking its place."""
    place = len(outs) == 1 and _same_place(x, outs[0])
    if not place and any(np.may_share_memory(x, out) for out in outs):
        return False
    order = "C" if x.flags.c_contiguous else "F"
    arrays = outs if place else (x, *outs)
    flat = arrays if x.ndim == 1 else [array.reshape(-1, order=order) for array in arrays]  # type: ignore[call-overload]
    loop(plan, x.dtype, parameters, "in_place" if place else "flat", lanes)(flat)
    return True


def loop(
    plan: Plan, dtype: np.dtype[Any], parameters: Sequence[float], layout: str = "flat", lanes: str = "wide"
) -> Callable[[Sequence[Array]], None]:
    """The plan with these numbers over flat arrays (x, *outs) of one dtype, none of which overlaps x."""
    narrow = plan.selects and dtype == _LANES[0] and all(np.float32(p) == p for p in parameters)
    function = _kernel(plan, dtype, layout, "narrow" if narrow else lanes)
    long = _LONG_IF_LIGHT if plan.is_light else _LONG

    def run_flat(flat: Sequence[Array]) -> None:
        size = flat[0].size
        if size < long:
            function(*flat, *parameters)
        else:
            in_chunks(lambda start, stop: function(*(array[start:stop] for array in flat), *parameters), size)

    return run_flat


def _along_one_axis(plan: Plan, x: Array, parameters: Sequence[Any], outs: Sequence[Array], lanes: str) -> bool:
    """Run it where all arrays are contiguous and every array parameter changes along one axis, the same one."""
    if not x.flags.c_contiguous or any(np.may_share_memory(x, out) for out in outs):
        return False
    shape = x.shape
    wide = [np.asarray(p).reshape((1,) * (x.ndim - np.ndim(p)) + np.shape(p)) for p in parameters]
    axes = {axis for p in wide for axis, length in enumerate(p.shape) if length > 1}
    if len(axes) > 1:
        return False
    axis = axes.pop() if axes else x.ndim - 1
    ready = all(p.size == shape[axis] and p.dtype == np.float64 and p.flags.c_contiguous for p in wide)
    if shape[axis] > _PIECE and not ready:
        return False  # what has to be converted or repeated would be as long as the axis
    values = [np.ascontiguousarray(np.broadcast_to(p.reshape(-1), shape[axis]), np.float64) for p in wide]
    before, after = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    layout, view = ("along", (before, shape[axis])) if after == 1 else ("across", (before, shape[axis], after))
    _kernel(plan, x.dtype, layout, lanes)(*(array.reshape(view) for array in (x, *outs)), *values)
    return True


def _in_pieces(plan: Plan, x: Array, parameters: Sequence[Any], outs: Sequence[Array], lanes: str) -> None:
    """Through contiguous float64 pieces, or float32 where all arrays are that but for order and byte order."""
    shape = outs[0].shape
    lanes = "odd" if any(out.dtype.itemsize == 2 for out in outs) else lanes  # noqa: PLR2004 - float16
    native = {array.dtype.newbyteorder("=") for array in (x, *outs)}
    lane = native.pop() if len(native) == 1 and native <= {*_LANES} else _LANES[1]
    if any(np.may_share_memory(x, out) and not _same_place(x, out) for out in outs):
        x = x.copy()  # a piece that is written may hold what a later one reads
    arrays = [np.broadcast_to(p, shape) for p in parameters if isinstance(p, np.ndarray)]
    compute = _pieces_with(plan, lane, parameters, lanes) if arrays else loop(plan, lane, parameters, "flat", lanes)
    # Made once: an allocator gives memory of this size back to the system each time, page by page.
    room = np.empty((len(outs) + 1, min(_PIECE, outs[0].size)), lane)
    with np.errstate(over="ignore"):
        for source, *rest in _pieces([np.broadcast_to(x, shape), *outs, *arrays]):
            written, given = rest[: len(outs)], rest[len(outs) :]
            flat = room[0, : source.size]
            np.copyto(flat.reshape(source.shape), source)
            # Where a kernel can write into the result itself, it does.
            fits = [out.flags.c_contiguous and out.dtype == lane for out in written]
            results = [
                out.reshape(-1) if fit else row[: source.size]
                for out, row, fit in zip(written, room[1:], fits, strict=True)
            ]
            compute([flat, *results, *given])
            for out, result, fit in zip(written, results, fits, strict=True):
                if not fit:
                    np.copyto(out, result.reshape(out.shape), casting="same_kind")


def _pieces_with(
    plan: Plan, lane: np.dtype[Any], parameters: Sequence[Any], lanes: str
) -> Callable[[Sequence[Array]], None]:
    """The plan over a flat piece (x, *outs, *arrays), the last being the parameters that are no numbers."""
    function, ends = _kernel(plan, lane, "along", lanes), 1 + len(plan.roots)

    def run_piece(arrays: Sequence[Array]) -> None:
        size, given = arrays[0].size, iter(arrays[ends:])
        values = [next(given) if isinstance(p, np.ndarray) else np.full(size, p) for p in parameters]
        flat = [np.ascontiguousarray(value, np.float64).reshape(-1) for value in values]
        function(*(array.reshape(1, size) for array in arrays[:ends]), *flat)

    return run_piece


def _same_place(a: Array, b: Array) -> bool:
    """Whether each element of one lies where that of the other does."""
    return a.shape == b.shape and a.strides == b.strides and a.ctypes.data == b.ctypes.data


def _pieces(arrays: Sequence[Array]) -> Iterator[Sequence[Array]]:
    """The arrays, all of one shape, cut alike along the axes of the largest steps."""
    size, first = arrays[0].size, arrays[1]
    if size <= _PIECE:
        yield arrays
        return
    long = [axis for axis, length in enumerate(first.shape) if length > 1]
    axis = max(long, key=lambda axis: abs(first.strides[axis]))
    step = max(1, first.shape[axis] * _PIECE // size)
    for start in range(0, first.shape[axis], step):
        cut = (slice(None),) * axis + (slice(start, start + step),)
        yield from _pieces([array[cut] for array in arrays])


@lru_cache(maxsize=1024)
def _kernel(plan: Plan, dtype: np.dtype[Any], layout: str = "flat", lanes: str = "wide") -> Callable[..., None]:
    key = f"{plan.key}_{dtype.name}_{layout}_{lanes}"
    return kernel(key, lambda: render(key, plan, dtype.name, layout, lanes))
