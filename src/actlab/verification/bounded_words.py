"""The words on numbers that know how far they may be off: (value, error) in, (value, error) out.

They are computed by the C library, never by the words of the kernels. What an uncertain argument does to a word is
bounded by its steepness: each function says how it computes and how steep it is.
"""

from __future__ import annotations

import math

from actlab.kernels.instructions import fma, word
from actlab.verification.bounded import EPS, INF, TINY, Pair, less, where

# Relative error of the C library's functions with the few operations around them. The largest that glibc knows of its
# own is 5 ulp (erfc; GNU C Library manual, section 19.7); three times that covers other libraries.
WORD = 16 * EPS
# Steepness is bounded for arguments that are off by no more than this.
CLOSE = 0.5
# From here on e^-|u|, and e^(-u^2/2) and its integral, are below TINY.
FAR, NORMAL_FAR = 500.0, 31.0
SQRT_HALF = math.sqrt(0.5)
NORMAL_PEAK = 1 / math.sqrt(2 * math.pi)
ERF_SLOPE = 2 / math.sqrt(math.pi)


@word
def clip(u: Pair, low: Pair, high: Pair) -> Pair:
    """u between low and high."""
    return where(less(u, low), low, where(less(high, u), high, u))


@word
def abs(u: Pair) -> Pair:  # noqa: A001 - it is the word's name
    """|u|."""
    return math.fabs(u[0]), u[1]


@word
def sign(u: Pair) -> Pair:
    """-1, 0 or 1."""
    value = 1.0 if u[0] > 0.0 else (-1.0 if u[0] < 0.0 else u[0] + 0.0)
    return value, 0.0 if u[1] == 0.0 or math.fabs(u[0]) > u[1] else INF


@word
def _saturating(u: Pair, value: float, steepness: float) -> Pair:
    """A word that is flat, to within TINY, beyond FAR. Steepness is its largest within CLOSE of u."""
    spread = u[1] * steepness if u[1] <= CLOSE else (0.0 if math.fabs(u[0]) - u[1] > FAR else INF)
    return value, spread + WORD * math.fabs(value) + TINY


@word
def _within(u: Pair, room: float, value: float, steepness: float) -> Pair:
    """A word whose steepness within half of `room` around u is known, and nothing beyond."""
    spread = 0.0 if u[1] == 0.0 else (u[1] * steepness if 2 * u[1] <= room else INF)
    return value, spread + WORD * math.fabs(value) + TINY


@word
def exp(u: Pair) -> Pair:
    """e^u. e^CLOSE < 2."""
    value = math.exp(u[0])
    return _within(u, 2 * CLOSE, value, 2 * value)


@word
def expm1(u: Pair) -> Pair:
    """e^u - 1."""
    value = math.expm1(u[0])
    return _within(u, 2 * CLOSE, value, 2 * (value + 1.0 + EPS))


@word
def log(u: Pair) -> Pair:
    """Natural logarithm; 1/(u/2) is its steepness at half of u."""
    return _within(u, u[0], math.log(u[0]) if u[0] > 0.0 else math.nan, 2.0 / u[0])


@word
def log1p(u: Pair) -> Pair:
    """log(1 + u)."""
    room = 1.0 + u[0]
    return _within(u, room, math.log1p(u[0]) if room > 0.0 else math.nan, 2.0 / room)


@word
def _decay(size: float) -> float:
    """e^-size, or another number below TINY: a result that underflows takes the C library very long."""
    return math.exp(-min(size, FAR))


@word
def sigmoid(u: Pair) -> Pair:
    """1/(1 + e^-u); its slope is at most e^-|u|, and e^CLOSE < 2."""
    t = _decay(math.fabs(u[0]))
    return _saturating(u, (t if u[0] < 0.0 else 1.0) / (1.0 + t), 2 * t)


@word
def logistic_pdf(u: Pair) -> Pair:
    """sigmoid(u) sigmoid(-u), never steeper than it is high."""
    t = _decay(math.fabs(u[0]))
    value = t / ((1.0 + t) * (1.0 + t))
    return _saturating(u, value, 2 * value)


