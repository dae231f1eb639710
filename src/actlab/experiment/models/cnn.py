"""Convolutional network: float32[rows, features] to float32[rows, outputs], by signals or pictures.

Each hidden layer is convolution, normalisation, activation, and halves the extent while it is large; a last affine
layer sees all that is left. On signals it is nearly the network of Greydanus 2020, arXiv:2011.14439.
Source: LeCun et al. 1998, doi:10.1109/5.726791.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from actlab.experiment.models import Design
from actlab.experiment.models.layers import as_grid, convolution, normalisation, strides
from actlab.experiment.site import Sites


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with these ``units`` as channels behind its activations."""
    axes, inputs, extent = len(design.sizes), design.channels, design.sizes
    layers: list[nn.Module] = [as_grid(design)]
    for own, (stride, extent) in zip(units, strides(design.sizes, design.depth), strict=True):  # noqa: B007  the last extent is read below
        site = sites(axis=1)
        wide = own * site.pieces
        layers += [convolution(axes, inputs, wide, stride=stride), normalisation(design.norm, wide, axes), site]
        inputs = own
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * math.prod(extent), design.outputs))
