"""A formula along an axis over flat arrays: by which kernel, in which portions, by how many threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from actlab.emit import axis as emit
from actlab.emit.axis import CHUNK, STRANDS
from actlab.expression import Expression, structure
from actlab.kernels.cache import digest, kernel
from actlab.kernels.threads import get_num_threads, in_chunks

_WIDEST = 512  # columns: 2 KiB of a float32 row, enough for the CPU to fetch memory at speed
_NARROWEST = 64  # columns: of fewer, most of the memory that the CPU fetches ahead is another block's
_MOST_KEPT = 1 << 20  # numbers: 8 MiB of float64; beyond it, computing an exponential again costs less
_LONG = 1 << 17  # numbers from which a second thread is worth waking
_UNITS = 4  # a thread, so that one that is held up leaves work to the others


@lru_cache(maxsize=1024)
def loop(
    name: str, root: Expression, dtype: np.dtype[Any], shape: tuple[int, int, int], per_group: tuple[str, ...] = ()
) -> Callable[..., None]:
    """A formula of groups of numbers, as a function of flat arrays: those of `emit.axis.inputs(root)`, and the result.

    The result for a group has the same bits however the groups lie and by how many threads it is computed.

    Parameters
    ----------
    name : of the function, for those who read the kernel
    root : expression in x, y and g, with the words sum, amax, first_max, stop
    dtype : float32 or float64, of all arrays; they must be C-contiguous, and the result apart from the others
    shape : (outer, length, inner), all positive; numbers that differ in the middle index alone form a group
    per_group : those of x, y and g that have one number a group
    """
    outer, length, inner = shape
    long = outer * length * inner >= _LONG

    def run(*flat: Any) -> None:
        width = _width(outer, length, inner, get_num_threads() if long else 1)
        rows, keep = inner == 1 and length >= STRANDS, length * width <= _MOST_KEPT
        function = _kernel(name, root, dtype, per_group, rows=rows, keep=keep)
        units = -(-outer // width) if inner == 1 else outer * -(-inner // width)
        unit = length * width

        def work(start: int, stop: int) -> None:
            first, last = -(-start // unit), -(-stop // unit)
            if first < last:
                function(*flat, outer, length, inner, width, first, last)

        if long:
            in_chunks(work, units * unit)
        else:
            function(*flat, outer, length, inner, width, 0, units)

    return run


def _width(outer: int, length: int, inner: int, threads: int) -> int:
    """How many groups make a unit."""
    if inner == 1:
        return min(outer, max(1, CHUNK // length))
    width = min(inner, _WIDEST)
    if threads > 1:
        shares = -(-outer * inner // (_UNITS * threads * _NARROWEST))
        width = min(width, shares * _NARROWEST)
    return width


@lru_cache(maxsize=256)
def _kernel(
    name: str, root: Expression, dtype: np.dtype[Any], per_group: tuple[str, ...], *, rows: bool, keep: bool
) -> Callable[..., None]:
    kind = f"{'rows' if rows else 'columns'}{'_kept' if keep else ''}{''.join(per_group)}"
    key = f"{digest(structure(root))}_{dtype.name}_{kind}"
    return kernel(
        key,
        lambda: emit.along_axis(key, name, root, dtype.name, per_group=per_group, rows=rows, keep=keep),
    )
