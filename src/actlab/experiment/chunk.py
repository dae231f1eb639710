"""The unit of work: runs of one activation under one condition that train as one batched program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

# The stages of the experiment: the first chooses learning rates, only the second is reported.
TUNING, FINAL = 1, 2

# Larger stacks gain little (a step of one model: 273 us in a stack of 10, 231 us in one of 21, against 428 us
# alone) and keep more cores idle at the end of a round.
MOST_MEMBERS = 12


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
    condition : label of the condition
    activation : label of the activation
    stage : `TUNING` or `FINAL`
    round : 0, and 1, 2, ... for later extensions of the grid
    part : number within the round
    members : the runs
    """

    condition: str
    activation: str
    stage: int
    round: int
    part: int
    members: tuple[Member, ...]

    @property
    def key(self) -> tuple[str, str, int, int, int]:
        """What tells this chunk from the others of an experiment."""
        return (self.condition, self.activation, self.stage, self.round, self.part)


def chunks_of(
    condition: str, activation: str, *, stage: int, round_: int, rates: Sequence[float], seeds: Sequence[int]
) -> list[Chunk]:
    """All runs of rates x seeds, in chunks of nearly equal size and at most `MOST_MEMBERS` members."""
    members = [Member(lr, seed) for lr, seed in product(rates, seeds)]
    return [
        Chunk(condition, activation, stage, round_, part, tuple(own))
        for part, own in enumerate(portions(members, MOST_MEMBERS))
    ]


def portions(members: Sequence[Member], most: int) -> list[Sequence[Member]]:
    """The members in as few portions as hold at most ``most``, of nearly equal size."""
    parts = math.ceil(len(members) / most)
    bounds = [len(members) * part // parts for part in range(parts + 1)]
    return [members[low:high] for low, high in pairwise(bounds)]
