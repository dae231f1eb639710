"""The formats of 16 bits as tables of all their numbers, made from their definition with no cast of NumPy's."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actlab.verification import formats


@dataclass(frozen=True)
class Half(formats.Format):
    """A format that is small enough to be written out."""

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Every finite number from 0 upwards, and the power of two that would come next."""
        subnormal = np.arange(2 ** (self.digits - 1)) * 2.0 ** (self.lowest - self.digits + 1)
        significands = 1 + np.arange(2 ** (self.digits - 1)) * 2.0 ** (1 - self.digits)
        normal = np.ldexp(significands, np.arange(self.lowest, self.highest + 1)[:, None])
        return np.concatenate([subnormal, normal.ravel(), [2.0 ** (self.highest + 1)]])

    def nearest(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The members of the format nearest to finite numbers, ties to the even one."""
        ties = (self.grid[:-1] + self.grid[1:]) / 2
        size = np.abs(values)
        index = np.searchsorted(ties, size)  # the first tie that is not below
        at_tie = (index < len(ties)) & (ties[np.minimum(index, len(ties) - 1)] == size)
        index += at_tie & (index % 2 == 1)
        last = len(self.grid) - 1
        return np.copysign(np.where(index >= last, np.inf, self.grid[np.minimum(index, last)]), values)


FLOAT16 = Half(*astuple(formats.FLOAT16))
BFLOAT16 = Half(*astuple(formats.BFLOAT16))
