"""Numbers as float32, which has 24 bits: columns far from zero are brought near it first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Where a column's range is a smaller share of its size, float32 keeps fewer than 10 bits (a thousandth) of the range.
_SHARE = 2.0**-14

# Below this share a column is constant but for the rounding of float64, 2^-53 an operation.
_NOISE = 2.0**-40


def narrowed(values: NDArray[Any], *, together: bool = False) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The numbers as float32, not copied if they are.

    A column that float32 would round away loses its smallest value first. That is one constant for all rows,
    training or test: no scaling notices, and no row learns of another.

    Parameters
    ----------
    values : [rows, ...], numbers; NaN is a missing value
    together : every row is one signal or picture, whose parts must keep their differences

    Returns
    -------
    (float32[rows, columns], the numbers of the columns that were moved; 0 if they were moved together)

    Examples
    --------
    >>> narrowed(np.array([[1e9, 1], [1e9 + 1, 2]]))
    (array([[0., 1.],
           [1., 2.]], dtype=float32), array([0]))
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what is infinite, or becomes it, is refused later
        narrow = np.ascontiguousarray(values, dtype=np.float32)
        exact = np.can_cast(values.dtype, np.float32)
        lowest = np.zeros(1) if exact else _lowest(values, None if together else 0)
        if lowest.any():
            # Widened in small parts, so that nothing large is copied.
            np.subtract(values, lowest, out=narrow, dtype=np.float64, casting="same_kind")
    return narrow.reshape(len(values), -1), np.flatnonzero(lowest)


def _lowest(values: NDArray[Any], axis: int | None) -> NDArray[np.float64]:
    """The smallest value where it must be subtracted, else 0."""
    low, high = (np.asarray(find.reduce(values, axis=axis), dtype=np.float64) for find in (np.fmin, np.fmax))
    size, spread = np.maximum(np.abs(low), np.abs(high)), high - low
    return np.where((spread > _NOISE * size) & (spread < _SHARE * size), low, 0.0)
