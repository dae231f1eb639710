"""Input scaling: (x - shift) / divisor, fitted on training rows only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

# What `--scale` offers.
SCALINGS = {
    "standard": "mean 0 and standard deviation 1",
    "minmax": "smallest value 0, largest 1",
    "minmax11": "smallest value -1, largest 1",
    "none": "the values as they are",
}

# A column whose values differ by no more than this share of the largest is constant but for the rounding of float32:
# two neighbouring float32 differ by at most one eps of their size, and each of two values may be off by one.
_ROUNDING = 2 * float(np.finfo(np.float32).eps)

# Below it a float32 has lost digits, and torch flushes it to 0, which nothing can be divided by.
_SMALLEST_DIVISOR = float(np.finfo(np.float32).tiny)

# Numbers widened to float64 at a time (16 MB), so that a large x is never copied whole.
_BLOCK = 2_000_000


def scales(x: Float32, how: str) -> tuple[Float32, Float32]:
    """What every feature is shifted and divided by.

    Parameters
    ----------
    x : float32[rows, features], the training rows, without NaN
    how : a key of `SCALINGS`

    Returns
    -------
    (shift, divisor), float32[features] each; the scaled inputs are (x - shift) / divisor. Computed in float64. The
    divisor of a column that is constant, but for the rounding of float32, is 1.

    Examples
    --------
    >>> shift, divisor = scales(np.array([[1, 5], [3, 5]], dtype=np.float32), "minmax11")
    >>> shift.tolist(), divisor.tolist()
    ([2.0, 5.0], [1.0, 1.0])
    """
    if how == "none":
        return np.zeros(x.shape[1], np.float32), np.ones(x.shape[1], np.float32)
    low, high = x.min(0).astype(np.float64), x.max(0).astype(np.float64)
    match how:
        case "standard":
            shift, divisor = _mean_and_deviation(x)
        case "minmax":
            shift, divisor = low, high - low
        case "minmax11":
            shift, divisor = (low + high) / 2, (high - low) / 2
        case _:
            raise KeyError(how)
    constant = high - low <= _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    divisor[constant | (divisor < _SMALLEST_DIVISOR)] = 1.0
    return shift.astype(np.float32), divisor.astype(np.float32)


def _mean_and_deviation(x: Float32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = x.mean(0, dtype=np.float64)
    squares = np.zeros(x.shape[1])
    for part in _blocks(x):
        squares += np.square(part - mean).sum(0)
    return mean, np.sqrt(squares / len(x))


def _blocks(x: Float32) -> Iterator[Float32]:
    rows = max(1, _BLOCK // x.shape[1])
    return (x[start : start + rows] for start in range(0, len(x), rows))
