"""The words of the vocabulary in more than double precision: pairs in, pairs out.

A *pair* is an unevaluated sum of a large and a small part, written `e, e_lo`. A float64 kernel carries them from the
input to the end and rounds once: a product inside an exponential would otherwise cost the tail of gelu_tanh seven bits,
and a sum whose terms cancel, as near the root of a derivative, all of them. Pairs are good to about 2^-57, which is
16 times what a result needs; they are no double-double arithmetic, which would cost four times as much.

Like all words these take no branches, except for sin, cos and power, which call the C library: a loop over contiguous
arrays becomes vector instructions, and an element has the same bits whatever the array's length, its place in it and
the CPU. Every word with an exponential takes it from `_rounded_and_rest`, so that the compiler finds the common part
when a kernel uses several.

The small part of a number that is infinite or NaN is 0. Words with a tail return a third number, the *scale* of the
pair, 1 or 2^-800: far out they give e^x times 2^800, which has all its digits where e^x itself is subnormal or 0, and
x e^x keeps them.

Source: Dekker 1971, doi:10.1007/BF01397083 (pairs); Tang 1989, doi:10.1145/63522.214389 (reduction of exp);
log is arranged as in fdlibm's e_log.c.
"""

from __future__ import annotations

import math
import sys

from actlab.kernels import polynomials as constants
from actlab.kernels.instructions import bits_of, float_of, fma, polynomial, word

Pair = tuple[float, float]
Scaled = tuple[float, float, float]

_exp_polynomial = polynomial(constants.EXP)
_log_polynomial = polynomial(constants.LOG)
_erf_polynomial = polynomial(constants.ERF)
# The constant term is added apart, by _fma_pair: it is most of the sum.
_tail_polynomial = polynomial(constants.TAIL[1:])

LOG2_E = constants.LOG2_E
LN2_HI, LN2_LO = constants.LN2_HI, constants.LN2_LO
NORMAL_PEAK_HI, NORMAL_PEAK_LO = constants.NORMAL_PEAK_HI, constants.NORMAL_PEAK_LO
SQRT2_HI, SQRT2_LO = constants.SQRT2_HI, constants.SQRT2_LO
# 1/sqrt(8): Phi(x) = 1/2 + x/sqrt(8) (1 + P(x^2/2)) with the P of erf.
SQRT_EIGHTH_HI, SQRT_EIGHTH_LO = SQRT2_HI / 4.0, SQRT2_LO / 4.0
PI_HI, PI_LO = constants.PI_HI, constants.PI_LO
TAIL_FIRST, TAIL_MIDDLE, TAIL_END = constants.TAIL[0], constants.TAIL_MIDDLE, constants.TAIL_END

# Added to a number below 2^51 in size, it rounds it to an integer, which then stands in the lowest bits.
ROUNDER = 1.5 * 2.0**52
# Below DEEP e^x is given with SCALE. At EXP_ZERO 2^k times 2^800 has the bits of 0, so that no power of x can revive
# it; at EXP_INFINITE e^x is infinite.
DEEP, EXP_ZERO, EXP_INFINITE = -600.0, -1263.6, 710.0
SCALE, SCALE_BITS = 2.0**-800, 800
SQRT2_LESS_1 = math.sqrt(2.0) - 1.0
# Where 1 is lost beside e^x.
EXPM1_IS_EXP = 40.0

ONE_BITS = 0x3FF0000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MANTISSA = 0x000FFFFFFFFFFFFF
SMALLEST_NORMAL = 2.0**-1022
# The bits of 2^52 with a small integer n put into the lowest ones are those of the double 2^52 + n.
COUNTER, COUNTER_BITS = 2.0**52, 0x4330000000000000
EXPONENT_BIAS = 1023.0
LARGEST = sys.float_info.max
# Up to here Phi(-|x|) loses less to the subtraction in 1/2 + x/sqrt(8) (1 + P) than to the rounding of t in the tail;
# the root of gelu's derivative lies inside.
CENTRE = 0.9
# e^(-x^2/2) is 0 there, its scale included.
BELL_END = 51.0


