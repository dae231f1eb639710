"""Training as one writes it in PyTorch: one network after the other. What `compare` is measured against.

The protocol is that of `actlab.experiment.train`: splits, scaling, sizes, batches, schedule, and the steps after which
validation rows are scored. Nothing is noted of a network's health.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.experiment.chunk import Member
from actlab.experiment.data import Dataset
from actlab.experiment.scaling import scales
from actlab.experiment.train import evaluation_steps, schedule

MODULES = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
}
# As it comes, and the fastest of its forms, which must be asked for.
OPTIMISERS: dict[str, dict[str, bool]] = {"Adam": {}, "Adam(fused=True)": {"fused": True}}
DEPTH, WIDTH, BATCH = 3, 64, 64


@dataclass(frozen=True)
class Loop:
    """How to train.

    Attributes
    ----------
    function, norm, optimiser : keys of `MODULES`, of "none" and "layer", of `OPTIMISERS`
    steps : of a run
    """

    function: str
    norm: str
    optimiser: str
    steps: int

    def train(self, dataset: Dataset, member: Member) -> float:
        """Train one network; returns its accuracy on its validation rows."""
        rows, validation = map(torch.from_numpy, dataset.split(member.seed))
        shift, divisor = map(torch.from_numpy, scales(dataset.x[rows], "standard"))
        x, y = (torch.from_numpy(dataset.x) - shift) / divisor, torch.from_numpy(dataset.y)
        torch.manual_seed(member.seed)
        model = self._network(dataset.x.shape[1], dataset.outputs)
        adam = torch.optim.Adam(model.parameters(), lr=member.lr, **OPTIMISERS[self.optimiser])
        step, losses, score, batches = 0, [], 0.0, _batches(rows)
        for end in evaluation_steps(self.steps):
            for batch in islice(batches, end - step):
                # Set by hand it costs less than by a scheduler object.
                adam.param_groups[0]["lr"] = member.lr * schedule(step, self.steps)
                loss = functional.cross_entropy(model(x[batch]), y[batch])
                adam.zero_grad()
                loss.backward()
                adam.step()
                losses.append(loss.detach())
                step += 1
            score = _score(model, x[validation], y[validation])
        return score

    def _network(self, features: int, outputs: int) -> nn.Module:
        """The default multilayer perceptron of `compare`."""
        layers: list[nn.Module] = []
        for inputs in (features, *[WIDTH] * (DEPTH - 1)):
            norm = [nn.LayerNorm(WIDTH)] if self.norm == "layer" else []
            layers += [nn.Linear(inputs, WIDTH), *norm, MODULES[self.function]()]
        return nn.Sequential(*layers, nn.Linear(WIDTH, outputs))


def _batches(rows: Tensor) -> Iterator[Tensor]:
    """Row numbers, pass after pass in a new order."""
    while True:
        order = rows[torch.randperm(len(rows))]
        yield from order[: len(order) // BATCH * BATCH].split(BATCH)


@torch.no_grad()
def _score(model: nn.Module, x: Tensor, y: Tensor) -> float:
    outputs = model(x)
    functional.cross_entropy(outputs, y).item()  # a point of the curve has both
    return (outputs.argmax(1) == y).double().mean().item()
