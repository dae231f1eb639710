"""Many multilayer perceptrons as one: every weight carries a leading axis of models.

A plain network is dozens of small operations; here each of them works on all models at once. The networks are those of
`models.mlp`, whose stacked state is used under its names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.activation import Random
from actlab.experiment.contender import Unit
from actlab.experiment.layer import fits, hidden_layer
from actlab.experiment.networks import Build, Networks, Place

# Of batch normalisation, as in torch.nn.
_MOMENTUM = 0.1

# Axes of the weights of a layer: models, inputs, outputs.
_MATRICES = 3


class StackedMLP(Networks):
    """Multilayer perceptrons that train side by side."""

    trained = "stacked"

    def __init__(self, build: Build, seeds: Sequence[int], device: str) -> None:
        super().__init__(build, seeds, device)
        # As [models, inputs, outputs]: their gradients, inputs times outputs, then lie in memory as they do.
        for name, tensor in self.state.items():
            if tensor.ndim == _MATRICES:
                self.state[name] = tensor.detach().transpose(1, 2).contiguous().requires_grad_()
        self.parameters = [tensor for tensor in self.state.values() if tensor.requires_grad]

    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        """As `Networks`."""
        return self._run(x, (), None, training=training)

    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        """As `Networks`."""
        places: list[Place] = []
        before, self.kept = self.kept, {name: tensor.clone() for name, tensor in self.kept.items()}
        outputs = self._run(x, extra, places, training=True)
        self.kept = before
        return outputs, places

    def _run(self, x: Tensor, extra: Sequence[Tensor], places: list[Place] | None, *, training: bool) -> Tensor:
        *hidden, output = self.module.named_children()
        for number, (affine, norm, site) in enumerate(zip(*[iter(hidden)] * 3, strict=True)):
            if places is None and fits(site[1].unit, norm[1], x):
                x = hidden_layer(x, *self._pair(affine[0]), self._layer_norm(*norm), site[1].unit.item)
                continue
            z = self._norm(norm[0], norm[1], self._affine(x, affine[0]), training=training)
            unit, parameters = site[1].unit, self._parameters(f"{site[0]}.function")
            units = z.shape[-1] // unit.pieces
            z, gate = (z[..., :-units], z[..., -units:]) if unit.gated else (z, None)
            if extra:
                z = z + extra[number]
            x = _activate(unit, z, parameters, training=training)
            if places is not None:
                places.append(Place(z, x, site[1], 2))
            x = x if gate is None else x * gate
        return self._affine(x, output[0])

    def _affine(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._pair(name)
        return torch.baddbmm(bias[:, None], x, weight)

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight and bias of an affine layer, or scale and shift of a normalisation."""
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]

    def _layer_norm(self, name: str, module: nn.Module) -> tuple[Tensor, Tensor, float] | None:
        return (*self._pair(name), module.eps) if isinstance(module, nn.LayerNorm) else None

    def _norm(self, name: str, module: nn.Module, z: Tensor, *, training: bool) -> Tensor:
        if isinstance(module, nn.LayerNorm):
            z = functional.layer_norm(z, z.shape[-1:], eps=module.eps)
        elif isinstance(module, nn.BatchNorm1d):
            z = self._batch_norm(name, z, module.eps, training=training)
        else:
            return z
        scale, shift = self._pair(name)
        return torch.addcmul(shift[:, None], z, scale[:, None])

    def _batch_norm(self, name: str, z: Tensor, eps: float, *, training: bool) -> Tensor:
        mean, variance = self.kept[f"{name}.running_mean"], self.kept[f"{name}.running_var"]
        if training:
            batch_variance, batch_mean = torch.var_mean(z, 1, unbiased=False)
            with torch.no_grad():
                rows = z.shape[1]
                mean.lerp_(batch_mean, _MOMENTUM)
                variance.lerp_(batch_variance * (rows / max(1, rows - 1)), _MOMENTUM)
            mean, variance = batch_mean, batch_variance
        scaled: Tensor = (z - mean[:, None]) * torch.rsqrt(variance[:, None] + eps)
        return scaled

    def _parameters(self, prefix: str) -> dict[str, Tensor]:
        """The activation's own parameters at one place, shaped to go with [models, rows, units]."""
        own = ((name.rpartition("."), tensor) for name, tensor in self.state.items())
        return {name: tensor[:, None] for (path, _, name), tensor in own if path == prefix}


def _activate(unit: Unit, z: Tensor, parameters: dict[str, Tensor], *, training: bool) -> Tensor:
    item: Any = unit.item
    y: Tensor = item(z, training=training) if isinstance(item, Random) else item(z, **parameters)
    return y