@word
def total(x: float, x_lo: float) -> float:
    """The number a pair stands for, rounded; -0 stays -0."""
    return x if x_lo == 0.0 else x + x_lo


@word
def odd(x: float, x_lo: float) -> float:
    """The pair rounded to odd: where it is no float64, the neighbour whose last bit is 1.

    No float16 or bfloat16, nor the middle between two, looks like that: rounded a second time, to one of them, it is
    what the pair itself rounds to.
    """
    bits = bits_of(x)
    other = float_of(bits + (1 if (x_lo > 0.0) == (x > 0.0) else -1))
    return x_lo if x == 0.0 else (other if x_lo != 0.0 and bits & 1 == 0 else x)


@word
def _finite(x: float, x_lo: float) -> Pair:
    """The pair, its small part 0 where the large one is infinite or NaN: inf - inf would be NaN."""
    return x, x_lo if math.fabs(x) <= LARGEST else 0.0


@word
def _sum(x: float, y: float) -> Pair:
    """x + y as a pair, exactly."""
    z = x + y
    x_part = z - y
    return z, (x - x_part) + (y - (z - x_part))


@word
def _ordered_sum(x: float, y: float) -> Pair:
    """x + y as a pair, exactly where |x| >= |y| or x = 0, in half the operations."""
    z = x + y
    return z, y - (z - x)


@word
def _fma_pair(x: float, y: float, z: float) -> Pair:
    """x y + z as a pair, exactly where z = 0, otherwise good to 2^-100 where |z| >= |x y|."""
    w = fma(x, y, z)
    return w, fma(x, y, z - w)


@word
def add(x: float, x_lo: float, y: float, y_lo: float) -> Pair:
    """x + y."""
    z, z_lo = _sum(x, y)
    return _finite(z, z_lo + (x_lo + y_lo))


@word
def add_scaled(x: float, x_lo: float, x_scale: float, y: float, y_lo: float, y_scale: float) -> Scaled:  # noqa: PLR0917
    """x + y where one of them or both have a scale."""
    scale = max(x_scale, y_scale)
    x_share = 1.0 if x_scale == scale else SCALE
    y_share = 1.0 if y_scale == scale else SCALE
    z, z_lo = add(x * x_share, x_lo * x_share, y * y_share, y_lo * y_share)
    return z, z_lo, scale


@word
def mul(x: float, x_lo: float, y: float, y_lo: float) -> Pair:
    """x y."""
    z = x * y
    return _finite(z, fma(x, y, -z) + fma(x, y_lo, x_lo * y))


@word
def div(x: float, x_lo: float, y: float, y_lo: float) -> Pair:
    """x / y."""
    z = x / y
    rest = (fma(-z, y, x) + fma(-z, y_lo, x_lo)) / y
    return _finite(z, rest if math.fabs(y) <= LARGEST else 0.0)


@word
def sqrt(x: float, x_lo: float) -> Pair:
    """Square root; NaN below 0."""
    z = math.sqrt(x)
    return _finite(z, (fma(-z, z, x) + x_lo) / (2.0 * z) if z > 0.0 else 0.0)


@word
def abs(x: float, x_lo: float) -> Pair:  # noqa: A001  (it is the word's name)
    """|x|."""
    return math.fabs(x), x_lo if x > 0.0 else -x_lo


