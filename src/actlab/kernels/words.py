"""The words of the vocabulary as machine code.

Each public function here is one word of `actlab.vocabulary`: float64 numbers in, one float64 out, compiled
by Numba as a piece of the loop that calls it. Except for sin, cos and power, which call the C library, they
take no branches: a loop over contiguous arrays becomes vector instructions, and an element has the same bits
whatever the array's length, its place in it and the CPU. NaN in gives NaN out.

The accuracy of each, in units in the last place of float64, is recorded in tests/kernels/test_words.py.

Two devices carry it. Numbers that need more than 53 bits are *pairs*, unevaluated sums of a large and a
small part, written `e, e_lo`. And every word that contains an exponential uses the same `_exp_pair`, in the
same form, so that the compiler finds the common part when a kernel uses several: mish and its derivative,
with sigmoid, softplus, tanh and sech2 in them, cost two exponentials.

Source: Dekker 1971, doi:10.1007/BF01397083 (pairs); Tang 1989, doi:10.1145/63522.214389 (reduction of exp);
log is arranged as in fdlibm's e_log.c.
"""

from __future__ import annotations

import math

from actlab.kernels import polynomials as constants
from actlab.kernels.instructions import bits_of, float_of, fma, polynomial, word

_exp_polynomial = polynomial(constants.EXP)
_log_polynomial = polynomial(constants.LOG)
_erf_polynomial = polynomial(constants.ERF)
# The constant term is added apart, by _fma_pair: it is most of the sum.
_tail_polynomial = polynomial(constants.TAIL[1:])

LOG2_E = constants.LOG2_E
LN2_HI, LN2_LO = constants.LN2_HI, constants.LN2_LO
NORMAL_PEAK_HI, NORMAL_PEAK_LO = constants.NORMAL_PEAK_HI, constants.NORMAL_PEAK_LO
SQRT2 = constants.SQRT2
TAIL_FIRST, TAIL_MIDDLE, TAIL_END = constants.TAIL[0], constants.TAIL_MIDDLE, constants.TAIL_END

# Added to a number below 2^51 in size, it rounds it to an integer, which then stands in the lowest bits.
ROUNDER = 1.5 * 2.0**52
# e^x is 0 below the first and infinite above the second.
EXP_ZERO, EXP_INFINITE = -746.0, 710.0
# Where 1 is lost beside e^x.
EXPM1_IS_EXP = 40.0

ONE_BITS = 0x3FF0000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA = 0x000FFFFFFFFFFFFF
SMALLEST_NORMAL = 2.0**-1022
# The bits of 2^52 with a small integer n put into the lowest ones are those of the double 2^52 + n.
COUNTER, COUNTER_BITS = 2.0**52, 0x4330000000000000
EXPONENT_BIAS = 1023.0


@word
def _sum(x: float, y: float) -> tuple[float, float]:
    """x + y as a pair, exactly."""
    total = x + y
    x_part = total - y
    return total, (x - x_part) + (y - (total - x_part))


@word
def _ordered_sum(x: float, y: float) -> tuple[float, float]:
    """x + y as a pair, exactly where |x| >= |y| or x = 0, in half the operations."""
    total = x + y
    return total, y - (total - x)


@word
def _fma_pair(x: float, y: float, z: float) -> tuple[float, float]:
    """x y + z as a pair, exactly where z = 0, otherwise good to 2^-100 where |z| >= |x y|."""
    total = fma(x, y, z)
    return total, fma(x, y, z - total)


@word
def _power_of_two(rounded: float) -> float:
    """2^k for the integer k that was rounded by adding ROUNDER; k from -1022 to 1023."""
    return float_of((bits_of(rounded) << 52) + ONE_BITS)


@word
def _exp_pair(x: float, x_lo: float) -> tuple[float, float]:
    """e^(x + x_lo) as a pair good to 2^-57, for x from -1500 to 1500.

    x = k ln(2) + r; 2^k is applied in two halves, neither of which overflows or is subnormal, so that
    results fade into subnormal numbers and overflow where they should.
    """
    rounded = fma(x, LOG2_E, ROUNDER)
    k = rounded - ROUNDER
    r, r_lo = _ordered_sum(fma(-k, LN2_HI, x), fma(-k, LN2_LO, x_lo))
    y, y_lo = _ordered_sum(1.0, r)
    y, y_lo = _ordered_sum(y, y_lo + fma(r_lo, y, r * r * _exp_polynomial(r)))
    half = fma(k, 0.5, ROUNDER)
    first = _power_of_two(half)
    second = _power_of_two((k - (half - ROUNDER)) + ROUNDER)
    return y * first * second, y_lo * first * second


@word
def _decay(x: float) -> tuple[float, float]:
    """e^-|x| as a pair."""
    return _exp_pair(clip(-math.fabs(x), EXP_ZERO, 0.0), 0.0)


