"""The conclusion says what the statistics say, and no more."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from actlab.experiment.conclusion import conclude

DIGITS = {"name": "digits", "score": "accuracy"}
SUGAR = {"name": "sugar", "score": "R^2"}


def row(activation: str, mean: float, **changes: Any) -> dict:
    """One row of a summary; relu at 0.70 is the baseline."""
    usual = {
        "data": "digits", "activation": activation, "rank": 1, "mean": mean, "low": mean - 0.01,
        "high": mean + 0.01, "difference": mean - 0.7, "p_holm": 1.0, "best_group": True, "diverged": 0,
        "runs": 10, "seconds_per_step": 1e-4,
    }  # fmt: skip
    return usual | changes


def paragraphs(rows: list[dict], datasets=(DIGITS,), smallest: float = 0.012, messages=()) -> list[str]:
    trials = pd.DataFrame(
        [("digits", label, message) for label, message in messages] or [("digits", "relu", "")],
        columns=["data", "activation", "message"],
    )
    names = {item["name"]: smallest for item in datasets}
    return conclude(pd.DataFrame(rows), datasets, names, "relu", trials)


def test_no_difference_is_said_and_the_baseline_kept() -> None:
    found, advice = paragraphs([row("silu", 0.71, seconds_per_step=2e-4), row("relu", 0.70)])
    assert found == (
        "digits: silu has the highest mean test accuracy, 71.0% (95% interval 70.0% to 72.0%, 10 runs). relu "
        "cannot be told from it. No function was found to be better than the baseline relu. A true "
        "difference to relu of 1.2 points would have been found in four of five such comparisons; smaller ones "
        "may exist, and need more seeds to be seen."
    )
    assert advice == (
        "Use relu: silu and relu are among the best here, and no difference found here speaks against staying "
        "with the baseline. A training step takes 100 µs with relu, the fastest of them, and 200 µs with silu, "
        "the slowest."
    )


def test_a_nearly_solved_data_set_is_called_so() -> None:
    assert "nearly solved by all of them" in paragraphs([row("silu", 0.98), row("relu", 0.97)])[0]
    assert "nearly solved" not in paragraphs([row("silu", 0.98), row("heaviside", 0.35)])[0]


def test_many_names_are_cut_short() -> None:
    many = [row(f"f{k}", 0.7 - k / 1000) for k in range(12)] + [row("relu", 0.6)]
    found, advice = paragraphs(many)
    assert "the others (f1, f2, f3, f4, f5, f6, f7, f8 and 4 more) can be told" in found
    assert advice.startswith("Use relu: f0, f1, f2, f3, f4, f5, f6, f7 and 5 more are among the best here")


def test_a_single_winner() -> None:
    found, advice = paragraphs(
        [
            row("silu", 0.75, p_holm=0.0004),
            row("relu", 0.70, best_group=False),
            row("tanh", 0.65, best_group=False, p_holm=0.01),
        ]
    )
    assert "Significantly lower: relu (by 5.0 points) and tanh (by 10.0 points)." in found
    assert "Better than the baseline relu: silu (by 5.0 points, p = 0.001 or less)." in found
    assert advice == "Use silu: it alone is among the best here."


def test_several_data_sets_without_a_common_best() -> None:
    rows = [
        row("silu", 0.75), row("relu", 0.70, best_group=False),
        row("relu", 0.70, data="sugar"), row("silu", 0.65, data="sugar", best_group=False),
    ]  # fmt: skip
    *_, sugar, advice = paragraphs(rows, (DIGITS, SUGAR))
    assert sugar.startswith("sugar: relu has the highest mean test R^2, 0.700 (95% interval 0.690 to 0.710")
    assert "Significantly lower: silu (by 0.050)." in sugar
    assert advice == (
        "Which one to use depends on the data: no function is among the best on every set. "
        "Take silu on digits and relu on sugar."
    )


def test_without_the_baseline_the_one_that_loses_least_to_the_highest_means_is_taken() -> None:
    rows = [
        row("gelu", 0.751), row("silu", 0.75), row("relu", 0.70, best_group=False),
        row("silu", 0.75, data="sugar"), row("relu", 0.70, data="sugar"), row("gelu", 0.69, data="sugar"),
    ]  # fmt: skip
    assert paragraphs(rows, (DIGITS, SUGAR))[-1].startswith(
        "Use silu: gelu and silu are among the best on both data sets; of these it loses least to the highest mean."
    )


def test_divergence_and_failure_are_told() -> None:
    rows = [row("relu", 0.7), row("cube", 0.3, diverged=4, best_group=False), row("bad", 0.1, diverged=10)]
    (found, _) = paragraphs(rows, messages=[("relu", ""), ("cube", ""), ("bad", "ValueError: no")])
    assert "cube: 4 of 10 final runs diverged and count as chance level." in found
    assert "bad could not be trained and counts as chance level (ValueError: no)." in found
    assert "bad: 10 of 10" not in found


def test_one_activation_alone() -> None:
    found, advice = paragraphs([row("relu", 0.7)], smallest=math.nan)
    assert found.endswith("10 runs).")
    assert advice == "Only relu was trained: there is nothing to choose from."
