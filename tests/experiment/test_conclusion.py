"""The conclusion says what the statistics say, and no more: scores in, sentences out, by way of every table."""

from __future__ import annotations

import numpy as np
import pytest
from experiment.made_up import BASELINE, conclusion_of, condition, costs_of, spread, trials_of

from actlab.experiment.chunk import FINAL
from actlab.experiment.conclusion import conclude
from actlab.experiment.summarise import detectable, summarise
from actlab.experiment.wording import Score, listed, probability

ONE = [condition()]
FOUR = [condition(data, norm) for data in ("digits", "mnist1d") for norm in ("no norm", "layer norm")]
SIX = ("relu", "leaky_relu", "tanh", "sigmoid", "silu", "gelu")


def six(*means: float, seed: int = 0) -> dict[str, np.ndarray]:
    return spread(dict(zip(SIX, means, strict=True)), seed=seed)


def test_all_level() -> None:
    found, answer = conclusion_of(ONE, {"digits": six(0.7, 0.7, 0.7, 0.7, 0.705, 0.7)})
    assert found == (
        "digits: silu has the highest mean test accuracy, 70.5% (95% interval 69.8% to 71.2%, 10 runs). None of the "
        "others (leaky_relu, tanh, relu, gelu and sigmoid) can be told from it. No function was found to be better "
        "than the baseline relu. A true difference to relu of 2.9 points would have been found in four of five such "
        "comparisons; smaller ones may exist."
    )
    assert answer == (
        "Use relu: none of the 6 functions falls behind here, and nothing found here speaks against staying with the "
        "baseline. Does it matter? Not by anything this comparison could see: a difference to relu of 2.9 points "
        "would have been found in four of five such comparisons. A training step takes from 100 µs with relu "
        "to 150 µs with gelu. With 20 seeds instead of 10, a difference of 1.7 points would "
        "be found as often as one of 2.9 points now."
    )


def test_one_best() -> None:
    found, answer = conclusion_of(ONE, {"digits": spread({"relu": 0.70, "silu": 0.75, "tanh": 0.65})})
    assert "(95% interval 74.3% to 75.7%, 10 runs). Significantly lower: relu (by 5.0 points) and tanh" in found
    assert "Better than the baseline relu: silu (by 5.0 points, p = 0.001 or less)." in found
    assert answer.startswith(
        "Use silu: it alone is among the best here. Does it matter? Yes: tanh falls behind the best by 10.0 points "
        "and relu by 5.0 points. With 20 seeds"
    )


def test_the_baseline_is_best() -> None:
    found, answer = conclusion_of(ONE, {"digits": spread({"relu": 0.75, "silu": 0.70, "tanh": 0.65})})
    assert "No function was found to be better than the baseline relu." in found
    assert answer.startswith("Use relu: it alone is among the best here. Does it matter? Yes: tanh falls behind")


def test_several_normalisations() -> None:
    scores = {
        "digits, no norm": six(0.92, 0.92, 0.92, 0.90, 0.92, 0.92, seed=1),
        "digits, layer norm": six(*[0.93] * 6, seed=2),
        "mnist1d, no norm": six(0.70, 0.70, 0.65, 0.56, 0.70, 0.70, seed=3),
        "mnist1d, layer norm": six(*[0.73] * 6, seed=4),
    }
    *about, answer = conclusion_of(FOUR, scores)
    assert [text.partition(":")[0] for text in about] == list(scores)
    assert answer == (
        "Use relu: gelu, leaky_relu, relu and silu are among the best under all 4 conditions, and nothing found here "
        "speaks against staying with the baseline. Does it matter? Yes: sigmoid falls behind the best by 14.0 points "
        "(mnist1d, no norm) and tanh by 5.0 points (mnist1d, no norm). With no norm sigmoid and tanh fall behind on "
        "mnist1d; with layer norm none falls behind. With relu, no norm and layer norm cannot be told apart on digits; "
        "layer norm is better than no norm (by 3.0 points) on mnist1d. A training step takes from 100 µs with "
        "relu to 150 µs with gelu. With 20 seeds instead of 10, a difference of 1.8 points "
        "would be found as often as one of 3.1 points now (mnist1d, layer norm)."
    )


