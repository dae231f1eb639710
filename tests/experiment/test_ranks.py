"""Average ranks over data sets, against SciPy and Demsar 2006."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from actlab.experiment.ranks import average_ranks, cliques, critical_difference, friedman_p

# Demsar 2006, table 5(a): critical values of the two-tailed Nemenyi test at 5%, for 2 to 10 classifiers.
DEMSAR = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]


def condition(data: str, norm: str = "none", *, words: str = "") -> dict:
    label = ", ".join(filter(None, [data, words]))
    return {"label": label, "data": data, "scale": "standard", "model": "mlp", "norm": norm, "init": "gain"}


def table(means: dict[str, dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"condition": label, "activation": name, "mean": mean}
            for label, row in means.items()
            for name, mean in row.items()
        ]
    )


@pytest.mark.parametrize(("count", "q"), list(enumerate(DEMSAR, 2)))
def test_the_critical_difference_is_demsars(count: int, q: float) -> None:
    assert critical_difference(count, 14) == pytest.approx(q * math.sqrt(count * (count + 1) / (6 * 14)), abs=1e-3)


def test_friedman_is_scipys_with_iman_and_davenports_correction() -> None:
    scores = np.random.default_rng(1).normal(np.arange(4), 2, (9, 4)).round()  # with ties
    ranks = stats.rankdata(scores, axis=1)
    chi2 = stats.friedmanchisquare(*scores.T).statistic
    f = 8 * chi2 / (9 * 3 - chi2)
    assert friedman_p(ranks) == pytest.approx(stats.f.sf(f, 3, 24), rel=1e-9)


def test_friedman_of_demsars_example() -> None:
    # Section 3.2.2: average ranks of 4 classifiers over 14 data sets; F = 3.69 with 3 and 39 degrees of freedom.
    averages = np.array([3.143, 2.000, 2.893, 1.964])
    chi2 = 12 * 14 / (4 * 5) * (np.sum(averages**2) - 4 * 25 / 4)
    assert 13 * chi2 / (14 * 3 - chi2) == pytest.approx(3.69, abs=0.01)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.01)


def test_full_agreement_is_judged_by_its_chance() -> None:
    assert friedman_p(np.array([[1.0, 2.0], [1.0, 2.0]])) == 0.5
    assert friedman_p(np.tile([1.0, 2.0, 3.0], (4, 1))) == pytest.approx(1 / 6**3)
    assert friedman_p(np.full((3, 3), 2.0)) == 1


def test_under_no_difference_friedman_rejects_in_5_percent() -> None:
    rng = np.random.default_rng(2)
    ranks = rng.permuted(np.tile(np.arange(1.0, 7), (4000, 8, 1)), axis=2)
    assert 0.04 <= np.mean([friedman_p(each) <= 0.05 for each in ranks]) <= 0.06


def test_cliques_are_the_largest_runs_within_the_difference() -> None:
    ranks = {"d": 4.0, "a": 1.0, "b": 1.5, "c": 2.4, "e": 6.0}
    assert cliques(ranks, 1.0) == [["a", "b"], ["b", "c"]]
    assert cliques(ranks, 1.41) == [["a", "b", "c"]]
    assert cliques(ranks, 9.0) == [["a", "b", "c", "d", "e"]]
    assert cliques(ranks, 0.5) == []  # a difference as large as the critical one counts


def test_the_ranks_of_two_data_sets_under_each_normalisation() -> None:
    conditions = [
        condition(data, norm, words=words)
        for data in ("digits", "mnist1d")
        for norm, words in (("none", "no norm"), ("layer", "layer norm"))
    ]
    means = {
        "digits, no norm": {"relu": 0.9, "silu": 0.8, "tanh": 0.7},
        "mnist1d, no norm": {"relu": 0.5, "silu": 0.6, "tanh": 0.5},
        "digits, layer norm": {"relu": 0.9, "silu": 0.9, "tanh": 0.9},
        "mnist1d, layer norm": {"relu": 0.5, "silu": 0.6, "tanh": math.nan},
    }
    plain, layer = found = average_ranks(table(means), conditions)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (plain["across"], plain["conditions"]) == ("no norm", ["digits, no norm", "mnist1d, no norm"])
    assert plain["ranks"] == {"silu": 1.5, "relu": 1.75, "tanh": 2.75}
    assert list(plain["ranks"]) == ["silu", "relu", "tanh"]
    assert layer["ranks"] == {"silu": 1.5, "relu": 2.0, "tanh": 2.5}
    assert plain["groups"] == [["silu", "relu", "tanh"]]
    assert plain["p"] > 0.05
    assert plain["note"] == (
        "Average ranks over 2 data sets cannot tell any two of 3 functions apart, not even the first from the last; "
        "that takes at least 3 data sets."
    )


def test_the_number_of_data_sets_that_the_note_asks_for_suffices() -> None:
    labels = [f"set {number}" for number in range(3)]
    means = {label: {"relu": 0.9, "silu": 0.8, "tanh": 0.7} for label in labels}
    (found,) = average_ranks(table(means), [condition(label) for label in labels])
    assert (found["across"], found["note"]) == ("", "")
    assert found["groups"] == [["relu", "silu"], ["silu", "tanh"]]


def test_one_data_set_or_one_activation_has_no_average_rank() -> None:
    means = {"digits": {"relu": 0.9, "silu": 0.8}}
    assert average_ranks(table(means), [condition("digits")]) == []
    alone = {"digits": {"relu": 0.9}, "wine": {"relu": 0.8}}
    assert average_ranks(table(alone), [condition("digits"), condition("wine")]) == []
