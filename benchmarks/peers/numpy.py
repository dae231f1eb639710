"""The functions as people write them in one line of NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import VALUE, Peer

_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer 2017, arXiv:1706.02515

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "heaviside": lambda x: np.heaviside(x, 0),
    "identity": np.copy,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "prelu": lambda x: np.where(x > 0, x, 0.25 * x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "rrelu": lambda x: np.where(x > 0, x, 11 / 48 * x),
    "selu": lambda x: _SCALE * np.where(x > 0, x, _ALPHA * np.expm1(np.minimum(x, 0))),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x / (1 + np.exp(-1.0 * x)),
    "tanh": np.tanh,
}


class Written:
    """A table of functions that return new arrays, on one thread."""

    many_threads = False

    def __init__(self, name: str, functions: dict[str, Callable[[Any], Any]]) -> None:
        self.name = name
        self.functions = functions

    def set_threads(self, n: int) -> None:
        """Nothing to set."""

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any] | None:
        """Values only; see `benchmarks.peers.Peer`."""
        f = self.functions.get(function)
        return None if f is None or what != VALUE else lambda: f(x)


PEER: Peer = Written("NumPy", FUNCTIONS)
