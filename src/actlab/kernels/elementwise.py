"""A Plan over arrays of any shape and layout, through kernels that know contiguous ones only.

Contiguous native arrays with number parameters go to the kernel as they are. Everything else - strides, other byte
orders, float16, parameters that broadcast, results that overlap the input - is cut into pieces that fit
the cache by `numpy.nditer`, which copies and converts where it must.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.emit.numba import elementwise as render
from actlab.kernels.cache import kernel
from actlab.symbolic.plan import Plan

_PIECE = 8192  # elements: 64 KiB of float64; large enough that Python's share of the time is small
_LANES = (np.dtype(np.float32), np.dtype(np.float64))


def run(plan: Plan, x: NDArray[Any], parameters: Sequence[Any], outs: Sequence[NDArray[Any]]) -> None:
    """Write the plan's outputs for x into `outs`.

    Parameters
    ----------
    plan : what to compute
    x : float16, float32 or float64 array, any layout
    parameters : one float or float64 array for each of plan.parameters
    outs : one array for each output, of the broadcast shape; may be x itself
    """
    arrays = any(isinstance(p, np.ndarray) for p in parameters)
    if not arrays and _flat(x, outs):
        order = "C" if x.flags.c_contiguous else "F"
        pieces = [array.reshape(-1, order=order) for array in (x, *outs)]  # type: ignore[call-overload]
        _kernel(plan, x.dtype, arrays=False)(*pieces, *parameters)
    else:
        _run_in_pieces(plan, x, parameters, outs, arrays=arrays)


def _flat(x: NDArray[Any], outs: Sequence[NDArray[Any]]) -> bool:
    """Whether x and outs are plain contiguous memory, laid out alike, that do not overlap."""
    c, f = x.flags.c_contiguous, x.flags.f_contiguous
    return x.dtype in _LANES and all(
        out.dtype == x.dtype
        and out.shape == x.shape
        and ((c and out.flags.c_contiguous) or (f and out.flags.f_contiguous))
        and not np.may_share_memory(x, out)
        for out in outs
    )


def _run_in_pieces(
    plan: Plan, x: NDArray[Any], parameters: Sequence[Any], outs: Sequence[NDArray[Any]], *, arrays: bool
) -> None:
    single = not arrays and x.dtype.newbyteorder("=") == _LANES[0] and all(out.dtype == _LANES[0] for out in outs)
    lane = _LANES[0 if single else 1]
    operands = [x, *(np.asarray(p) for p in parameters)] if arrays else [x]
    flags = ["nbo", "aligned", "contig", "overlap_assume_elementwise"]
    run_piece = _kernel(plan, lane, arrays=arrays)
    with np.nditer(  # type: ignore[call-overload]
        [*operands, *outs],
        flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        op_flags=[["readonly", *flags]] * len(operands) + [["writeonly", *flags]] * len(outs),
        op_dtypes=[lane] * (len(operands) + len(outs)),
        casting="same_kind",
        buffersize=_PIECE,
    ) as pieces:
        for piece in pieces:
            read, written = piece[: len(operands)], piece[len(operands) :]
            values = read[1:] if arrays else parameters
            # A kernel that writes where it reads falls to scalar code: give it a copy that stays in the cache.
            source = read[0].copy() if any(np.may_share_memory(read[0], out) for out in written) else read[0]
            run_piece(source, *written, *values)


@lru_cache(maxsize=1024)
def _kernel(plan: Plan, dtype: np.dtype[Any], *, arrays: bool) -> Callable[..., None]:
    key = f"{plan.key}_{dtype.name}{'_arrays' if arrays else ''}"
    return kernel(key, lambda cached: render(key, plan, dtype.name, arrays=arrays, cached=cached))
