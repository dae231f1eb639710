"""Floating-point formats as sets of numbers: spacing, largest number, the nearest member.

Written from the definitions of IEEE 754 and of bfloat16, with no cast of NumPy or ml_dtypes in between, so that it can
judge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes
    ----------
    name : of its NumPy dtype
    digits : bits of the significand, the implicit one included
    lowest, highest : exponents e of the smallest and largest normal numbers 1.f * 2^e
    """

    name: str
    digits: int
    lowest: int
    highest: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """The format in NumPy."""
        return np.dtype(ml_dtypes.bfloat16 if self.name == "bfloat16" else self.name)

    @property
    def bits(self) -> int:
        """How many bits a number takes."""
        return self.dtype.itemsize * 8

    def numbers(self, first: int, last: int) -> NDArray[Any]:
        """The numbers whose bit patterns, read as integers, are first, ..., last - 1."""
        pattern = np.dtype(f"uint{self.bits}")
        return np.arange(first, last, dtype=np.uint64).astype(pattern).view(self.dtype)


FLOAT16 = Format("float16", 11, -14, 15)
BFLOAT16 = Format("bfloat16", 8, -126, 127)
FLOAT32 = Format("float32", 24, -126, 127)
FLOAT64 = Format("float64", 53, -1022, 1023)
