"""The rows that a stack of networks learns from: of every seed its own split, scaling and order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from actlab.experiment.data import Dataset, Rows
from actlab.experiment.objective import REGRESSION
from actlab.experiment.scaling import scales


class Deck:
    """The data of several seeds, handed out to the models of a stack.

    Axes: ``seeds`` are the distinct seeds, ``models`` the members; members with one seed share the work on their rows.

    Parameters
    ----------
    dataset : where the rows come from
    scale : of the inputs; targets of a regression are always standardised, both with a seed's own training rows
    seeds : of every model
    device : where the networks are

    Attributes
    ----------
    training, validation, test : int64[seeds, n], row numbers
    """

    def __init__(self, dataset: Dataset, scale: str, seeds: Sequence[int], device: str) -> None:
        self.seeds = sorted(set(seeds))
        self.of_seed = torch.tensor([self.seeds.index(seed) for seed in seeds], device=device)
        own = [dataset.for_seed(seed) for seed in self.seeds]
        splits = [data.split(seed) for data, seed in zip(own, self.seeds, strict=True)]
        x_scales = [scales(data.x[rows], scale) for data, (rows, _) in zip(own, splits, strict=True)]
        # Seeds that share their data share its memory; the others lie one behind the other.
        shared = all(data.x is own[0].x for data in own)
        stored = own[:1] if shared else own
        starts = np.zeros(len(own), np.int64) if shared else np.cumsum([0, *(len(data.y) for data in own[:-1])])
        # Copies: joblib hands large arrays over as read-only memory maps, which torch warns about.
        self.x = torch.cat([torch.tensor(data.x) for data in stored]).to(device)
        self.y = torch.cat([torch.tensor(data.y) for data in stored]).to(device)
        self.x_shift, self.x_divisor = (_stack(part, device) for part in zip(*x_scales, strict=True))
        self.standardised = dataset.task == REGRESSION
        if self.standardised:
            y_scales = [scales(data.y[rows], "standard") for data, (rows, _) in zip(own, splits, strict=True)]
            self.y_shift, self.y_divisor = (_stack(part, device) for part in zip(*y_scales, strict=True))
        moved = [(a + start, b + start) for (a, b), start in zip(splits, starts, strict=True)]
        self.training, self.validation = (np.stack(part) for part in zip(*moved, strict=True))
        self.test = np.stack([data.test_rows + start for data, start in zip(own, starts, strict=True)])

    def rows(self, numbers: Rows) -> tuple[Tensor, Tensor]:
        """Scaled inputs and targets [models, n, ...] of row numbers [seeds, n]."""
        index = torch.as_tensor(numbers, device=self.x.device)
        x = _taken(self.x, index).sub_(self.x_shift).div_(self.x_divisor)
        y = _taken(self.y, index)
        if self.standardised:
            y = y.sub_(self.y_shift).div_(self.y_divisor)
        return x.index_select(0, self.of_seed), y.index_select(0, self.of_seed)


class BatchOrder:
    """Row numbers of every seed's training, pass after pass, each in a new order.

    Parameters
    ----------
    training : int64[seeds, n]
    seeds : each decides its own order
    """

    def __init__(self, training: Rows, seeds: Sequence[int]) -> None:
        self.training = training
        self.generators = [np.random.default_rng([seed, 2]) for seed in seeds]
        self.waiting = training[:, :0]

    def take(self, count: int) -> Rows:
        """The next row numbers, int64[seeds, count]."""
        parts, held = [self.waiting], self.waiting.shape[1]
        while held < count:
            shuffled = [rng.permutation(rows) for rng, rows in zip(self.generators, self.training, strict=True)]
            parts.append(np.stack(shuffled))
            held += self.training.shape[1]
        drawn = np.concatenate(parts, axis=1)
        self.waiting = drawn[:, count:]
        return drawn[:, :count]


def _taken(table: Tensor, index: Tensor) -> Tensor:
    """table[index]; indexing proper takes twice as long, element by element."""
    return table.index_select(0, index.flatten()).view(*index.shape, *table.shape[1:])


def _stack(parts: Sequence[NDArray[np.float32]], device: str) -> Tensor:
    return torch.from_numpy(np.stack(parts))[:, None].to(device)
