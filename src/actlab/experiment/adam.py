"""Adam for a stack of networks, with one learning rate per network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from actlab.experiment.compiled import compiled

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8

# What is new in a moment; of float32, or the loop would compute in float64.
_NEW_MEAN, _NEW_SQUARE = np.float32(1 - FIRST), np.float32(1 - SECOND)


class StackedAdam:
    """Adam on tensors whose first axis counts networks; no weight decay, so none on an activation's parameters.

    Parameters
    ----------
    parameters : what trains, each [models, ...] and contiguous
    rates : float32[models], the largest learning rate of each

    Notes
    -----
    Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 with its constants, its corrections for the start moved from
    the moments to the rate and to epsilon as at the end of its section 2.
    """

    def __init__(self, parameters: Sequence[Tensor], rates: Tensor) -> None:
        self.rates = rates
        self.steps = 0
        values = [parameter.detach().view(len(rates), -1) for parameter in parameters]
        self.slots = [(value, torch.zeros_like(value), torch.zeros_like(value)) for value in values]
        # A step is bound by memory: one pass of machine code over it takes a quarter of the time of eight operations.
        self.fast = all(value.device.type == "cpu" and value.dtype is torch.float32 for value in values)
        self.arrays = [tuple(tensor.numpy() for tensor in slot) for slot in self.slots] if self.fast else []

    def step(self, gradients: Sequence[Tensor | None], factor: float) -> None:
        """Move every parameter that has a gradient, with the learning rates times ``factor``."""
        self.steps += 1
        spread = math.sqrt(1 - SECOND**self.steps)
        rates = self.rates * (factor * spread / (1 - FIRST**self.steps))
        flat = [(k, gradient.reshape(len(rates), -1)) for k, gradient in enumerate(gradients) if gradient is not None]
        if self.fast:
            own_rates, epsilon = rates.numpy(), np.float32(EPSILON * spread)
            for k, gradient in flat:
                _move(*self.arrays[k], gradient.numpy(), own_rates, epsilon)
        else:
            for k, gradient in flat:
                value, mean, square = self.slots[k]
                mean.lerp_(gradient, 1 - FIRST)
                square.lerp_(gradient.square(), 1 - SECOND)
                value.sub_(rates[:, None] * mean / (square.sqrt() + EPSILON * spread))


@compiled()
def _move(value: Any, mean: Any, square: Any, gradient: Any, rates: Any, epsilon: Any) -> None:  # noqa: PLR0917
    for model in range(len(rates)):
        rate, g, p, m, s = rates[model], gradient[model], value[model], mean[model], square[model]
        for k in range(len(g)):
            m[k] += _NEW_MEAN * (g[k] - m[k])
            s[k] += _NEW_SQUARE * (g[k] * g[k] - s[k])
            p[k] -= rate * m[k] / (np.sqrt(s[k]) + epsilon)
