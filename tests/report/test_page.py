"""The page: complete, self-contained, labelled, and true to the comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report.reading import Page, check

from actlab.experiment.contender import contender, parse
from actlab.report import write_report
from actlab.report.detail import headline, verdict
from actlab.report.page import render
from actlab.report.view import views_of


@pytest.fixture(scope="module")
def page(default: Any) -> Page:
    return Page(render(default))


def test_the_page_is_sound_and_light(default: Any) -> None:
    text = render(default)
    check(text)
    assert len(text.encode()) < 1_500_000


def test_the_same_comparison_gives_the_same_bytes(default: Any) -> None:
    assert render(default) == render(default)


def test_writing_replaces_the_file(default: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(default, path)
    assert path.read_text(encoding="utf-8") == render(default)


def test_the_browser_is_told_to_fetch_nothing(page: Page) -> None:
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none';")


def test_the_answer_comes_first_then_the_conditions_of_each_data_set_then_the_rest(page: Page) -> None:
    places = [
        page.text.index(words)
        for words in (
            "Use relu.",
            "digits at a glance",
            "mnist1d at a glance",
            "Ranking",
            "Every run",
            "What it costs",
            "How much the learning rate matters",
            "How fast they learn",
            "Health by depth",
            "What the functions learned",
            "What arrived at the functions",
            "critical difference",
            "The functions Each",
            "How this was measured The",
            "Run it again actlab",
        )
    ]
    assert places == sorted(places)
    assert page.text.count("about it.") == 4


def test_every_row_of_the_summary_is_in_a_ranking(page: Page, default: Any) -> None:
    ranked = [cell.get("data-value") for cell in page.all("td")]
    for row in default.summary.to_dict("records"):
        assert str(row["mean"]) in ranked
        assert f"{100 * row['mean']:.1f}" in page.text
        assert f"{100 * row['low']:.1f} to {100 * row['high']:.1f}" in page.text


def test_the_best_group_is_named(page: Page, default: Any) -> None:
    level = int(default.summary.best_group.sum())
    words = page.text.split()
    assert words.count("worse") == len(default.summary) - level
    marks = [attributes for attributes in page.all("circle") if attributes.get("r") == "5"]
    assert len([mark for mark in marks if mark["class"] == "dot best"]) == level


def test_costs_name_the_kernel(page: Page, default: Any) -> None:
    assert page.text.count("ATen, eager") == len(default.summary)
    assert page.text.count("25 984") == len(default.summary)


def test_the_protocol_says_what_was_done(page: Page) -> None:
    """Every rule of a fair comparison, with the numbers of this run."""
    for words in (
        "again with 10 fresh seeds",
        "7 from 1e-4 to 1e-1",
        "this was not needed",
        "over 3 tuning seeds",
        "A seed changes the split",
        "A multilayer perceptron (depth 3, width 64)",
        "as nearly the same number of parameters",
        "own gain 1/√E[f(z)²]",
        "Trained without normalisation and with layer normalisation",
        "Standardised",
        "2 data sets: digits, mnist1d",
        "1 500 steps, on batches of 64 rows",
        "never the best one",
        "the tables name the kernel",
        "of 744 runs diverged",
        "All 72 tests of this experiment are corrected together by Holm",
        "With 10 seeds no rank test could reach 5%",
        "1.1 points. “Level” means",
        "One thread per network",
        "No run is stopped or pruned",
    ):
        assert words in page.text, words


def test_phrases_that_differ_between_conditions_name_them(make: Any) -> None:
    comparison = make()
    comparison.trials.loc[comparison.trials.condition == "mnist1d, no norm", "round"] = 1
    comparison.detectable["digits, no norm"] = 0.02
    text = Page(render(comparison)).text
    assert "this happened on mnist1d, no norm" in text
    assert (
        "2.0 points (digits, no norm); 1.1 points (digits, layer norm; mnist1d, no norm; mnist1d, layer norm)" in text
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"init": "torch"}, "default start, the same for all functions"),
        ({"init": "as built", "norm": "as built", "model": "net.py:build"}, "s network net.py:build."),
        ({"scale": "minmax"}, "Scaled to [0, 1]"),
        ({"task": "multilabel", "score": "label accuracy"}, "10 labels, any number of them on a row"),
        ({"trained": "one by one"}, "every network trained by itself"),
        ({"shape": (40,), "features": 40}, "rows of 40 values in a row"),
    ],
)
def test_the_words_follow_the_condition(make: Any, describe: Any, changes: Any, words: str) -> None:
    facts = describe("d", label="d") | changes
    assert words in check(render(make(["relu", "tanh"], conditions=[facts]))).text


def test_only_the_first_condition_is_unfolded(page: Page, make: Any, describe: Any) -> None:
    assert ["open" in each for each in page.all("details")] == [True, False, False, False]


def test_messages_of_failed_runs_are_shown(make: Any) -> None:
    comparison = make(["relu", "tanh"], failing=["tanh"])
    comparison.trials.loc[comparison.trials.activation == "tanh", "message"] = "RuntimeError: no room"
    text = check(render(comparison)).text
    assert "tanh , 26 runs: RuntimeError: no room" in text


def test_errors_are_told_from_divergence(make: Any) -> None:
    comparison = make(["relu", "tanh", "gelu"], failing=["tanh", "gelu"])
    comparison.trials.loc[comparison.trials.activation == "tanh", "message"] = "RuntimeError: no room"
    some = (comparison.trials.activation == "relu") & (comparison.trials.seed == 1)
    comparison.trials.loc[some, ["diverged", "message"]] = [True, "MemoryError"]
    comparison.summary.loc[comparison.summary.activation == "relu", "diverged"] = 1
    comparison.summary["best_group"] = comparison.summary.activation == "relu"
    text = check(render(comparison)).text
    assert "tanh 5 of 5 failed could not be trained" in text
    assert "gelu 5 of 5 diverged every run diverged" in text
    assert "relu 1 of 5 failed" in text
    assert "Only relu trained to the end" in text
    assert "worse" not in text.replace("hollow grey: worse", "").replace("they are worse", "").split()


def test_the_card_leaves_out_what_never_trained_and_calls_its_difference_typical(make: Any) -> None:
    comparison = make(["relu", "tanh", "gelu"], failing=["gelu"])
    view = views_of(comparison)[0]
    facts = dict(headline(view))
    means = [row.mean for row in view.rows if row.activation != "gelu"]
    assert facts["From best to worst"] == f"{100 * (max(means) - min(means)):.1f} points"
    assert facts["Typical smallest difference this run could find"] == "1.1 points"


def test_gates_mixtures_and_modules_are_explained(make: Any, describe: Any) -> None:
    from torch import nn

    contenders = [parse("relu"), parse("swiglu"), parse("relu/hard_swish"), contender(nn.SiLU)]
    labels = [each.label for each in contenders]
    text = check(render(make(labels, conditions=[describe("d")], activations=contenders))).text
    assert "A gate: silu(a) · b of the two halves a and b of a layer." in text
    assert "By depth: relu in the first half of the network; hard_swish in the second half of the network." in text
    assert "The module SiLU, which has no formula to draw." in text
    assert text.count("the half that gates") == 1


def test_verdicts(make: Any) -> None:
    comparison = make()
    comparison.summary["best_group"] = comparison.summary["rank"] <= 3
    assert verdict(views_of(comparison)[0]) == "3 of 6 are level at the top"
    comparison.summary["best_group"] = True
    assert verdict(views_of(comparison)[0]) == "No difference found between the 6"
    comparison.summary["best_group"] = comparison.summary["rank"] == 1
    best = comparison.summary.activation[0]
    assert verdict(views_of(comparison)[0]) == f"{best} is the best"
    assert verdict(views_of(make(["relu"]))[0]) == "Only one function was tried"
