"""The two stages of the experiment: which rounds of work follow from the outcomes so far.

Stage 1 trains every activation at every learning rate of one grid and chooses, per activation, the rate with
the best mean validation score. If a best rate lies at an edge, the grid grows by a decade for all
activations. Stage 2 trains with fresh seeds at the chosen rates, and only its scores on the test rows are
reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd

from actlab.activation import Activation
from actlab.experiment import statistics, work
from actlab.experiment.chunk import FINAL, TUNING, Chunk, chunks_of, most_members
from actlab.experiment.data import Dataset
from actlab.experiment.plan import Plan
from actlab.experiment.progress import ProgressCallback
from actlab.experiment.settings import Settings, half_decade

# A grid grows at most this often: three decades beyond the six half-decades of the start.
MOST_EXTENSIONS = 3

# Half decades added at an edge.
EXTENSION = 2


@dataclass(frozen=True)
class Tuning:
    """What stage 1 found for one activation on one data set.

    Attributes
    ----------
    rates : the whole grid, ascending
    means : mean validation score at each
    best : position of the chosen rate
    """

    rates: tuple[float, ...]
    means: tuple[float, ...]
    best: int

    @property
    def rate(self) -> float:
        """The chosen learning rate."""
        return self.rates[self.best]

    @property
    def edge(self) -> int:
        """-1 if the lowest rate was chosen, 1 if the highest, else 0."""
        return -1 if self.best == 0 else int(self.best == len(self.rates) - 1)


def tunings(trials: pd.DataFrame, data: str, labels: Sequence[str]) -> dict[str, Tuning]:
    """What stage 1 found on one data set, per activation."""
    stage = trials[(trials.stage == TUNING) & (trials.data == data)]
    found = {}
    for label in labels:
        means = stage[stage.activation == label].groupby("lr").score_validation.mean()
        rates, scores = means.index.to_numpy(), means.to_numpy()
        found[label] = Tuning(tuple(rates), tuple(scores), statistics.choose_rate(rates, scores))
    return found


def grid_notes(trials: pd.DataFrame, data: str, labels: Sequence[str]) -> list[str]:
    """What a reader should know about the learning-rate grid of a data set."""
    stage = trials[(trials.stage == TUNING) & (trials.data == data)]
    notes = []
    if added := sorted(stage.lr[stage["round"] > 0].unique()):
        rates = ", ".join(f"{rate:g}" for rate in added)
        notes.append(f"A best learning rate lay at the edge of the grid, which was extended for all by {rates}.")
    if edge := [label for label, tuning in tunings(trials, data, labels).items() if tuning.edge]:
        notes.append(f"The best learning rate lies at the edge of the whole grid for {', '.join(edge)}.")
    return notes


class Rounds:
    """Runs the experiment round by round; what is in the plan already is not done again.

    Parameters
    ----------
    plan : where chunks and outcomes are kept
    datasets, activations, settings : what is compared, and how
    jobs : worker processes
    progress : told after every chunk
    """

    def __init__(
        self,
        plan: Plan,
        datasets: Sequence[Dataset],
        activations: Sequence[Activation],
        settings: Settings,
        *,
        jobs: int,
        progress: ProgressCallback,
    ) -> None:
        self.plan, self.settings, self.jobs, self.progress = plan, settings, jobs, progress
        self.datasets = {dataset.name: dataset for dataset in datasets}
        self.activations = {item.label: item for item in activations}
        self.steps = {d.name: settings.steps_for(len(d.split(1)[0])) for d in datasets}

    def run(self) -> None:
        """Both stages and the costs, from wherever the plan stands."""
        if found := self.plan.finished_runs():
            self.progress(*self._position(), f"going on: {found} finished runs found")
        for data in self.datasets:
            self._add(data, TUNING, 0, self.settings.learning_rates)
        self._work("learning rates")
        for extension in range(1, MOST_EXTENSIONS + 1):
            if not self._extend_grids(extension):
                break
            self._work("more learning rates")
        self._add_stage_2()
        self._work("final runs")
        self._measure_costs()

    def _add(self, data: str, stage: int, round_: int, rates: Sequence[float], label: str | None = None) -> None:
        """Plan runs at these rates, for one activation or all."""
        dataset, settings = self.datasets[data], self.settings
        seeds = settings.tuning_seed_list() if stage == TUNING else settings.seed_list()
        most = most_members(settings, dataset.x.shape[1], dataset.outputs)
        for name in self.activations if label is None else [label]:
            chunks = chunks_of(data, name, stage=stage, round_=round_, rates=rates, seeds=seeds, most=most)
            self.plan.add_chunks(chunks)

    def _extend_grids(self, extension: int) -> bool:
        """Plan further rates where a best one lies at an edge; False if nowhere."""
        if not self.settings.extend:
            return False
        trials = pd.DataFrame(self.plan.trials())
        trials = trials[trials["round"] < extension]
        extended = False
        for data in self.datasets:
            found = tunings(trials, data, list(self.activations))
            grid = next(iter(found.values())).rates
            edges = {tuning.edge for tuning in found.values()}
            if rates := [
                *(_beyond(grid[0], -1) if -1 in edges else ()),
                *(_beyond(grid[-1], 1) if 1 in edges else ()),
            ]:
                self._add(data, TUNING, extension, rates)
                extended = True
        return extended

    def _add_stage_2(self) -> None:
        trials = pd.DataFrame(self.plan.trials())
        for data in self.datasets:
            for label, tuning in tunings(trials, data, list(self.activations)).items():
                self._add(data, FINAL, 0, [tuning.rate], label)

    def _work(self, text: str) -> None:
        """Run what the plan holds open, the longest first, and write down every outcome as it comes."""
        chunks = sorted(self.plan.open_chunks(), key=self._size, reverse=True)
        self.progress(*self._position(), text)
        tasks = [
            (chunk, self.datasets[chunk.data], self.activations[chunk.activation], self.settings) for chunk in chunks
        ]
        for chunk, trials, seconds in self._in_parallel(work.train, tasks):
            self.plan.finish(chunk, trials, seconds)
            self.progress(*self._position(), f"{text}: {chunk.activation} on {chunk.data}")

    def _measure_costs(self) -> None:
        """Time single steps, alone on the machine: nothing else runs any more."""
        timed = {row["data"] for row in self.plan.costs()}
        for data in [name for name in self.datasets if name not in timed]:
            self.progress(*self._position(), f"timing one step on {data}")
            task = (self.datasets[data], list(self.activations.values()), self.settings)
            for costs in self._in_parallel(work.measure_costs, [task]):
                self.plan.finish_costs(data, costs)

    def _in_parallel(self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        """Results in the order in which they become ready."""
        parallel = joblib.Parallel(n_jobs=self.jobs, return_as="generator_unordered", batch_size=1)
        yield from parallel(joblib.delayed(function)(*task) for task in tasks)

    def _position(self) -> tuple[int, int]:
        """(done, total) in optimiser steps of single networks."""
        planned = self.plan.chunks()
        total = sum(map(self._size, planned))
        done = total - sum(map(self._size, self.plan.open_chunks()))
        if all(chunk.stage == TUNING for chunk in planned):
            total += len(self.activations) * self.settings.seeds * sum(self.steps.values())
        return done, total

    def _size(self, chunk: Chunk) -> int:
        return len(chunk.members) * self.steps[chunk.data]


def _beyond(rate: float, direction: int) -> list[float]:
    """The half decades next to a rate, downwards (-1) or upwards (1)."""
    exponent = round(2 * math.log10(rate))
    return [half_decade(exponent + direction * (step + 1)) for step in range(EXTENSION)]
