"""How the networks of a problem are made, and how many of them train together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from actlab.experiment.build import builder
from actlab.experiment.chunk import MOST_MEMBERS
from actlab.experiment.contender import parse
from actlab.experiment.custom import Custom
from actlab.experiment.memory import saved_bytes
from actlab.experiment.mlp import StackedMLP
from actlab.experiment.networks import Batched, Build, Networks, OneByOne, batchable
from actlab.experiment.problem import Problem

# What the networks of one stack may hold: several workers share a machine.
MOST_BYTES = 2**29

# Rows of the trial run that tells what a network keeps for each row.
_TRIAL_ROWS = 4


@dataclass(frozen=True)
class Stack:
    """The way to train the networks of a problem.

    Attributes
    ----------
    kind : of networks
    build : makes the module of a seed
    device : where they train
    most : networks that fit together, by their sizes alone
    bytes_per_row : what one of them keeps of a row
    """

    kind: type[Networks]
    build: Build
    device: str
    most: int
    bytes_per_row: int

    def make(self, seeds: Sequence[int]) -> Networks:
        """Networks of these seeds."""
        return self.kind(self.build, seeds, self.device)


def stack(problem: Problem) -> Stack:
    """The fastest way that works: stacked, batched, or one by one."""
    dataset, device = problem.dataset, problem.settings.device
    build = builder(problem)
    x = torch.randn(_TRIAL_ROWS, dataset.x.shape[1], generator=torch.Generator().manual_seed(0))
    kind = _kind(problem, build, x)
    one = kind(build, [1], device)
    sample = x.to(device)[None]
    per_row = saved_bytes(lambda: one(sample, training=True), [*one.parameters, sample]) // _TRIAL_ROWS
    weights = sum(tensor.nbytes for tensor in one.parameters)
    rows = problem.settings.batch_for(len(dataset.split(1)[0]))
    # Weight, gradient, two moments and a temporary; and everything once more on the way back.
    needed = 5 * weights + 2 * rows * per_row
    most = 1 if kind is OneByOne else max(2, min(MOST_MEMBERS, MOST_BYTES // needed))
    return Stack(kind, build, device, most, max(1, per_row))


def _kind(problem: Problem, build: Build, x: torch.Tensor) -> type[Networks]:
    custom = any(isinstance(unit.item, Custom) for unit in problem.contender.units)
    if problem.condition.network.model == "mlp" and not custom:
        return StackedMLP
    plain = builder(replace(problem, contender=parse("relu")))
    return Batched if batchable(build, plain, x, problem.settings.device) else OneByOne
