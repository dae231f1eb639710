"""The words of the vocabulary as machine code: float64 numbers in, one float64 out.

Each is its namesake of `actlab.kernels.pairs`, rounded. The accuracy of each, in units in the last place of float64, is
recorded in tests/kernels/test_words.py. NaN in gives NaN out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from actlab.kernels import pairs
from actlab.kernels.instructions import word
from actlab.kernels.pairs import Pair, Scaled, total

Word = Callable[[float], float]


def _of_pair(pair_word: Callable[[float, float], Pair]) -> Word:
    @word
    def rounded(x: float) -> float:
        y, y_lo = pair_word(x, 0.0)
        return total(y, y_lo)

    return rounded


def _of_tail(pair_word: Callable[[float, float], Scaled]) -> Word:
    @word
    def rounded(x: float) -> float:
        y, y_lo, scale = pair_word(x, 0.0)
        return total(y, y_lo) * scale

    return rounded


exp = _of_tail(pairs.exp)
expm1 = _of_pair(pairs.expm1)
log = _of_pair(pairs.log)
log1p = _of_pair(pairs.log1p)
sigmoid = _of_tail(pairs.sigmoid)
logistic_pdf = _of_tail(pairs.logistic_pdf)
softplus = _of_tail(pairs.softplus)
tanh = _of_pair(pairs.tanh)
sech2 = _of_tail(pairs.sech2)
tanh_softplus = _of_tail(pairs.tanh_softplus)
tanh_softplus_slope = _of_tail(pairs.tanh_softplus_slope)
normal_cdf = _of_tail(pairs.normal_cdf)
normal_pdf = _of_tail(pairs.normal_pdf)
erf = _of_pair(pairs.erf)
sin = _of_pair(pairs.sin)
cos = _of_pair(pairs.cos)
sqrt = _of_pair(pairs.sqrt)


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
