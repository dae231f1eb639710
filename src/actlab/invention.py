"""New activations from a formula: `actlab.define`, and the measurement of how exactly the result computes."""

from __future__ import annotations

import inspect
import keyword
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from actlab.activation import Elementwise, Record, closed
from actlab.emit import mpmath as reference
from actlab.errors import FormulaError, ParameterError
from actlab.expression import Expression, symbols
from actlab.parameters import Param
from actlab.registry import register as enter
from actlab.symbolic.idioms import stabilise
from actlab.symbolic.parser import parse as parse
from actlab.vocabulary import CONSTANTS, MACROS, WORDS

# Both signs of these are tried: tiny, ordinary, where exponentials saturate, and so large that powers overflow.
_SIZES = (1e-30, 1e-12, 1e-6, 1e-3, 0.01, 0.1, 0.3, 0.7, 1.0, 1.7, 3.0, 5.5, 8.0, 13.0, 20.005, 37.0, 60.0, 90.0, 300.0,
          800.0, 1e4, 1e9, 1e30)  # fmt: skip
_DIGITS = 400
_HALF_THE_DIGITS = 2.0**26  # ulp of float64


@dataclass(frozen=True)
class Accuracy:
    """How far the compiled float64 value and derivative are from the exact formula.

    Attributes
    ----------
    value_ulp, grad_ulp : largest errors found, in units in the last place of float64
    value_worst, grad_worst : inputs at which they occur
    nan_at : finite inputs at which value or derivative is NaN though the exact one is a number
    points : inputs tried
    """

    value_ulp: float
    value_worst: float
    grad_ulp: float
    grad_worst: float
    nan_at: tuple[float, ...]
    points: int

    def __str__(self) -> str:
        text = (
            f"value within {self.value_ulp:.3g} ulp (worst at x={self.value_worst:g}), "
            f"derivative within {self.grad_ulp:.3g} ulp (worst at x={self.grad_worst:g}), "
            f"on {self.points} float64 inputs"
        )
        return f"{text}; NaN at x={', '.join(f'{x:g}' for x in self.nan_at)}" if self.nan_at else text


class Invented(Elementwise):
    """An activation made by `define`; it also knows its own accuracy."""

    _in_catalogue = False

    @property
    def accuracy(self) -> Accuracy:
        """Measured against the formula in 400-digit arithmetic, at bound or default parameters."""
        return _measured(self)


def define(
    name: str, formula: str | Callable[..., Any], *, register: bool = False, **parameters: float | Param
) -> Invented:
    """An activation from a formula, with all that built-in ones have.

    Idioms that lose digits (1/(1 + exp(-x)), log(1 + exp(x)), ...) are rewritten to stable words, and the result is
    measured against the exact formula: see `.accuracy`. A warning tells if it loses half its digits somewhere.

    Parameters
    ----------
    name : a Python identifier
    formula : text in the vocabulary, or a Python function of x (and parameters) written with `actlab.vocabulary`
    register : make it known to `actlab.get` and as `actlab.<name>` in this process
    **parameters : default values, or `Param`s with domains

    Raises
    ------
    FormulaError
        If the formula uses something outside the vocabulary; the message points at it.

    Examples
    --------
    >>> import actlab
    >>> bump = actlab.define("bump", "x*exp(-x**2)")
    >>> bump(1.0), bump.grad(0.0)
    (0.36787944117144233, 1.0)
    >>> actlab.define("gate", "x/(1 + exp(-beta*x))", beta=1.7)
    <activation gate: x*sigmoid(beta*x)>
    """
    _check_name(name, "name")
    declared = {
        key: value if isinstance(value, Param) else _param(name, key, value) for key, value in parameters.items()
    }
    if callable(formula):
        declared = {**_defaults(name, formula), **declared}
    for key in declared:
        _check_name(key, "a parameter")
    expression = Record(name, formula, declared).expression if callable(formula) else parse(formula, declared, name)
    item = Invented(_record(name, stabilise(expression), declared, _first_line(formula)))
    _warn_if_inexact(item)
    if register:
        enter(item)
    return item


