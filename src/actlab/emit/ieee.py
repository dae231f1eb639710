"""The formula in float64 as the hardware would compute it: infinities and NaN instead of exceptions.

Slow, and good to a few ulp only; it answers what plain arithmetic makes of an edge case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from actlab.emit.python import compile_source, lines
from actlab.expression import Expression, symbols

TABLE = {
    "pi": "_math.pi",
    "inf": "_math.inf",
    "nan": "_math.nan",
    "div": "_divide({0}, {1})",
    "pow": "_whole_power({0}, {1})",
    "exp": "_exp({0})",
    "expm1": "_expm1({0})",
    "log": "_log({0})",
    "log1p": "_log(1 + {0})",
    "tanh": "_math.tanh({0})",
    "sech2": "(1 - _math.tanh({0})**2)",
    "sigmoid": "_divide(1, 1 + _exp(-{0}))",
    "softplus": "_softplus({0})",
    "logistic_pdf": "_logistic_pdf({0})",
    "normal_cdf": "(_math.erfc(-{0} / _math.sqrt(2)) / 2)",
    "normal_pdf": "(_exp(-{0} * {0} / 2) / _math.sqrt(2 * _math.pi))",
    "erf": "_math.erf({0})",
    "sin": "_wave(_math.sin, {0})",
    "cos": "_wave(_math.cos, {0})",
    "sqrt": "_power({0}, 0.5)",
    "abs": "abs({0})",
    "sign": "_sign({0})",
    "power": "_power({0}, {1})",
    "clip": "_clip({0}, {1}, {2})",
    "where": "({1} if {0} else {2})",
}


_EXP_LARGEST = 709.782712893384  # the logarithm of the largest float64


def evaluate(root: Expression, x: float, parameters: Mapping[str, float]) -> float:
    """The expression at one point.

    Examples
    --------
    >>> from actlab import vocabulary as v
    >>> from actlab.expression import symbol
    >>> evaluate(symbol("x") * v.sigmoid(symbol("x")), float("-inf"), {})
    nan
    """
    return float(_function(root)(x, **parameters))


@lru_cache(maxsize=1024)
def _function(root: Expression) -> Callable[..., float]:
    body, (result,) = lines([root], TABLE)
    names = "".join(f", {name}" for name in sorted(symbols(root) - {"x"}))
    source = f"def f(x{names}, **_):\n" + "".join(f"    {line}\n" for line in body) + f"    return {result}\n"
    return compile_source(source, f"<ieee {id(root)}>", _namespace())["f"]  # type: ignore[no-any-return]


def _namespace() -> dict[str, Any]:  # noqa: C901 - a list of small functions
    def exp(u: float) -> float:
        return math.inf if u > _EXP_LARGEST else math.exp(u)

    def expm1(u: float) -> float:
        return math.inf if u > _EXP_LARGEST else math.expm1(u)

    def log(u: float) -> float:
        return -math.inf if u == 0 else math.log(u) if u > 0 else math.nan

    def divide(a: float, b: float) -> float:
        if b == 0:
            return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
        return a / b

    def power(u: float, p: float) -> float:
        try:
            return math.nan if u < 0 else math.pow(u, p)
        except (OverflowError, ValueError):  # too large, or 0 to a negative power
            return math.inf

    def whole_power(u: float, n: int) -> float:
        product = 1.0
        for _ in range(n):
            product *= u
        return product

    def softplus(u: float) -> float:
        return u if u > 700 else math.log1p(exp(u))  # noqa: PLR2004 - beyond it e^-u is lost beside u

    def logistic_pdf(u: float) -> float:
        t = exp(-abs(u))
        return t / (1 + t) ** 2

    def wave(f: Callable[[float], float], u: float) -> float:
        return math.nan if math.isinf(u) else f(u)

    def sign(u: float) -> float:
        return u if u != u else (u > 0) - (u < 0)

    def clip(u: float, lo: float, hi: float) -> float:
        return lo if u < lo else (hi if u > hi else u)  # noqa: FURB136 - min and max would lose NaN

    return {"_math": math, **{f"_{name}": f for name, f in locals().items() if callable(f)}}
