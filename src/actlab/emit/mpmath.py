"""The formula in arbitrary precision: the reference every other target is measured against.

Words are spelled by their textbook definitions, not by the stable forms the kernels use, so that the two agree only
if both are right. A caller chooses the precision (`mpmath.workdps`); cancellation is met with more digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from actlab.emit.python import compile_source, lines
from actlab.expression import Expression, symbols

TABLE = {
    "const": "(_mp.mpf({0}) / {1})",
    "pi": "_mp.pi",
    "inf": "_mp.inf",
    "nan": "_mp.nan",
    "exp": "_exp({0})",
    "expm1": "_expm1({0})",
    "log": "_log({0})",
    "log1p": "_log(1 + {0})",
    "tanh": "_tanh({0})",
    "sech2": "((2 / (_exp({0}) + _exp(-{0})))**2)",
    "sigmoid": "(1 / (1 + _exp(-{0})))",
    "logistic_pdf": "(_exp(-abs({0})) / (1 + _exp(-abs({0})))**2)",
    "softplus": "_softplus({0})",
    "normal_cdf": "_normal_cdf({0})",
    "normal_pdf": "(_exp(-{0} * {0} / 2) / _mp.sqrt(2 * _mp.pi))",
    "erf": "_mp.erf({0})",
    "sin": "_wave(_mp.sin, {0})",
    "cos": "_wave(_mp.cos, {0})",
    "sqrt": "_root({0})",
    "abs": "abs({0})",
    "sign": "_mp.sign({0})",
    "power": "_power({0}, {1})",
    "clip": "_clip({0}, {1}, {2})",
    "where": "({1} if {0} else {2})",
}

# Powers of ten from which on e^u is infinite or 0 here and its sine unknown: exp(exp(1e30)) would never end.
_FAR = 700


@lru_cache(maxsize=1024)
def function(root: Expression) -> Callable[..., Any]:
    """The expression as f(x, parameters by keyword) on mpf numbers, at the precision in force.

    Examples
    --------
    >>> import mpmath
    >>> from actlab import vocabulary as v
    >>> from actlab.expression import symbol
    >>> with mpmath.workdps(20):
    ...     print(function(v.softplus(symbol("x")))(mpmath.mpf(-50)))
    1.928749847963917783e-22
    """
    body, (result,) = lines([root], TABLE, number="exact")
    names = ", ".join(sorted(symbols(root) - {"x"}))
    source = f"def f(x{', ' + names if names else ''}, **_):\n" + "".join(f"    {line}\n" for line in body)
    return compile_source(f"{source}    return {result}\n", f"<mpmath {id(root)}>", _namespace())["f"]  # type: ignore[no-any-return]


def _namespace() -> dict[str, Any]:  # noqa: C901 - a list of small functions
    import mpmath as mp

    far = mp.mpf(10) ** _FAR

    def exp(u: Any) -> Any:
        return mp.exp(u) if not abs(u) > far else mp.inf if u > 0 else mp.mpf(0)

    def expm1(u: Any) -> Any:
        return mp.expm1(u) if not abs(u) > far else mp.inf if u > 0 else mp.mpf(-1)

    def tanh(u: Any) -> Any:
        return mp.tanh(u) if not abs(u) > far else mp.sign(u)

    def wave(f: Callable[[Any], Any], u: Any) -> Any:
        return mp.nan if abs(u) > far else f(u)

    def log(u: Any) -> Any:
        """The real logarithm: NaN below 0, where mpmath turns to complex numbers."""
        return mp.nan if u < 0 else (-mp.inf if u == 0 else mp.log(u))

    def softplus(u: Any) -> Any:
        # Beyond the precision log(1 + e^u) is u. mpmath's log1p keeps the digits of an e^u lost beside 1.
        return u if u > mp.mp.prec else mp.log1p(exp(u))

    def normal_cdf(u: Any) -> Any:
        # mpmath's erfc fails from 1e150 on; e^(-1e100) is 0 in every format long before.
        return (mp.erfc(-u / mp.sqrt(2)) / 2) if not abs(u) > 1e50 else mp.mpf(u > 0)  # noqa: PLR2004 - as above

    def root(u: Any) -> Any:
        return mp.nan if u < 0 else mp.sqrt(u)

    def power(u: Any, p: Any) -> Any:
        return mp.nan if u < 0 else u**p if u == 0 or not abs(p * mp.log(u)) > far else exp(p * mp.log(u))

    def clip(u: Any, lo: Any, hi: Any) -> Any:
        return u if u != u else min(max(u, lo), hi)

    return {"_mp": mp, **{f"_{name}": f for name, f in locals().items() if callable(f)}}
