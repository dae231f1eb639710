"""An axis: which part of the numbers a chart shows, and where on it a number lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from actlab.report import numbers

MARGIN = 0.06  # of the range, so that no mark lies on the edge
ROUND_STEPS = [1, 2, 2.5, 5, 10]
MOST_TICKS = 4

Tick = tuple[float, str]


@dataclass(frozen=True)
class Axis:
    """A range of numbers along one side of a chart.

    Attributes
    ----------
    low, high : the ends, low < high
    ticks : numbers worth a grid line, and how they are written
    log : whether equal factors take equal lengths
    """

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()
    log: bool = False

    @classmethod
    def around(
        cls,
        values: Iterable[float],
        write: Callable[[float], str] = numbers.plain,
        *,
        most: int = MOST_TICKS,
        whole: bool = False,
    ) -> Axis | None:
        """An axis with some air around the values; None if there is nothing to show.

        Parameters
        ----------
        values : what has to fit; what is not finite is left out
        write : how a tick is written
        most : intervals between ticks
        whole : whether only whole numbers get a tick
        """
        known = finite(values)
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        air = MARGIN * (high - low) or MARGIN * abs(high) or MARGIN
        return cls.between(low - air, high + air, write, most=most, whole=whole)

    @classmethod
    def between(
        cls,
        low: float,
        high: float,
        write: Callable[[float], str] = numbers.plain,
        *,
        most: int = MOST_TICKS,
        whole: bool = False,
    ) -> Axis:
        """An axis from one number to another, with a few round numbers in between."""
        places = MaxNLocator(most, steps=ROUND_STEPS, integer=whole).tick_values(low, high)
        inside = [round(float(place), 12) for place in places if low <= place <= high]
        return cls(low, high, tuple((place, write(place)) for place in inside))

    @classmethod
    def decades(
        cls, values: Iterable[float], write: Callable[[float], str] = numbers.rate, *, most: int = MOST_TICKS
    ) -> Axis | None:
        """A logarithmic axis around the positive values, with ticks at powers of ten."""
        known = np.log10(positive(values))
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        air = MARGIN * (high - low) or 0.5
        low, high = low - air, high + air
        if math.floor(high) - math.ceil(low) < 1:  # too short for two ticks
            low, high = min(low, math.floor(high)), max(high, math.floor(high) + 1)
        whole = range(math.ceil(low), math.floor(high) + 1)
        thinned = whole[:: max(1, math.ceil(len(whole) / (most + 1)))]
        return cls(10**low, 10**high, tuple((10.0**n, write(10.0**n)) for n in thinned), log=True)

    def share(self, value: float) -> float:
        """Where the number lies, 0 at the low end and 1 at the high one."""
        if self.log:
            # A gradient of exactly zero has no place on a logarithmic axis: it lies at its lower end.
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def percent(self, value: float) -> float:
        """Where the number lies, in per cent of the width."""
        return round(100 * self.share(value), 2)

    def inside(self, value: float) -> float:
        """The nearest number that the axis shows."""
        return min(max(value, self.low), self.high)


def finite(values: Iterable[float]) -> NDArray[np.float64]:
    """The numbers among the values."""
    array = np.asarray(list(values), dtype=np.float64)
    return array[np.isfinite(array)]


def positive(values: Iterable[float]) -> NDArray[np.float64]:
    """The numbers above zero among the values."""
    array = finite(values)
    return array[array > 0]
