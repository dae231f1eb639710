"""The words of the vocabulary as machine code: float64 numbers in, one float64 out.

Each is its namesake of `actlab.kernels.pairs`, rounded. The accuracy of each, in units in the last place of float64, is
recorded in tests/kernels/test_words.py. NaN in gives NaN out.
"""

from __future__ import annotations

import math

from actlab.kernels import pairs
from actlab.kernels.instructions import word
from actlab.kernels.pairs import total


@word
def exp(x: float) -> float:
    """e^x."""
    y, y_lo, scale = pairs.exp(x, 0.0)
    return total(y, y_lo) * scale


@word
def expm1(x: float) -> float:
    """e^x - 1, without losing the digits of a small x."""
    y, y_lo = pairs.expm1(x, 0.0)
    return total(y, y_lo)


@word
def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
    y, y_lo = pairs.log(x, 0.0)
    return total(y, y_lo)


@word
def log1p(x: float) -> float:
    """log(1 + x), without losing the digits of a small x; -inf at -1, NaN below."""
    y, y_lo = pairs.log1p(x, 0.0)
    return total(y, y_lo)


@word
def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    y, y_lo, scale = pairs.sigmoid(x, 0.0)
    return total(y, y_lo) * scale


@word
def logistic_pdf(x: float) -> float:
    """sigmoid(x) sigmoid(-x), the derivative of sigmoid."""
    y, y_lo, scale = pairs.logistic_pdf(x, 0.0)
    return total(y, y_lo) * scale


@word
def softplus(x: float) -> float:
    """log(1 + e^x)."""
    y, y_lo, scale = pairs.softplus(x, 0.0)
    return total(y, y_lo) * scale


@word
def tanh(x: float) -> float:
    """(1 - e) / (1 + e) with e = e^-2|x|, and the sign of x."""
    y, y_lo = pairs.tanh(x, 0.0)
    return total(y, y_lo)


@word
def sech2(x: float) -> float:
    """1 - tanh(x)^2 = 4 sigmoid(2x) sigmoid(-2x), the derivative of tanh."""
    y, y_lo, scale = pairs.sech2(x, 0.0)
    return total(y, y_lo) * scale


@word
def tanh_softplus(x: float) -> float:
    """tanh(softplus(x)) with one exponential."""
    y, y_lo, scale = pairs.tanh_softplus(x, 0.0)
    return total(y, y_lo) * scale


@word
def tanh_softplus_slope(x: float) -> float:
    """sech2(softplus(x)) sigmoid(x), the derivative: 4 t^2 (1 + t) or 4 t (1 + t) over the square of the same sum."""
    y, y_lo, scale = pairs.tanh_softplus_slope(x, 0.0)
    return total(y, y_lo) * scale


@word
def normal_cdf(x: float) -> float:
    """Phi(x), the probability that a standard normal variable is at most x."""
    y, y_lo, scale = pairs.normal_cdf(x, 0.0)
    return total(y, y_lo) * scale


@word
def normal_pdf(x: float) -> float:
    """e^(-x^2/2) / sqrt(2 pi), the derivative of normal_cdf."""
    y, y_lo, scale = pairs.normal_pdf(x, 0.0)
    return total(y, y_lo) * scale


@word
def erf(x: float) -> float:
    """2 Phi(sqrt(2) x) - 1, by a polynomial of its own below 1, where that would cancel."""
    y, y_lo = pairs.erf(x, 0.0)
    return total(y, y_lo)


@word
def sin(x: float) -> float:
    """Sine, from the C library: huge arguments need a reduction that is no vector code."""
    y, y_lo = pairs.sin(x, 0.0)
    return total(y, y_lo)


@word
def cos(x: float) -> float:
    """Cosine, from the C library."""
    y, y_lo = pairs.cos(x, 0.0)
    return total(y, y_lo)


@word
def sqrt(x: float) -> float:
    """Square root; NaN below 0."""
    y, y_lo = pairs.sqrt(x, 0.0)
    return total(y, y_lo)


@word
def abs(x: float) -> float:  # noqa: A001  (it is the word's name)
    """|x|."""
    return math.fabs(x)


@word
def sign(x: float) -> float:
    """-1, 0 or 1; adding 0 keeps NaN and makes 0 of -0."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else x + 0.0)


@word
def clip(x: float, low: float, high: float) -> float:
    """x, but not below low nor above high; NaN stays NaN. Written so that it becomes two instructions."""
    raised = low if x < low else x  # noqa: FURB136  (max would lose NaN)
    return high if raised > high else raised  # noqa: FURB136


@word
def power(x: float, p: float) -> float:
    """x to the power p, from the C library; NaN for negative x, whatever p is."""
    return math.pow(x, p) if not x < 0 else math.nan
