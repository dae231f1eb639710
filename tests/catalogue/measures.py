"""What the checks are made of: points, and the values, slopes and moments of an activation by mpmath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np

import actlab
from actlab.emit.mpmath import function
from actlab.expression import Expression, walk

SIZES = sorted([10.0**k for k in range(-6, 3)] + [0.3, 0.5, 0.75, 1.5, 2.0, 2.5, 3.5, 4.0, 5.0, 6.5, 8.0, 20.0, 40.0])
LEFT, RIGHT = [-x for x in reversed(SIZES)], SIZES
LINE = [*LEFT, 0.0, *RIGHT]
FINE = [k / 100 for k in range(-1000, 1001)]
EDGE = 1e-15  # how near to a kink its two sides are looked at
EXPONENTIAL = {"exp", "expm1", "tanh", "sigmoid", "softplus", "normal_cdf", "erf", "log", "log1p"}
BENDS = {"where", "clip", "abs", "sign"}


@cache
def form(name: str, n: int) -> tuple[Callable[..., Any], dict[str, float]]:
    item = actlab.get(name)
    item = getattr(item, "mean", item)
    expression = item.derivative(n).expression if n else item.expression
    return function(expression), {key: param.default for key, param in item.parameters.items()}


def at(name: str, x: Any, n: int = 0, **parameters: float) -> Any:
    """The n-th derivative in arbitrary precision."""
    call, defaults = form(name, n)
    return call(mp.mpf(x), **{key: mp.mpf(value) for key, value in (defaults | parameters).items()})


def slopes(name: str, points: Sequence[float], **parameters: float) -> list[Any]:
    return [at(name, x, 1, **parameters) for x in points]


def words(name: str) -> set[str]:
    expression: Expression = actlab.get(name).expression
    return {node.op for node in walk(expression)}


@cache
def mean(name: str) -> Any:
    """The mean output for standard normal inputs."""
    with mp.workdps(15):
        return mp.quad(lambda z: at(name, z) * mp.npdf(z), [-12, -6, -3, -1, 0, 1, 3, 6, 12])


@cache
def bottom(name: str) -> Any:
    """Where the left dip of a gate is deepest."""
    return mp.findroot(lambda x: at(name, x, 1), min(FINE, key=lambda x: at(name, x)))


def says(text: str, value: Any) -> None:
    """The text is the value, rounded to the digits it has."""
    decimals = len(text.partition(".")[2])
    assert f"{float(value):.{decimals}f}" == text


def farthest(name: str, other: str) -> Any:
    return max(abs(at(name, x) - at(other, x)) for x in FINE)


def jump(name: str, x: float, n: int, **parameters: float) -> tuple[float, float]:
    """The n-th derivative just left and just right of x."""
    left, right = (at(name, mp.mpf(x) + side * mp.mpf(EDGE), n, **parameters) for side in (-1, 1))
    return round(float(left), 4), round(float(right), 4)


def spread(rng_seed: int, *shape: int) -> Any:
    return np.random.default_rng(rng_seed).normal(size=shape)
