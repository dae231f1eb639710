"""Small transformer encoder: float32[rows, features] to float32[rows, outputs].

A token is one feature of a table, a few neighbours of a signal, or a line of a picture. A block adds attention to the
stream, then a feed-forward layer with the activation: its only place, so a gated function makes the gated
feed-forward of Shazeer 2020, arXiv:2002.05202. Norms come first in each branch; outputs are read from the mean token.
Source: Vaswani et al. 2017, arXiv:1706.03762; norm first: Xiong et al. 2020, arXiv:2002.04745; tokens of a table:
Gorishniy et al. 2021, arXiv:2106.11959.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.experiment.models import Design
from actlab.experiment.models.layers import normalisation
from actlab.experiment.models.start import end_of_branch
from actlab.experiment.site import Sites

# The feed-forward layer is this much wider than the stream, as in the papers.
EXPANSION = 4

# At most so many heads; each needs a whole share of the width.
_HEADS = 4

# A signal is cut into about so many tokens.
_TOKENS = 10

# Spread of the initial positions and table tokens. Source: BERT, Devlin et al. 2018, arXiv:1810.04805.
_SPREAD = 0.02


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with these ``units`` behind the activations of its feed-forward layers."""
    return Transformer(design, sites, units)


class Transformer(nn.Module):
    """See the top of this file."""

    def __init__(self, design: Design, sites: Sites, units: Sequence[int]) -> None:
        super().__init__()
        self.tokens = _FeatureTokens(design) if not design.shape else _PatchTokens(design)
        self.blocks = nn.Sequential(*(_Block(design, sites, own) for own in units))
        self.norm = normalisation(design.norm, design.width)
        self.head = nn.Linear(design.width, design.outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Flat rows to outputs."""
        return self.head(self.norm(self.blocks(self.tokens(x))).mean(1))  # type: ignore[no-any-return]


class _FeatureTokens(nn.Module):
    """[rows, features] to [rows, features, width]: a direction and an offset for each feature."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.randn(design.features, design.width))
        self.offset = nn.Parameter(_SPREAD * torch.randn(design.features, design.width))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, None] * self.direction + self.offset


class _PatchTokens(nn.Module):
    """[rows, features] to [rows, tokens, width]: a signal in pieces, a picture in lines with all their channels."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        *_, lines, length = design.sizes if len(design.sizes) > 1 else _cut(design.features)
        self.shape, self.padding = (design.channels, lines, length), design.channels * lines * length - design.features
        self.embed = nn.Linear(design.channels * length, design.width)
        self.position = nn.Parameter(_SPREAD * torch.randn(lines, design.width))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (0, self.padding))
        lines = x.reshape(-1, *self.shape).movedim(1, 2).flatten(2)
        return self.embed(lines) + self.position  # type: ignore[no-any-return]


def _cut(length: int) -> tuple[int, int]:
    """Tokens of a signal and their length; the last may be filled with zeros."""
    each = -(-length // _TOKENS)
    return -(-length // each), each


class _Block(nn.Module):
    def __init__(self, design: Design, sites: Sites, units: int) -> None:
        super().__init__()
        width, branches = design.width, 2 * design.depth
        self.heads = math.gcd(_HEADS, width)
        self.norm1, self.norm2 = normalisation(design.norm, width), normalisation(design.norm, width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.mix = end_of_branch(nn.Linear(width, width), branches)
        site = sites(axis=-1)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, units * site.pieces), site, end_of_branch(nn.Linear(units, width), branches)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self._attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))  # type: ignore[no-any-return]

    def _attention(self, x: Tensor) -> Tensor:
        rows, tokens, width = x.shape
        # [rows, tokens, 3 * width] -> three of [rows, heads, tokens, width / heads]
        parts = self.queries_keys_values(x).reshape(rows, tokens, 3, self.heads, -1).movedim(1, 3)
        q, k, v = parts.unbind(1)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width / self.heads), -1)
        return self.mix((weights @ v).transpose(1, 2).reshape(rows, tokens, width))  # type: ignore[no-any-return]
