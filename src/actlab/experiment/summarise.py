"""From outcomes to the summary table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from actlab.experiment import statistics
from actlab.experiment.chunk import FINAL
from actlab.experiment.data import Dataset
from actlab.experiment.rounds import Tuning, tunings
from actlab.experiment.statistics import Scores


def scores_of(trials: pd.DataFrame, data: str, labels: Sequence[str]) -> Scores:
    """Test scores of stage 2 [activations, seeds], seeds ascending."""
    stage = trials[(trials.stage == FINAL) & (trials.data == data)]
    ordered = stage.sort_values("seed")
    rows = [ordered[ordered.activation == label].score_test for label in labels]
    return np.array(rows, dtype=np.float64)


def summarise(
    trials: pd.DataFrame,
    costs: pd.DataFrame,
    datasets: Sequence[Dataset],
    labels: Sequence[str],
    baseline: str,
) -> pd.DataFrame:
    """One row per data set and activation, best mean first; see `Comparison.summary`."""
    rows: list[dict[str, Any]] = []
    for dataset in datasets:
        rows += _ranked(_rows(trials, dataset, labels, list(labels).index(baseline)))
    return pd.DataFrame(rows).merge(costs.drop(columns="width"), on=["data", "activation"], how="left")


def detectable(
    trials: pd.DataFrame, datasets: Sequence[Dataset], labels: Sequence[str], baseline: str
) -> dict[str, float]:
    """Data set -> smallest difference to the baseline this run could have found."""
    position = list(labels).index(baseline)
    return {
        dataset.name: statistics.detectable_difference(scores_of(trials, dataset.name, labels), position)
        for dataset in datasets
    }


def _rows(trials: pd.DataFrame, dataset: Dataset, labels: Sequence[str], baseline: int) -> list[dict[str, Any]]:
    """The rows of one data set, in the order of the labels."""
    scores = scores_of(trials, dataset.name, labels)
    raw, corrected = statistics.all_pairs(scores)
    group = statistics.best_group(scores, corrected)
    tuned = tunings(trials, dataset.name, labels)
    final = trials[(trials.stage == FINAL) & (trials.data == dataset.name)]
    rows = []
    for number, label in enumerate(labels):
        own, difference = scores[number], statistics.estimate(scores[number] - scores[baseline])
        rows.append(
            {"data": dataset.name, "activation": label}
            | _estimate(own, bounded=dataset.classes is not None)
            | _rates(tuned[label], dataset.chance)
            | {
                "difference": difference.mean,
                "difference_low": difference.low,
                "difference_high": difference.high,
                "p": raw[number, baseline],
                "p_holm": corrected[number, baseline],
                "improvement_probability": statistics.improvement_probability(own, scores[baseline]),
                "best_group": bool(group[number]),
                "diverged": int(final[final.activation == label].diverged.sum()),
                "runs": scores.shape[1],
            }
        )
    return rows


def _estimate(scores: Scores, *, bounded: bool) -> dict[str, float]:
    """Mean, spread and interval; an accuracy's interval ends at 0 and 1, an R^2's at 1."""
    found = statistics.estimate(scores)
    floor = 0.0 if bounded else -math.inf
    return {"mean": found.mean, "sd": found.sd, "low": max(floor, found.low), "high": min(1.0, found.high)}


def _rates(tuning: Tuning, chance: float) -> dict[str, float]:
    rates, means = np.array(tuning.rates), np.array(tuning.means)
    low, high = statistics.good_rates(rates, means, tuning.best, chance)
    return {"best_lr": tuning.rate, "lr_low": low, "lr_high": high, "lr_decades": math.log10(high / low)}


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Best mean first, with equal ranks for equal means."""
    ordered = sorted(rows, key=lambda row: -row["mean"])
    means = [row["mean"] for row in ordered]
    return [
        {"data": row["data"], "activation": row["activation"], "rank": means.index(row["mean"]) + 1} | row
        for row in ordered
    ]