def test_normalisations_that_change_nothing() -> None:
    *_, level = conclusion_of(FOUR, {item["label"]: six(*[0.7] * 6, seed=n) for n, item in enumerate(FOUR)})
    assert level.startswith("Use relu: none of the 6 functions falls behind under any of the 4 conditions, and")
    assert "With relu, no norm and layer norm cannot be told apart on digits and mnist1d." in level
    assert "This is the same" not in level
    same = {item["label"]: six(0.7, 0.7, 0.7, 0.5, 0.7, 0.7, seed=n) for n, item in enumerate(FOUR)}
    *_, behind = conclusion_of(FOUR, same)
    assert "This is the same with no norm and layer norm." in behind
    assert "sigmoid falls behind the best by up to 20.0 points" in behind


def test_failed_functions_are_named_and_not_taken() -> None:
    scores = spread({"relu": 0.7, "cube": 0.7, "bad": 0.1, "silu": 0.7})
    scores["cube"][:4] = scores["bad"][:] = 0.1
    found, answer = conclusion_of(
        ONE, {"digits": scores}, diverged={"cube": 4, "bad": 10}, messages={"bad": "ValueError: no"}
    )
    assert found.endswith(
        "cube diverged in 4 of 10 final runs, which count as chance level. bad could not be trained and counts as "
        "chance level (ValueError: no)."
    )
    assert answer.startswith(
        "Use relu: relu and silu are among the best here, and nothing found here speaks against staying with the "
        "baseline. Does it matter? Yes: cube diverged in 4 of 10 final runs. bad could not be trained: ValueError: no. "
    )


def test_a_baseline_that_diverges_now_and_then_is_not_recommended() -> None:
    scores = spread({"relu": 0.7, "silu": 0.7})
    scores["relu"][:3] = 0.1
    _, answer = conclusion_of(ONE, {"digits": scores}, diverged={"relu": 3})
    assert answer.startswith(
        "Use silu: it alone is among the best here and never diverged. Does it matter? Yes: relu diverged in 3 of 10 "
        "final runs."
    )


def test_nothing_is_said_if_everything_diverged() -> None:
    chance = {"relu": np.full(5, 0.1), "silu": np.full(5, 0.1)}
    found, answer = conclusion_of(ONE, {"digits": chance}, diverged={"relu": 5, "silu": 5})
    assert found.startswith("digits: no final run trained to the end, so nothing can be said. relu diverged in")
    assert answer == (
        "Every final run diverged, so this comparison cannot say which function to use; lower learning rates or "
        "normalisation may help."
    )


def test_errors_are_told_with_their_message_and_not_as_divergence() -> None:
    chance = {name: np.full(5, 0.1) for name in ("relu", "silu", "tanh")}
    all_lost, boom = dict.fromkeys(chance, 5), "RuntimeError: boom after 30"
    cannot = "so this comparison cannot say which function to use."
    _, answer = conclusion_of(ONE, {"digits": chance}, diverged=all_lost, messages=dict.fromkeys(chance, boom))
    assert answer == f"No function could be trained, {cannot} relu, silu and tanh could not be trained: {boom}."
    _, answer = conclusion_of(ONE, {"digits": chance}, diverged=all_lost, messages={"silu": boom})
    assert answer == (
        f"Every final run diverged or failed, {cannot} relu and tanh diverged in every run. silu could not be trained: "
        f"{boom}."
    )


def test_what_never_trained_is_neither_level_nor_behind() -> None:
    scores = spread({"relu": 0.701, "silu": 0.7}) | {"cube": np.full(10, 0.1), "bad": np.full(10, 0.1)}
    found, answer = conclusion_of(
        ONE, {"digits": scores}, diverged={"cube": 10, "bad": 10}, messages={"bad": "ValueError: no."}
    )
    assert "silu cannot be told from it. No function was found" in found
    assert found.endswith(
        "cube diverged in every run and counts as chance level. bad could not be trained and counts as chance level "
        "(ValueError: no.)."
    )
    assert "Yes: cube diverged in every run. bad could not be trained: ValueError: no." in answer
    assert "behind" not in answer


def test_a_constant_guess_that_scores_highest_is_not_the_best() -> None:
    conditions = [condition("diabetes", score="R^2")]
    scores = spread({"relu": -0.4, "silu": -0.5}) | {"cube": np.zeros(10)}
    found, answer = conclusion_of(conditions, {"diabetes": scores}, diverged={"cube": 10})
    assert found.startswith("diabetes: relu has the highest mean test R^2, -0.400")
    assert "No function was found to be better than the baseline relu." in found
    assert answer.startswith("Use relu: it alone is among the best here. Does it matter? Yes: cube diverged in every")


