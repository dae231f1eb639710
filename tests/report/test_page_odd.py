"""Odd experiments: hostile names, very many of anything, nothing at all."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from report.reading import check

from actlab.report.page import render

HOSTILE = '<script>alert("1")</script>'


def test_markup_in_names_is_harmless(make: Any, describe: Any, stand_ins: Any) -> None:
    labels = [HOSTILE, "a&b", "$x$ {{ 7*7 }}"]
    hostile = '"><img src=x onerror=alert(1)>'
    data = describe(hostile, label=hostile, source="</style><script>", notes=["<b>note</b>"], model="<u>net</u>")
    comparison = make(labels, conditions=[data], activations=stand_ins(labels))
    comparison.conclusion.append("<i>text</i>")
    comparison.costs["kernel"] = "<s>kernel</s>"
    comparison.trials["message"] = "<em>message</em>"
    learned = comparison.health[["condition", "activation", "stage", "lr", "seed", "site"]]
    learned = learned.assign(name="<q>name</q>", value=0.5)
    page = check(render(replace(comparison, learned=learned)))
    assert HOSTILE in page.text.replace(" ", "")
    assert "<b>note</b>" in page.text
    assert "$x$ {{ 7*7 }}" in page.text
    own = {"b", "i", "u", "s", "em", "q"}
    assert not [tag for tag, attributes in page.elements if tag in own or "onerror" in attributes]


def many(count: int) -> list[str]:
    return [f"function_{number}:some_parameter={number / 10}" for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 25])
def test_any_number_of_functions(make: Any, stand_ins: Any, describe: Any, count: int) -> None:
    labels = many(count)
    text = render(make(labels, conditions=[describe("d")], activations=stand_ins(labels), seeds=2))
    page = check(text)
    assert len(text.encode()) < 2_000_000
    assert page.text.count("95 % by step") == count


def test_many_conditions_stay_light(make: Any, describe: Any) -> None:
    conditions = [describe(f"d{number}", norm) for number in range(4) for norm in ("none", "layer", "batch")]
    text = render(make(["relu", "tanh", "gelu"], conditions=conditions))
    check(text)
    assert len(text.encode()) < 4_000_000


def test_no_run_trained(make: Any) -> None:
    comparison = make(["relu", "tanh"], failing=["relu", "tanh"])
    page = check(render(comparison))
    assert "No run trained to the end" in page.text
    assert "every run diverged" in page.text


def test_numbers_that_are_missing_are_dashes(make: Any) -> None:
    comparison = make(["relu", "tanh"])
    columns = "low high difference difference_low difference_high p_holm best_lr lr_low lr_high lr_decades"
    comparison.summary[[*columns.split(), "seconds_per_step", "saved_bytes", "flops"]] = math.nan
    comparison.costs["width"] = None
    comparison.detectable.update(dict.fromkeys(comparison.detectable, math.nan))
    page = check(render(comparison))
    assert "There is nothing to draw." in page.text
    assert "no smallest detectable difference can be given" in page.text


def test_tables_may_be_empty(make: Any) -> None:
    comparison = make(["relu", "tanh"])
    empty = {name: getattr(comparison, name).iloc[:0] for name in ("health", "learned", "curves")}
    text = check(render(replace(comparison, **empty))).text
    assert "Health by depth" not in text
    assert "What arrived" not in text


def test_identical_scores_have_an_interval_without_width(make: Any) -> None:
    comparison = make(["relu", "tanh"])
    comparison.summary[["low", "high"]] = comparison.summary[["mean", "mean"]].to_numpy()
    check(render(comparison))


def test_a_regression_is_reported_in_r2(make: Any, describe: Any) -> None:
    page = check(render(make(["relu", "tanh"], conditions=[describe("diabetes", task="regression")])))
    assert "R²" in page.text
    assert "accuracy" not in page.text
    assert "points" not in page.text


def test_long_names(make: Any, describe: Any, stand_ins: Any) -> None:
    labels = ["x" * 120, "relu"]
    data = describe("column " * 30, label="column " * 30)
    check(render(make(labels, conditions=[data], activations=stand_ins(labels))))
