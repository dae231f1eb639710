"""The page: complete, self-contained, labelled, harmless, also for odd experiments."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from actlab.report import write_report
from actlab.report.page import render, verdict
from actlab.report.view import data_views

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
RESOURCES = {"src", "srcset", "href", "xlink:href", "poster", "data", "action", "background"}


class _Page(HTMLParser):
    """Elements as (tag, attributes, text so far), with a check that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> Iterator[dict[str, str]]:
        return (attributes for name, attributes in self.elements if name == tag)


@pytest.fixture(scope="module")
def page(default: Any) -> _Page:
    return _Page(render(default))


def check(text: str) -> _Page:
    """What holds for the report of any experiment."""
    page = _Page(text)
    assert not page.open, f"not closed: {page.open}"
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        for name in RESOURCES & attributes.keys():
            assert attributes[name].startswith("#"), f"<{tag} {name}={attributes[name]!r}> leaves the page"
            assert attributes[name][1:] in ids
        if tag == "svg":
            hidden = attributes.get("aria-hidden") == "true"
            assert hidden or (attributes.get("role") == "img" and attributes["aria-label"]), attributes
        if tag == "th":
            assert attributes.get("scope") in {"row", "col"}
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {f"#{name}" for name in ids}
    assert "@import" not in text
    assert not list(page.all("img"))
    assert not list(page.all("link"))
    assert len(list(page.all("script"))) == 1
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text
    return page


def test_the_page_is_sound_and_light(default: Any) -> None:
    text = render(default)
    check(text)
    assert len(text.encode()) < 1_000_000


def test_the_same_comparison_gives_the_same_bytes(default: Any) -> None:
    assert render(default) == render(default)


def test_writing_replaces_the_file(default: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(default, path)
    assert path.read_text(encoding="utf-8") == render(default)


def test_the_browser_is_told_to_fetch_nothing(page: _Page) -> None:
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none';")


def test_the_answer_comes_before_everything_else(page: _Page) -> None:
    assert page.text.index("Use relu.") < page.text.index("About digits.") < page.text.index("Ranking")


def test_every_row_of_the_summary_is_in_the_ranking(page: _Page, default: Any) -> None:
    ranked = [cell.get("data-value") for cell in page.all("td")]
    for row in default.summary.to_dict("records"):
        assert str(row["mean"]) in ranked
        assert f"{100 * row['mean']:.1f}" in page.text
        assert f"{100 * row['low']:.1f} to {100 * row['high']:.1f}" in page.text


def test_the_best_group_is_named(page: _Page, default: Any) -> None:
    level = int(default.summary.best_group.sum())
    words = page.text.split()
    assert words.count("worse") == len(default.summary) - level
    filled = [attributes for attributes in page.all("circle") if attributes.get("class") == "dot best"]
    assert len(filled) == 2 * level  # one in the interval, one beside the word


def test_the_protocol_has_the_numbers_of_this_run(page: _Page) -> None:
    for words in (
        "3 hidden layers of 64 units",
        "batches of 64 rows",
        "1 500 steps on digits",
        "7 from 1e-4 to 1e-1 on digits",
        "3 seeds each",
        "5 fresh seeds",
        "all pairs (15)",
        "digits: 1.1 points",
        "this was not needed",
    ):
        assert words in page.text


def test_an_extended_grid_is_mentioned(make: Any) -> None:
    comparison = make()
    comparison.trials.loc[comparison.trials.data == "mnist1d", "round"] = 1
    assert "this happened on mnist1d" in _Page(render(comparison)).text


def test_the_command_is_there_to_copy(page: _Page) -> None:
    assert (
        "actlab compare --data digits --data mnist1d --activations "
        "relu,leaky_relu:negative_slope=0.2,gelu,silu,tanh,sigmoid --depth 3 --width 64 --batch 64 --seeds 5 "
        "--tuning-seeds 3 --baseline relu"
    ) in page.text


HOSTILE = '<script>alert("1")</script>'


def test_markup_in_names_is_harmless(make: Any, describe: Any, stand_ins: Any) -> None:
    labels = [HOSTILE, "a&b", "$x$ {{ 7*7 }}"]
    data = describe('"><img src=x onerror=alert(1)>', source="</style><script>", notes=["<b>note</b>"])
    comparison = make(labels, datasets=[data], activations=stand_ins(labels))
    comparison.conclusion.append("<i>text</i>")
    page = check(render(comparison))
    assert HOSTILE in page.text.replace(" ", "")
    assert "<b>note</b>" in page.text
    assert "$x$ {{ 7*7 }}" in page.text
    assert not [tag for tag, attributes in page.elements if tag in {"b", "i"} or "onerror" in attributes]


def many(count: int) -> list[str]:
    return [f"function_{number}:some_parameter={number / 10}" for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 25])
def test_any_number_of_functions(make: Any, stand_ins: Any, describe: Any, count: int) -> None:
    labels = many(count)
    text = render(make(labels, datasets=[describe("d")], activations=stand_ins(labels), seeds=2))
    page = check(text)
    assert len(text.encode()) < 2_000_000
    assert page.text.count("95 % by step") == count


def test_no_run_trained(make: Any) -> None:
    comparison = make(["relu", "tanh"], failing=["relu", "tanh"])
    page = check(render(comparison))
    assert "No run trained to the end" in page.text
    assert "every run diverged" in page.text


def test_numbers_that_are_missing_are_dashes(make: Any) -> None:
    comparison = make(["relu", "tanh"])
    columns = "low high difference difference_low difference_high p_holm best_lr lr_low lr_high lr_decades"
    comparison.summary[[*columns.split(), "seconds_per_step", "saved_bytes"]] = math.nan
    comparison.detectable.update(dict.fromkeys(comparison.detectable, math.nan))
    page = check(render(comparison))
    assert "There is nothing to draw." in page.text


def test_identical_scores_have_an_interval_without_width(make: Any) -> None:
    comparison = make(["relu", "tanh"])
    comparison.summary[["low", "high"]] = comparison.summary[["mean", "mean"]].to_numpy()
    check(render(comparison))


def test_a_regression_is_reported_in_r2(make: Any, describe: Any) -> None:
    page = check(render(make(["relu", "tanh"], datasets=[describe("diabetes", "regression")])))
    assert "R²" in page.text
    assert "accuracy" not in page.text
    assert "points" not in page.text


def test_long_names(make: Any, describe: Any, stand_ins: Any) -> None:
    labels = ["x" * 120, "relu"]
    check(render(make(labels, datasets=[describe("column " * 30)], activations=stand_ins(labels))))


def test_verdicts(make: Any) -> None:
    comparison = make()
    view = data_views(comparison)[0]
    assert verdict(view) == f"{len(view.best_group)} of 6 are level at the top"
    comparison.summary["best_group"] = True
    assert verdict(data_views(comparison)[0]) == "No difference found between the 6"
    comparison.summary["best_group"] = comparison.summary["rank"] == 1
    best = comparison.summary.activation[0]
    assert verdict(data_views(comparison)[0]) == f"{best} is the best"
    assert verdict(data_views(make(["relu"]))[0]) == "Only one function was tried"
