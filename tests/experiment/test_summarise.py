"""The summary table: whose numbers, in which order, and what is done about missing ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from experiment.made_up import BASELINE, condition, costs_of, spread, summary_of, trials_of
from scipy import stats
from statsmodels.stats import multitest

from actlab.experiment.family import family_size
from actlab.experiment.statistics import detectable_difference
from actlab.experiment.summarise import detectable, scores_of, summarise

COLUMNS = {
    *("condition", "activation", "rank", "mean", "sd", "low", "high", "best_lr", "lr_low", "lr_high", "lr_decades"),
    *("diverged", "runs", "difference", "difference_low", "difference_high", "p", "p_holm", "best_group"),
    *("improvement_probability", "seconds_per_step", "saved_bytes", "parameters", "flops"),
}
TWO = [condition("digits"), condition("wine", test=36)]
SCORES = {
    "digits": spread({"relu": 0.90, "silu": 0.93, "tanh": 0.90}),
    "wine": spread({"relu": 0.80, "silu": 0.80, "tanh": 0.70}, seed=1),
}


def test_the_columns_and_the_order_best_first() -> None:
    table = summary_of(TWO, SCORES)
    assert set(table.columns) == COLUMNS
    assert table.iloc[0][["condition", "activation", "rank"]].tolist() == ["digits", "silu", 1]
    for _, rows in table.groupby("condition"):
        assert rows["mean"].is_monotonic_decreasing
    assert set(table.runs) == {10}


def test_a_row_against_scipy_and_statsmodels() -> None:
    table = summary_of(TWO, SCORES).set_index(["condition", "activation"])
    row, own, relu = table.loc["digits", "silu"], SCORES["digits"]["silu"], SCORES["digits"]["relu"]
    interval = stats.ttest_1samp(own, 0).confidence_interval()
    paired = stats.ttest_rel(own, relu)
    assert (row["mean"], row["sd"]) == pytest.approx((0.93, 0.01))
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert row["p"] == pytest.approx(paired.pvalue)
    assert (row["difference"], row["difference_low"], row["difference_high"]) == pytest.approx(
        (0.03, *paired.confidence_interval())
    )
    assert row["improvement_probability"] == pytest.approx(
        stats.mannwhitneyu(own, relu).statistic / 100  # Mann and Whitney's U counts the pairs won
    )
    assert (row["best_lr"], row["seconds_per_step"], row["flops"]) == (1e-2, pytest.approx(110e-6), 2000)


def test_p_values_are_corrected_over_the_whole_experiment() -> None:
    table = summary_of(TWO, SCORES).set_index(["condition", "activation"])
    p = [
        stats.ttest_rel(SCORES[label][a], SCORES[label][b]).pvalue
        for label in SCORES
        for a, b in [("relu", "silu"), ("relu", "tanh"), ("silu", "tanh")]
    ]
    corrected = multitest.multipletests(p, method="holm")[1]
    found = [table.loc[label, name].p_holm for label in SCORES for name in ("silu", "tanh")]
    assert found == pytest.approx([corrected[k] for k in (0, 1, 3, 4)], rel=1e-9)
    assert np.all(table.p_holm[:, BASELINE] == 1)
    assert [table.loc["digits", name].best_group for name in ("relu", "silu", "tanh")] == [False, True, False]


def test_scores_keep_the_order_of_conditions_labels_and_seeds() -> None:
    trials = trials_of(SCORES).sample(frac=1, random_state=1)
    found = scores_of(trials, TWO, ["tanh", "relu"])
    assert np.array_equal(found, [[SCORES[label][name] for name in ("tanh", "relu")] for label in SCORES])


def test_two_names_for_the_same_scores_share_everything() -> None:
    scores = {"digits": {"relu": SCORES["digits"]["relu"], "copy": SCORES["digits"]["relu"]}}
    table = summary_of(TWO[:1], scores).set_index("activation")
    assert table["rank"].tolist() == [1, 1]
    assert table.p.tolist() == table.p_holm.tolist() == [1, 1]
    assert table.best_group.all()
    assert table.loc["copy", ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]
    assert table.improvement_probability.tolist() == [0.5, 0.5]


def test_a_missing_run_is_left_out_and_a_function_without_any_comes_last() -> None:
    nothing = np.full(10, math.nan)
    scores = {"digits": SCORES["digits"] | {"relu": [math.nan, *SCORES["digits"]["relu"][1:]], "lost": nothing}}
    table = summary_of(TWO[:1], scores).set_index("activation")
    assert table.index[-1] == "lost"
    assert table.loc["relu", ["runs", "best_group"]].tolist() == [9, False]
    assert table.loc["lost", ["rank", "runs", "best_group", "p_holm"]].tolist() == [4, 0, False, 1]
    assert math.isnan(table.loc["lost", "mean"])


def test_intervals_end_where_scores_do() -> None:
    scores = {"digits": {"relu": np.array([1.0, 1.0, 1.0, 0.9, 1.0])}}
    (row,) = summary_of([condition()], scores).to_dict("records")
    assert row["high"] == 1
    (row,) = summary_of([condition(score="R^2")], {"digits": {"relu": np.array([-3.0, 0.5, 0.4])}}).to_dict("records")
    assert (row["low"] < -3, row["high"]) == (True, 1)


def test_all_right_in_every_run_is_not_certainty_but_all_diverged_is_chance() -> None:
    (row,) = summary_of([condition(test=36)], {"digits": {"relu": np.ones(5)}}).to_dict("records")
    assert (row["low"], row["high"]) == (pytest.approx(stats.binomtest(180, 180).proportion_ci(method="wilson").low), 1)
    (row,) = summary_of([condition()], {"digits": {"relu": np.full(5, 0.1)}}, diverged={"relu": 5}).to_dict("records")
    assert (row["low"], row["high"], row["diverged"]) == (pytest.approx(0.1), pytest.approx(0.1), 5)


def test_what_never_trained_is_last_and_in_no_group() -> None:
    scores = {"digits": spread({"relu": -0.5, "silu": -0.6}) | {"lost": np.zeros(10), "gone": np.zeros(10)}}
    conditions = [condition(score="R^2")]
    table = summary_of(conditions, scores, diverged={"lost": 10, "gone": 10}).set_index("activation")
    assert table["rank"].tolist() == [1, 2, 3, 3]
    assert table.best_group.to_dict() == {"relu": True, "silu": False, "lost": False, "gone": False}
    few = trials_of(scores, diverged={"lost": 10, "gone": 10})
    own = np.array([scores["digits"]["relu"], scores["digits"]["silu"]])
    found = detectable(few, conditions, ["gone", "relu", "silu", "lost"], BASELINE)
    assert found["digits"] == detectable_difference(own, 0, family_size(["digits"], 4))
    assert math.isnan(detectable(few, conditions, list(scores["digits"]), "lost")["digits"])


def test_where_nothing_trained_nothing_is_best() -> None:
    scores = {"digits": {name: np.full(5, 0.1) for name in ("relu", "silu")}}
    table = summary_of([condition()], scores, diverged={"relu": 5, "silu": 5})
    assert not table.best_group.any()


def test_costs_are_those_of_the_condition() -> None:
    costs = costs_of(SCORES)
    costs.loc[costs.condition == "wine", "flops"] = 7
    table = summarise(trials_of(SCORES), costs, TWO, list(SCORES["wine"]), BASELINE)
    assert set(table[table.condition == "wine"].flops) == {7}
    assert set(table[table.condition == "digits"].flops) == {2000}


def test_what_is_detectable_counts_every_test_of_the_experiment() -> None:
    labels = list(SCORES["digits"])
    found = detectable(trials_of(SCORES), TWO, labels, BASELINE)
    tests = family_size(["digits", "wine"], 3)
    own = np.array([SCORES["wine"][label] for label in labels])
    assert found["wine"] == detectable_difference(own, 0, tests)
    assert detectable(trials_of(SCORES), TWO[1:], labels, BASELINE)["wine"] < found["wine"]


def test_what_no_share_can_differ_by_is_not_called_detectable() -> None:
    few = {"relu": [0.5, 0.9], "tanh": [0.9, 0.4], "gelu": [0.2, 0.9]}
    trials = trials_of({"digits": few})
    assert detectable(trials, [condition("digits")], list(few), "relu") == {"digits": math.inf}
    assert math.isfinite(detectable(trials, [condition("digits", score="R^2")], list(few), "relu")["digits"])
