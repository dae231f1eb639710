"""What kernels along an axis are made of, beside the words: where groups lie, and sums and maxima of them.

`actlab.emit.axis` says what groups, rows, columns and strands are. All loops here are over consecutive numbers, without
side effects: the compiler makes vector instructions of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from actlab.emit.axis import CHUNK, STRANDS
from actlab.kernels.instructions import vectorise as vectorise
from actlab.kernels.instructions import word
from actlab.kernels.strands import fold_strands as fold_strands
from actlab.kernels.strands import largest_of
from actlab.kernels.strands import prefetch as prefetch
from actlab.kernels.strands import read_only as read_only
from actlab.kernels.strands import strands as strands

_u = np.uint64  # of an index that is not negative, Numba need not look whether it counts from the end


@word
def smaller(a: int, b: int) -> int:
    """The smaller one; Numba would take longer to compile min() than a whole loop."""
    return a if a < b else b  # noqa: FURB136


@word
def larger(a: float, b: float) -> float:
    """The larger one; NaN if one is NaN."""
    return b if b > a or b != b else a


@word
def row_max(values: Any, start: int, count: int) -> float:
    """The largest number of a row; a zero comes out positive, for 0 and -0 are equal and either may come first."""
    return np.float64(largest_of(values, start, count)) + 0.0


@word
def place(unit: int, outer: int, length: int, inner: int, width: int) -> tuple[int, int, int, int, int]:
    """Where a block of columns lies.

    Returns
    -------
    start : index of its first number; 0 of rows that have been turned into columns
    group, groups : its first group, and how many it has
    rows : how many of its rows are taken at a time
    stride : how far its rows lie apart
    """
    if inner == 1:
        start, group = 0, unit * width
        groups = stride = smaller(width, outer - group)
    else:
        blocks = (inner + width - 1) // width
        slab, column = unit // blocks, unit % blocks * width
        start, group = slab * length * inner + column, slab * inner + column
        groups, stride = smaller(width, inner - column), inner
    rows = smaller(STRANDS, length)
    if groups < stride or rows * groups > CHUNK:
        rows = 1
    return start, group, groups, rows, stride


@word
def column_sums(sums: Any, parts: Any, groups: int, length: int) -> None:
    """The sums of some groups, of which strand after strand is given."""
    used, half = smaller(STRANDS, length), STRANDS // 2
    while half:
        if half < used:
            for i in range(smaller(half, used - half) * groups):
                parts[i] += parts[_u(half * groups + i)]
            used = half
        half //= 2
    for m in range(groups):
        sums[m] = parts[m]


@word
def column_max(tops: Any, parts: Any, groups: int, rows: int) -> None:
    """The largest numbers of some groups, given so many rows of candidates; a zero comes out positive."""
    for start in range(groups, rows * groups, groups):
        for m in range(groups):
            parts[m] = larger(parts[m], parts[_u(start + m)])
    for m in range(groups):
        tops[m] = parts[m] + 0.0


@word
def rows_to_columns(tile: Any, values: Any, group: int, groups: int, length: int) -> None:
    """Copy some rows into a (length, groups) tile."""
    for j in range(length):
        for m in range(groups):
            tile[_u(j * groups + m)] = values[_u((group + m) * length + j)]


@word
def columns_to_rows(values: Any, tile: Any, group: int, groups: int, length: int) -> None:
    """Copy a tile back to its rows."""
    for j in range(length):
        for m in range(groups):
            values[_u((group + m) * length + j)] = tile[_u(j * groups + m)]
