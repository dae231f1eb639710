"""The record as a file."""

from __future__ import annotations

import csv
import dataclasses
import subprocess
import sys
from pathlib import Path

from actlab.verification import table
from actlab.verification.table import Row, rounded_up, update

ROW = Row("silu", "float32", "value", 0.50001, -1.5e-45, 0.98041, -1.5e-45, 3, 2**32, "all inputs", "2026-01-31", "any")
OTHERS = (
    dataclasses.replace(ROW, what="derivative"),
    dataclasses.replace(ROW, dtype="float16"),
    dataclasses.replace(ROW, dtype="float64", what="second derivative", promise_used=None, used_at=None),
    dataclasses.replace(ROW, function="elu:alpha=1.7"),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.csv"
    assert not table.read(path)
    update([ROW, *OTHERS], path)
    assert set(table.read(path).values()) == {ROW, *OTHERS}
    assert table.read(path)["silu", "float32", "value"] == ROW


def test_a_new_measurement_changes_its_line_only(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.csv"
    update(OTHERS[2:], path)
    update([ROW, *OTHERS[:2]], path)
    before = path.read_text().splitlines()
    assert [line.split(",")[:3] for line in before[1:]] == [
        ["elu:alpha=1.7", "float32", "value"],
        ["silu", "float16", "value"],
        ["silu", "float32", "value"],
        ["silu", "float32", "derivative"],
        ["silu", "float64", "second derivative"],
    ]
    update([dataclasses.replace(ROW, misrounded=4)], path)
    after = path.read_text().splitlines()
    assert [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [3]
    assert [file.name for file in tmp_path.iterdir()] == ["accuracy.csv"]


def test_labels_with_commas_survive(tmp_path: Path) -> None:
    row = dataclasses.replace(ROW, function="hard_tanh:min_val=-2,max_val=2")
    update([row], tmp_path / "a.csv")
    assert list(table.read(tmp_path / "a.csv").values()) == [row]
    with (tmp_path / "a.csv").open(newline="") as file:
        assert {len(line) for line in csv.reader(file)} == {12}


def test_errors_are_rounded_up() -> None:
    assert rounded_up(0.500000001) == 0.50001
    assert rounded_up(0.5) == 0.5
    assert rounded_up(0.0) == 0.0
    assert rounded_up(358.7421) == 358.75
    assert rounded_up(float("inf")) == float("inf")


def test_what_counts_as_kept() -> None:
    assert ROW.kept
    assert not dataclasses.replace(ROW, promise_used=1.0001).kept
    assert dataclasses.replace(ROW, promise_used=None).kept
    assert dataclasses.replace(ROW, dtype="bfloat16", misrounded=0).kept
    assert not dataclasses.replace(ROW, dtype="bfloat16").kept, "16 bits: correctly rounded, no ulp allowed"
    assert dataclasses.replace(ROW, function="swish:beta=1.7", promise_used=3.0).kept, "recorded, not promised"


def test_reading_is_light() -> None:
    code = "import sys; from actlab.verification import table; table.read(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "numba", "flint", "sympy"}.isdisjoint(loaded)
