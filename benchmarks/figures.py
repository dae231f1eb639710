"""Measured figures, and what is to be reached with them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# How a unit is written behind a figure.
FORMATS = {"x": "{:.2f}x", "%": "{:.0%}", "µs": "{:.1f} µs", "ms": "{:.0f} ms", "s": "{:.0f} s", "": "{:.0f}"}


@dataclass(frozen=True)
class Figure:
    """One measured pair.

    Attributes
    ----------
    function : the activation's name
    what : value, out (value into an array that exists), derivative, both, or a section's own word
    peer : what it was measured against
    dtype, size, threads : of the array, and for both sides
    ours, theirs : median seconds a call; NaN where there is no peer
    value : what the section is about, mostly theirs/ours
    spread : interquartile range of the ratio, as a share of it
    own_error, peer_error : largest error of the value on this input, in units in the last place; NaN: not measured
    """

    function: str
    what: str
    peer: str
    dtype: str
    size: int
    threads: int
    ours: float
    theirs: float
    value: float
    spread: float = math.nan
    own_error: float = math.nan
    peer_error: float = math.nan


Summary = Callable[[Sequence[Figure]], tuple[float, str]]


def geometric_mean(figures: Sequence[Figure]) -> tuple[float, str]:
    """The geometric mean of all values; it is nobody's in particular."""
    return mean(figure.value for figure in figures), ""


def median(figures: Sequence[Figure]) -> tuple[float, str]:
    """The median of all values: what a few functions that a peer neglects do not move."""
    return statistics.median(figure.value for figure in figures), ""


def lowest(figures: Sequence[Figure]) -> tuple[float, str]:
    """The lowest value and whose it is."""
    worst = min(figures, key=lambda figure: figure.value)
    return worst.value, _name(worst, figures)


def highest(figures: Sequence[Figure]) -> tuple[float, str]:
    """The highest value and whose it is."""
    worst = max(figures, key=lambda figure: figure.value)
    return worst.value, _name(worst, figures)


def _name(figure: Figure, among: Sequence[Figure]) -> str:
    """The function, and the size where there are several."""
    return figure.function if len({other.size for other in among}) == 1 else f"{figure.function}, {short(figure.size)}"


def where(**wanted: Any) -> Callable[[Figure], bool]:
    """Picks figures by their attributes; a tuple means any of its members.

    Examples
    --------
    >>> choose = where(peer="JAX", size=(16, 32))
    >>> choose(Figure("silu", "value", "JAX", "float32", 16, 1, 1.0, 2.0, 2.0))
    True
    """
    allowed = {name: value if isinstance(value, tuple) else (value,) for name, value in wanted.items()}
    return lambda figure: all(getattr(figure, name) in values for name, values in allowed.items())


def short(size: int) -> str:
    """A number of elements as tables write it.

    Examples
    --------
    >>> short(100_000), short(16)
    ('1e5', '16')
    """
    digits = str(size)
    zeros = len(digits) - len(digits.rstrip("0"))
    return f"{size // 10**zeros}e{zeros}" if zeros >= 3 else digits  # noqa: PLR2004 - shorter from a thousand on


def mean(values: Iterable[float]) -> float:
    """The geometric mean: half as fast and twice as fast cancel."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


@dataclass(frozen=True)
class Goal:
    """A bound on the summary of some figures of a section.

    Attributes
    ----------
    text : what is summarised, as the table says it
    bound : to reach, at least or (with `at_most`) at most; None: the figure is only shown
    summary : of the chosen figures
    chosen : which figures count
    """

    text: str
    bound: float | None
    summary: Summary = geometric_mean
    chosen: Callable[[Figure], bool] = lambda _: True
    at_most: bool = False
    unit: str = "x"

    def verdict(self, figures: Sequence[Figure]) -> Verdict:
        """Whether these figures reach the bound."""
        counted = [figure for figure in figures if self.chosen(figure)]
        return Verdict(self, *(self.summary(counted) if counted else (math.nan, "")))


@dataclass(frozen=True)
class Verdict:
    """What became of a goal; `value` is NaN where nothing was measured, `of` names the function it is of."""

    goal: Goal
    value: float
    of: str = ""

    @property
    def reached(self) -> bool:
        """Whether it was reached."""
        bound = self.goal.bound
        return bound is not None and (self.value <= bound if self.goal.at_most else self.value >= bound)

    @property
    def text(self) -> str:
        """`reached`, how much is missing, or `not measured`; nothing where nothing was to be reached."""
        if math.isnan(self.value):
            return "not measured"
        if self.goal.bound is None:
            return ""
        if self.reached:
            return "reached"
        if not self.goal.bound:
            return "not reached"
        return f"short by {abs(self.value / self.goal.bound - 1):.0%}"

    @property
    def to_reach(self) -> str:
        """The bound as the table shows it."""
        if self.goal.bound is None:
            return "-"
        return ("≤ " if self.goal.at_most else "≥ ") + shown(self.goal.bound, self.goal.unit)

    @property
    def measured(self) -> str:
        """The figure as the table shows it."""
        return shown(self.value, self.goal.unit) + (f" ({self.of})" if self.of else "")


def shown(value: float, unit: str) -> str:
    """A figure with its unit; a dash for none."""
    return "-" if math.isnan(value) else FORMATS[unit].format(value)
