"""Many multilayer perceptrons as one: every weight carries a leading axis of models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from actlab.experiment.hidden import Hidden


def matched_width(hidden: Hidden, depth: int, width: int, inputs: int, outputs: int) -> int:
    """Units of a hidden layer that bring the parameters closest to those of a plain network of ``width``.

    Only maxout differs: each of its units has ``pieces`` sets of weights.
    """
    if hidden.pieces == 1:
        return width
    target = parameter_count(layer_sizes(1, depth, width, inputs, outputs))

    def miss(units: int) -> int:
        return abs(parameter_count(layer_sizes(hidden.pieces, depth, units, inputs, outputs)) - target)

    return min(range(1, width + 1), key=miss)


def layer_sizes(pieces: int, depth: int, width: int, inputs: int, outputs: int) -> list[tuple[int, int]]:
    """(fan in, fan out) of every affine map, the output's last."""
    fan_in = [inputs] + [width] * depth
    fan_out = [width * pieces] * depth + [outputs]
    return list(zip(fan_in, fan_out, strict=True))


def parameter_count(sizes: Sequence[tuple[int, int]]) -> int:
    """Weights and biases of one network."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in sizes)


class StackedMLP:
    """Networks of one shape that train side by side.

    Parameters
    ----------
    hidden : the activation between the layers
    sizes : from `layer_sizes`
    seeds : one per model; models of one seed start alike

    Attributes
    ----------
    weights : float32[models, fan in, fan out], one per layer
    biases : float32[models, 1, fan out], one per layer
    extras : per hidden layer, the activation's own parameters, float32[models, 1, 1]
    """

    def __init__(self, hidden: Hidden, sizes: Sequence[tuple[int, int]], seeds: Sequence[int]) -> None:
        self.hidden = hidden
        self.weights = _initial_weights(sizes, seeds, hidden.gain(sizes[-1][0]))
        models = len(seeds)
        self.biases = [torch.zeros(models, 1, fan_out) for _, fan_out in sizes]
        self.extras = [
            {name: torch.full((models, 1, 1), start) for name, start in hidden.learnable.items()} for _ in sizes[1:]
        ]
        for tensor in self.parameters():
            tensor.requires_grad_()

    def parameters(self) -> Iterator[torch.Tensor]:
        """Every tensor that trains."""
        yield from self.weights
        yield from self.biases
        for extra in self.extras:
            yield from extra.values()

    def __call__(
        self, x: torch.Tensor, *, training: bool = False, draws: torch.Generator | None = None
    ) -> torch.Tensor:
        """Outputs [models, rows, outputs] for inputs [models, rows, inputs]."""
        for weight, bias, extra in zip(self.weights, self.biases, self.extras, strict=False):
            x = self.hidden(torch.baddbmm(bias, x, weight), extra, training=training, draws=draws)
        return torch.baddbmm(self.biases[-1], x, self.weights[-1])


def _initial_weights(sizes: Sequence[tuple[int, int]], seeds: Sequence[int], gain: float) -> list[torch.Tensor]:
    """Normal weights: variance 1 / fan in for the standardised inputs, gain^2 / fan in behind an activation.

    Drawn by NumPy, whose streams are the same on every machine.
    """
    draws = {seed: np.random.default_rng([seed, 1]) for seed in sorted(set(seeds))}
    weights = []
    for position, (fan_in, fan_out) in enumerate(sizes):
        scale = (gain if position else 1.0) / fan_in**0.5
        normal = {seed: rng.standard_normal((fan_in, fan_out)) for seed, rng in draws.items()}
        stacked = np.stack([normal[seed] for seed in seeds]) * scale
        weights.append(torch.from_numpy(stacked.astype(np.float32)))
    return weights


def losses(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean loss of each model: cross-entropy for class numbers, squared error for real targets.

    Parameters
    ----------
    outputs : float32[models, rows, outputs]
    targets : int64 or float32 [models, rows]
    """
    if targets.dtype == torch.int64:
        entropy = functional.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none")
        return entropy.view(targets.shape).mean(1)
    return (outputs[..., 0] - targets).square().mean(1)


class StackedAdam:
    """Adam on stacked tensors, with one learning rate per model.

    Notes
    -----
    Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 with its constants.
    """

    first, second, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, parameters: Sequence[torch.Tensor], rates: torch.Tensor) -> None:
        self.rates = rates.view(-1, 1, 1)
        self.steps = 0
        self.slots = [(p.detach(), torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]

    def step(self, gradients: Sequence[torch.Tensor], factor: float) -> None:
        """Move every parameter, with the learning rates times ``factor``."""
        self.steps += 1
        rates = self.rates * (factor / (1 - self.first**self.steps))
        spread = (1 - self.second**self.steps) ** -0.5
        for (value, mean, square), gradient in zip(self.slots, gradients, strict=True):
            mean.lerp_(gradient, 1 - self.first)
            square.mul_(self.second).addcmul_(gradient, gradient, value=1 - self.second)
            denominator = square.sqrt().mul_(spread).add_(self.epsilon)
            value.sub_(torch.div(mean, denominator, out=denominator).mul_(rates))
