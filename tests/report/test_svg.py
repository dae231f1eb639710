"""Axes put numbers where they belong; charts are sound, escaped and say what their marks mean."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from actlab.report.axis import Axis
from actlab.report.svg import Chart, key, scale

UNIT = Axis(0.0, 1.0)


def element_of(text: object) -> ET.Element:
    return ET.fromstring(str(text))  # noqa: S314 - our own text


def parsed(chart: Chart, label: str = "") -> ET.Element:
    return element_of(chart.svg(label))


def lines(chart: Chart) -> list[str | None]:
    """The outlines of what was drawn, without the grid."""
    return [path.get("d") for path in parsed(chart).iter("path") if path.get("class") != "grid"]


def test_an_axis_has_room_round_ticks_and_a_place_for_everything() -> None:
    axis = Axis.around([61.3, 70.0, math.nan, 68.0])
    assert axis is not None
    assert axis.low < 61.3
    assert axis.high > 70.0
    assert axis.ticks == ((62.5, "62.5"), (65.0, "65"), (67.5, "67.5"), (70.0, "70"))
    assert axis.share(axis.low) == 0
    assert axis.percent(axis.high) == 100
    assert axis.inside(1e9) == axis.high


@pytest.mark.parametrize("values", [[0.7, 0.7, math.nan], [0.0]])
def test_an_axis_around_equal_values_has_a_width(values: list[float]) -> None:
    axis = Axis.around(values)
    assert axis is not None
    assert axis.share(values[0]) == pytest.approx(0.5)


def test_nothing_to_show_is_no_axis() -> None:
    assert Axis.around([math.nan, math.inf]) is None
    assert Axis.decades([0.0, -1.0, math.nan]) is None


@pytest.mark.parametrize("values", [[1e-4, 1e-1], [3e-3, 4e-3], [1.0], [1e-30, 1e30]])
def test_decades_have_two_ticks_at_least_and_hold_all_values(values: list[float]) -> None:
    axis = Axis.decades(values)
    assert axis is not None
    assert 2 <= len(axis.ticks) <= 6
    shares = [axis.share(value) for value in values]
    assert 0 < min(shares) <= max(shares) < 1
    assert all(math.log10(value) == pytest.approx(round(math.log10(value))) for value, _ in axis.ticks)


def test_zero_lies_at_the_lower_end_of_a_logarithmic_axis() -> None:
    axis = Axis.decades([1e-3, 1.0])
    assert axis is not None
    assert axis.share(0.0) == 0


def test_a_chart_is_labelled_and_escaped() -> None:
    chart = Chart(UNIT, UNIT)
    chart.dot(0.5, 0.5, "best", '<b>"tip"</b> & more')
    chart.word(0.1, 0.1, "<script>")
    element = parsed(chart, 'say "<b>"')
    assert element.get("aria-label") == 'say "<b>"'
    assert element.get("role") == "img"
    (circle,) = element.iter("circle")
    assert circle.findtext("title") == '<b>"tip"</b> & more'
    assert [text.text for text in element.iter("text")] == ["<script>"]


def test_marks_stand_where_their_numbers_are() -> None:
    chart = Chart(Axis(0.0, 10.0), Axis(0.0, 2.0), height=110)
    chart.dot(2.5, 1.0, "best", "")
    chart.line([0, 10], [0, 2], "main")
    chart.span(-5, 5, "good")
    element = parsed(chart)
    (circle,) = element.iter("circle")
    assert (circle.get("cx"), circle.get("cy")) == ("25%", "55")
    assert lines(chart) == ["M0 105L1000 5"]
    (rectangle,) = element.iter("rect")
    assert (rectangle.get("x"), rectangle.get("width")) == ("0%", "50%")


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    chart = Chart(UNIT, UNIT, height=110)
    chart.line([0, 0.5, 1], [0, math.nan, 1], "main")
    assert lines(chart) == ["M0 105M1000 5"]


def test_a_lone_point_can_be_seen() -> None:
    chart = Chart(UNIT, UNIT, height=110)
    chart.line([0.5], [0.5], "main")
    assert lines(chart) == ["M500 55h0"]  # with round ends a dot


@pytest.mark.parametrize("shape", ["square", "diamond", "triangle", "cross"])
def test_every_shape_is_drawn_and_has_a_key(shape: str) -> None:
    chart = Chart(UNIT, UNIT)
    chart.dot(0.5, 0.5, "k1", "tip", shape=shape)  # type: ignore[arg-type]
    (path,) = (path for path in parsed(chart).iter("path") if "dot" in (path.get("class") or ""))
    (drawn,) = element_of(key("k1", shape)).iter("path")  # type: ignore[arg-type]
    assert path.get("d") == drawn.get("d")


def test_ticks_are_written_beside_the_axes_and_alone() -> None:
    axis = Axis(0.0, 1.0, ((0.0, "none"), (0.5, "half")))
    texts = [text.text for text in parsed(Chart(axis, axis)).iter("text")]
    assert texts == ["none", "half"] * 2
    assert [text.text for text in parsed(Chart(axis, axis, bare=True)).iter("text")] == []
    assert [text.text for text in element_of(scale(axis, "")).iter("text")] == ["none", "half"]


def test_numbers_are_short() -> None:
    chart = Chart(UNIT, UNIT)
    chart.line(np.linspace(0, 1, 7), np.linspace(0, 1, 7) ** 2, "main")
    (path,) = lines(chart)
    assert max(len(part) for part in (path or "").replace("L", " ").split()) <= 6
