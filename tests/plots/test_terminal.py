"""The terminal plot: where the dots lie, and how they are written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from actlab.plots.terminal import rasterise, render


def test_a_rising_line_fills_the_diagonal() -> None:
    raster = rasterise(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]), columns=3, rows=3)
    assert raster.dots.astype(int).tolist() == [[0, 0, 1], [0, 1, 1], [1, 1, 0]]


def test_a_nan_breaks_the_line() -> None:
    x = np.linspace(0.0, 1.0, 5)
    broken = rasterise(x, np.array([0.0, 0.0, np.nan, 1.0, 1.0]), columns=5, rows=4)
    joined = rasterise(x, np.array([0.0, 0.0, 0.0, 1.0, 1.0]), columns=5, rows=4)
    assert broken.dots.sum() == 4
    assert joined.dots.sum() == 8


def test_infinite_values_are_left_out_of_the_scale() -> None:
    raster = rasterise(np.array([0.0, 1.0, 2.0]), np.array([-np.inf, 0.0, 1.0]), columns=3, rows=3)
    assert (raster.bottom, raster.top) == (0.0, 1.0)


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_a_constant_lies_in_the_middle(constant: float) -> None:
    raster = rasterise(np.array([-1.0, 1.0]), np.array([constant, constant]), columns=2, rows=3)
    assert raster.dots.astype(int).tolist() == [[0, 0], [1, 1], [0, 0]]
    assert (raster.bottom, raster.top) == (constant - 1, constant + 1)


@pytest.mark.parametrize(("low", "row"), [(-1.0, 4), (0.0, 8), (0.5, None)], ids=["inside", "at the edge", "outside"])
def test_the_row_of_zero(low: float, row: int | None) -> None:
    raster = rasterise(np.array([0.0, 1.0]), np.array([low, 1.0]), columns=4, rows=9)
    assert raster.zero_row == row


# Unicode numbers the dots of a braille character 1237 (left, downwards) and 4568 (right): U+2824 has dots 3
# and 6, U+2847 has dots 1, 2, 3 and 7.
def test_a_level_line_in_braille() -> None:
    raster = rasterise(np.array([-1.0, 1.0]), np.zeros(2), columns=6, rows=4)
    raster = dataclasses.replace(raster, dots=np.tile(raster.dots.any(axis=1, keepdims=True), 6))
    assert render(raster) == ["-1 │\u2824\u2824\u2824", "   └───", "    -11"]


def test_an_upright_line_in_braille() -> None:
    raster = rasterise(np.array([0.0, 0.0, 1.0]), np.array([0.0, 7.0, np.nan]), columns=4, rows=8)
    assert render(raster) == ["7 │\u2847\u2800", "0 │\u2847\u2800", "  └──", "   01"]


def test_stars_where_braille_cannot_be_written() -> None:
    raster = rasterise(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9), columns=16, rows=12)
    assert render(raster, ascii_only=True) == [
        " 1 |     ***",
        " 0 |   ***  ",
        "-1 |****    ",
        "   +--------",
        "    -1  0  1",
    ]


def test_sizes_that_are_no_multiple_of_a_character_are_padded() -> None:
    raster = rasterise(np.linspace(-1, 1, 50), np.linspace(-1, 1, 50), columns=13, rows=9)
    assert [len(line) for line in render(raster)] == [11] * 5
