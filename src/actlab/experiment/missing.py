"""Missing values: what may be done about them, and how they are filled without looking at rows that are scored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

# What `--missing` offers.
MISSING = {
    "refuse": "say where values are missing, and stop",
    "mean": "fill with the mean of the training rows; text gets a category of its own",
    "median": "fill with the median of the training rows; text gets a category of its own",
    "drop": "leave out rows with a missing value",
}

_FILLS: dict[str, Callable[[NDArray[np.float64]], np.float64]] = {"mean": np.mean, "median": np.median}


def filled(x: Float32, training: NDArray[np.int64], how: str) -> Float32:
    """``x`` with every NaN replaced by its column's mean or median over the training rows.

    Parameters
    ----------
    x : float32[rows, features]
    training : int64[k], the only rows that are looked at
    how : a key of `MISSING`; what fills nothing returns ``x`` itself

    Examples
    --------
    >>> x = np.array([[1], [3], [np.nan], [100]], dtype=np.float32)
    >>> filled(x, np.array([0, 1, 2]), "mean").ravel().tolist()
    [1.0, 3.0, 2.0, 100.0]
    """
    if how not in _FILLS:
        return x
    holes = np.isnan(x)
    gaps = np.flatnonzero(holes.any(0))
    if not len(gaps):
        return x
    whole = x.copy()
    for column in gaps:
        known = x[training, column].astype(np.float64)
        known = known[~np.isnan(known)]
        # With nothing known among these training rows any constant will do: the network never sees another value.
        whole[holes[:, column], column] = _FILLS[how](known) if len(known) else 0.0
    return whole
