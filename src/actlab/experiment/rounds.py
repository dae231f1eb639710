"""The two stages of the experiment: which rounds of work follow from the outcomes so far.

Stage 1 trains every activation at every learning rate of one grid and chooses, per activation, the rate with
the best mean validation score. If a best rate lies at an edge, the grid grows by a decade for all
activations. Stage 2 trains with fresh seeds at the chosen rates, and only its scores on the test rows are
reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pandas as pd

from actlab.experiment import statistics, work
from actlab.experiment.chunk import FINAL, TUNING, Chunk, chunks_of
from actlab.experiment.engines import Engine, Failure
from actlab.experiment.outcome import failed_cost, failed_trial
from actlab.experiment.plan import Plan
from actlab.experiment.problem import Problem
from actlab.experiment.progress import ProgressCallback
from actlab.experiment.settings import Settings, grid_rate

# A grid grows at most this often: three decades beyond the three of the start.
MOST_EXTENSIONS = 3


@dataclass(frozen=True)
class Tuning:
    """What stage 1 found for one activation under one condition.

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


def tunings(trials: pd.DataFrame, condition: str, labels: Sequence[str]) -> dict[str, Tuning]:
    """What stage 1 found under one condition, per activation."""
    stage = trials[(trials.stage == TUNING) & (trials.condition == condition)]
    found = {}
    for label in labels:
        means = stage[stage.activation == label].groupby("lr").score_validation.mean()
        rates, scores = means.index.to_numpy(), means.to_numpy()
        found[label] = Tuning(tuple(rates), tuple(scores), statistics.choose_rate(rates, scores))
    return found


def grid_notes(trials: pd.DataFrame, condition: str, labels: Sequence[str]) -> list[str]:
    """What a reader should know about the learning-rate grid of a condition."""
    stage = trials[(trials.stage == TUNING) & (trials.condition == condition)]
    notes = []
    if added := sorted(stage.lr[stage["round"] > 0].unique()):
        rates = ", ".join(f"{rate:g}" for rate in added)
        notes.append(f"A best learning rate lay at the edge of the grid, which was extended for all by {rates}.")
    if edge := [label for label, tuning in tunings(trials, condition, labels).items() if tuning.edge]:
        notes.append(f"The best learning rate lies at the edge of the whole grid for {', '.join(edge)}.")
    return notes


