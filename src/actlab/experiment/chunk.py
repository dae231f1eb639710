"""The unit of work: runs of one activation on one data set that train as one batched program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from actlab.experiment.settings import Settings

# The stages of the experiment: the first chooses learning rates, only the second is reported.
TUNING, FINAL = 1, 2

# Larger stacks gain little (a step of one model: 273 us in a stack of 10, 231 us in one of 21, against 428 us
# alone) and keep more cores idle at the end of a round.
MOST_MEMBERS = 12

# Floats one chunk may hold: 256 MB.
MOST_FLOATS = 64_000_000


@dataclass(frozen=True)
class Member:
    """One training run.

    Attributes
    ----------
    lr : largest learning rate of the schedule
    seed : decides split, initialisation and batch order
    """

    lr: float
    seed: int


@dataclass(frozen=True)
class Chunk:
    """A row of the plan: what it is made of depends on the settings alone.

    Attributes
    ----------
    data : name of the data set
    activation : label of the activation
    stage : `TUNING` or `FINAL`
    round : 0, and 1, 2, ... for later extensions of the grid
    part : number within the round
    members : the runs
    """

    data: str
    activation: str
    stage: int
    round: int
    part: int
    members: tuple[Member, ...]

    @property
    def key(self) -> tuple[str, str, int, int, int]:
        """What tells this chunk from the others of an experiment."""
        return (self.data, self.activation, self.stage, self.round, self.part)


def chunks_of(
    data: str,
    activation: str,
    *,
    stage: int,
    round_: int,
    rates: Sequence[float],
    seeds: Sequence[int],
    most: int,
) -> list[Chunk]:
    """All runs of rates x seeds, in chunks of nearly equal size and at most ``most`` members."""
    members = [Member(lr, seed) for lr, seed in product(rates, seeds)]
    parts = math.ceil(len(members) / most)
    bounds = [len(members) * part // parts for part in range(parts + 1)]
    return [
        Chunk(data, activation, stage, round_, part, tuple(members[low:high]))
        for part, (low, high) in enumerate(pairwise(bounds))
    ]


def most_members(settings: Settings, features: int, outputs: int) -> int:
    """Members of a chunk that fit into `MOST_FLOATS`, two at least."""
    width, depth = settings.width, settings.depth
    weights = features * width + (depth - 1) * width**2 + width * outputs
    # Weight, gradient, two moments and a temporary; input, pre-activation, output and their gradients.
    floats = 5 * weights + settings.batch * (features + 4 * depth * width + 4 * outputs)
    return max(2, min(MOST_MEMBERS, MOST_FLOATS // floats))
