"""Where a function is special: roots of its derivatives, breakpoints, the tangent at 0, limits."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from flint import arb

from actlab.emit import ieee
from actlab.verification.compare import TANGENT_HOLDS, Tangent
from actlab.verification.enclosure import enclose
from actlab.verification.exact import Exact

# Sign changes are looked for between these points, none of which is a simple number.
_GRID = np.arange(-64, 64, 1 / 16) + 1 / 48
_APART = 1e-9  # a root this near to a breakpoint is the breakpoint
# x times a slope of so many digits is exact in float64, for x of float32.
_SHORT = 53 - 24


@lru_cache(maxsize=1024)
def roots(exact: Exact, order: int) -> tuple[float, ...]:
    """Where the order-th derivative changes sign, each as the nearest float64; not at 0 and not at breakpoints."""
    ((value, error),) = enclose([exact.item.form(("x",) * order)], _GRID, exact.values)
    signs = np.where(np.abs(value) > error, np.sign(value), 0)
    steps = [
        (float(a), float(b))
        for a, b, before, after in zip(_GRID, _GRID[1:], signs, signs[1:], strict=False)
        if before * after < 0 and a * b > 0
    ]
    found = (_bisected(exact, order, a, b) for a, b in steps)
    return tuple(x for x in found if not any(abs(x - point) < _APART for point in breakpoints(exact)))


def _bisected(exact: Exact, order: int, a: float, b: float) -> float:
    rising = exact.at(a, order) < 0
    while (middle := (a + b) / 2) not in (a, b):
        a, b = (middle, b) if (exact.at(middle, order) < 0) == rising else (a, middle)
    return a


def breakpoints(exact: Exact) -> tuple[float, ...]:
    """Where the formula switches branches, at the parameters in force."""
    found = {ieee.evaluate(point, 0.0, exact.values) for point in exact.item.breakpoints}
    return tuple(sorted(x for x in found if math.isfinite(x)))


@lru_cache(maxsize=1024)
def tangent(exact: Exact) -> Tangent:
    """The tangent at 0 of a function that vanishes there, and on which side of it the function lies.

    By Taylor's theorem the distance is f''(t)*x^2/2 for some t between 0 and x; a ball encloses f'' at all of them.
    """
    value, slope, _ = exact.taylor(0.0, 2)
    bend = exact.taylor(arb(0, TANGENT_HOLDS), 2)[2]
    near = float(slope.mid())
    short = slope.is_exact() and (math.frexp(near)[0] * 2**_SHORT).is_integer()
    if not (value == 0 and short and bend != 0 and abs(bend) < 1):
        return Tangent()
    return Tangent(near, 1 if bend > 0 else -1)


def limits(exact: Exact, order: int) -> tuple[float, float]:
    """The limits of the order-th derivative at -inf and +inf; NaN where there is none."""
    item = exact.item.derivative(order) if order else exact.item
    below, above = (ieee.evaluate(limit, 0.0, exact.values) for limit in item.limits)
    return below, above