class Rounds:
    """Runs the experiment round by round; what is in the plan already is not done again.

    Parameters
    ----------
    plan : where chunks and outcomes are kept
    problems : (condition, activation) -> what is trained
    settings : of the experiment
    engine : where the chunks run
    progress : told after every chunk
    """

    def __init__(
        self,
        plan: Plan,
        problems: dict[tuple[str, str], Problem],
        settings: Settings,
        *,
        engine: Engine,
        progress: ProgressCallback,
    ) -> None:
        self.plan, self.problems, self.settings = plan, problems, settings
        self.engine, self.progress = engine, progress
        self.conditions = list(dict.fromkeys(condition for condition, _ in problems))
        self.labels = list(dict.fromkeys(label for _, label in problems))
        rows = {data.name: len(data.split(1)[0]) for data in {p.dataset for p in problems.values()}}
        self.steps = {key: settings.steps_for(rows[problem.dataset.name]) for key, problem in problems.items()}

    def run(self) -> None:
        """Both stages and the costs, from wherever the plan stands."""
        if found := self.plan.finished_runs():
            self.progress(*self._position(), f"going on: {found} finished runs found")
        for condition in self.conditions:
            self._add(condition, TUNING, 0, self.settings.learning_rates)
        self._work("learning rates")
        for extension in range(1, MOST_EXTENSIONS + 1):
            if not self._extend_grids(extension):
                break
            self._work("more learning rates")
        self._add_stage_2()
        self._work("final runs")
        self._measure_costs()

    def _add(self, condition: str, stage: int, round_: int, rates: Sequence[float], label: str | None = None) -> None:
        """Plan runs at these rates, for one activation or all."""
        seeds = self.settings.tuning_seed_list() if stage == TUNING else self.settings.seed_list()
        for name in self.labels if label is None else [label]:
            self.plan.add_chunks(chunks_of(condition, name, stage=stage, round_=round_, rates=rates, seeds=seeds))

    def _extend_grids(self, extension: int) -> bool:
        """Plan further rates where a best one lies at an edge; False if nowhere."""
        if self.settings.per_decade is None:
            return False
        trials = self.plan.trials()
        trials = trials[trials["round"] < extension]
        extended = False
        for condition in self.conditions:
            found = tunings(trials, condition, self.labels)
            grid = next(iter(found.values())).rates
            edges = {tuning.edge for tuning in found.values()}
            if rates := [
                *(_beyond(grid[0], -1, self.settings.per_decade) if -1 in edges else ()),
                *(_beyond(grid[-1], 1, self.settings.per_decade) if 1 in edges else ()),
            ]:
                self._add(condition, TUNING, extension, rates)
                extended = True
        return extended

    def _add_stage_2(self) -> None:
        trials = self.plan.trials()
        for condition in self.conditions:
            for label, tuning in tunings(trials, condition, self.labels).items():
                self._add(condition, FINAL, 0, [tuning.rate], label)

    def _work(self, text: str) -> None:
        """Run what the plan holds open, the longest first, and write down every outcome as it comes."""
        chunks = sorted(self.plan.open_chunks(), key=self._size, reverse=True)
        self.progress(*self._position(), text)
        tasks = [(chunk, *self._problem(chunk).parts) for chunk in chunks]
        # Closed at once, not when its memory is freed: what still runs must stop if this is interrupted.
        with closing(self.engine.run(work.train, tasks)) as outcomes:
            for outcome in outcomes:
                chunk = chunks[outcome.number]
                self._finish(chunk, outcome.result)
                self.progress(*self._position(), f"{text}: {chunk.activation} on {chunk.condition}")

    def _finish(self, chunk: Chunk, result: Any) -> None:
        """Write down what a worker returned, or that it could not."""
        if isinstance(result, Failure):
            chance = self._problem(chunk).dataset.chance
            trials = [failed_trial(member, chance, chunk.stage, result.message) for member in chunk.members]
            self.plan.finish(chunk, trials, math.nan)
        else:
            self.plan.finish(chunk, *result)

    def _measure_costs(self) -> None:
        """Time single steps, one condition after the other: nothing else runs any more."""
        timed = set(self.plan.costs().condition)
        for condition in [condition for condition in self.conditions if condition not in timed]:
            self.progress(*self._position(), f"timing single steps on {condition}")
            problems = [self.problems[condition, label] for label in self.labels]
            dataset = problems[0].dataset
            task = (dataset, [problem.parts[1:] for problem in problems])
            (outcome,) = self.engine.run(work.measure_costs, [task])
            lost = isinstance(outcome.result, Failure)
            self.plan.finish_costs(condition, map(failed_cost, self.labels) if lost else outcome.result)

    def _problem(self, chunk: Chunk) -> Problem:
        return self.problems[chunk.condition, chunk.activation]

    def _position(self) -> tuple[int, int]:
        """(done, total) in optimiser steps of single networks."""
        planned = self.plan.chunks()
        total = sum(map(self._size, planned))
        done = total - sum(map(self._size, self.plan.open_chunks()))
        if all(chunk.stage == TUNING for chunk in planned):
            total += self.settings.seeds * sum(self.steps.values())
        return done, total

    def _size(self, chunk: Chunk) -> int:
        return len(chunk.members) * self.steps[chunk.condition, chunk.activation]


def _beyond(rate: float, direction: int, per_decade: int) -> list[float]:
    """The rates of the decade next to a rate, downwards (-1) or upwards (1)."""
    place = round(per_decade * math.log10(rate))
    return [grid_rate(place + direction * (step + 1), per_decade) for step in range(per_decade)]
