"""The functions as numexpr's users write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numexpr
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import OUT, VALUE, Peer

FUNCTIONS = {
    "abs": "abs(x)",
    "celu": "where(x > 0, x, expm1(x))",
    "elu": "where(x > 0, x, expm1(x))",
    "gelu_tanh": "half*x*(1 + tanh(root*(x + cubic*x*x*x)))",
    "hard_sigmoid": "where(x < -3, 0, where(x > 3, 1, (x + 3)/6))",
    "hard_swish": "x*where(x < -3, 0, where(x > 3, 1, (x + 3)/6))",
    "hard_tanh": "where(x < -1, -1, where(x > 1, 1, x))",
    "heaviside": "where(x > 0, one, zero)",
    "leaky_relu": "where(x > 0, x, slope*x)",
    "log_sigmoid": "where(x < 0, x, 0) - log1p(exp(-abs(x)))",
    "mish": "x*tanh(where(x > 0, x, 0) + log1p(exp(-abs(x))))",
    "prelu": "where(x > 0, x, weight*x)",
    "relu": "where(x > 0, x, 0)",
    "relu6": "where(x < 0, 0, where(x > 6, 6, x))",
    "rrelu": "where(x > 0, x, middle*x)",
    "selu": "scale*where(x > 0, x, alpha*expm1(x))",
    "sigmoid": "1/(1 + exp(-x))",
    "silu": "x/(1 + exp(-x))",
    "softplus": "where(x > 0, x, 0) + log1p(exp(-abs(x)))",
    "softsign": "x/(1 + abs(x))",
    "swish": "x/(1 + exp(-beta*x))",
    "tanh": "tanh(x)",
}
# A literal 0.5 would be a float64 in numexpr and widen the result; a scalar of the array's dtype does not.
_CONSTANTS = {
    "alpha": 1.6732632423543772,  # Klambauer 2017, arXiv:1706.02515
    "beta": 1.0,
    "cubic": 0.044715,
    "half": 0.5,
    "middle": 11 / 48,
    "one": 1.0,
    "root": math.sqrt(2 / math.pi),
    "scale": 1.0507009873554805,  # Klambauer 2017
    "slope": 0.01,
    "weight": 0.25,
    "zero": 0.0,
}


class _Numexpr:
    name = "numexpr"
    many_threads = True

    def set_threads(self, n: int) -> None:
        numexpr.set_num_threads(n)

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any] | None:
        formula = FUNCTIONS.get(function)
        if formula is None or what not in (VALUE, OUT):
            return None
        constants = {name: x.dtype.type(value) for name, value in _CONSTANTS.items() if name in formula}
        out = np.empty_like(x) if what == OUT else None
        return partial(numexpr.evaluate, formula, {"x": x, **constants}, {}, out=out)


PEER: Peer = _Numexpr()