@word
def sign(x: float, x_lo: float) -> Pair:  # noqa: ARG001  (no sign hangs on the small part)
    """-1, 0 or 1; adding 0 keeps NaN and makes 0 of -0."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else x + 0.0), 0.0


@word
def clip(x: float, x_lo: float, low: float, low_lo: float, high: float, high_lo: float) -> Pair:  # noqa: PLR0917
    """x, but not below low nor above high; NaN stays NaN."""
    below = x < low
    raised, raised_lo = low if below else x, low_lo if below else x_lo
    above = raised > high
    return high if above else raised, high_lo if above else raised_lo


@word
def _bounded(x: float, low: float, high: float) -> float:
    """x, but not below low nor above high; NaN stays NaN. Written so that it becomes two instructions."""
    raised = low if x < low else x  # noqa: FURB136  (max would lose NaN)
    return high if raised > high else raised  # noqa: FURB136  (and min)


@word
def _power_of_two(rounded: float, shift: int) -> float:
    """2^(k + shift) for the integer k that was rounded by adding ROUNDER; from 2^-1022 to 2^1023, and 0 for 2^-1023."""
    return float_of(((bits_of(rounded) + shift) << 52) + ONE_BITS)


@word
def _rounded_and_rest(x: float, x_lo: float) -> tuple[float, float, float]:
    """k plus ROUNDER, and e^r, where x = k ln(2) + r."""
    rounded = fma(x, LOG2_E, ROUNDER)
    k = rounded - ROUNDER
    r, r_lo = _ordered_sum(fma(-k, LN2_HI, x), fma(-k, LN2_LO, x_lo))
    y, y_lo = _ordered_sum(1.0, r)
    y, y_lo = _ordered_sum(y, y_lo + fma(r_lo, y, r * r * _exp_polynomial(r)))
    return rounded, y, y_lo


@word
def _tail(x: float, x_lo: float) -> Scaled:
    """e^x for x up to 0; the small part of an x far out may be as large as it likes, and says nothing."""
    bounded = EXP_ZERO if x < EXP_ZERO else x  # noqa: FURB136  (max would lose NaN)
    rounded, y, y_lo = _rounded_and_rest(bounded, x_lo if bounded == x else 0.0)
    deep = x < DEEP
    power = _power_of_two(rounded, SCALE_BITS if deep else 0)
    return y * power, y_lo * power, SCALE if deep else 1.0


@word
def _decay(x: float, x_lo: float) -> Scaled:
    """e^-|x|."""
    # Not -x_lo: where x_lo is the number 0.0, both branches are, and the compiler sees it.
    return _tail(-math.fabs(x), 0.0 - x_lo if x > 0.0 else x_lo)


@word
def _beside_one(e: float, scale: float) -> float:
    """A tail, or its small part, where something near 1 is added: 0 instead of what needs a scale."""
    return e if scale == 1.0 else 0.0


@word
def _bell(x: float, x_lo: float) -> Scaled:
    """e^(-x^2/2), with the rounding error of x^2 kept: in the tail it would cost 9 bits."""
    bounded = _bounded(x, -BELL_END, BELL_END)
    square = bounded * bounded
    return _tail(-0.5 * square, -0.5 * fma(bounded, bounded, -square) - bounded * (x_lo if bounded == x else 0.0))


@word
def _quotient(n: float, n_lo: float, d: float, d_lo: float, inverse: float) -> Pair:
    """(n + n_lo) / (d + d_lo), given 1/d."""
    q = n * inverse
    return q, (fma(-q, d, n) + fma(-q, d_lo, n_lo)) * inverse


@word
def _exp(x: float, x_lo: float) -> Scaled:
    """e^x; 2^k is applied in two halves, for 2^1024 does not exist."""
    bounded = _bounded(x, EXP_ZERO, EXP_INFINITE)
    rounded, y, y_lo = _rounded_and_rest(bounded, x_lo if bounded == x else 0.0)
    deep, large = x < DEEP, x > 1.0
    power = _power_of_two(rounded, SCALE_BITS if deep else (-1 if large else 0))
    twice = 2.0 if large else 1.0
    return y * power * twice, y_lo * power * twice, SCALE if deep else 1.0


@word
def exp(x: float, x_lo: float) -> Scaled:
    """e^x."""
    e, e_lo, scale = _exp(x, x_lo)
    return e, e_lo if e <= LARGEST else 0.0, scale


@word
def expm1(x: float, x_lo: float) -> Pair:
    """e^x - 1, without losing the digits of a small x."""
    e, e_lo, scale = _exp(x, x_lo)
    z, z_lo = _sum(_beside_one(e, scale), -1.0)
    y, y_lo = _ordered_sum(z, z_lo + _beside_one(e_lo, scale))
    is_exp = x > EXPM1_IS_EXP
    return _finite(e if is_exp else math.copysign(y, x), e_lo if is_exp else y_lo)


@word
def _log(u: float, u_lo: float, k_extra: float) -> float:
    """log(u + u_lo) + k_extra ln(2) for a positive normal u, rounded.

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
def log(x: float, x_lo: float) -> Pair:
    """Natural logarithm; -inf at 0, NaN below."""
    subnormal = x < SMALLEST_NORMAL
    y = _log(x * 2.0**54 if subnormal else x, 0.0, -54.0 if subnormal else 0.0)
    outside = -math.inf if x == 0.0 else (x if x > 0.0 else math.nan)
    return _finite(y if 0.0 < x < math.inf else outside, x_lo / x)


