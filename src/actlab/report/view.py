"""What the report shows of one condition, as plain values: no formatting, no drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actlab.report.axis import Axis, finite
from actlab.report.numbers import Score

if TYPE_CHECKING:
    import pandas as pd

    from actlab.experiment.result import Comparison

TUNING, FINAL = 1, 2  # the stages
MOMENTS = ("start", "middle", "end")


@dataclass(frozen=True, eq=False)  # arrays have no single truth value to compare by
class Row:
    """One activation under one condition: the row of the summary, and the runs behind it."""

    activation: str
    rank: int
    mean: float
    sd: float
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
    flops: float
    width: float
    kernel: str
    baseline: bool
    seeds: list[int]  # of the runs in `scores`
    scores: NDArray[np.float64]  # test scores of the final runs that trained to the end
    failed: NDArray[np.float64]  # test scores of those that diverged: a constant guess
    settled: float  # median training step at which 95 % of the final validation score is reached


@dataclass(frozen=True, eq=False)
class View:
    """One condition: its description, its rows in rank order and the frames its charts are drawn from."""

    name: str
    facts: dict[str, Any]
    score: Score
    rows: list[Row]
    trials: pd.DataFrame  # both stages
    curves: pd.DataFrame  # of the final runs, as all below
    health: pd.DataFrame
    learned: pd.DataFrame
    detectable: float

    @property
    def tuning(self) -> pd.DataFrame:
        """The trials that chose the learning rates."""
        return self.trials[self.trials.stage == TUNING]

    @property
    def data(self) -> str:
        """The data set; several conditions may share it."""
        return str(self.facts["data"])

    @property
    def best_group(self) -> list[Row]:
        """The rows that cannot be told from the best."""
        return [row for row in self.rows if row.best_group]

    @property
    def trained(self) -> list[Row]:
        """The rows with a score worth drawing: at least one run trained to the end."""
        return [row for row in self.rows if row.scores.size and math.isfinite(row.mean)]

    @property
    def axis(self) -> Axis | None:
        """Means and intervals; one function that never trained must not squeeze the others."""
        return score_axis([self])

    @property
    def baseline(self) -> Row | None:
        """The row that the others are compared with."""
        return next((row for row in self.rows if row.baseline), None)

    @property
    def chance(self) -> float:
        """The score of a constant guess."""
        return float(self.facts.get("chance", math.nan))


def score_axis(views: Sequence[View]) -> Axis | None:
    """One axis for the means and intervals of several conditions."""
    edges = [edge for view in views for row in view.trained for edge in (row.mean, row.low, row.high)]
    return Axis.around(edges, views[0].score.tick)


def views_of(comparison: Comparison) -> list[View]:
    """One view per condition, in the order in which they were asked for."""
    return [_view(comparison, facts) for facts in comparison.conditions]


def by_data(views: Sequence[View]) -> list[tuple[str, list[View]]]:
    """The conditions of every data set, in their order."""
    order = {view.data: place for place, view in reversed(list(enumerate(views)))}
    ranked = sorted(views, key=lambda view: order[view.data])
    return [(name, list(members)) for name, members in groupby(ranked, key=lambda view: view.data)]


def _view(comparison: Comparison, facts: dict[str, Any]) -> View:
    def own(frame: pd.DataFrame, *, final: bool = False) -> pd.DataFrame:
        """The part of a table that belongs to this condition."""
        kept = frame.condition == facts["label"]
        return frame[kept & (frame.stage == FINAL)] if final else frame[kept]

    trials = own(comparison.trials)
    summary = own(comparison.summary).sort_values("rank", kind="stable")
    costs = own(comparison.costs).drop_duplicates("activation").set_index("activation")
    baseline = comparison.settings.get("baseline")
    final = trials[trials.stage == FINAL]
    return View(
        name=facts["label"],
        facts=facts,
        score=Score.of(facts.get("score", "accuracy")),
        rows=[_row(record, final, costs, baseline) for record in summary.to_dict("records")],
        trials=trials,
        curves=own(comparison.curves, final=True),
        health=own(comparison.health, final=True),
        learned=own(comparison.learned, final=True),
        detectable=float(comparison.detectable.get(facts["label"], math.nan)),
    )


def number(value: Any) -> float:
    """A float; NaN for None."""
    return math.nan if value is None else float(value)


def _row(record: dict[str, Any], final: pd.DataFrame, costs: pd.DataFrame, baseline: str | None) -> Row:
    label = record["activation"]
    own = final[final.activation == label]
    failed = own.diverged.astype(bool)
    sound = own[~failed & np.isfinite(own.score_test.to_numpy(dtype=np.float64))]
    known = {name: record[name] for name in Row.__dataclass_fields__ if name in record}
    settled = finite(sound.settled_step)
    cost = costs.loc[label] if label in costs.index else {}
    return Row(
        **known,
        width=number(cost.get("width")),
        kernel=str(cost.get("kernel", "")),
        baseline=label == baseline,
        seeds=[int(seed) for seed in sound.seed],
        scores=sound.score_test.to_numpy(dtype=np.float64),
        failed=finite(own.score_test[failed]),
        settled=float(np.median(settled)) if settled.size else math.nan,
    )