@word
def _bell(x: float) -> tuple[float, float]:
    """e^(-x^2/2) as a pair, with the rounding error of x^2 kept: in the tail it would cost 9 bits."""
    bounded = clip(x, -TAIL_END, TAIL_END)
    square = bounded * bounded
    return _exp_pair(-0.5 * square, -0.5 * fma(bounded, bounded, -square))


@word
def _quotient(n: float, n_lo: float, d: float, d_lo: float, inverse: float) -> float:
    """(n + n_lo) / (d + d_lo) rounded almost correctly, given 1/d."""
    q = n * inverse
    rest = fma(-q, d, n) + fma(-q, d_lo, n_lo)
    return fma(rest, inverse, q)


@word
def exp(x: float) -> float:
    """e^x."""
    e, e_lo = _exp_pair(clip(x, EXP_ZERO, EXP_INFINITE), 0.0)
    return e + e_lo


@word
def expm1(x: float) -> float:
    """e^x - 1, without losing the digits of a small x."""
    e, e_lo = _exp_pair(clip(x, EXP_ZERO, EXP_INFINITE), 0.0)
    y, y_lo = _sum(e, -1.0)
    return math.copysign(e + e_lo if x > EXPM1_IS_EXP else y + (y_lo + e_lo), x)


@word
def _log_of_pair(u: float, u_lo: float, k_extra: float) -> float:
    """log(u + u_lo) + k_extra ln(2) for a positive normal u.

    u = 2^k m with m between sqrt(1/2) and sqrt(2), so that log(u) does not cancel near u = 1. With u = 1 the
    result is log1p(u_lo) in full accuracy.
    """
    shifted = bits_of(u) + (ONE_BITS - SQRT_HALF_BITS)
    k = float_of(((shifted >> 52) & 0x7FF) | COUNTER_BITS) - (COUNTER + EXPONENT_BIAS) + k_extra
    m_bits = (shifted & MANTISSA) + SQRT_HALF_BITS
    m = float_of(m_bits)
    scale = float_of(m_bits - bits_of(u) + ONE_BITS)
    f, f_lo = _ordered_sum(m - 1.0, u_lo * (0.0 if u > COUNTER else scale))
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    small = fma(s, fma(z, _log_polynomial(z), half_square), fma(k, LN2_LO, fma(-f, f_lo, f_lo)))
    return k * LN2_HI - ((half_square - small) - f)


@word
def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
    subnormal = x < SMALLEST_NORMAL
    y = _log_of_pair(x * 2.0**54 if subnormal else x, 0.0, -54.0 if subnormal else 0.0)
    outside = -math.inf if x == 0.0 else (x if x > 0.0 else math.nan)
    return y if 0.0 < x < math.inf else outside


@word
def log1p(x: float) -> float:
    """log(1 + x), without losing the digits of a small x; -inf at -1, NaN below."""
    u, u_lo = _sum(1.0, x)
    y = math.copysign(_log_of_pair(u, u_lo, 0.0), x)
    outside = -math.inf if x == -1.0 else (x if x > -1.0 else math.nan)
    return y if -1.0 < x < math.inf else outside


@word
def _logistic_parts(x: float) -> tuple[float, float, float, float, float]:
    """e^-|x| and 1 + e^-|x| as pairs, and the inverse of the latter."""
    e, e_lo = _decay(x)
    d, d_lo = _ordered_sum(1.0, e)
    return e, e_lo, d, d_lo + e_lo, 1.0 / d


@word
def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    e, e_lo, d, d_lo, inverse = _logistic_parts(x)
    right = x > 0.0
    return _quotient(1.0 if right else e, 0.0 if right else e_lo, d, d_lo, inverse)


@word
def logistic_pdf(x: float) -> float:
    """sigmoid(x) sigmoid(-x), the derivative of sigmoid."""
    e, e_lo, d, d_lo, inverse = _logistic_parts(x)
    return _quotient(_quotient(e, e_lo, d, d_lo, inverse), 0.0, d, d_lo, inverse)


@word
def softplus(x: float) -> float:
    """log(1 + e^x)."""
    e, e_lo = _decay(x)
    u, u_lo = _ordered_sum(1.0, e)
    above = 0.0 if x < 0.0 else x  # noqa: FURB136  (max would lose NaN)
    return above + _log_of_pair(u, u_lo + e_lo, 0.0)


@word
def tanh(x: float) -> float:
    """(1 - e) / (1 + e) with e = e^-2|x|, and the sign of x."""
    e, e_lo = _decay(2.0 * x)
    d, d_lo = _ordered_sum(1.0, e)
    n, n_lo = _ordered_sum(1.0, -e)
    n, n_lo = _ordered_sum(n, n_lo - e_lo)
    return math.copysign(_quotient(n, n_lo, d, d_lo + e_lo, 1.0 / d), x)


@word
def sech2(x: float) -> float:
    """1 - tanh(x)^2 = 4 sigmoid(2x) sigmoid(-2x), the derivative of tanh."""
    return 4.0 * logistic_pdf(2.0 * x)


