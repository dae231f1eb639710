"""A hidden layer of many perceptrons as one step of autograd: affine, layer normalisation, activation.

PyTorch takes a step for each operation and keeps what it makes in memory between them; on rows of a few dozen units its
layer normalisation takes three times as long as this one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from actlab.activation import Elementwise
from actlab.experiment.compiled import compiled
from actlab.experiment.contender import Unit


def fits(unit: Unit, norm: nn.Module, x: Tensor) -> bool:
    """Whether `hidden_layer` can do this: a function of single values that learns nothing, on the CPU."""
    plain = isinstance(unit.item, Elementwise) and not unit.gated and not unit.learnable
    return plain and isinstance(norm, nn.Identity | nn.LayerNorm) and x.device.type == "cpu"


def hidden_layer(
    x: Tensor, weight: Tensor, bias: Tensor, norm: tuple[Tensor, Tensor, float] | None, item: Any
) -> Tensor:
    """float32[models, rows, units] of x [models, rows, inputs].

    Parameters
    ----------
    weight, bias : [models, inputs, units] and [models, units]
    norm : scale and shift, [models, units] each, and epsilon of layer normalisation; None for none
    item : the activation
    """
    y: Tensor = _HiddenLayer.apply(x, weight, bias, *(norm or (None, None, None)), item)  # type: ignore[no-untyped-call]
    return y


class _HiddenLayer(torch.autograd.Function):
    @staticmethod
    def forward(  # noqa: PLR0917
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, scale: Any, shift: Any, epsilon: Any, item: Any
    ) -> Tensor:
        z = torch.baddbmm(bias[:, None], x, weight)
        normed = spread = None
        if scale is not None:
            normed, spread = z, torch.empty(z.shape[:2])
            z = torch.empty_like(z)
            _normalise(*_arrays(normed, spread, scale, shift), np.float32(epsilon), z.numpy())
        # The derivative along with the value is half the work of computing it later.
        y, slope = map(torch.from_numpy, item.value_and_grad(z.numpy()))
        ctx.save_for_backward(x, weight, slope, scale, normed, spread)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, slope, scale, normed, spread = ctx.saved_tensors
        gradient = slope.mul_(gradient)
        of_scale = of_shift = None
        if scale is not None:
            of_scale, of_shift = torch.zeros_like(scale), torch.zeros_like(scale)
            _back(*_arrays(normed, spread, scale, gradient, of_scale, of_shift))
        of_x = torch.bmm(gradient, weight.transpose(1, 2)) if ctx.needs_input_grad[0] else None
        of_weight = torch.bmm(x.transpose(1, 2), gradient)
        return of_x, of_weight, gradient.sum(1), of_scale, of_shift, None, None


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]


# Sums over units in any order, or they are not vectorised; NaN and infinity stay what they are.
_LOOSE = "reassoc", "contract", "nsz"


@compiled(*_LOOSE)
def _normalise(z: Any, spread: Any, scale: Any, shift: Any, epsilon: Any, out: Any) -> None:  # noqa: PLR0917
    """Normalise z [models, rows, units] in place; ``spread`` becomes 1 / sd of each row, ``out`` scaled and shifted."""
    models, rows, units = z.shape
    share = np.float32(1 / units)
    for m in range(models):
        own_scale, own_shift = scale[m], shift[m]
        for r in range(rows):
            own, result = z[m, r], out[m, r]
            total, squares = np.float32(0), np.float32(0)
            for k in range(units):
                total += own[k]
            mean = total * share
            for k in range(units):
                squares += (own[k] - mean) * (own[k] - mean)
            inverse = np.float32(1) / np.sqrt(squares * share + epsilon)
            spread[m, r] = inverse
            for k in range(units):
                normed = (own[k] - mean) * inverse
                own[k] = normed
                result[k] = normed * own_scale[k] + own_shift[k]


@compiled(*_LOOSE)
def _back(z: Any, spread: Any, scale: Any, gradient: Any, of_scale: Any, of_shift: Any) -> None:  # noqa: PLR0917
    """Turn the gradient of what was normalised into that of what was not, in place; add up those of scale and shift."""
    models, rows, units = z.shape
    share = np.float32(1 / units)
    for m in range(models):
        own_scale, to_scale, to_shift = scale[m], of_scale[m], of_shift[m]
        for r in range(rows):
            own, g, inverse = z[m, r], gradient[m, r], spread[m, r]
            total, along = np.float32(0), np.float32(0)
            for k in range(units):
                scaled = g[k] * own_scale[k]
                total += scaled
                along += scaled * own[k]
            total, along = total * share, along * share
            for k in range(units):
                to_scale[k] += g[k] * own[k]
                to_shift[k] += g[k]
                g[k] = (g[k] * own_scale[k] - total - own[k] * along) * inverse
