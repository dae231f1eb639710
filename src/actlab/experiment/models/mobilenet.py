"""Inverted residuals with squeeze-and-excite: float32[rows, features] to float32[rows, outputs].

A block widens the stream by a 1x1 convolution, looks at each channel by itself, weighs the channels by what they hold
on average, and narrows again; the two activations inside are compared. The ReLU and the hard sigmoid that weigh the
channels are part of the network. "relu/hard_swish" is MobileNetV3's choice: hard swish in the deeper half only.
Source: Howard et al. 2019, arXiv:1905.02244, figure 4 and table 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from actlab.experiment.models import Design
from actlab.experiment.models.layers import as_grid, convolution, mean_over_positions, normalisation, strides
from actlab.experiment.models.start import end_of_branch
from actlab.experiment.site import Sites

# How much wider a block is inside than the stream: 3 to 6 in the paper.
EXPANSION = 4

# The layer before the last is widened like the blocks.
LAYERS_MORE = 1

# A quarter of the channels in the middle of squeeze-and-excite, as in the paper.
SQUEEZE = 4


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with these ``units`` as channels inside its blocks and before the last layer."""
    return MobileNet(design, sites, units)


class MobileNet(nn.Module):
    """See the top of this file."""

    def __init__(self, design: Design, sites: Sites, units: Sequence[int]) -> None:
        super().__init__()
        axes, width, (*inside, top) = len(design.sizes), design.width, units
        first = sites(axis=1)
        self.stem = nn.Sequential(
            as_grid(design), *_layer(design, convolution(axes, design.channels, width * first.pieces)), first
        )
        each = [stride for stride, _ in strides(design.sizes, design.depth)]
        residual = each.count(1)
        self.blocks = nn.Sequential(
            *(_Block(design, sites, own, stride, residual) for own, stride in zip(inside, each, strict=True))
        )
        last = sites(axis=1)
        self.top = nn.Sequential(*_layer(design, convolution(axes, width, top * last.pieces, kernel=1)), last)
        self.head = nn.Linear(top, design.outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Flat rows to outputs."""
        return self.head(mean_over_positions(self.top(self.blocks(self.stem(x)))))  # type: ignore[no-any-return]


def _layer(design: Design, convolution: nn.Conv1d | nn.Conv2d) -> tuple[nn.Module, nn.Module]:
    """A convolution and its normalisation."""
    return convolution, normalisation(design.norm, convolution.out_channels, len(design.sizes))


class _Block(nn.Module):
    def __init__(self, design: Design, sites: Sites, units: int, stride: int, residual: int) -> None:
        super().__init__()
        axes, width = len(design.sizes), design.width
        widened, seen = sites(axis=1), sites(axis=1)
        narrowing = convolution(axes, units, width, kernel=1)
        self.branch = nn.Sequential(
            *_layer(design, convolution(axes, width, units * widened.pieces, kernel=1)),
            widened,
            *_layer(design, convolution(axes, units, units * seen.pieces, stride=stride, groups=units)),
            seen,
            _SqueezeExcite(units),
            *_layer(design, end_of_branch(narrowing, residual) if stride == 1 else narrowing),
        )
        self.keeps = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.branch(x)
        return x + y if self.keeps else y


class _SqueezeExcite(nn.Module):
    """Each channel, weighed between 0 and 1 by the means of all. Source: Hu et al. 2018, arXiv:1709.01507."""

    def __init__(self, units: int) -> None:
        super().__init__()
        middle = max(1, units // SQUEEZE)
        self.squeeze, self.excite = nn.Linear(units, middle), nn.Linear(middle, units)

    def forward(self, x: Tensor) -> Tensor:
        weight = functional.hardsigmoid(self.excite(functional.relu(self.squeeze(mean_over_positions(x)))))
        return x * weight.reshape(*weight.shape, *[1] * (x.ndim - 2))