def test_nothing_is_compared_with_a_baseline_that_never_trained() -> None:
    scores = spread({"silu": 0.701, "tanh": 0.7}) | {"relu": np.full(10, 0.1)}
    found, answer = conclusion_of(ONE, {"digits": scores}, diverged={"relu": 10})
    assert "Nothing can be compared with the baseline relu, of which no run trained to the end." in found
    assert "60" not in found
    assert answer.startswith(
        "Use silu: silu and tanh are among the best here; of these it loses least to the highest mean. Does it matter? "
        "Yes: relu diverged in every run."
    )


def test_a_condition_under_which_nothing_trained_does_not_decide() -> None:
    lost = "mnist1d, no norm"
    scores = {item["label"]: spread({"relu": 0.7, "silu": 0.7}, seed=n) for n, item in enumerate(FOUR)}
    scores[lost] = {name: np.full(10, 0.1) for name in ("relu", "silu")}
    trials = trials_of(scores)
    trials.loc[trials.condition == lost, ["diverged", "message"]] = [True, "ValueError: no"]
    trials.loc[(trials.condition == lost) & (trials.activation == "silu"), "message"] = ""
    labels = ["relu", "silu"]
    summary = summarise(trials, costs_of(scores), FOUR, labels, BASELINE)
    smallest = detectable(trials, FOUR, labels, BASELINE)
    *_, answer = conclude(summary, FOUR, smallest, BASELINE, trials, [])
    assert answer.startswith(
        "Under mnist1d, no norm no run trained to the end. Use relu: neither function falls behind under any of the 3 "
        "conditions, and nothing found here speaks against staying with the baseline. Does it matter? Yes: silu "
        "diverged in every run (mnist1d, no norm). relu could not be trained (mnist1d, no norm): ValueError: no. "
    )
    assert (
        "With relu, no norm and layer norm cannot be told apart on digits; layer norm is better than no norm (where no "
        "run trained) on mnist1d."
    ) in answer


def test_errors_in_some_runs_are_counted() -> None:
    scores = {"digits": spread({"relu": 0.7, "silu": 0.7})}
    trials = trials_of(scores)
    some = (trials.stage == FINAL) & (trials.activation == "silu") & (trials.seed < 2)
    trials.loc[some, ["diverged", "message"]] = [True, "MemoryError"]
    summary = summarise(trials, costs_of(scores), ONE, ["relu", "silu"], BASELINE)
    found, answer = conclude(summary, ONE, {"digits": 0.01}, BASELINE, trials, [])
    assert found.endswith("silu failed in 2 of 10 final runs (MemoryError).")
    assert "silu failed in 2 of 10 final runs: MemoryError." in answer
    assert "diverged in" not in found + answer


def test_who_varies_too_much_is_named() -> None:
    scores = spread({"relu": 0.95, "silu": 0.95, "tanh": 0.951}, seeds=5) | spread({"swiglu": 0.84}, seeds=5, sd=0.09)
    found, answer = conclusion_of(ONE, {"digits": scores})
    words = "swiglu is 11.1 points lower on average, but that varies too much for 5 seeds to tell."
    assert words in found
    assert words in answer
    assert answer.startswith("Use relu: none of the 4 functions falls behind here, and nothing found here speaks")


def test_a_baseline_far_below_an_uncertain_best_is_not_said_to_be_as_good() -> None:
    scores = spread({"relu": 0.7, "silu": 0.7, "gelu": 0.7}) | spread({"tanh": 0.78}, sd=0.12, seed=5)
    _, answer = conclusion_of(ONE, {"digits": scores})
    assert answer.startswith(
        "Use relu: none of the 4 functions falls behind here, and nothing was shown to be better than the baseline."
    )
    assert "relu is 8.0 points lower on average, but that varies too much for 10 seeds to tell." in answer


def test_what_only_the_correction_takes_back_is_named() -> None:
    labels = [f"f{number}" for number in range(6)]
    scores = spread(dict.fromkeys(["relu", *labels], 0.7) | {"tanh": 0.688})
    found, answer = conclusion_of(ONE, {"digits": scores})
    words = "tanh is 1.2 points lower on average, which chance alone may show among so many comparisons."
    assert words in found
    assert "points lower on average" not in answer


def test_a_baseline_that_is_beaten_is_not_recommended_though_the_highest_mean_is_uncertain() -> None:
    scores = spread({"relu": 0.70, "silu": 0.72})
    scores |= spread({"tanh": 0.73}, sd=0.1, seed=5)
    found, answer = conclusion_of(ONE, {"digits": scores})
    assert "tanh has the highest mean" in found
    assert "None of the others (silu and relu) can be told from it. Better than the baseline relu: silu" in found
    assert answer.startswith(
        "Use tanh: silu and tanh are among the best here; of these it loses least to the highest mean. The baseline "
        "relu is beaten by silu."
    )


