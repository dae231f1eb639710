"""All tests of an experiment are one family."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import multitest

from actlab.experiment.family import compare_all, family_size

DATA = ["digits", "digits", "mnist1d", "mnist1d", "mnist1d"]


def scores(functions: int = 4, seeds: int = 6) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(0.7 + 0.01 * np.arange(functions)[:, None], 0.01, (len(DATA), functions, seeds))


def test_every_pair_is_a_paired_t_test_and_holm_corrects_all_of_them_together() -> None:
    x = scores()
    within = [(c, i, j) for c in range(5) for i, j in combinations(range(4), 2)]
    across = [(f, i, j) for f in range(4) for i, j in [(0, 1), (2, 3), (2, 4), (3, 4)]]
    expected = [stats.ttest_rel(x[c, i], x[c, j]).pvalue for c, i, j in within]
    expected += [stats.ttest_rel(x[i, f], x[j, f]).pvalue for f, i, j in across]
    corrected = multitest.multipletests(expected, method="holm")[1]
    found = compare_all(x, DATA)
    assert len(expected) == family_size(DATA, 4)
    assert [found.raw[test] for test in within] == pytest.approx(expected[: len(within)], rel=1e-9)
    got = [found.activations[test] for test in within] + [found.conditions[test] for test in across]
    assert got == pytest.approx(corrected, rel=1e-9)


def test_the_tables_are_symmetric_and_what_is_not_tested_is_1() -> None:
    found = compare_all(scores(), DATA)
    for table in (found.raw, found.activations, found.conditions):
        assert np.array_equal(table, np.swapaxes(table, -1, -2))
        assert np.all(np.diagonal(table, axis1=-2, axis2=-1) == 1)
    assert np.all(found.conditions[:, :2, 2:] == 1)
    assert found.raw.min() < 0.05


def test_many_experiments_at_once_are_each_their_own() -> None:
    x = np.stack([scores(), scores() ** 2])
    both = compare_all(x, DATA)
    for number in range(2):
        alone = compare_all(x[number], DATA)
        assert np.array_equal(both.activations[number], alone.activations)
        assert np.array_equal(both.conditions[number], alone.conditions)


def test_one_activation_under_one_condition_has_nothing_to_test() -> None:
    found = compare_all(np.array([[[0.7, 0.8]]]), ["digits"])
    assert (found.raw.tolist(), found.conditions.tolist()) == ([[[1.0]]], [[[1.0]]])
    assert family_size(["digits"], 1) == 0