@word
def tanh(u: Pair) -> Pair:
    """Hyperbolic tangent; its slope is 1 - tanh^2, and e^(2 CLOSE) < 3."""
    size = math.fabs(u[0])
    t = _decay(2 * size)
    below_1 = 1.0 - t if size > CLOSE else -math.expm1(-2 * size)  # 1 - t cancels near 0
    return _saturating(u, math.copysign(below_1 / (1.0 + t), u[0]), 12 * t)


@word
def sech2(u: Pair) -> Pair:
    """1 - tanh(u)^2, at most twice as steep as it is high."""
    t = _decay(2 * math.fabs(u[0]))
    value = 4 * t / ((1.0 + t) * (1.0 + t))
    return _saturating(u, value, 6 * value)


@word
def softplus(u: Pair) -> Pair:
    """log(1 + e^u); its slope is below 1 and below e^u."""
    t = _decay(math.fabs(u[0]))
    total = 1.0 + t
    log1p = math.log(total) + (t - (total - 1.0)) / total  # the digits of t that the sum lost, to first order
    if u[0] > 0.0:
        value = u[0] + log1p
        return value, u[1] + WORD * value
    return _saturating(u, log1p, 2 * t)


@word
def normal_pdf(u: Pair) -> Pair:
    """e^(-u^2/2)/sqrt(2 pi); its slope is |u| times it, and e^CLOSE < 2."""
    size = min(math.fabs(u[0]), NORMAL_FAR)
    square = size * size
    value = NORMAL_PEAK * math.exp(-0.5 * square)
    near = _within(u, 2 * CLOSE / (size + 1.0), value, 2 * (size + 1.0) * value)
    rounding = value * math.fabs(fma(size, size, -square))
    return value, TINY if math.fabs(u[0]) - u[1] > NORMAL_FAR else near[1] + rounding


@word
def normal_cdf(u: Pair) -> Pair:
    """The normal distribution function Phi; for u < 0 its slope is below (|u| + 1) Phi, elsewhere below 0.4.

    Source of the slope: Birnbaum 1942, doi:10.1214/aoms/1177731611 (lower bound of the Mills ratio).
    """
    size = min(math.fabs(u[0]), NORMAL_FAR)
    value = 0.5 * math.erfc(math.copysign(SQRT_HALF * size, -u[0]))
    argument = u[0], u[1] + 2 * EPS * size  # u/sqrt(2) is rounded twice
    near = _within(argument, 2 * CLOSE / (size + 1.0), value, 2 * (size + 1.0) * value if u[0] < 0.0 else 0.4)
    return value, WORD * value + TINY if math.fabs(u[0]) - u[1] > NORMAL_FAR else near[1]


@word
def erf(u: Pair) -> Pair:
    """The error function, nowhere steeper than at 0."""
    value = math.erf(u[0])
    return value, u[1] * ERF_SLOPE + WORD * math.fabs(value)


@word
def sin(u: Pair) -> Pair:
    """Sine."""
    value = math.sin(u[0])
    return value, u[1] + WORD * math.fabs(value)


@word
def cos(u: Pair) -> Pair:
    """Cosine."""
    value = math.cos(u[0])
    return value, u[1] + WORD * math.fabs(value)


@word
def sqrt(u: Pair) -> Pair:
    """Square root; 1/sqrt(2 u) is its steepness at half of u."""
    value = math.sqrt(u[0])
    return _within(u, u[0], value, 1.0 / value)


@word
def power(u: Pair, p: Pair) -> Pair:
    """u^p for u > 0: the error of p log(u), times u^p and e^CLOSE."""
    value = math.pow(u[0], p[0]) if u[0] >= 0.0 else math.nan
    exact = u[1] == 0.0 and p[1] == 0.0
    moved = 0.0 if exact else 2 * (math.fabs(p[0]) * u[1] / u[0] + math.fabs(math.log(u[0])) * p[1])
    known = moved <= CLOSE and 2 * u[1] <= u[0]
    return value, 2 * moved * value + WORD * value + TINY if known or exact else INF
