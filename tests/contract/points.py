"""Inputs at which activation functions go wrong, derived from the formula."""

from __future__ import annotations

from typing import Any

import numpy as np
from contract.reference import Reference
from numpy.typing import NDArray

# Where float32 or float64 exponentials, Gaussians and logistic functions saturate, vanish or overflow.
_THRESHOLDS = (
    5.6,
    8.3,
    13.1,
    14.4,
    16.7,
    17.4,
    20.0,
    20.005,
    37.0,
    38.6,
    87.4,
    88.8,
    90.0,
    103.5,
    104.0,
    708.4,
    709.8,
    745.2,
)
_ORDINARY = 30
_SEED = 20240607


def points(reference: Reference, dtype: Any) -> NDArray[Any]:
    """Finite inputs of one dtype, sorted, each once (0 and -0 both)."""
    kind = np.finfo(dtype)
    sizes = np.concatenate([
        np.logspace(-30, 30, 41), np.logspace(-3, 2, 31), _THRESHOLDS,
        [kind.smallest_subnormal, 3 * kind.smallest_subnormal, kind.smallest_normal, kind.max],
    ])  # fmt: skip
    breaks = np.array(reference.breakpoints, dtype)
    around = np.concatenate([breaks, np.nextafter(breaks, dtype(-np.inf)), np.nextafter(breaks, dtype(np.inf))])
    roots = np.array([root + shift for root in reference.roots() for shift in (-5e-4, 0.0, 5e-4)])
    drawn = np.random.default_rng(_SEED).normal(0, 4, _ORDINARY)
    with np.errstate(under="ignore", over="ignore"):
        found = np.concatenate([sizes, -sizes, around, roots, drawn]).astype(dtype)
    return np.concatenate([np.unique(found[np.isfinite(found)]), np.array([-0.0], dtype)])
