"""The statistics: against SciPy and statsmodels, and at the edges; `test_simulations` has their promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import multitest, power, proportion

from actlab.experiment import statistics as s
from actlab.experiment.family import compare_all


def test_estimate_is_the_t_interval() -> None:
    values = np.random.default_rng(1).normal(0.7, 0.01, 10)
    found = s.estimate(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.sd) == (np.mean(values), np.std(values, ddof=1))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


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


def group(scores: np.ndarray) -> list[bool]:
    tests = compare_all(scores[None], ["digits"])
    return s.best_group(scores, tests.activations[0]).tolist()


def test_a_true_difference_is_found() -> None:
    scores = np.random.default_rng(7).normal([[0.70], [0.70], [0.65]], 0.008, (3, 10))
    assert group(scores) == [True, True, False]


def test_one_activation_is_its_own_group() -> None:
    assert group(np.array([[0.5, 0.6]])) == [True]
    assert math.isnan(s.detectable_difference(np.array([[0.5, 0.6]]), 0, 1))


def test_two_seeds_say_something_or_nothing_but_do_not_fail() -> None:
    scores = np.array([[0.5, 0.6], [0.7, 0.8], [0.9, 0.9]])
    assert group(scores) == [True, True, True]
    assert s.paired_p(scores[0] - scores[1]) == 0.5
    assert s.detectable_difference(scores, 2, 3) > 1


def test_all_diverged_is_no_difference() -> None:
    scores = np.full((3, 10), 0.1)
    assert group(scores) == [True, True, True]
    assert math.isnan(s.detectable_difference(scores, 0, 3))
    assert s.estimate(scores[0]) == s.Estimate(mean=0.1, sd=0.0, low=0.1, high=0.1)


def test_a_run_without_a_score_leaves_its_pair() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.normal(0.7, 0.01, 6), rng.normal(0.69, 0.01, 6)
    a[2] = math.nan
    kept = [0, 1, 3, 4, 5]
    assert s.paired_p(a - b) == pytest.approx(stats.ttest_rel(a[kept], b[kept]).pvalue, rel=1e-12)
    assert s.estimate(a) == s.estimate(a[kept])
    assert s.mean_scores(a) == pytest.approx(np.mean(a[kept]))
    assert s.improvement_probability(a, b) == s.improvement_probability(a[kept], b)
    assert s.detectable_difference(np.array([a, b]), 1, 1) == pytest.approx(
        s.detectable_difference(np.array([a[kept], b[kept]]), 1, 1), rel=1e-12
    )


def test_without_any_score_nothing_is_said() -> None:
    scores = np.array([[math.nan] * 5, [0.7, 0.71, 0.7, 0.72, 0.7]])
    assert group(scores) == [False, True]
    assert s.paired_p(scores[0] - scores[1]) == 1
    assert np.isnan([s.estimate(scores[0]).mean, s.mean_scores(scores[0])]).all()
    assert math.isnan(s.improvement_probability(scores[0], scores[1]))


def test_differences_that_are_rounding_are_none() -> None:
    rng = np.random.default_rng(9)
    assert s.paired_p(rng.uniform(1e-8, 9e-7, 20)) == 1
    assert s.paired_p(rng.uniform(1e-3, 9e-3, 20)) < 0.001


def test_equal_shares_of_right_answers_have_the_interval_of_their_rows() -> None:
    found = s.estimate(np.full(5, 34 / 36), rows=36)
    assert (found.low, found.high) == pytest.approx(proportion.proportion_confint(170, 180, method="wilson"))
    unequal = np.array([34, 35, 34, 34, 34]) / 36
    assert s.estimate(unequal, rows=36) == s.estimate(unequal)


def test_improvement_probability_counts_ties_half() -> None:
    assert s.improvement_probability(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == (0.5 + 0 + 1 + 0) / 4


@pytest.mark.parametrize(("count", "level"), [(3, 0.05), (5, 0.01), (10, 0.05 / 15), (20, 0.05 / 15)])
def test_detectable_effect_is_that_of_statsmodels(count: int, level: float) -> None:
    expected = power.TTestPower().solve_power(nobs=count, alpha=level, power=0.8)
    assert s.detectable_effect(count, level) == pytest.approx(expected, rel=1e-4)


def test_detectable_effect_where_the_noncentral_t_of_scipy_gives_up() -> None:
    assert 10 < s.detectable_effect(3, 0.05 / 15) < 20


def test_the_detectable_difference_counts_on_the_first_step_of_holm() -> None:
    scores = np.random.default_rng(10).normal(0, 1, (4, 400))
    expected = power.TTestPower().solve_power(nobs=400, alpha=0.05 / 72, power=0.8) * math.sqrt(2)
    assert s.detectable_difference(scores, 0, 72) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("seeds", [2, 5, 10])
def test_the_fewest_p_of_a_rank_test_is_scipys(seeds: int) -> None:
    lowest = stats.wilcoxon(np.arange(1, seeds + 1), method="exact").pvalue
    assert s.fewest_wilcoxon_p(seeds) == pytest.approx(lowest)
    assert s.fewest_wilcoxon_p(seeds, 3) == pytest.approx(min(1, 3 * lowest))


def test_what_a_rank_test_could_have_said_is_told() -> None:
    price = "at the price of assuming differences between runs that are roughly normal."
    assert s.rank_test_remark(5, 72) == (
        "With 5 seeds no rank test could reach 5% here (the smallest p value of the Wilcoxon signed-rank test is "
        f"0.0625, and 1 after correction for 72 tests); the t test can, {price}"
    )
    assert s.rank_test_remark(5, 1) == (
        "With 5 seeds no rank test could reach 5% here (the smallest p value of the Wilcoxon signed-rank test is "
        f"0.0625); the t test can, {price}"
    )
    assert s.rank_test_remark(20, 72) == (
        f"With 20 seeds a rank test could reach 5% too; the t test misses fewer differences, {price}"
    )


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


def test_a_rate_without_a_score_is_the_worst() -> None:
    rates, means = np.array([1e-3, 1e-2, 1e-1]), np.array([math.nan, 0.1, 0.9])
    assert s.choose_rate(rates, means) == 2
    assert s.choose_rate(rates, np.full(3, math.nan)) == 1
    assert s.good_rates(rates, np.array([math.nan, 0.9, math.nan]), 1, 0.1) == pytest.approx((1e-2, 1e-2))
    assert np.isnan(s.good_rates(rates, np.full(3, math.nan), 1, 0.1)).all()