@word
def _gate_parts(x: float) -> tuple[float, float, float, float, float, float]:
    """t = e^-|x|, 4 t^2 and the sum below tanh(softplus(x)) as pairs.

    tanh(softplus(x)) is (1 + 2t)/(1 + 2t + 2t^2) on the right and (2t + t^2)/(2 + 2t + t^2) on the left.
    """
    t, t_lo = _decay(x)
    square, square_lo = _fma_pair(2.0 * t, 2.0 * t, 0.0)
    square_lo += 8.0 * t * t_lo
    right = x > 0.0
    share = 0.5 if right else 0.25
    rest, rest_lo = _ordered_sum(2.0 * t, share * square)
    d, d_lo = _sum(1.0 if right else 2.0, rest)
    return t, t_lo, square, square_lo, d, d_lo + (rest_lo + fma(share, square_lo, 2.0 * t_lo))


@word
def tanh_softplus(x: float) -> float:
    """tanh(softplus(x)) with one exponential."""
    t, t_lo, square, square_lo, d, d_lo = _gate_parts(x)
    right = x > 0.0
    n, n_lo = _sum(1.0 if right else 0.25 * square, 2.0 * t)
    n_lo += 2.0 * t_lo + (0.0 if right else 0.25 * square_lo)
    return _quotient(n, n_lo, d, d_lo, 1.0 / d)


@word
def tanh_softplus_slope(x: float) -> float:
    """sech2(softplus(x)) sigmoid(x), the derivative: 4 t^2 (1 + t) or 4 t (1 + t) over the square of the same sum."""
    t, t_lo, square, square_lo, d, d_lo = _gate_parts(x)
    right = x > 0.0
    factor, factor_lo = (square if right else 4.0 * t), (square_lo if right else 4.0 * t_lo)
    h, h_lo = _ordered_sum(1.0, t)
    n, n_lo = _fma_pair(factor, h, 0.0)
    n_lo += fma(factor, h_lo + t_lo, factor_lo * h)
    inverse = 1.0 / d
    return _quotient(_quotient(n, n_lo, d, d_lo, inverse), 0.0, d, d_lo, inverse)


@word
def _normal_tail(a: float) -> float:
    """Phi(-a) for a from 0 to TAIL_END: e^(-a^2/2) P(t) / (1 + a)."""
    t = (a - TAIL_MIDDLE) / (a + TAIL_MIDDLE)
    p, p_lo = _fma_pair(t, _tail_polynomial(t), TAIL_FIRST)
    e, e_lo = _bell(a)
    n, n_lo = _fma_pair(e, p, 0.0)
    d, d_lo = _sum(1.0, a)
    return _quotient(n, n_lo + fma(e, p_lo, e_lo * p), d, d_lo, 1.0 / d)


@word
def normal_cdf(x: float) -> float:
    """Phi(x), the probability that a standard normal variable is at most x."""
    tail = _normal_tail(clip(math.fabs(x), 0.0, TAIL_END))
    return 1.0 - tail if x > 0.0 else tail


@word
def normal_pdf(x: float) -> float:
    """e^(-x^2/2) / sqrt(2 pi), the derivative of normal_cdf."""
    e, e_lo = _bell(x)
    return fma(e, NORMAL_PEAK_HI, fma(e, NORMAL_PEAK_LO, e_lo * NORMAL_PEAK_HI))


@word
def erf(x: float) -> float:
    """2 Phi(sqrt(2) x) - 1, by a polynomial of its own below 1, where that would cancel."""
    size = math.fabs(x)
    small = fma(size, _erf_polynomial(size * size), size)
    large = 1.0 - 2.0 * _normal_tail(clip(SQRT2 * size, 0.0, TAIL_END))
    return math.copysign(small if size < 1.0 else large, x)


@word
def sin(x: float) -> float:
    """Sine, from the C library: huge arguments need a reduction that is no vector code."""
    return math.sin(x)


@word
def cos(x: float) -> float:
    """Cosine, from the C library."""
    return math.cos(x)


@word
def sqrt(x: float) -> float:
    """Square root, correctly rounded; NaN below 0."""
    return math.sqrt(x)


@word
def abs(x: float) -> float:  # noqa: A001  (it is the word's name)
    """|x|."""
    return math.fabs(x)


@word
def sign(x: float) -> float:
    """-1, 0 or 1; adding 0 keeps NaN and makes 0 of -0."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else x + 0.0)


@word
def clip(x: float, lo: float, hi: float) -> float:
    """x, but not below lo nor above hi; NaN stays NaN. Written so that it becomes two instructions."""
    raised = lo if x < lo else x  # noqa: FURB136  (max would lose NaN)
    return hi if raised > hi else raised  # noqa: FURB136


@word
def power(x: float, p: float) -> float:
    """x to the power p, from the C library; NaN for negative x, whatever p is."""
    return math.pow(x, p) if not x < 0 else math.nan
