"""What a formula and its derivatives are worth, to any precision: the reference that settles every doubt.

Derivatives are the coefficients of the Taylor series of the formula as written: neither a derivative rule of ours nor a
stable form takes part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import arb, arb_series

from actlab.activation import Elementwise
from actlab.verification.balls import Undecided, function, precision
from actlab.verification.formats import Format

# The excess of silu(2^-1074) over the middle between two float64 is 2^-2150. What LAST_BITS cannot tell from a tie is
# one: arithmetic without transcendental words may end exactly on it, and nothing else comes so near.
FIRST_BITS, LAST_BITS = 128, 8192
# Bits to which an error in ulp, and a number wanted as a float, must be known.
_ERROR_BITS, _FLOAT_BITS = 20, 60
_HALF = 0.5


@dataclass(frozen=True)
class Judgement:
    """How far a result is from the exact one.

    Attributes
    ----------
    ulp : the error in units in the last place of the exact result
    misrounded : whether another number of the format is nearer, or as near and even
    """

    ulp: float
    misrounded: bool


@dataclass(frozen=True, eq=False)
class Exact:
    """The exact values and derivatives of an elementwise activation.

    Attributes
    ----------
    item : the activation, at its bound or default parameters
    """

    item: Elementwise

    @cached_property
    def values(self) -> dict[str, float]:
        """The value of each parameter."""
        return {name: float(value) for name, value in self.item.resolved({}).items()}

    @cached_property
    def _f(self) -> Callable[..., Any]:
        return function(self.item.form((), stable=False))

    def taylor(self, x: float | arb, order: int, bits: int = FIRST_BITS, wrt: str = "x") -> list[arb]:
        """Balls around f(x), f'(x), ... up to the order; NaN balls where the precision does not do.

        Parameters
        ----------
        x : a float, or a ball: then the results hold for every point in it
        bits : of precision
        wrt : differentiate in this parameter instead of x
        """
        with precision(bits):
            numbers: dict[str, Any] = {name: arb(value) for name, value in {**self.values, "x": x}.items()}
            numbers[wrt] = arb_series([numbers[wrt], 1], order + 1)
            try:
                series = self._f(**numbers)
            except (Undecided, ZeroDivisionError, ValueError):  # the last two: perhaps a division by 0
                return [arb.nan()] * (order + 1)
            rest = [arb(0)] * order  # a formula may be a number
            coefficients = [series[k] for k in range(order + 1)] if isinstance(series, arb_series) else [series, *rest]
            return [arb(c) * math.factorial(k) for k, c in enumerate(coefficients)]

    def judge(self, form: Format, x: float, got: float, order: int = 0) -> Judgement:
        """The error of a result of the order-th derivative at x."""
        bits = FIRST_BITS
        while bits < LAST_BITS:
            judgement = judged(form, got, self.taylor(x, order, bits)[order])
            if judgement is not None:
                return judgement
            bits *= 2
        return judged_at_last(form, got, self.taylor(x, order, bits)[order])

    def at(self, x: float, order: int = 0) -> float:
        """The order-th derivative as a float."""
        bits = FIRST_BITS
        while (ball := self.taylor(x, order, bits)[order]).rel_accuracy_bits() < _FLOAT_BITS and bits < LAST_BITS:
            bits *= 2
        return float(ball.mid())


def judged(form: Format, got: float, exact: arb) -> Judgement | None:
    """The error of one result, given a ball around the exact one; None if the ball is too wide to tell."""
    if not exact.is_finite():
        return None
    with precision(LAST_BITS):
        overflow = arb(2) ** (form.highest + 1) - arb(2) ** (form.highest - form.digits)
        if abs(exact) >= overflow or not math.isfinite(got):
            right = abs(exact) >= overflow and math.isinf(got) and bool(exact > 0) == (got > 0)
            return Judgement(0.0 if right else math.inf, not right)
        error = _error(form, got, exact)
        if error.rad() > arb(2) ** -_ERROR_BITS or (error.overlaps(arb(_HALF)) and not error.is_exact()):
            return None
        return judged_at_last(form, got, exact)


def judged_at_last(form: Format, got: float, exact: arb) -> Judgement:
    """The error of one result, given a ball that will get no smaller; if it reaches to a tie, that is the result."""
    with precision(LAST_BITS):
        error = _error(form, got, exact) if exact.is_finite() else arb.nan()
        if not error.rad() <= arb(2) ** -_ERROR_BITS:  # nothing to be right about
            return Judgement(math.inf, misrounded=True)
        if not error.overlaps(arb(_HALF)):
            return Judgement(float(error.mid()), bool(error > _HALF))
        even = (arb(got) / (2 * _ulp(form, exact))).is_integer()
        return Judgement(_HALF, not even)


def _error(form: Format, got: float, exact: arb) -> arb:
    return abs(arb(got) - exact) / _ulp(form, exact)


def _ulp(form: Format, exact: arb) -> arb:
    """The spacing of the format at a number; below the normal numbers that of the subnormal ones."""
    mantissa, exponent = map(int, exact.mid().man_exp())
    top = exponent + mantissa.bit_length() - 1 if mantissa else form.lowest
    return arb(2) ** (max(top, form.lowest) - form.digits + 1)
