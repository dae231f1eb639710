"""bfloat16 as NumPy sees it: the upper half of a float32, in 16-bit integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_QUIET_NAN = np.uint16(0x7FC0)


def decode(bits: NDArray[np.uint16]) -> NDArray[np.float64]:
    """The numbers these bfloat16 bits stand for, exactly."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)


def encode(values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """The nearest bfloat16 to each float64, ties to even, in one rounding.

    Rounding first to float32 and then to bfloat16 would round twice. So the first step rounds to odd: it cuts towards
    zero and sets the last bit where something was cut off, which no later tie can then be mistaken for.

    Source: Boldo and Melquiond 2008, doi:10.1109/TC.2007.70819 (emulation of rounding by round-to-odd).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        single = np.atleast_1d(values.astype(np.float32))
        exact = np.atleast_1d(values)
        bits = single.view(np.uint32).copy("K")
        wide = single.astype(np.float64)
        bits -= np.abs(wide) > np.abs(exact)
        bits |= wide != exact
    rounded = ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)
    rounded[np.isnan(exact)] = _QUIET_NAN
    return rounded.reshape(values.shape)


def is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """Whether this is the bfloat16 of the ml_dtypes package, which need not be installed."""
    return dtype.kind == "V" and dtype.name == "bfloat16"  # a name is slow to make up
