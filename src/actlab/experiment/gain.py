"""The own gain of an activation: what keeps the size of a standard normal signal."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actlab.activation import Activation, Elementwise, Random

if TYPE_CHECKING:
    from actlab.experiment.custom import Custom

Floats = NDArray[np.float64]

# E f(z)^2 is integrated over |z| <= 12: the normal density outside is below 1e-31.
_REACH = 12.0
# Between breakpoints f is smooth: on panels of at most half a standard deviation 12 points integrate it to 1e-9, and
# how far 8 points are from that is the estimate of the error.
_PANEL, _POINTS, _FEWER_POINTS = 0.5, 12, 8

# An integral this uncertain is none: f^2 has a pole, or grows faster than the density falls.
_TOLERANCE = 1e-3

# Functions of a whole layer have no such integral: a fixed normal sample gives the gain to about 0.3%.
_SAMPLE_ROWS, _SAMPLE_SEED = 4096, 0


@lru_cache(maxsize=512)
def of(item: Activation | Custom, units: int) -> float:
    """1 / sqrt(E f(z)^2), or 1 where that is no positive finite number."""
    square, error = mean_square(item, units)
    known = np.isfinite(square) and square > 0 and error <= _TOLERANCE * square
    return float(1 / np.sqrt(square)) if known else 1.0


def mean_square(item: Activation | Custom, units: int) -> tuple[float, float]:
    """E f(z)^2 for standard normal z, and an estimate of its error.

    Functions of each element by themselves are integrated, split where their formula switches branches; random ones
    in the form they have outside training. Functions of a whole layer of ``units`` outputs, and modules that look at
    several elements, take the mean over a fixed sample.
    """
    with np.errstate(all="ignore"):
        if isinstance(item, Random):
            return _integrated(item.mean, item.mean)
        if isinstance(item, Elementwise):
            return _integrated(item, item)
        if isinstance(item, Activation):
            pieces = int(item.resolved({}).get("pieces", 1))
            return _sampled(item, units * pieces)
        if item.is_elementwise(units):
            return _integrated(lambda z: item.on_every_feature(z, units), None)
        return _sampled(item.on_rows, units * item.pieces)


def _integrated(f: Any, item: Elementwise | None) -> tuple[float, float]:
    splits = _splits(item)
    value, fewer = (_gauss_legendre(f, splits, points) for points in (_POINTS, _FEWER_POINTS))
    outer = value[0] + value[-1]  # what lies at the very ends tells whether something lies beyond
    return float(value.sum()), float(abs(value.sum() - fewer.sum()) + outer)


def _splits(item: Elementwise | None) -> Floats:
    """Ends of the panels."""
    panels = np.arange(-_REACH, _REACH + _PANEL, _PANEL)
    return np.unique(np.concatenate([panels, [] if item is None else _breakpoints(item)]))


def _breakpoints(item: Elementwise) -> list[float]:
    """Where the formula switches branches, at its bound or default parameters."""
    from actlab.emit import ieee

    values = item.resolved({})
    points = [ieee.evaluate(point, 0.0, values) for point in item.breakpoints]
    return [point for point in points if abs(point) < _REACH]


def _gauss_legendre(f: Any, splits: Floats, points: int) -> Floats:
    """The integral of f^2 times the normal density over each panel."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    half, middle = np.diff(splits) / 2, (splits[1:] + splits[:-1]) / 2
    z = middle[:, None] + half[:, None] * nodes
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    values = np.asarray(f(z.ravel()), dtype=np.float64).reshape(z.shape)
    return half * ((np.square(values) * density) @ weights)  # type: ignore[no-any-return]


def _sampled(f: Any, features: int) -> tuple[float, float]:
    z = np.random.default_rng(_SAMPLE_SEED).standard_normal((_SAMPLE_ROWS, features))
    squares = np.square(np.asarray(f(z), dtype=np.float64)).mean(-1)
    # Not the error of `_TOLERANCE`: a sample's spread tells nothing of poles.
    return float(squares.mean()), 0.0
