"""The networks in which activations are compared, and the user's own. Importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Size(NamedTuple):
    """Depth and width of a network."""

    depth: int
    width: int


# Sizes at which a training run of 1,000 steps of 64 rows takes a few seconds on one core.
DEFAULTS = MappingProxyType(
    {
        "mlp": Size(depth=3, width=64),
        "cnn": Size(depth=3, width=24),
        "resnet": Size(depth=3, width=16),
        "mobilenet": Size(depth=3, width=8),
        "transformer": Size(depth=2, width=32),
    }
)

NAMES = tuple(DEFAULTS)

# What a normalisation can be, by model: a transformer's batch norm would mix tokens of different rows.
NORMS = MappingProxyType(dict.fromkeys(NAMES, ("none", "batch", "layer")) | {"transformer": ("none", "layer")})


@dataclass(frozen=True)
class Design:
    """Everything that decides a network but the activation.

    Attributes
    ----------
    model : one of `NAMES`
    features : numbers in a row; every network takes float32[rows, features]
    shape : what a row is: () a table, (length,) a signal, (height, width) or (channels, height, width) a picture
    outputs : numbers the network gives for a row; no activation stands behind them
    width : mlp: units of a hidden layer; cnn, resnet, mobilenet: channels; transformer: numbers in a token
    depth : mlp, cnn: hidden layers; resnet, mobilenet, transformer: blocks
    norm : one of `NORMS` of the model
    """

    model: str
    features: int
    shape: tuple[int, ...]
    outputs: int
    width: int
    depth: int
    norm: str = "none"

    @property
    def channels(self) -> int:
        """Channels of a picture; a table or a signal is one channel."""
        return self.shape[0] if len(self.shape) == 3 else 1  # noqa: PLR2004  channels, height, width

    @property
    def sizes(self) -> tuple[int, ...]:
        """Extent of a row behind its channels: (length,) or (height, width)."""
        return (self.features,) if len(self.shape) < 2 else self.shape[-2:]  # noqa: PLR2004  height, width
