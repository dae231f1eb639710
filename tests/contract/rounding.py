"""Floating-point formats as sets of numbers: neighbours, nearest members, distances in units in the last place.

Written from the definitions of IEEE 754 and of bfloat16, with no cast of NumPy or ml_dtypes in between, so that it can
judge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ml_dtypes
import numpy as np
from mpmath import mp, mpf
from numpy.typing import NDArray

# A distance from a tie that 60 digits cannot tell from none: the exact result is the tie.
_TIE = mpf(10) ** -50


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
    def overflow(self) -> mpf:
        """From here on numbers round to infinity."""
        return mpf(2) ** (self.highest + 1) - mpf(2) ** (self.highest - self.digits)

    def ulp(self, exact: mpf) -> mpf:
        """The spacing of the format at a number; below the normal numbers that of the subnormal ones."""
        exponent = self.lowest if exact == 0 else max(int(mp.floor(mp.log(abs(exact), 2))), self.lowest)
        return mpf(2) ** (exponent - self.digits + 1)

    def error(self, got: float, exact: mpf) -> float:
        """|got - exact| in ulp; infinite where one of them overflows and the other does not."""
        if mp.isnan(exact) or got != got:
            return 0.0 if mp.isnan(exact) and got != got else float("inf")
        if abs(exact) >= self.overflow:
            return 0.0 if got == float(mp.sign(exact)) * float("inf") else float("inf")
        distance = abs(mpf(got) - exact) / self.ulp(exact)
        return float(distance) if distance > mpf(2) ** -60 else 0.0  # float() fails on e^(-10^60)

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Every finite number from 0 upwards, and the power of two that would come next (16 bits only)."""
        subnormal = np.arange(2 ** (self.digits - 1)) * 2.0 ** (self.lowest - self.digits + 1)
        significands = 1 + np.arange(2 ** (self.digits - 1)) * 2.0 ** (1 - self.digits)
        normal = np.ldexp(significands, np.arange(self.lowest, self.highest + 1)[:, None])
        return np.concatenate([subnormal, normal.ravel(), [2.0 ** (self.highest + 1)]])

    @cached_property
    def _ties(self) -> NDArray[np.float64]:
        return (self.grid[:-1] + self.grid[1:]) / 2

    def nearest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The members of the format nearest to finite numbers, ties to the even one (16 bits only)."""
        size = np.abs(values)
        index = np.searchsorted(self._ties, size)  # the first tie that is not below
        at_tie = (index < len(self._ties)) & (self._ties[np.minimum(index, len(self._ties) - 1)] == size)
        index += at_tie & (index % 2 == 1)
        return np.copysign(
            np.where(index >= len(self.grid) - 1, np.inf, self.grid[np.minimum(index, len(self.grid) - 1)]), values
        )

    def nearest_exact(self, exact: mpf) -> float:
        """The member nearest to one number known to 60 digits (16 bits only)."""
        size = float(abs(exact))
        index = int(np.searchsorted(self._ties, size))
        for near in range(max(index - 1, 0), min(index + 2, len(self._ties))):
            tie = mpf(float(self._ties[near]))
            if abs(abs(exact) - tie) <= _TIE * tie:
                return float(mp.sign(exact)) * self._member(near + near % 2)
        index = sum(mpf(float(tie)) < abs(exact) for tie in self._ties[max(index - 1, 0) : index + 2]) + max(
            index - 1, 0
        )
        return float(mp.sign(exact)) * self._member(index)

    def _member(self, index: int) -> float:
        return float("inf") if index >= len(self.grid) - 1 else float(self.grid[index])

    def every_number(self) -> NDArray[Any]:
        """All 65,536 bit patterns (16 bits only)."""
        return np.arange(2**16, dtype=np.uint32).astype(np.uint16).view(self.dtype)


FLOAT16 = Format("float16", 11, -14, 15)
BFLOAT16 = Format("bfloat16", 8, -126, 127)
FLOAT32 = Format("float32", 24, -126, 127)
FLOAT64 = Format("float64", 53, -1022, 1023)
