"""Tensors that the tests of the PyTorch layer share."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from actlab.activation import Elementwise

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
# Where exponentials, Gaussians and logistic functions saturate, vanish or overflow, and where catalogue entries bend.
_SPECIAL = (0.125, 1.0, 3.0, 6.0, 8.3, 20.005, 37.0, 38.6, 88.8, 104.0, 709.8, 745.2)


def edges(dtype: Any) -> NDArray[Any]:
    """Both signs of everything from the smallest to the largest float, bends and thresholds, infinities and NaN."""
    kind = np.finfo(dtype)
    extremes = [kind.max / 2, kind.max, kind.smallest_subnormal, kind.smallest_normal]
    sizes = np.concatenate([np.logspace(-30, 30, 41), np.logspace(-3, 2, 41), _SPECIAL, extremes])
    with np.errstate(under="ignore", over="ignore"):
        return np.concatenate([sizes, -sizes, [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(dtype)


def away_from_bends() -> torch.Tensor:
    """A float64 leaf of shape (2, 7) that finite differences can be taken at."""
    x = [-4.3, -2.3, -1.1, -0.4, 0.3, 0.9, 2.7]
    return torch.tensor([x, [-value for value in x]], dtype=torch.float64, requires_grad=True)


def unusual(item: Elementwise, shape: tuple[int, ...] = (2, 1)) -> dict[str, torch.Tensor]:
    """A float64 leaf for every parameter, none at its default, that broadcasts against `away_from_bends`."""
    factors = torch.linspace(0.7, 1.6, int(np.prod(shape)), dtype=torch.float64).reshape(shape)
    return {name: (factors * param.default).requires_grad_() for name, param in item.parameters.items()}


def bits(t: torch.Tensor) -> bytes:
    """The numbers of a tensor, to the last bit, in the order of its indices; every NaN is the same."""
    wide = t.detach().to(torch.float64)
    return torch.where(wide.isnan(), torch.nan, wide).numpy().tobytes()
