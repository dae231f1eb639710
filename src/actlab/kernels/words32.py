"""The words of the vocabulary as machine code for float32 arrays.

The same functions as in `actlab.kernels.words`, float64 numbers in and out, but good to 2^-45 instead of 2^-53: the
kernel rounds its result to float32 (2^-24), so that what is left out costs 0.0000005 ulp and half the time is saved. No
pairs, one division, and polynomials split into two chains, because a loop waits for the longest chain of operations.

Errors are relative as there: tails and small arguments keep every digit of a float32. Where a tail of theirs is 0, one
of these may be 1e-307.
"""

from __future__ import annotations

import math

from actlab.kernels import polynomials as constants
from actlab.kernels.instructions import bits_of, float_of, fma, polynomial, word
from actlab.kernels.words import abs as abs  # noqa: A004 - the word's name
from actlab.kernels.words import clip as clip
from actlab.kernels.words import cos as cos
from actlab.kernels.words import log as log
from actlab.kernels.words import log1p as log1p
from actlab.kernels.words import power as power
from actlab.kernels.words import sign as sign
from actlab.kernels.words import sin as sin
from actlab.kernels.words import sqrt as sqrt

_exp_polynomial = polynomial(constants.EXP32)
_log_polynomial = polynomial(constants.LOG)
_erf_polynomial = polynomial(constants.ERF)
_tail_polynomial = polynomial(constants.TAIL32)

LOG2_E, LN2 = constants.LOG2_E, math.log(2.0)
NORMAL_PEAK, SQRT2 = constants.NORMAL_PEAK_HI, constants.SQRT2_HI
TAIL_MIDDLE, TAIL_END = constants.TAIL_MIDDLE, constants.TAIL32_END

# Added to a number below 2^51 in size, it rounds it to an integer, which then stands in the lowest bits.
ROUNDER = 1.5 * 2.0**52
ONE_BITS = 0x3FF0000000000000
# At EXP_ZERO 2^k has the bits of 0, at EXP_LARGE it is still finite. Neither is a float32: where a bound is one, LLVM
# compares before it widens, and five instructions stand for two.
EXP_ZERO, EXP_LARGE = -709.1, 709.1
SQRT2_LESS_1 = math.sqrt(2.0) - 1.0
# Where tanh(softplus(x)) is 1 and its slope 0 as a float32, far from overflow in (n + 2)^2.
GATE_OPEN = 170.3


@word
def _power_and_rest(x: float) -> tuple[float, float]:
    """2^k and e^r - 1, where x = k ln(2) + r, for x from EXP_ZERO to EXP_LARGE."""
    rounded = fma(x, LOG2_E, ROUNDER)
    r = fma(rounded - ROUNDER, -LN2, x)
    return float_of((bits_of(rounded) << 52) + ONE_BITS), fma(r * r, _exp_polynomial(r), r)


@word
def exp(x: float) -> float:
    """e^x."""
    power, rest = _power_and_rest(clip(x, EXP_ZERO, EXP_LARGE))
    return fma(power, rest, power)


@word
def expm1(x: float) -> float:
    """e^x - 1, without losing the digits of a small x."""
    power, rest = _power_and_rest(clip(x, EXP_ZERO, EXP_LARGE))
    return fma(power, rest, power - 1.0)


@word
def _decay(x: float) -> tuple[float, float]:
    """e^-|x| and e^-|x| - 1."""
    size = -math.fabs(x)
    power, rest = _power_and_rest(EXP_ZERO if size < EXP_ZERO else size)  # noqa: FURB136  (max would lose NaN)
    return fma(power, rest, power), fma(power, rest, power - 1.0)


@word
def _one_over_one_plus(x: float) -> tuple[float, float]:
    """1/(1 + e^x) and e^x."""
    power, rest = _power_and_rest(clip(x, EXP_ZERO, EXP_LARGE))
    return 1.0 / fma(power, rest, 1.0 + power), fma(power, rest, power)


@word
def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return _one_over_one_plus(-x)[0]


@word
def logistic_pdf(x: float) -> float:
    """sigmoid(x) sigmoid(-x), the derivative of sigmoid."""
    inverse, e = _one_over_one_plus(-x)
    return e * inverse * inverse


@word
def softplus(x: float) -> float:
    """log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|."""
    e, _ = _decay(x)
    upper = e > SQRT2_LESS_1
    # log(1 + e) = log(2) + log(1 + f) with f = (e - 1)/2 in the upper half, so that f is small in both.
    f = fma(e, 0.5, -0.5) if upper else e
    s = f / (2.0 + f)
    z = s * s
    logarithm = fma(s * z, _log_polynomial(z), s + s) + (LN2 if upper else 0.0)
    return logarithm + (0.0 if x < 0.0 else x)  # noqa: FURB136  (max would lose NaN)


@word
def tanh(x: float) -> float:
    """(1 - e) / (1 + e) with e = e^-2|x|, and the sign of x."""
    e, e_less_1 = _decay(2.0 * x)
    return math.copysign(e_less_1 * (1.0 / (1.0 + e)), x)


@word
def sech2(x: float) -> float:
    """1 - tanh(x)^2 = 4 e / (1 + e)^2, the derivative of tanh."""
    e, _ = _decay(2.0 * x)
    inverse = 1.0 / (1.0 + e)
    return 4.0 * e * inverse * inverse


@word
def _gate(x: float) -> tuple[float, float, float]:
    """n, 1/(n + 2) and e^x, where tanh(softplus(x)) = n/(n + 2) and n = e^x (e^x + 2)."""
    power, rest = _power_and_rest(clip(x, EXP_ZERO, GATE_OPEN))
    e = fma(power, rest, power)
    n = fma(e, e, 2.0 * e)
    return n, 1.0 / (n + 2.0), e


@word
def tanh_softplus(x: float) -> float:
    """tanh(softplus(x)) with one exponential."""
    n, inverse, _ = _gate(x)
    return n * inverse


@word
def tanh_softplus_slope(x: float) -> float:
    """sech2(softplus(x)) sigmoid(x), the derivative of tanh(softplus(x))."""
    _, inverse, e = _gate(x)
    return 4.0 * fma(e, e, e) * inverse * inverse


@word
def _bell(x: float) -> float:
    """e^(-x^2/2)."""
    exponent = -0.5 * (x * x)
    power, rest = _power_and_rest(EXP_ZERO if exponent < EXP_ZERO else exponent)  # noqa: FURB136
    return fma(power, rest, power)


@word
def normal_cdf(x: float) -> float:
    """Phi(x), by e^(-a^2/2) P(t) = Phi(-a) where a = |x|."""
    size = math.fabs(x)
    size = TAIL_END if size > TAIL_END else size  # noqa: FURB136  (min would lose NaN)
    t = (size - TAIL_MIDDLE) / (size + TAIL_MIDDLE)
    tail = _bell(x) * _tail_polynomial(t)
    return 1.0 - tail if x > 0.0 else tail


@word
def normal_pdf(x: float) -> float:
    """e^(-x^2/2) / sqrt(2 pi), the derivative of normal_cdf."""
    return NORMAL_PEAK * _bell(x)


@word
def erf(x: float) -> float:
    """2 Phi(sqrt(2) x) - 1, by a polynomial of its own below 1, where that would cancel."""
    square = x * x
    small = fma(x, _erf_polynomial(square), x)
    large = math.copysign(fma(-2.0, normal_cdf(-SQRT2 * math.fabs(x)), 1.0), x)
    return small if square < 1.0 else large