@word
def log1p(x: float, x_lo: float) -> Pair:
    """log(1 + x), without losing the digits of a small x; -inf at -1, NaN below."""
    u, u_lo = _sum(1.0, x)
    y = math.copysign(_log(u, u_lo, 0.0), x)
    outside = -math.inf if x == -1.0 else (x if x > -1.0 else math.nan)
    return _finite(y if -1.0 < x < math.inf else outside, x_lo / u)


@word
def _logistic_parts(x: float, x_lo: float) -> tuple[float, float, float, float, float, float]:
    """e^-|x| with its scale, 1 + e^-|x|, and the inverse of the latter, rounded."""
    e, e_lo, scale = _decay(x, x_lo)
    d, d_lo = _ordered_sum(1.0, _beside_one(e, scale))
    return e, e_lo, scale, d, d_lo + _beside_one(e_lo, scale), 1.0 / d


@word
def sigmoid(x: float, x_lo: float) -> Scaled:
    """1 / (1 + e^-x)."""
    e, e_lo, scale, d, d_lo, inverse = _logistic_parts(x, x_lo)
    right = x > 0.0
    y, y_lo = _quotient(1.0 if right else e, 0.0 if right else e_lo, d, d_lo, inverse)
    return y, y_lo, 1.0 if right else scale


@word
def logistic_pdf(x: float, x_lo: float) -> Scaled:
    """sigmoid(x) sigmoid(-x), the derivative of sigmoid."""
    e, e_lo, scale, d, d_lo, inverse = _logistic_parts(x, x_lo)
    lower, lower_lo = _quotient(e, e_lo, d, d_lo, inverse)
    y, y_lo = _quotient(lower, lower_lo, d, d_lo, inverse)
    return y, y_lo, scale


@word
def softplus(x: float, x_lo: float) -> Scaled:
    """log(1 + e^x) = max(x, 0) + log(1 + e) with e = e^-|x|; far out on the left it is e."""
    e, e_lo, scale = _decay(x, x_lo)
    upper, deep, left = e > SQRT2_LESS_1, x < DEEP, x < 0.0
    # log(1 + e) = log(2) + log(1 + f) with f = (e - 1)/2 in the upper half, so that f is small in both.
    f = fma(e, 0.5, -0.5) if upper else _beside_one(e, scale)
    f_lo = 0.5 * e_lo if upper else _beside_one(e_lo, scale)
    s = f / (2.0 + f)
    square = s * s
    half_square = 0.5 * f * f
    small = fma(s, fma(square, _log_polynomial(square), half_square), fma(-f, f_lo, f_lo))
    y, y_lo = _sum(0.0 if left else x, LN2_HI if upper else 0.0)
    z, z_lo = _sum(y, f)
    z_lo += y_lo + (0.0 if left else x_lo) + ((LN2_LO if upper else 0.0) - (half_square - small))
    z, z_lo = _ordered_sum(*_finite(z, z_lo))
    z, z_lo = _finite(e if deep else z, e_lo if deep else z_lo)
    return z, z_lo, scale if deep else 1.0


