"""What a step of one network costs, measured apart from the batched training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from actlab.experiment.build import builder, width_of
from actlab.experiment.custom import Custom
from actlab.experiment.memory import saved_bytes
from actlab.experiment.objective import losses
from actlab.experiment.outcome import Cost, failed_cost
from actlab.experiment.problem import Problem
from actlab.experiment.rows import Deck
from actlab.experiment.seeding import seeded
from actlab.experiment.train import one_thread

# Turns go round the activations: a slow moment of the machine hits all of them, and the median forgets it.
TURNS, SECONDS_PER_TURN = 9, 0.01


def measure(problems: Sequence[Problem]) -> list[Cost]:
    """Costs of the networks of one condition, a plain module each, with every activation."""
    with one_thread(), seeded(0):
        steps = [_prepared(problem) for problem in problems]
        able = [step for step in steps if step]
        turns = [[step.seconds() for step in able] for _ in range(TURNS)]
        medians = dict(zip(able, np.median(turns, axis=0), strict=True))
        return [
            step.cost(float(medians[step])) if step else failed_cost(problem.contender.label)
            for step, problem in zip(steps, problems, strict=True)
        ]


def _prepared(problem: Problem) -> _Step | None:
    """A step that has run once, which compiles and fills caches; None if it cannot: its trials carry the message."""
    try:
        step = _Step(problem)
        step.repeats = max(1, math.ceil(SECONDS_PER_TURN / min(step.once() for _ in range(3))))
    except Exception:  # noqa: BLE001  whatever the function or the network raises
        return None
    return step


class _Step:
    """One training step of one network, ready to be repeated."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.device = problem, problem.settings.device
        self.module = builder(problem)(1).to(self.device).train()
        self.parameters = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        deck = Deck(problem.dataset, problem.condition.scale, [1], self.device)
        (self.x,), (self.y,) = deck.rows(deck.training[:, : problem.settings.batch_for(deck.training.shape[1])])
        self.repeats = 1

    def loss(self) -> Tensor:
        return losses(self.problem.dataset.task, self.module(self.x.clone())[None], self.y[None]).sum()

    def once(self) -> float:
        """Seconds of one forward and backward pass."""
        start = perf_counter()
        torch.autograd.grad(self.loss(), self.parameters, allow_unused=True)
        if self.device != "cpu":
            torch.cuda.synchronize()
        return perf_counter() - start

    def seconds(self) -> float:
        """Mean seconds of a few steps."""
        return sum(self.once() for _ in range(self.repeats)) / self.repeats

    def cost(self, seconds: float) -> Cost:
        """The measured record."""
        width = width_of(self.problem)
        return Cost(
            activation=self.problem.contender.label,
            seconds_per_step=seconds,
            saved_bytes=saved_bytes(self.loss, [*self.parameters, self.x, self.y]),
            parameters=sum(parameter.numel() for parameter in self.parameters),
            flops=self._flops(),
            width=width,
            kernel=self._kernel(),
        )

    def _flops(self) -> int:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            self.module(self.x)
        return int(counter.get_total_flops()) // len(self.x)

    def _kernel(self) -> str:
        if any(isinstance(unit.item, Custom) for unit in self.problem.contender.units):
            return "the module's own"
        return "actlab, CPU" if self.device == "cpu" else "PyTorch operations, CUDA"
