"""From outcomes to the summary table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actlab.experiment import statistics
from actlab.experiment.chunk import FINAL
from actlab.experiment.family import Family, compare_all, family_size
from actlab.experiment.rounds import Tuning, tunings
from actlab.experiment.statistics import Scores

# A condition as `Comparison.conditions` describes it.
Facts = Mapping[str, Any]


def scores_of(trials: pd.DataFrame, conditions: Sequence[Facts], labels: Sequence[str]) -> Scores:
    """Test scores of stage 2 [conditions, activations, seeds], seeds ascending, NaN where there is none."""
    final = trials[trials.stage == FINAL]
    seeds = sorted(final.seed.unique())
    rows = pd.MultiIndex.from_product([[item["label"] for item in conditions], labels])
    table = final.pivot_table(index=["condition", "activation"], columns="seed", values="score_test")
    scores: Scores = table.reindex(index=rows, columns=seeds).to_numpy(dtype=np.float64)
    return scores.reshape(len(conditions), len(labels), len(seeds))


def never_trained(trials: pd.DataFrame, conditions: Sequence[Facts], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Of whom every final run diverged or failed [conditions, activations]; also who has no score at all."""
    sound = trials.assign(score_test=trials.score_test.where(~trials.diverged.astype(bool)))
    found: NDArray[np.bool_] = np.asarray(np.isnan(scores_of(sound, conditions, labels)).all(axis=-1))
    return found


def tests_of(trials: pd.DataFrame, conditions: Sequence[Facts], labels: Sequence[str]) -> Family:
    """All tests of the comparison, corrected together."""
    return compare_all(scores_of(trials, conditions, labels), [item["data"] for item in conditions])


def summarise(
    trials: pd.DataFrame,
    costs: pd.DataFrame,
    conditions: Sequence[Facts],
    labels: Sequence[str],
    baseline: str,
) -> pd.DataFrame:
    """One row per condition and activation, best mean first; see `Comparison.summary`."""
    scores, tests = scores_of(trials, conditions, labels), tests_of(trials, conditions, labels)
    lost = never_trained(trials, conditions, labels)
    position = list(labels).index(baseline)
    rows: list[dict[str, Any]] = []
    for number, condition in enumerate(conditions):
        own = trials[trials.condition == condition["label"]]
        p = tests.raw[number][position], tests.activations[number][position]
        # The score of a constant guess is no reason to be among the best, and not to be the best either.
        learned = np.where(lost[number][:, None], np.nan, scores[number])
        group = statistics.best_group(learned, tests.activations[number])
        compared = _compared(scores[number], position, p, group)
        trained = [_trained(own, condition, *pair) for pair in zip(labels, scores[number], strict=True)]
        rows += _ranked(
            [
                {"condition": condition["label"], "activation": label} | alone | beside
                for label, alone, beside in zip(labels, trained, compared, strict=True)
            ]
        )
    taken = ["condition", "activation", "seconds_per_step", "saved_bytes", "parameters", "flops"]
    return pd.DataFrame(rows).merge(costs[taken], on=["condition", "activation"], how="left")


def detectable(
    trials: pd.DataFrame, conditions: Sequence[Facts], labels: Sequence[str], baseline: str
) -> dict[str, float]:
    """Condition -> smallest difference to the baseline this run could have found; see `detectable_difference`.

    Infinite where no difference could: two shares differ by one at most. Functions of which no run trained to the
    end are left out; NaN where the baseline is one of them.
    """
    position = list(labels).index(baseline)
    tests = family_size([item["data"] for item in conditions], len(labels))
    found = {}
    lost = never_trained(trials, conditions, labels)
    for item, own, out in zip(conditions, scores_of(trials, conditions, labels), lost, strict=True):
        left = int(np.sum(~out[:position]))  # where the baseline is among those that trained
        smallest = math.nan if out[position] else statistics.detectable_difference(own[~out], left, tests)
        found[item["label"]] = math.inf if smallest > 1 and item["score"] != "R^2" else smallest
    return found


def _compared(scores: Scores, baseline: int, p: tuple[Scores, Scores], group: Iterable[bool]) -> list[dict[str, Any]]:
    """For every activation, how it compares with the baseline and with the best."""
    raw, corrected = p
    rows = []
    for own, own_raw, own_corrected, alike in zip(scores, raw, corrected, group, strict=True):
        difference = statistics.estimate(own - scores[baseline])
        rows.append(
            {
                "difference": difference.mean,
                "difference_low": difference.low,
                "difference_high": difference.high,
                "p": float(own_raw),
                "p_holm": float(own_corrected),
                "improvement_probability": statistics.improvement_probability(own, scores[baseline]),
                "best_group": bool(alike),
            }
        )
    return rows


def _trained(trials: pd.DataFrame, condition: Facts, label: str, scores: Scores) -> dict[str, Any]:
    """How one activation fared by itself: scores, learning rates, divergence."""
    final = trials[(trials.stage == FINAL) & (trials.activation == label)]
    diverged = int(final.diverged.sum())
    tuning = tunings(trials, condition["label"], [label])[label]
    return (
        _estimate(scores, condition, diverged)
        | _rates(tuning, condition["chance"])
        | {"diverged": diverged, "runs": int(np.sum(~np.isnan(scores)))}
    )


def _estimate(scores: Scores, condition: Facts, diverged: int) -> dict[str, float]:
    """Mean, spread and interval; an accuracy's interval ends at 0 and 1, an R^2's at 1."""
    share = condition["task"] != "regression"
    # A run that diverged scores chance level by decree: that is no count of right answers.
    found = statistics.estimate(scores, condition["test"] if share and not diverged else None)
    low, high = np.clip([found.low, found.high], 0.0 if share else -math.inf, 1.0)
    return {"mean": found.mean, "sd": found.sd, "low": float(low), "high": float(high)}


def _rates(tuning: Tuning, chance: float) -> dict[str, float]:
    rates, means = np.array(tuning.rates), np.array(tuning.means)
    low, high = statistics.good_rates(rates, means, tuning.best, chance)
    return {"best_lr": tuning.rate, "lr_low": low, "lr_high": high, "lr_decades": math.log10(high / low)}


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Best mean first, with equal ranks for equal means; last are those of which no run trained to the end."""
    values = [-math.inf if row["diverged"] >= row["runs"] else row["mean"] for row in rows]
    order = sorted(range(len(rows)), key=lambda number: -values[number])
    best_first = [values[number] for number in order]
    return [
        {
            "condition": rows[number]["condition"],
            "activation": rows[number]["activation"],
            "rank": best_first.index(values[number]) + 1,
        }
        | rows[number]
        for number in order
    ]
