"""What a worker process executes. Importing this loads no torch: only the workers need it."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from actlab.activation import Activation
from actlab.experiment.chunk import Chunk
from actlab.experiment.data import Dataset
from actlab.experiment.outcome import Cost, Trial
from actlab.experiment.settings import Settings


def train(
    chunk: Chunk, dataset: Dataset, activation: Activation, settings: Settings
) -> tuple[Chunk, list[Trial], float]:
    """The chunk, its trials and the seconds they took."""
    from actlab.experiment.train import run_chunk

    start = perf_counter()
    trials = run_chunk(chunk, dataset, activation, settings)
    return chunk, trials, perf_counter() - start


def measure_costs(dataset: Dataset, activations: Sequence[Activation], settings: Settings) -> list[Cost]:
    """What a step costs with each activation."""
    from actlab.experiment.cost import measure

    return measure(dataset, activations, settings)
