"""A formula in arithmetic of balls of any precision, or of power series of balls: the words by their definitions.

A ball is a number and a radius, and contains the exact result. The series of x + t to some order makes a formula yield
its derivatives.

Source: Johansson 2017, doi:10.1109/TC.2017.2690633 (Arb, by way of python-flint); Griewank and Walther 2008, Evaluating
Derivatives, chapter 13 (Taylor arithmetic).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from flint import arb, ctx, fmpq

from actlab.emit.python import compile_source, lines
from actlab.expression import Expression, symbols


class Undecided(ArithmeticError):
    """A ball is too wide to compare; more bits may help."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls have this many bits inside the block."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


@lru_cache(maxsize=1024)
def function(root: Expression) -> Callable[..., Any]:
    """The formula as a function of balls or power series, x and parameters by keyword.

    Raises
    ------
    Undecided
        By the function, if a condition is not certain.
    """
    body, (result,) = lines([root], TABLE, number="exact")
    names = "".join(f", {name}" for name in sorted(symbols(root) - {"x"}))
    source = f"def f(x{names}, **_):\n" + "".join(f"    {line}\n" for line in body) + f"    return {result}\n"
    return compile_source(source, f"<arb {id(root)}>", dict(_NAMES))["f"]  # type: ignore[no-any-return]


def _head(u: Any) -> Any:
    return u if isinstance(u, arb) else u[0]


def _less(a: Any, b: Any) -> bool:
    gap = _head(b - a)
    if not (gap > 0 or gap <= 0):
        raise Undecided
    return bool(gap > 0)


def _equal(a: Any, b: Any) -> bool:
    return not _less(a, b) and not _less(b, a)


def _sign(u: Any) -> int:
    return int(_less(0, u)) - int(_less(u, 0))


def _decay(u: Any) -> Any:
    """e^-|u|: the exponential of a large positive number is beyond all bounds."""
    return (-u if _head(u) > 0 else u).exp()


def _sigmoid(u: Any) -> Any:
    return (1 if _head(u) > 0 else _decay(u)) / (1 + _decay(u))


def _logistic_pdf(u: Any) -> Any:
    return _decay(u) / (1 + _decay(u)) ** 2


def _softplus(u: Any) -> Any:
    return (u if _head(u) > 0 else 0) + (1 + _decay(u)).log()


_NAMES = {
    "_arb": arb, "_fmpq": fmpq, "_less": _less, "_equal": _equal, "_sign": _sign,
    "_sigmoid": _sigmoid, "_logistic_pdf": _logistic_pdf, "_softplus": _softplus,
}  # fmt: skip

# The words by their definitions, of balls or power series.
TABLE = {
    "const": "_arb(_fmpq({0}, {1}))",
    "pi": "_arb.pi()",
    "<": "_less({0}, {1})",
    "<=": "(not _less({1}, {0}))",
    ">": "_less({1}, {0})",
    ">=": "(not _less({0}, {1}))",
    "==": "_equal({0}, {1})",
    "&": "({0} and {1})",
    "|": "({0} or {1})",
    "where": "({1} if {0} else {2})",
    "clip": "({1} if not _less({1}, {0}) else {2} if not _less({0}, {2}) else {0})",
    "abs": "(_sign({0}) * {0})",
    "sign": "_arb(_sign({0}))",
    "exp": "({0}).exp()",
    "expm1": "(({0}).exp() - 1)",
    "log": "({0}).log()",
    "log1p": "(1 + {0}).log()",
    "tanh": "(2 * _sigmoid(2 * {0}) - 1)",
    "sech2": "(4 * _logistic_pdf(2 * {0}))",
    "sigmoid": "_sigmoid({0})",
    "logistic_pdf": "_logistic_pdf({0})",
    "softplus": "_softplus({0})",
    "normal_cdf": "((-{0} / _arb(2).sqrt()).erfc() / 2)",
    "normal_pdf": "((-{0} * {0} / 2).exp() / (2 * _arb.pi()).sqrt())",
    "erf": "({0}).erf()",
    "sin": "({0}).sin()",
    "cos": "({0}).cos()",
    "sqrt": "({0}).sqrt()",
    "power": "({1} * ({0}).log()).exp()",
}
