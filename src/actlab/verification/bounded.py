"""Arithmetic on numbers that know how far they may be off: the fast reference, compiled by Numba.

A number is a pair (value, error): the exact result lies within `error` of `value`. A condition is a pair (holds,
certain). The words are in `bounded_words`.

Source: running error analysis, Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3.
"""

from __future__ import annotations

import math
from typing import TypeAlias

from actlab.kernels.instructions import fma, word

Pair: TypeAlias = tuple[float, float]
Condition: TypeAlias = tuple[bool, bool]

EPS = 2.0**-52
# Absolute error that stands for underflow: far below the smallest number of every format judged this way, and far above
# the subnormal numbers of float64, with which processors are slow.
TINY = 1e-200
# The error terms are computed in float64 themselves; this covers their own roundings.
SLACK = 1 + 1e-6
INF = math.inf


@word
def finished(u: Pair) -> Pair:
    """The pair with an error that holds whatever rounding did to it; infinite where the value is no number."""
    value, error = u
    if not (math.fabs(value) < INF and error < INF):
        return value, INF
    # value - error, rounded to float64, must not end up at value.
    return value, 0.0 if error == 0.0 else error * SLACK + EPS * math.fabs(value)


@word
def add(a: Pair, b: Pair) -> Pair:
    """a + b."""
    total = a[0] + b[0]
    b_part = total - a[0]
    lost = (a[0] - (total - b_part)) + (b[0] - b_part)  # Knuth's two-sum: what rounding took away, exactly
    return total, a[1] + b[1] + math.fabs(lost)


@word
def neg(a: Pair) -> Pair:
    """-a."""
    return -a[0], a[1]


@word
def sub(a: Pair, b: Pair) -> Pair:
    """a - b."""
    return add(a, neg(b))


@word
def mul(a: Pair, b: Pair) -> Pair:
    """a b."""
    product = a[0] * b[0]
    lost = math.fabs(fma(a[0], b[0], -product))
    # Where the product underflows, what was lost does so too.
    faint = TINY if math.fabs(product) < TINY and a[0] != 0.0 and b[0] != 0.0 else 0.0
    return product, math.fabs(a[0]) * b[1] + math.fabs(b[0]) * a[1] + a[1] * b[1] + lost + faint


@word
def div(a: Pair, b: Pair) -> Pair:
    """a / b; the error is infinite where b may be 0."""
    quotient = a[0] / b[0]
    size = math.fabs(b[0])
    lost = math.fabs(fma(-quotient, b[0], a[0])) / size
    faint = TINY if math.fabs(quotient) < TINY and a[0] != 0.0 else 0.0
    inherited = (a[1] + math.fabs(quotient) * b[1]) / (size - b[1])
    return quotient, inherited + lost + faint if size > b[1] else INF


@word
def where(condition: Condition, a: Pair, b: Pair) -> Pair:
    """a if the condition holds, else b."""
    value, error = a if condition[0] else b
    return value, error if condition[1] else INF


@word
def _certain(a: Pair, b: Pair) -> bool:
    """Whether a and b are known well enough to compare them."""
    slack = a[1] + b[1]
    return slack == 0.0 or math.fabs(a[0] - b[0]) > SLACK * slack


@word
def less(a: Pair, b: Pair) -> Condition:
    """a < b."""
    return a[0] < b[0], _certain(a, b)


@word
def less_equal(a: Pair, b: Pair) -> Condition:
    """a <= b."""
    return a[0] <= b[0], _certain(a, b)


@word
def equal(a: Pair, b: Pair) -> Condition:
    """a == b."""
    return a[0] == b[0], _certain(a, b)


@word
def both(p: Condition, q: Condition) -> Condition:
    """p & q."""
    return p[0] and q[0], p[1] and q[1]


@word
def either(p: Condition, q: Condition) -> Condition:
    """p | q."""
    return p[0] or q[0], p[1] and q[1]


@word
def pi() -> Pair:
    """The circle constant."""
    return math.pi, EPS
