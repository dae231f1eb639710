"""Health by depth, learned parameters, and the functions over what arrived at them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import actlab
from actlab.experiment import health
from actlab.report import depth, functions
from actlab.report.svg import Chart, Mark
from actlab.report.view import MOMENTS, Row, View, views_of


@pytest.fixture
def view(make: Any) -> View:
    return views_of(make())[0]


def row_of(view: View, label: str) -> Row:
    return next(row for row in view.rows if row.activation == label)


def lines(chart: Chart | None, look: str) -> list[Mark]:
    assert chart is not None
    return [mark for mark in chart.marks if mark.kind in {"line", "area"} and look in mark.look.split()]


def test_health_shows_the_median_of_every_layer_at_every_moment(view: View) -> None:
    measures = depth.measures(view)
    assert [each.title for each in measures] == [
        "Dead", "Saturated left", "Saturated right", "Zeros", "Mean shift", "Gradient",
    ]  # fmt: skip
    for row in view.rows:
        own = view.health[view.health.activation == row.activation]
        for measure, chart in zip(measures, depth.health(view, row), strict=True):
            for moment in MOMENTS:
                (line,) = lines(chart, moment)
                expected = own[own.moment == moment].groupby("site")[measure.column].median()
                assert line.x == (1, 2, 3)
                assert line.y == tuple(expected)


def test_moments_differ_in_shape_and_tell_their_values(view: View) -> None:
    chart = depth.health(view, row_of(view, "relu"))[0]
    assert chart is not None
    dots = [mark for mark in chart.marks if mark.kind == "dot"]
    assert len({dot.shape for dot in dots}) == len({dot.look for dot in dots}) == 3
    assert "layer 3, end: 16 %" in [dot.tip for dot in dots]


def test_what_is_not_defined_for_a_function_is_left_out(view: View, make: Any) -> None:
    comparison = make()
    comparison.health.loc[comparison.health.activation == "tanh", "dead"] = math.nan
    view = views_of(comparison)[0]
    assert depth.health(view, row_of(view, "tanh"))[0] is None
    assert depth.health(view, row_of(view, "relu"))[0] is not None
    comparison.health["dead"] = math.nan
    assert "Dead" not in [each.title for each in depth.measures(views_of(comparison)[0])]


def test_panels_of_a_measure_share_their_axis(view: View) -> None:
    for column in zip(*(depth.health(view, row) for row in view.rows), strict=True):
        assert len({chart.y for chart in column if chart}) == 1


def test_a_vanished_gradient_is_drawn_at_the_lower_end(make: Any) -> None:
    comparison = make()
    comparison.health.loc[comparison.health.activation == "sigmoid", "gradient"] = 0.0
    view = views_of(comparison)[0]
    chart = depth.health(view, row_of(view, "sigmoid"))[-1]
    (line,) = lines(chart, "end")
    assert chart is not None
    assert [chart.y.share(value) for value in line.y] == [0, 0, 0]


def test_learned_parameters_have_a_dot_for_every_seed_and_layer(view: View) -> None:
    (found,) = depth.learned(view)
    assert (found.activation, found.name) == ("prelu", "weight")
    dots = [mark for mark in found.chart.marks if mark.kind == "dot"]
    assert sorted(dot.y[0] for dot in dots) == sorted(view.learned.value)
    (line,) = lines(found.chart, "main")
    assert line.y == tuple(view.learned.groupby("site").value.median())
    assert [round(dot.x[0]) for dot in dots] == [1] * 5 + [2] * 5 + [3] * 5


# ---------------------------------------------------------------- functions


def test_a_function_is_drawn_with_its_derivative_and_kinks() -> None:
    chart = functions.function(actlab.get("relu"))
    (value,), (slope,) = lines(chart, "main"), lines(chart, "slope")
    np.testing.assert_allclose(value.y, np.maximum(value.x, 0))
    known = np.isfinite(slope.y)
    np.testing.assert_allclose(np.array(slope.y)[known], np.array(slope.x)[known] > 0)
    assert not known.all()  # broken at the jump, so that no upright line is drawn there
    rings = [(mark.x[0], mark.y[0], mark.tip) for mark in chart.marks if mark.kind == "dot"]
    assert rings == [(0.0, 0.0, "value at 0: 0"), (0.0, 0.0, "derivative at 0: 0")]


def test_bars_lie_where_they_were_counted() -> None:
    assert (health.EDGES[0], health.EDGES[-1]) == (-functions.REACH, functions.REACH)
    np.testing.assert_allclose(np.diff(health.EDGES), np.diff(health.EDGES)[0])


def test_the_histograms_hold_all_seeds_and_layers(view: View) -> None:
    row = row_of(view, "tanh")
    found = functions.arrivals(view, row)
    assert found is not None
    own = view.health[(view.health.activation == "tanh") & (view.health.moment == "end")]
    counts = np.sum([np.array(each) for each in own.histogram], axis=0)
    assert found.end is not None
    np.testing.assert_allclose(found.end, counts / counts.sum())
    chart = functions.arrived(actlab.get("tanh"), found)
    (curve,) = lines(chart, "main")
    np.testing.assert_allclose(curve.y, np.tanh(curve.x))
    (start,) = lines(chart, "arrived-start")
    assert found.start is not None
    heights = np.array(start.y[::2]) - chart.y.low
    np.testing.assert_allclose(heights / heights.sum(), found.start)
    tips = [mark.tip for mark in chart.marks if mark.kind == "span"]
    assert len(tips) == 48
    assert tips[0].startswith("below \N{MINUS SIGN}5.75: start ")
    assert tips[-1].startswith("above 5.75: start ")


def test_without_a_function_the_histogram_stands_alone(view: View) -> None:
    found = functions.arrivals(view, view.rows[0])
    assert found is not None
    chart = functions.arrived(None, found)
    assert lines(chart, "arrived-end")
    assert not lines(chart, "main")
    assert chart.y.ticks == ()


@pytest.mark.parametrize("kept", [None, []])
def test_no_histogram_no_picture(make: Any, kept: Any) -> None:
    comparison = make(["relu", "tanh"])
    comparison.health["histogram"] = [kept] * len(comparison.health)
    view = views_of(comparison)[0]
    assert functions.arrivals(view, view.rows[0]) is None