def test_regression_and_data_sets_that_disagree() -> None:
    conditions = [condition("digits"), condition("diabetes", score="R^2")]
    scores = {"digits": spread({"relu": 0.7, "silu": 0.75}), "diabetes": spread({"relu": 0.5, "silu": 0.4}, seed=5)}
    _, diabetes, answer = conclusion_of(conditions, scores)
    assert diabetes.startswith(
        "diabetes: relu has the highest mean test R^2, 0.500 (95% interval 0.493 to 0.507, 10 runs). Significantly "
        "lower: silu (by 0.100)."
    )
    assert answer.startswith(
        "Which one to use depends on the data: no function is among the best on both data sets. Take silu on digits "
        "and relu on diabetes. Does it matter? Yes: silu falls behind the best by 0.100 (diabetes) and relu by 5.0 "
        "points (digits)."
    )


def test_what_stays_unseen_is_said_for_each_kind_of_score() -> None:
    conditions = [condition("digits"), condition("diabetes", score="R^2")]
    scores = {name: spread({"relu": 0.5, "silu": 0.5}, seed=n) for n, name in enumerate(["digits", "diabetes"])}
    *_, answer = conclusion_of(conditions, scores)
    assert answer.startswith("Use relu: neither function falls behind on either data set, and")
    assert "a difference to relu of 0.017 of R^2 and 2.1 points of accuracy would have been found" in answer


def test_average_ranks_are_told_where_they_separate() -> None:
    conditions = [condition(f"set {number}") for number in range(8)]
    scores = {item["label"]: six(0.7, 0.69, 0.68, 0.6, 0.75, 0.74, seed=n) for n, item in enumerate(conditions)}
    *_, answer = conclusion_of(conditions, scores)
    assert "Over 8 data sets, silu ranks higher on average than leaky_relu, tanh and sigmoid." in answer


def test_one_activation_alone() -> None:
    found, answer = conclusion_of(ONE, {"digits": spread({"relu": 0.7})})
    assert found.endswith("10 runs).")
    assert answer == "Only relu was trained: there is nothing to choose from."
    two = {"digits, no norm": spread({"relu": 0.70}), "digits, layer norm": spread({"relu": 0.75}, seed=3)}
    *_, answer = conclusion_of(FOUR[:2], two)
    assert answer.endswith("With relu, layer norm is better than no norm (by 5.0 points) on digits.")


def test_a_nearly_solved_data_set_is_called_so() -> None:
    assert "nearly solved by all of them" in conclusion_of(ONE, {"digits": spread({"relu": 0.98, "silu": 0.97})})[0]
    assert "nearly solved" not in conclusion_of(ONE, {"digits": spread({"relu": 0.98, "silu": 0.35})})[0]


def test_two_names_of_one_function_make_no_difference() -> None:
    same = spread({"relu": 0.7})["relu"]
    found, answer = conclusion_of(ONE, {"digits": {"relu": same, "copy": same}})
    assert "copy cannot be told from it." in found
    assert answer.startswith("Use relu: neither function falls behind here")


@pytest.mark.parametrize("seeds", [2, 3])
def test_few_seeds(seeds: int) -> None:
    scores = {"relu": np.linspace(0.70, 0.71, seeds), "silu": np.linspace(0.71, 0.73, seeds)}
    found, answer = conclusion_of(ONE, {"digits": scores})
    assert f", {seeds} runs)." in found
    assert f"With 10 seeds instead of {seeds}," in answer


def test_a_function_without_a_score_is_named() -> None:
    scores = spread({"relu": 0.7, "silu": 0.7}) | {"lost": np.full(10, np.nan)}
    found, answer = conclusion_of(ONE, {"digits": scores})
    assert found.endswith("lost has no score.")
    assert answer.startswith("Use relu: relu and silu are among the best here")


def test_names_and_numbers() -> None:
    assert listed(f"f{k}" for k in range(12)) == "f0, f1, f2, f3, f4, f5, f6, f7 and 4 more"
    assert (listed(["a"]), listed(["a", "b"])) == ("a", "a and b")
    assert (Score("label accuracy").value(0.5), Score("R^2").value(0.5)) == ("50.0%", "0.500")
    assert (probability(0.0004), probability(0.0312)) == ("0.001 or less", "0.031")
