"""Inputs at which activation functions go wrong, from the formula and the format: the deterministic sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.verification import landmarks
from actlab.verification.enclosure import Array
from actlab.verification.exact import Exact
from actlab.verification.formats import Format

LAYERS = 10
# Where exponentials, Gaussians and logistic functions of float32 or float64 saturate, vanish or overflow.
_THRESHOLDS = (
    *(5.6, 8.3, 8.6, 9.0, 13.1, 14.2, 14.4, 16.7, 17.4, 18.0, 18.7, 19.1, 20.0, 20.005, 26.5, 27.2, 30.0, 36.7, 37.5),
    *(38.0, 38.5, 38.6, 40.0, 44.4, 52.0, 72.0, 87.4, 88.8, 90.0, 103.3, 104.0, 149.0, 300.0, 354.9, 372.5, 372.6),
    *(600.0, 700.0, 708.4, 709.1, 709.8, 710.5, 744.5, 745.2, 746.0, 1e3),
)
_NEIGHBOURS = range(-3, 4)
_SEED = 20240607


def points(exact: Exact, form: Format, layers: int = LAYERS) -> NDArray[Any]:
    """Finite numbers of the format in increasing order, each once, both zeros among them.

    Every threshold with its neighbours; every breakpoint and root of the first two derivatives with its neighbours and
    points that approach it; all exponents; ordinary numbers.

    Parameters
    ----------
    layers : of LAYERS; one gives about 3,000 numbers of float64, all of them 20,000, among which are those 3,000
    """
    special = np.array([0.0, *landmarks.breakpoints(exact), *landmarks.roots(exact, 1), *landmarks.roots(exact, 2)])
    gaps = 2.0 ** -np.arange(0, 52, 2)
    coarse = [_layer(layer, form) for layer in range(layers)]
    found = np.concatenate([
        _with_neighbours(np.concatenate([special, _THRESHOLDS, np.negative(_THRESHOLDS)]), form),
        np.add.outer(special, np.concatenate([gaps, -gaps])).ravel(),
        *coarse,
    ])  # fmt: skip
    with np.errstate(over="ignore", under="ignore"):
        inside = found.astype(form.dtype)
    return np.concatenate([np.unique(inside[np.isfinite(inside)]), np.array([-0.0], form.dtype)])


def _with_neighbours(x: Array, form: Format) -> Array:
    """Numbers, rounded to the format, and the next few on both sides."""
    near = x.astype(form.dtype)
    step = np.spacing(np.abs(near))
    return np.concatenate([near + k * step for k in _NEIGHBOURS]).astype(np.float64)


def _layer(layer: int, form: Format) -> Array:
    """The layer's share of all exponents, and its own ordinary numbers, of both signs."""
    draw = np.random.default_rng(_SEED + layer)
    exponents = np.arange(form.lowest - form.digits + 1, form.highest + 1)[layer::LAYERS]
    powers = 2.0**exponents
    sizes = np.concatenate([powers, powers * draw.uniform(1, 2, powers.size), 10 ** draw.uniform(-20, 4, 200)])
    return np.concatenate([
        sizes, -sizes, draw.normal(0, 4, 300), draw.uniform(-50, 50, 200), draw.uniform(-750, 750, 200)
    ])  # fmt: skip