@word
def tanh(x: float, x_lo: float) -> Pair:
    """(1 - e) / (1 + e) with e = e^-2|x|, and the sign of x."""
    e, e_lo, scale, d, d_lo, inverse = _logistic_parts(2.0 * x, 2.0 * x_lo)
    n, n_lo = _ordered_sum(1.0, -_beside_one(e, scale))
    n, n_lo = _ordered_sum(n, n_lo - _beside_one(e_lo, scale))
    y, y_lo = _quotient(n, n_lo, d, d_lo, inverse)
    return math.copysign(y, x), y_lo if x > 0.0 else -y_lo


@word
def sech2(x: float, x_lo: float) -> Scaled:
    """1 - tanh(x)^2 = 4 sigmoid(2x) sigmoid(-2x), the derivative of tanh."""
    y, y_lo, scale = logistic_pdf(2.0 * x, 2.0 * x_lo)
    return 4.0 * y, 4.0 * y_lo, scale


@word
def _gate_parts(x: float, x_lo: float) -> tuple[float, float, float, float, float, float, float]:
    """t = e^-|x|, 4 t^2, and the sum below tanh(softplus(x)); t with its scale.

    tanh(softplus(x)) is (1 + 2t)/(1 + 2t + 2t^2) on the right and (2t + t^2)/(2 + 2t + t^2) on the left.
    """
    t, t_lo, scale = _decay(x, x_lo)
    near, near_lo = _beside_one(t, scale), _beside_one(t_lo, scale)
    square, square_lo = _fma_pair(2.0 * near, 2.0 * near, 0.0)
    square_lo += 8.0 * near * near_lo
    right = x > 0.0
    share = 0.5 if right else 0.25
    rest, rest_lo = _ordered_sum(2.0 * near, share * square)
    d, d_lo = _sum(1.0 if right else 2.0, rest)
    return t, t_lo, scale, square, square_lo, d, d_lo + (rest_lo + fma(share, square_lo, 2.0 * near_lo))


@word
def tanh_softplus(x: float, x_lo: float) -> Scaled:
    """tanh(softplus(x)) with one exponential."""
    t, t_lo, scale, square, square_lo, d, d_lo = _gate_parts(x, x_lo)
    right = x > 0.0
    double, double_lo = (
        2.0 * (_beside_one(t, scale) if right else t),
        2.0 * (_beside_one(t_lo, scale) if right else t_lo),
    )
    n, n_lo = _sum(1.0 if right else 0.25 * square, double)
    y, y_lo = _quotient(n, n_lo + (double_lo + (0.0 if right else 0.25 * square_lo)), d, d_lo, 1.0 / d)
    return y, y_lo, 1.0 if right else scale


@word
def tanh_softplus_slope(x: float, x_lo: float) -> Scaled:
    """sech2(softplus(x)) sigmoid(x), the derivative: 4 t^2 (1 + t) or 4 t (1 + t) over the square of the same sum."""
    t, t_lo, scale, square, square_lo, d, d_lo = _gate_parts(x, x_lo)
    right = x > 0.0
    factor, factor_lo = square if right else 4.0 * t, square_lo if right else 4.0 * t_lo
    h, h_lo = _ordered_sum(1.0, _beside_one(t, scale))
    n, n_lo = _fma_pair(factor, h, 0.0)
    n_lo += fma(factor, h_lo + _beside_one(t_lo, scale), factor_lo * h)
    inverse = 1.0 / d
    q, q_lo = _quotient(n, n_lo, d, d_lo, inverse)
    y, y_lo = _quotient(q, q_lo, d, d_lo, inverse)
    return y, y_lo, 1.0 if right else scale


