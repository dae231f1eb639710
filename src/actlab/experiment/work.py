"""What a worker process executes. Importing this loads no torch: only the workers need it."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from actlab.experiment.chunk import Chunk
from actlab.experiment.data import Dataset
from actlab.experiment.outcome import Cost, Trial
from actlab.experiment.problem import Problem


def train(chunk: Chunk, *parts: Any) -> tuple[list[Trial], float]:
    """The trials of a chunk and the seconds they took; ``parts`` are those of its problem."""
    from actlab.experiment.train import run_chunk

    start = perf_counter()
    trials = run_chunk(chunk, Problem(*parts))
    return trials, perf_counter() - start


def measure_costs(dataset: Dataset, rest: Sequence[tuple[Any, ...]]) -> list[Cost]:
    """What a step costs with each activation; ``rest`` are the parts of the problems without their data set."""
    from actlab.experiment.cost import measure

    return measure([Problem(dataset, *parts) for parts in rest])
