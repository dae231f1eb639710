"""The statistics: against SciPy and statsmodels, at the edges, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import multitest, power

from actlab.experiment import statistics as s


def test_estimate_is_the_t_interval() -> None:
    values = np.random.default_rng(1).normal(0.7, 0.01, 10)
    found = s.estimate(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.sd) == (np.mean(values), np.std(values, ddof=1))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_intervals_cover_95_percent(seeds: int) -> None:
    draws = np.random.default_rng(seeds).normal(0.7, 0.01, (4000, seeds))
    hits = [found.low <= 0.7 <= found.high for found in map(s.estimate, draws)]
    assert 0.94 <= np.mean(hits) <= 0.96


def test_paired_p_is_scipys() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.7, 0.01, 8), rng.normal(0.69, 0.02, 8)
    assert s.paired_p(a - b) == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-12)


def test_identical_scores_are_no_difference() -> None:
    assert s.paired_p(np.zeros(10)) == 1.0


def test_a_constant_difference_is_judged_by_its_signs_alone() -> None:
    # One row of 359 more in every run; rounding must not turn it into a tiny spread and p = 0.
    right = np.arange(200, 206)
    difference = (right + 1) / 359 - right / 359
    assert np.ptp(difference) > 0
    assert s.paired_p(difference) == 2.0**-5


def test_holm_is_that_of_statsmodels() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.9, 0.03])
    assert s.holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1], rel=1e-12)


def test_all_pairs_are_one_family() -> None:
    scores = np.random.default_rng(3).normal([[0.7], [0.71], [0.69], [0.6]], 0.01, (4, 6))
    raw, corrected = s.all_pairs(scores)
    upper = np.triu_indices(4, 1)
    expected = [stats.ttest_rel(scores[i], scores[j]).pvalue for i, j in zip(*upper, strict=True)]
    assert raw[upper] == pytest.approx(expected, rel=1e-9)
    assert corrected[upper] == pytest.approx(multitest.multipletests(expected, method="holm")[1], rel=1e-9)
    assert np.array_equal(corrected, corrected.T)
    assert np.all(np.diag(corrected) == 1)


def false_differences(draw, repetitions: int = 10_000) -> float:
    """Share of experiments without any true difference in which something leaves the best group."""
    return float(np.mean([not np.all(group(draw())) for _ in range(repetitions)]))


def group(scores: np.ndarray) -> np.ndarray:
    return s.best_group(scores, s.all_pairs(scores)[1])


def test_without_differences_the_best_group_is_everyone_in_94_percent_or_more() -> None:
    rng = np.random.default_rng(4)
    assert 0.001 < false_differences(lambda: rng.normal(0.7, 0.01, (6, 10)), 4000) <= 0.06


def test_the_same_holds_for_accuracies_on_few_test_rows() -> None:
    rng = np.random.default_rng(5)
    assert false_differences(lambda: rng.binomial(45, 0.95, (6, 5)) / 45, 4000) <= 0.06


def test_holm_against_the_empirical_best_alone_would_not_hold() -> None:
    """The shortcut this module avoids: it declares false differences far too often."""
    rng = np.random.default_rng(6)

    def shortcut(scores: np.ndarray) -> bool:
        best = int(np.argmax(scores.mean(1)))
        p = np.array([s.paired_p(scores[best] - other) for k, other in enumerate(scores) if k != best])
        return bool(np.any(s.holm(p) <= s.LEVEL))

    assert np.mean([shortcut(rng.normal(0.7, 0.01, (6, 10))) for _ in range(2000)]) > 0.08


def test_a_true_difference_is_found() -> None:
    scores = np.random.default_rng(7).normal([[0.70], [0.70], [0.65]], 0.008, (3, 10))
    assert group(scores).tolist() == [True, True, False]


def test_one_activation_is_its_own_group() -> None:
    assert group(np.array([[0.5, 0.6]])).tolist() == [True]
    assert math.isnan(s.detectable_difference(np.array([[0.5, 0.6]]), 0))


def test_improvement_probability_counts_ties_half() -> None:
    assert s.improvement_probability(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == (0.5 + 0 + 1 + 0) / 4


@pytest.mark.parametrize(("count", "level"), [(3, 0.05), (5, 0.01), (10, 0.05 / 15), (20, 0.05 / 15)])
def test_detectable_effect_is_that_of_statsmodels(count: int, level: float) -> None:
    expected = power.TTestPower().solve_power(nobs=count, alpha=level, power=0.8)
    assert s.detectable_effect(count, level) == pytest.approx(expected, rel=1e-4)


def test_detectable_effect_where_the_noncentral_t_of_scipy_gives_up() -> None:
    assert 10 < s.detectable_effect(3, 0.05 / 15) < 20


def test_of_equal_rates_the_middle_one_is_chosen() -> None:
    rates = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    assert s.choose_rate(rates, np.full(5, 0.1)) == 2
    assert s.choose_rate(rates, np.array([0.1, 0.3, 0.2, 0.1, 0.3])) == 1


def test_good_rates_end_where_the_score_falls_below_95_percent_of_the_gain() -> None:
    rates, means = np.array([1e-3, 1e-2, 1e-1, 1.0]), np.array([0.1, 1.1, 1.0, 0.2])
    # Gain over chance 0.1 is 1.0, so 1.05 is the threshold: 5% of the way down to 1e-3, half-way to 1e-1.
    low, high = s.good_rates(rates, means, best=1, chance=0.1)
    assert (math.log10(low), math.log10(high)) == pytest.approx((-2.05, -1.5))


def test_good_rates_end_with_the_grid() -> None:
    rates = np.array([1e-3, 1e-2, 1e-1])
    assert s.good_rates(rates, np.array([0.9, 0.91, 0.9]), 1, 0.1) == pytest.approx((1e-3, 1e-1))
