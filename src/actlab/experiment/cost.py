"""What a step of one network costs, measured apart from the batched training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch

from actlab.activation import Activation
from actlab.experiment.data import Dataset
from actlab.experiment.hidden import Hidden
from actlab.experiment.mlp import StackedMLP, layer_sizes, losses, matched_width, parameter_count
from actlab.experiment.outcome import Cost
from actlab.experiment.settings import Settings
from actlab.experiment.train import one_thread

# Turns go round the activations: a slow moment of the machine hits all of them, and the median forgets it.
TURNS, STEPS_PER_TURN = 9, 12


def measure(dataset: Dataset, activations: Sequence[Activation], settings: Settings) -> list[Cost]:
    """Costs of the same network with each activation."""
    with one_thread():
        steps = [_Step(dataset, activation, settings) for activation in activations]
        able = [step for step in steps if step.able()]
        turns = [[step.seconds() for step in able] for _ in range(TURNS)]
        medians = dict(zip(able, np.median(turns, axis=0), strict=True))
        return [step.cost(float(medians.get(step, math.nan))) for step in steps]


class _Step:
    """One training step of one network, ready to be repeated."""

    def __init__(self, dataset: Dataset, activation: Activation, settings: Settings) -> None:
        hidden, inputs = Hidden(activation), dataset.x.shape[1]
        self.label = activation.label
        self.width = matched_width(hidden, settings.depth, settings.width, inputs, dataset.outputs)
        sizes = layer_sizes(hidden.pieces, settings.depth, self.width, inputs, dataset.outputs)
        self.model = StackedMLP(hidden, sizes, [1])
        self.parameters = list(self.model.parameters())
        self.count = parameter_count(sizes) + sum(len(extra) for extra in self.model.extras)
        rows = settings.batch_for(len(dataset.split(1)[0]))
        self.draws = torch.Generator().manual_seed(1)
        self.x = torch.randn(1, rows, inputs, generator=self.draws)
        self.y = torch.from_numpy(dataset.y[:rows])[None]

    def loss(self) -> torch.Tensor:
        return losses(self.model(self.x, training=True, draws=self.draws), self.y).sum()

    def run(self) -> None:
        torch.autograd.grad(self.loss(), self.parameters)

    def able(self) -> bool:
        """Whether a step runs at all; the first also compiles and fills caches."""
        try:
            self.run()
        except Exception:  # noqa: BLE001  its trials failed too, and carry the message
            return False
        return True

    def seconds(self) -> float:
        """Mean seconds of a few steps."""
        start = perf_counter()
        for _ in range(STEPS_PER_TURN):
            self.run()
        return (perf_counter() - start) / STEPS_PER_TURN

    def saved_bytes(self) -> int:
        """Bytes of the tensors autograd keeps, each memory counted once."""
        own = {tensor.untyped_storage().data_ptr() for tensor in [*self.parameters, self.x, self.y]}
        kept: dict[int, int] = {}
        held = []  # keeps the memory alive, so that no address is used twice

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
                held.append(tensor)
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            self.loss()
        return sum(kept.values())

    def cost(self, seconds: float) -> Cost:
        """The measured record; a step that cannot run saves nothing."""
        saved = 0 if math.isnan(seconds) else self.saved_bytes()
        return Cost(self.label, seconds, saved, self.count, self.width)