@word
def _normal_tail(a: float, e: float, e_lo: float) -> Pair:
    """Phi(-a) for a from 0 to TAIL_END, given e = e^(-a^2/2): e P(t) / (1 + a)."""
    t = (a - TAIL_MIDDLE) / (a + TAIL_MIDDLE)
    p, p_lo = _fma_pair(t, _tail_polynomial(t), TAIL_FIRST)
    n, n_lo = _fma_pair(e, p, 0.0)
    d, d_lo = _sum(1.0, a)
    return _quotient(n, n_lo + fma(e, p_lo, e_lo * p), d, d_lo, 1.0 / d)


@word
def normal_cdf(x: float, x_lo: float) -> Scaled:
    """Phi(x), the probability that a standard normal variable is at most x."""
    # In the middle 1/2 + x/sqrt(8) (1 + P(x^2/2)), the P of erf.
    w, w_lo = _ordered_sum(1.0, _erf_polynomial(0.5 * x * x))
    s, s_lo = _fma_pair(SQRT_EIGHTH_HI, w, 0.0)
    s_lo += fma(SQRT_EIGHTH_HI, w_lo, SQRT_EIGHTH_LO * w)
    z, z_lo = mul(x, x_lo, s, s_lo)
    y, y_lo = _ordered_sum(0.5, z)
    e, e_lo, scale = _bell(x, x_lo)
    tail, tail_lo = _normal_tail(_bounded(math.fabs(x), 0.0, TAIL_END), e, e_lo)
    upper, upper_lo = _ordered_sum(1.0, -_beside_one(tail, scale))
    right = x > 0.0
    far, far_lo = upper if right else tail, upper_lo - _beside_one(tail_lo, scale) if right else tail_lo
    centre = math.fabs(x) < CENTRE
    return y if centre else far, y_lo + z_lo if centre else far_lo, 1.0 if right else scale


@word
def normal_pdf(x: float, x_lo: float) -> Scaled:
    """e^(-x^2/2) / sqrt(2 pi), the derivative of normal_cdf."""
    e, e_lo, scale = _bell(x, x_lo)
    y, y_lo = mul(e, e_lo, NORMAL_PEAK_HI, NORMAL_PEAK_LO)
    return y, y_lo, scale


@word
def erf(x: float, x_lo: float) -> Pair:
    """2 Phi(sqrt(2) x) - 1, by a polynomial of its own below 1, where that would cancel."""
    size = math.fabs(x)
    z, z_lo = mul(x, 0.0, _erf_polynomial(x * x), 0.0)
    small, small_lo = _ordered_sum(x, z)
    small_lo += z_lo + x_lo
    a = _bounded(SQRT2_HI * size, 0.0, TAIL_END)
    e, e_lo, scale = _bell(a, fma(SQRT2_HI, size, -a) + SQRT2_LO * size if a < TAIL_END else 0.0)
    tail, tail_lo = _normal_tail(a, _beside_one(e, scale), _beside_one(e_lo, scale))
    y, y_lo = _ordered_sum(1.0, -2.0 * tail)
    y_lo -= 2.0 * tail_lo
    centre = size < 1.0
    right = x > 0.0
    return small if centre else math.copysign(y, x), small_lo if centre else (y_lo if right else -y_lo)


@word
def sin(x: float, x_lo: float) -> Pair:  # noqa: ARG001  (good to what the C library is)
    """Sine, from the C library: huge arguments need a reduction that is no vector code."""
    return math.sin(x), 0.0


@word
def cos(x: float, x_lo: float) -> Pair:  # noqa: ARG001
    """Cosine, from the C library."""
    return math.cos(x), 0.0


@word
def power(x: float, x_lo: float, p: float, p_lo: float) -> Pair:  # noqa: ARG001
    """x to the power p, from the C library; NaN for negative x, whatever p is."""
    return math.pow(x, p) if not x < 0 else math.nan, 0.0
