"""An expression on a whole array in float64, with a bound of its error: decides most roundings without many digits.

Running error analysis (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3): each result carries
how far it may be from the exact one. Where a condition is not certain the bound is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.expression import Expression, walk

Array = NDArray[np.float64]
_EPS = 2.0**-52
_WORD = 16 * _EPS  # of NumPy's and Python's functions and the few operations around them
_TINY = 1e-290  # float64 may underflow where no 16-bit format can see it


@dataclass(frozen=True)
class Bounded:
    """Numbers, and how far each may be off."""

    value: Array
    error: Array

    @property
    def size(self) -> Array:
        """|value|."""
        return np.abs(self.value)


def evaluate(root: Expression, x: Array, parameters: Mapping[str, float]) -> Bounded:
    """The expression at every x."""
    known: dict[Any, Any] = {}
    with np.errstate(all="ignore"):
        for node in walk(root):
            args = [known[arg] for arg in node.args]
            if node.op == "symbol":
                known[node] = _exact(x if node.value == "x" else np.full_like(x, parameters[node.value]))
            elif node.op == "const":
                near = float(node.value)
                known[node] = Bounded(
                    np.full_like(x, near), np.full_like(x, 0.0 if near == node.value else abs(near) * _EPS)
                )
            elif node.op == "pow":
                known[node] = _power(args[0], node.value)
            elif node.op == "pi":
                known[node] = Bounded(np.full_like(x, math.pi), np.full_like(x, _EPS * math.pi))
            else:
                known[node] = _RULES[node.op](*args) if node.op in _RULES else _word(node.op, args[0])
    result: Bounded = known[root]
    return Bounded(result.value, np.where(np.isfinite(result.value), result.error, np.inf))


def _exact(value: Array) -> Bounded:
    return Bounded(value, np.zeros_like(value))


def _add(a: Bounded, b: Bounded) -> Bounded:
    total = a.value + b.value
    b_part = total - a.value
    lost = (a.value - (total - b_part)) + (b.value - b_part)  # Knuth's two-sum: what rounding took away, exactly
    return Bounded(total, a.error + b.error + np.abs(lost))


def _neg(a: Bounded) -> Bounded:
    return Bounded(-a.value, a.error)


def _mul(a: Bounded, b: Bounded) -> Bounded:
    product = a.value * b.value
    simple = np.isin(a.size, (0.0, 1.0)) | np.isin(b.size, (0.0, 1.0))
    rounding = np.where(simple, 0.0, _EPS * np.abs(product) + _TINY)
    return Bounded(product, a.size * b.error + b.size * a.error + a.error * b.error + rounding)


def _div(a: Bounded, b: Bounded) -> Bounded:
    quotient = a.value / b.value
    relative = b.error / b.size
    error = (a.error + np.abs(quotient) * b.error) / b.size * (1 + 2 * relative) + _EPS * np.abs(quotient) + _TINY
    simple = (a.value == 0) & (a.error == 0)
    return Bounded(quotient, np.where(simple, 0.0, np.where(relative < 1e-3, error, np.inf)))


def _power(a: Bounded, n: int) -> Bounded:
    result = a
    for _ in range(n - 1):
        result = _mul(result, a)
    return result


def _where(condition: tuple[NDArray[np.bool_], NDArray[np.bool_]], a: Bounded, b: Bounded) -> Bounded:
    holds, certain = condition
    error = np.where(holds, a.error, b.error)
    return Bounded(np.where(holds, a.value, b.value), np.where(certain, error, np.inf))


def _compare(holds: Callable[..., Any]) -> Callable[[Bounded, Bounded], tuple[Any, Any]]:
    def compare(a: Bounded, b: Bounded) -> tuple[Any, Any]:
        slack = a.error + b.error
        return holds(a.value, b.value), (slack == 0) | (np.abs(a.value - b.value) > slack)

    return compare


def _clip(u: Bounded, low: Bounded, high: Bounded) -> Bounded:
    below = _compare(np.less)(u, low)
    above = _compare(np.greater)(u, high)
    return _where(below, low, _where(above, high, u))


def _abs(u: Bounded) -> Bounded:
    return Bounded(u.size, u.error)


def _sign(u: Bounded) -> Bounded:
    certain = (u.error == 0) | (u.size > u.error)
    return Bounded(np.sign(u.value), np.where(certain, 0.0, np.inf))


def _each(f: Callable[[float], float]) -> Callable[[Array], Array]:
    return lambda u: np.array([f(t) for t in u.tolist()])


def _logistic_pdf(u: Array) -> Array:
    t = np.exp(-np.abs(u))
    return t / (1 + t) ** 2


def _normal_pdf(u: Array) -> Array:
    return np.exp(-u * u / 2) / math.sqrt(2 * math.pi)


def _sigmoid(u: Array) -> Array:
    return np.where(u < 0, np.exp(np.minimum(u, 0)), 1.0) / (1 + np.exp(-np.abs(u)))


def _sech2(u: Array) -> Array:
    return 4 * _logistic_pdf(2 * u)


_INCREASING: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda u: np.logaddexp(0.0, u),
    "normal_cdf": lambda u: _each(math.erfc)(-u / math.sqrt(2)) / 2,
    "erf": _each(math.erf),
}
_FALLING_BOTH_WAYS: dict[str, Callable[[Array], Array]] = {
    "sech2": _sech2,
    "logistic_pdf": _logistic_pdf,
    "normal_pdf": _normal_pdf,
}
_NO_STEEPER_THAN_1: dict[str, Callable[[Array], Array]] = {"sin": np.sin, "cos": np.cos}


def _word(name: str, u: Bounded) -> Bounded:
    # With the roundings of u inside the word: e^u and its kin lose the digits that u has before its point.
    moved = u.error + 4 * _EPS * u.size
    if name in _NO_STEEPER_THAN_1:
        value, spread = _NO_STEEPER_THAN_1[name](u.value), moved
    elif name in _FALLING_BOTH_WAYS:
        f = _FALLING_BOTH_WAYS[name]
        value, spread = f(u.value), f(np.maximum(u.size - moved, 0)) - f(u.size + moved)
    else:
        f = _INCREASING[name]
        value, spread = f(u.value), f(u.value + moved) - f(u.value - moved)
    return Bounded(value, spread + _WORD * np.abs(value) + _TINY)


_RULES: dict[str, Callable[..., Any]] = {
    "add": _add,
    "sub": lambda a, b: _add(a, _neg(b)),
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "where": _where,
    "clip": _clip,
    "abs": _abs,
    "sign": _sign,
    "<": _compare(np.less),
    "<=": _compare(np.less_equal),
    ">": _compare(np.greater),
    ">=": _compare(np.greater_equal),
    "==": _compare(np.equal),
    "&": lambda a, b: (a[0] & b[0], a[1] & b[1]),
    "|": lambda a, b: (a[0] | b[0], a[1] | b[1]),
}
