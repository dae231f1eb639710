"""The report in a real browser: on a phone, in the dark, printed, with and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from report import browser

from actlab.report.page import render

# What is wider than the page, what a reader cannot see, and what the pointer would show.
ASK = """(document, window) => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const width = document.documentElement.clientWidth;
  const name = (each) => `${each.tagName}.${each.getAttribute("class")}: ${each.textContent.slice(0, 40)}`;
  const pictures = [...document.querySelectorAll("svg")].filter((each) => !each.parentElement.closest("svg"));
  const box = (each) => each.getBoundingClientRect();
  const aside = ".hidden, thead, title, .lines";  // not seen, or cut off by the browser
  const visible = [...document.querySelectorAll("body *")].filter((each) => !each.closest(aside));
  const letters = [...document.querySelectorAll(".chart text")];
  const style = window.getComputedStyle(document.body);
  return {
    width, scroll: document.documentElement.scrollWidth,
    outside: visible.filter((each) => box(each).right > width + 1 || box(each).left < -1).map(name),
    pictures: pictures.length,
    empty: pictures.filter((each) => box(each).width < 10 || box(each).height < 10)
      .filter((each) => !each.closest("thead")).map(name),
    tips: [...document.querySelectorAll("svg title")].map((each) => each.textContent),
    letters: Math.min(...letters.map((each) => parseFloat(window.getComputedStyle(each).fontSize))),
    colour: style.color, paper: style.backgroundColor,
    dark: window.matchMedia("(prefers-color-scheme: dark)").matches,
    buttons: document.querySelectorAll("th button").length, text: document.body.innerText.length,
  };
}"""


@pytest.fixture(scope="module")
def page(default: Any) -> str:
    return render(default)


@pytest.fixture(scope="module")
def phone(page: str, tmp_path_factory: Any) -> browser.Seen:
    return browser.look(page, ASK, tmp_path_factory.mktemp("phone"), width=390)


@pytest.fixture(scope="module")
def dark(page: str, tmp_path_factory: Any) -> browser.Seen:
    return browser.look(page, ASK, tmp_path_factory.mktemp("dark"), flags=[browser.DARK])


def test_the_browser_tells_of_errors_and_of_what_is_too_wide(tmp_path: Path) -> None:
    page = "<div style='width: 500px'>wide</div><svg width='0'></svg><script>console.error('on purpose')</script>"
    seen = browser.look(page, ASK, tmp_path, width=390)
    assert seen.answer["scroll"] > seen.answer["width"] == 390
    assert "wide" in " ".join(seen.answer["outside"])
    assert len(seen.answer["empty"]) == 1
    assert "on purpose" in " ".join(seen.console)


@pytest.mark.parametrize("name", ["phone", "dark"])
def test_nothing_is_wrong_with_the_page(request: Any, name: str) -> None:
    seen = request.getfixturevalue(name)
    assert seen.console == []
    assert seen.answer["scroll"] <= seen.answer["width"]
    assert seen.answer["outside"] == []
    assert seen.answer["pictures"] > 200
    assert seen.answer["empty"] == []
    assert seen.answer["letters"] >= 11


def test_the_phone_is_a_phone(phone: browser.Seen) -> None:
    assert phone.answer["width"] == 390


def test_the_pointer_shows_values(dark: browser.Seen) -> None:
    tips = dark.answer["tips"]
    assert len(tips) > 2000
    assert all(tips)
    for words in (
        r"seed 3: \d",
        r"learning rate 3e-3: \d",
        r"step 1.?000: \d",
        "layer 2, middle: ",
        r"0 to 0\.25: start",
    ):
        assert any(re.search(words, tip) for tip in tips), words


def test_the_dark_page_is_dark_and_its_letters_stand_out(dark: browser.Seen) -> None:
    assert dark.answer["dark"]
    ink, paper = (_luminance(dark.answer[name]) for name in ("colour", "paper"))
    assert paper < 0.02
    assert (ink + 0.05) / (paper + 0.05) > 7


def _luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_page_is_complete_without_javascript(page: str, dark: browser.Seen, tmp_path: Path) -> None:
    seen = browser.look(page, ASK, tmp_path, scripts=False)
    assert dark.answer["buttons"] > 0
    assert seen.answer["buttons"] == 0  # nothing was run
    for name in ("pictures", "tips", "empty", "outside"):
        assert seen.answer[name] == dark.answer[name]
    assert seen.answer["text"] == dark.answer["text"]


def test_a_click_on_a_heading_sorts_the_table(page: str, tmp_path: Path) -> None:
    ask = """(document) => {
      const table = document.querySelector("table.ranking");
      const column = 7;  // time of a step
      table.tHead.rows[0].cells[column].querySelector("button").click();
      return [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[column].dataset.value));
    }"""
    times = browser.look(page, ask, tmp_path).answer
    assert len(times) == 6
    assert times == sorted(times)


def test_a_link_opens_what_is_folded(page: str, tmp_path: Path) -> None:
    ask = """(document, window) => {
      const open = () => [...document.querySelectorAll("details")].map((each) => each.open);
      const before = open();
      window.location.hash = "#c3";
      window.dispatchEvent(new window.HashChangeEvent("hashchange"));
      return [before, open()];
    }"""
    before, after = browser.look(page, ask, tmp_path).answer
    assert before == [True, False, False, False]
    assert after == [True, False, True, False]


def test_what_is_folded_is_printed(page: str, tmp_path: Path) -> None:
    """With the page's own script and without any; the page as it would be without care for print is shorter."""
    bare = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    folded = bare.replace("details::details-content { content-visibility: visible;", "none {")
    assert bare != folded
    counts = []
    for number, text in enumerate((page, bare, folded)):
        folder = tmp_path / str(number)
        folder.mkdir()
        counts.append(browser.pages(text, folder))
    assert counts[0] == counts[1]
    assert counts[0] > counts[2] + 5


def test_odd_experiments_fit_a_phone_too(make: Any, describe: Any, stand_ins: Any, tmp_path: Path) -> None:
    labels = ["x" * 90, "function_1:some_parameter=0.1,another_parameter=0.25", "relu"]
    conditions = [describe("column " * 20, label="column " * 20, task="regression", score="R^2")]
    comparison = make(labels, conditions=conditions, activations=stand_ins(labels), failing=["relu"], baseline="relu")
    comparison.trials["message"] = "A message without an end: " + "y" * 200
    seen = browser.look(render(comparison), ASK, tmp_path, width=390)
    assert seen.answer["outside"] == []
    assert seen.answer["scroll"] <= 390
