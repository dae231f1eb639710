"""Residual network with pre-activation: float32[rows, features] to float32[rows, outputs].

A block adds convolution(activation(norm(convolution(activation(norm(x)))))) to x. Where it halves the extent, x passes
through a 1x1 convolution behind the first activation instead.
Source: He et al. 2016, arXiv:1603.05027, figure 1b.

The stream keeps its ``width`` whatever the activation. An activation with p pieces makes width/p numbers of it, which
costs as many weights in one convolution as its pieces cost in the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from actlab.experiment.models import Design
from actlab.experiment.models.layers import as_grid, convolution, mean_over_positions, normalisation, strides
from actlab.experiment.models.start import end_of_branch
from actlab.experiment.site import Sites


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with these ``units`` as channels inside its blocks."""
    return ResNet(design, sites, units)


class ResNet(nn.Module):
    """See the top of this file."""

    def __init__(self, design: Design, sites: Sites, units: Sequence[int]) -> None:
        super().__init__()
        axes = len(design.sizes)
        # Every activation must be able to split the stream into its pieces.
        common = math.lcm(*(unit.pieces for unit in sites.contender.units))
        stream = -(-design.width // common) * common
        self.stem = nn.Sequential(as_grid(design), convolution(axes, design.channels, stream))
        self.blocks = nn.Sequential(
            *(
                _Block(design, sites, stream, own, stride)
                for own, (stride, _) in zip(units, strides(design.sizes, design.depth), strict=True)
            )
        )
        self.norm = normalisation(design.norm, stream, axes)
        self.act = sites(axis=1)
        self.head = nn.Linear(stream // self.act.pieces, design.outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Flat rows to outputs."""
        x = self.act(self.norm(self.blocks(self.stem(x))))
        return self.head(mean_over_positions(x))  # type: ignore[no-any-return]


class _Block(nn.Module):
    def __init__(self, design: Design, sites: Sites, stream: int, units: int, stride: int) -> None:
        super().__init__()
        axes = len(design.sizes)
        self.norm1, self.act1 = normalisation(design.norm, stream, axes), sites(axis=1)
        self.act2 = sites(axis=1)
        inputs, wide = stream // self.act1.pieces, units * self.act2.pieces
        self.conv1 = convolution(axes, inputs, wide, stride=stride)
        self.norm2 = normalisation(design.norm, wide, axes)
        self.conv2 = end_of_branch(convolution(axes, units, stream), design.depth)
        self.shortcut = convolution(axes, inputs, stream, stride=stride, kernel=1) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        z = self.act1(self.norm1(x))
        kept = x if self.shortcut is None else self.shortcut(z)
        return kept + self.conv2(self.act2(self.norm2(self.conv1(z))))  # type: ignore[no-any-return]
