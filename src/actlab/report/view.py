"""What the report shows of one data set, as plain values: no formatting, no drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from actlab.report.numbers import Score

if TYPE_CHECKING:
    import pandas as pd

    from actlab.experiment.result import Comparison

TUNING, FINAL = 1, 2  # the stages
SETTLED = 0.95  # the share of its final score at which a run counts as converged


@dataclass(frozen=True, eq=False)  # arrays have no single truth value to compare by
class Row:
    """One activation on one data set: the row of the summary, and the runs behind it."""

    activation: str
    rank: int
    mean: float
    low: float
    high: float
    best_lr: float
    lr_low: float
    lr_high: float
    lr_decades: float
    difference: float
    difference_low: float
    difference_high: float
    p_holm: float
    improvement_probability: float
    best_group: bool
    diverged: int
    runs: int
    seconds_per_step: float
    saved_bytes: float
    parameters: float
    baseline: bool
    scores: NDArray[np.float64]  # test scores of the final runs that trained to the end
    failed: NDArray[np.float64]  # test scores of those that diverged: a constant guess
    settled: float  # median training step at which SETTLED of the final validation score is reached


@dataclass(frozen=True, eq=False)
class DataView:
    """One data set: its description, its rows in rank order and the frames its charts are drawn from."""

    name: str
    facts: dict[str, Any]
    score: Score
    rows: list[Row]
    tuning: pd.DataFrame  # trials of stage 1
    curves: pd.DataFrame  # learning curves of stage 2
    detectable: float

    @property
    def best_group(self) -> list[Row]:
        """The rows that cannot be told from the best."""
        return [row for row in self.rows if row.best_group]

    @property
    def trained(self) -> list[Row]:
        """The rows with a score worth drawing: at least one run trained to the end."""
        return [row for row in self.rows if row.scores.size and math.isfinite(row.mean)]

    @property
    def frame(self) -> Frame | None:
        """An axis for means and intervals; one function that never trained must not squeeze the others."""
        return Frame.around([value for row in self.trained for value in (row.mean, row.low, row.high)])

    @property
    def baseline(self) -> Row | None:
        """The row that the others are compared with."""
        return next((row for row in self.rows if row.baseline), None)

    @property
    def chance(self) -> float:
        """The score of a constant guess."""
        return float(self.facts.get("chance", math.nan))


def data_views(comparison: Comparison) -> list[DataView]:
    """One view per data set, in the order in which they were asked for."""
    return [_data_view(comparison, facts) for facts in comparison.datasets]


def _data_view(comparison: Comparison, facts: dict[str, Any]) -> DataView:
    name = facts["name"]
    trials = comparison.trials[comparison.trials.data == name]
    curves = comparison.curves[(comparison.curves.data == name) & (comparison.curves.stage == FINAL)]
    summary = comparison.summary[comparison.summary.data == name].sort_values("rank", kind="stable")
    final = trials[trials.stage == FINAL]
    baseline = comparison.settings.get("baseline")
    rows = [_row(record, final, curves, baseline) for record in summary.to_dict("records")]
    return DataView(
        name=name,
        facts=facts,
        score=Score.of(facts.get("score", "accuracy")),
        rows=rows,
        tuning=trials[trials.stage == TUNING],
        curves=curves,
        detectable=float(comparison.detectable.get(name, math.nan)),
    )


def _row(record: dict[str, Any], final: pd.DataFrame, curves: pd.DataFrame, baseline: str | None) -> Row:
    label = record["activation"]
    own = final[final.activation == label]
    failed = own.diverged.astype(bool)
    known = {name: record[name] for name in Row.__dataclass_fields__ if name in record}
    return Row(
        **known,
        baseline=label == baseline,
        scores=finite(own.score_test[~failed]),
        failed=finite(own.score_test[failed]),
        settled=settled_step(curves[curves.activation == label]),
    )


def finite(values: Iterable[float]) -> NDArray[np.float64]:
    """The numbers among the values."""
    array = np.asarray(list(values), dtype=np.float64)
    return array[np.isfinite(array)]


def settled_step(curves: pd.DataFrame) -> float:
    """The step by which a typical run had reached 95% of its final validation score.

    Parameters
    ----------
    curves : learning curves of one activation, any number of seeds

    Returns
    -------
    The median over the seeds; NaN where no run ends above zero (a share of a negative R^2 means nothing)
    """
    steps = [_settled(run) for _, run in curves.groupby("seed")]
    known = finite(steps)
    return float(np.median(known)) if known.size else math.nan


def _settled(run: pd.DataFrame) -> float:
    run = run[np.isfinite(run.score_validation.to_numpy(dtype=np.float64))].sort_values("step")
    if run.empty or run.score_validation.iloc[-1] <= 0:
        return math.nan
    reached = run[run.score_validation >= SETTLED * run.score_validation.iloc[-1]]
    return float(reached.step.iloc[0])


@dataclass(frozen=True)
class Frame:
    """The part of an axis that a chart shows, with positions in per cent of its width."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float], *, margin: float = 0.06) -> Frame | None:
        """A frame with some air around the values; None if there is nothing to show."""
        known = finite(values)
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        air = margin * (high - low) or margin * abs(high) or margin
        return cls(low - air, high + air)

    def ticks(self, most: int = 4) -> list[float]:
        """A few round numbers inside the frame."""
        marks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        return [float(mark) for mark in marks if self.low <= mark <= self.high]

    def position(self, value: float) -> float:
        """Where the value lies, 0 at the left edge and 100 at the right."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)