def record_of(name: str, text: str, parameters: Mapping[str, Param], summary: str, source: str) -> Record:
    """The record an invented activation's pickle carries: its formula as text, and nothing that must be imported."""
    return _record(name, parse(text, parameters, name), parameters, summary, source)


def _record(
    name: str,
    expression: Expression,
    parameters: Mapping[str, Param],
    summary: str,
    source: str = "defined by the user",
) -> Record:
    return Record(name, closed(expression), MappingProxyType(dict(parameters)), summary=summary, source=source)


def _defaults(who: str, function: Callable[..., Any]) -> dict[str, Param]:
    """Parameters from the function's own signature; the first argument is x."""
    names = list(inspect.signature(function).parameters.values())
    if not names or names[0].name != "x":
        raise FormulaError(f"{who}: the function must take x first; got ({', '.join(p.name for p in names)})")
    found: dict[str, Param] = {}
    for p in names[1:]:
        if p.default is p.empty:
            raise FormulaError(f"{who}: the parameter {p.name} must have a default; write {p.name}=1.0")
        found[p.name] = p.default if isinstance(p.default, Param) else _param(who, p.name, p.default)
    return found


def _param(who: str, name: str, value: Any) -> Param:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ParameterError(f"{who}: a parameter's default must be a finite number; got {name}={value!r}")
    return Param(float(value))


def _check_name(name: Any, what: str) -> None:
    taken = (
        {"x", "out", "training", "rng", *WORDS, *MACROS, *CONSTANTS, "inf", "nan", "where"} if what != "name" else ()
    )
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise FormulaError(f"define: {what} must be a Python identifier without a leading underscore; got {name!r}")
    if name in taken:
        raise FormulaError(f"define: {what} must not be called {name!r}; that name means something else in a formula")


def _first_line(formula: str | Callable[..., Any]) -> str:
    text = inspect.getdoc(formula) if callable(formula) else None
    return (text or "defined by the user").partition("\n")[0]


def _warn_if_inexact(item: Invented) -> None:
    accuracy = item.accuracy
    if accuracy.nan_at or max(accuracy.value_ulp, accuracy.grad_ulp) > _HALF_THE_DIGITS:
        warnings.warn(f"{item.name}: the formula loses digits as written; {accuracy}", RuntimeWarning, stacklevel=3)


@lru_cache(maxsize=256)
def _measured(item: Elementwise) -> Accuracy:
    import numpy as np

    points = np.array([side * size for size in _SIZES for side in (-1, 1)])
    computed = item.value_and_grad(points)
    exact = [_exact(form, points, item.resolved({})) for form in (item.form(()), item.form(("x",)))]
    errors = [[_ulps(*pair) for pair in zip(*pairs, strict=True)] for pairs in zip(computed, exact, strict=True)]
    lost = [x for i, x in enumerate(points) if any(math.isnan(column[i]) for column in errors)]
    (value_ulp, value_worst), (grad_ulp, grad_worst) = (
        max((ulps, float(x)) for ulps, x in zip(column, points, strict=True) if ulps == ulps) for column in errors
    )
    return Accuracy(value_ulp, value_worst, grad_ulp, grad_worst, tuple(map(float, lost)), len(points))


def _exact(form: Expression, points: Any, parameters: Mapping[str, float]) -> list[Any]:
    """The expression in arithmetic so long that what cancels does not matter."""
    import mpmath as mp

    with mp.workdps(_DIGITS):
        values = {name: mp.mpf(parameters[name]) for name in symbols(form) - {"x"}}
        return [_or_nan(reference.function(form), mp.mpf(float(x)), values) for x in points]


def _or_nan(function: Callable[..., Any], x: Any, values: Mapping[str, Any]) -> Any:
    try:
        return function(x, **values)
    except (ZeroDivisionError, OverflowError):  # a pole at a round number: nothing to compare with
        return float("nan")


def _ulps(got: float, exact: Any) -> float:
    """The error in units in the last place; NaN if the result is NaN and should not be, 0 if both are NaN."""
    if exact != exact:
        return 0.0
    nearest = float(exact)
    if math.isinf(nearest):
        return 0.0 if got == nearest else math.nan if math.isnan(got) else math.inf
    return float(abs(got - exact) / math.ulp(nearest)) if got == got else math.nan
