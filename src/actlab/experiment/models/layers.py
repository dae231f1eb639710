"""What several networks are made of: signals are [rows, channels, length], pictures [rows, channels, height, width]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor, nn

from actlab.experiment.models import Design

# Taps of a kernel along each axis, by the number of axes: a signal's neighbourhood has fewer neighbours.
KERNEL = {1: 5, 2: 3}

# The extent is halved no further than to this: what is left must still be worth looking at.
_SMALLEST = 4


def as_grid(design: Design) -> nn.Module:
    """Flat rows to signals or pictures."""
    return nn.Unflatten(1, (design.channels, *design.sizes))


def convolution(axes: int, inputs: int, outputs: int, *, stride: int = 1, kernel: int = 0, groups: int = 1) -> Any:
    """A convolution that keeps the extent, but for the stride; ``kernel`` 0 is the usual one."""
    kind = nn.Conv1d if axes == 1 else nn.Conv2d
    taps = kernel or KERNEL[axes]
    return kind(inputs, outputs, taps, stride=stride, padding=taps // 2, groups=groups)


def normalisation(norm: str, features: int, axes: int = 0) -> nn.Module:
    """The normalisation of [rows, features] or, over ``axes`` more, of each row's channels and positions together."""
    if norm == "batch":
        return (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[axes](features)
    if norm == "layer":
        return nn.GroupNorm(1, features) if axes else nn.LayerNorm(features)
    return nn.Identity()


def strides(sizes: Sequence[int], layers: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """For each layer its stride and the extent behind it: halved as long as that leaves `_SMALLEST`.

    Examples
    --------
    >>> list(strides((40,), 4))
    [(2, (20,)), (2, (10,)), (2, (5,)), (1, (5,))]
    """
    extent = tuple(sizes)
    for _ in range(layers):
        stride = 2 if min(extent) >= 2 * _SMALLEST else 1
        extent = tuple(-(-size // stride) for size in extent)
        yield stride, extent


def mean_over_positions(x: Tensor) -> Tensor:
    """[rows, channels, ...] to [rows, channels]."""
    return x.flatten(2).mean(2)
