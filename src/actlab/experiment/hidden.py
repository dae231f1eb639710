"""How an activation becomes the hidden layer of a stack of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actlab.activation import Activation, Elementwise, Random

if TYPE_CHECKING:
    import torch

# E f(z)^2 is integrated over |z| <= 10: the normal density outside is below 1e-22. Steps of 1e-4 leave an
# error below 1e-4 even where f jumps between two points, and far less elsewhere.
_REACH, _POINTS = 10.0, 200_001

# Functions of a whole layer have no quadrature: a fixed normal sample gives the gain to about 0.3%.
_SAMPLE_ROWS, _SAMPLE_SEED = 4096, 0


@dataclass(frozen=True)
class Hidden:
    """One activation seen as the hidden layers of an MLP.

    Attributes
    ----------
    item : the activation
    """

    item: Activation

    @property
    def pieces(self) -> int:
        """Pre-activations per unit: 1, but for maxout."""
        defaults = {name: parameter.default for name, parameter in self.item.parameters.items()}
        return int({**defaults, **self.item.bound}.get("pieces", 1))

    @property
    def learnable(self) -> dict[str, float]:
        """Parameters that train along, one value per layer, with their start."""
        return {
            name: float(parameter.default) for name, parameter in self.item.parameters.items() if parameter.learnable
        }

    def __call__(
        self,
        z: torch.Tensor,
        parameters: dict[str, torch.Tensor],
        *,
        training: bool = False,
        draws: torch.Generator | None = None,
    ) -> torch.Tensor:
        """Outputs of the layer for pre-activations ``z`` [models, rows, pieces * units]."""
        item: Any = self.item
        outputs: torch.Tensor
        if isinstance(item, Random):
            outputs = item(z, training=training, rng=draws if training else None)
        else:
            outputs = item(z, **parameters)
        return outputs

    def gain(self, width: int) -> float:
        """1 / sqrt(E f(z)^2) for normal z: keeps the signal's size from layer to layer.

        A function whose mean square is zero or not finite has no such number and gets 1.

        Notes
        -----
        Source: He et al. 2015, arXiv:1502.01852, equation 10, for any f.
        """
        with np.errstate(all="ignore"):
            if isinstance(self.item, Elementwise | Random):
                square = _gaussian_mean_square(self.item)
            else:
                square = _sampled_mean_square(self.item, width * self.pieces)
        return float(1 / np.sqrt(square)) if np.isfinite(square) and square > 0 else 1.0


def _gaussian_mean_square(item: Any) -> float:
    z = np.linspace(-_REACH, _REACH, _POINTS)
    density = np.exp(-z * z / 2)
    return float(np.sum(density * np.square(item(z))) / np.sum(density))


def _sampled_mean_square(item: Any, features: int) -> float:
    z = np.random.default_rng(_SAMPLE_SEED).standard_normal((_SAMPLE_ROWS, features))
    return float(np.mean(np.square(item(z))))
