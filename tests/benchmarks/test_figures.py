"""Goals, verdicts and the tables they stand in."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.documents import check, write_csv, write_json, write_markdown
from benchmarks.figures import Figure, Goal, highest, lowest, mean, median, short, where
from benchmarks.section import Section
from benchmarks.tables import as_markdown, as_text, of_section, of_verdicts

ABOUT = {"date": "2020-02-02", "processor": "abacus", "load": "0.0", "versions": "beads 1", "command": "make bench"}


def figure(function: str, value: float, peer: str = "PyTorch", size: int = 1000, error: float = math.nan) -> Figure:
    """A figure of value seconds against one second of ours."""
    return Figure(function, "value", peer, "float32", size, 1, 1e-6, value * 1e-6, value, 0.1, error / 2, error)


FIGURES = [figure("relu", 2.0), figure("silu", 0.5), figure("silu", 4.0, size=100_000, error=3.0)]


def no_figures(bench: Bench) -> Iterator[Figure]:
    yield from ()


SECTION = Section("Z", "made up", no_figures, (Goal("geometric mean", 2), Goal("slowest", 0.4, lowest)), note="Beads.")


def test_geometric_mean() -> None:
    assert mean([0.5, 2, 8]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("goal", "measured", "to_reach", "text"),
    [
        (Goal("geometric mean", 1.5), "1.59x", "≥ 1.50x", "reached"),
        (Goal("geometric mean", 3), "1.59x", "≥ 3.00x", "short by 47%"),
        (Goal("lowest", 0.5, lowest), "0.50x (silu, 1e3)", "≥ 0.50x", "reached"),
        (Goal("highest", 2, highest, at_most=True), "4.00x (silu, 1e5)", "≤ 2.00x", "short by 100%"),
        (Goal("highest", 2, highest, where(size=1000), at_most=True), "2.00x (relu)", "≤ 2.00x", "reached"),
        (Goal("median", 1.5, median), "2.00x", "≥ 1.50x", "reached"),
        (Goal("of JAX", 2, chosen=where(peer="JAX")), "-", "≥ 2.00x", "not measured"),
        (Goal("shown", None, unit="%"), "159%", "-", ""),
        (Goal("none", 0, highest, at_most=True, unit=""), "4 (silu, 1e5)", "≤ 0", "not reached"),
    ],
)
def test_verdicts(goal: Goal, measured: str, to_reach: str, text: str) -> None:
    verdict = goal.verdict(FIGURES)
    assert (verdict.measured, verdict.to_reach, verdict.text) == (measured, to_reach, text)


@pytest.mark.parametrize(("size", "text"), [(16, "16"), (1000, "1e3"), (30_000_000, "3e7"), (12_345, "12345")])
def test_sizes_are_written_short(size: int, text: str) -> None:
    assert short(size) == text


def test_table_of_a_section() -> None:
    assert as_text(of_section(SECTION, FIGURES)).splitlines() == [
        "      PyTorch 1e3  PyTorch 1e5  ours, ns/element  ulp, ours  ulp, PyTorch",
        "relu        2.00x            -              1.00          -             -",
        "silu        0.50x        4.00x              0.10       1.50          3.00",
    ]


def test_several_figures_of_a_cell_are_averaged() -> None:
    section = Section("Z", "made up", no_figures, row="{peer}", column="{dtype}", times=False)
    figures = [figure("relu", 2.0), figure("silu", 8.0)]
    assert of_section(section, figures) == (["", "float32"], [["PyTorch", "4.00x"]], 1)


def test_table_of_goals_says_the_title_once() -> None:
    assert as_markdown(of_verdicts([(SECTION, FIGURES)])).splitlines() == [
        "| what | figure | to reach | measured |  |",
        "| --- | --- | ---: | ---: | ---: |",
        "| Z: made up | geometric mean | ≥ 2.00x | 1.59x | short by 21% |",
        "|  | slowest | ≥ 0.40x | 0.50x (silu, 1e3) | reached |",
    ]


def test_csv_has_a_row_for_each_figure(tmp_path: Path) -> None:
    write_csv(tmp_path / "figures.csv", [(SECTION, FIGURES)])
    with (tmp_path / "figures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["section"], row["function"], float(row["value"])) for row in rows] == [
        ("Z", "relu", 2.0),
        ("Z", "silu", 0.5),
        ("Z", "silu", 4.0),
    ]
    assert [row["peer_error"] for row in rows] == ["", "", "3.0"]


def test_json_is_strict_and_says_what_became_of_goals(tmp_path: Path) -> None:
    write_json(tmp_path / "figures.json", [(SECTION, FIGURES)], ABOUT)
    text = (tmp_path / "figures.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    read = json.loads(text)
    assert read["processor"] == "abacus"
    (section,) = read["sections"]
    assert [goal["is"] for goal in section["goals"]] == ["short by 21%", "reached"]
    assert section["figures"][2]["peer_error"] == 3.0


def test_markdown_fills_in_the_markers_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "speed.md"
    document.write_text("# Speed\n<!-- bench:summary -->\nold\n<!-- /bench:summary -->\nEnd.\n", encoding="utf-8")
    for _ in range(2):
        write_markdown(document, [(SECTION, FIGURES)], ABOUT)
    text = document.read_text(encoding="utf-8")
    assert text.startswith("# Speed\n<!-- bench:summary -->\nMeasured by `make bench` on 2020-02-02: abacus, load 0.0")
    assert text.endswith("| reached |\n<!-- /bench:summary -->\nEnd.\n")
    assert "old" not in text
    assert "### Z" not in text  # details have markers of their own


def test_markdown_with_details(tmp_path: Path) -> None:
    document = tmp_path / "speed.md"
    document.write_text("<!-- bench:details --><!-- /bench:details -->\n", encoding="utf-8")
    write_markdown(document, [(SECTION, FIGURES)], ABOUT)
    assert "### Z: made up\n\nBeads.\n\n|  | PyTorch 1e3 |" in document.read_text(encoding="utf-8")


def test_the_repositorys_document_has_both_markers() -> None:
    path = Path(__file__).parents[2] / "docs" / "benchmarks.md"
    text = path.read_text(encoding="utf-8")
    check(path)
    for part in ("summary", "details"):
        assert text.count(f"<!-- bench:{part} -->") == text.count(f"<!-- /bench:{part} -->") == 1
