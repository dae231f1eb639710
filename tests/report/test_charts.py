"""The charts of scores show the numbers they are given: asked of the marks, not of the pixels."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from actlab.report import panels, scores
from actlab.report.axis import Axis
from actlab.report.ranks import rows as rank_rows
from actlab.report.svg import Chart, Mark
from actlab.report.view import View, by_data, views_of


@pytest.fixture
def view(make: Any) -> View:
    return views_of(make())[0]


def marks(chart: Chart | None, kind: str, look: str = "") -> list[Mark]:
    """The marks of a kind whose look has this word."""
    assert chart is not None
    return [mark for mark in chart.marks if mark.kind == kind and set(look.split()) <= set(mark.look.split())]


def one(chart: Chart | None, kind: str, look: str = "") -> Mark:
    (mark,) = marks(chart, kind, look)
    return mark


# ---------------------------------------------------------------- every run


def test_every_run_its_mean_and_interval_are_drawn(view: View) -> None:
    for row, chart in scores.runs(view):
        runs = marks(chart, "dot", "run")
        assert [run.x[0] for run in runs] == list(row.scores)
        assert runs[0].tip == f"seed {row.seeds[0]}: {100 * row.scores[0]:.1f} %"
        (mean,) = (mark for mark in marks(chart, "dot") if "run" not in mark.look)
        assert mean.x == (row.mean,)
        assert one(chart, "line", "interval").x == (row.low, row.high)


def test_who_is_worse_is_hollow(view: View) -> None:
    looks = {row.best_group: mark.look for row, chart in scores.runs(view) for mark in marks(chart, "dot")[-1:]}
    assert looks == {True: "best", False: "worse"}


def test_a_function_that_never_trained_does_not_squeeze_the_others(make: Any) -> None:
    view = views_of(make(failing=["sigmoid"]))[0]
    assert [row.activation for row, chart in scores.runs(view) if chart is None] == ["sigmoid"]
    for axis in (scores.run_axis(view), view.axis):
        assert axis is not None
        assert axis.low > 0.5


def test_a_single_diverged_run_is_a_cross(make: Any) -> None:
    comparison = make()
    trials = comparison.trials
    first = trials.index[(trials.stage == 2) & (trials.activation == "relu")][0]
    trials.loc[first, ["diverged", "score_test"]] = [True, 0.1]
    row, chart = next(pair for pair in scores.runs(views_of(comparison)[0]) if pair[0].activation == "relu")
    assert one(chart, "dot", "failure").shape == "cross"
    assert len(marks(chart, "dot", "run")) == 4
    assert len(row.seeds) == 4


# ---------------------------------------------------------------- conditions


def test_conditions_of_a_data_set_stand_side_by_side(make: Any) -> None:
    groups = by_data(views_of(make()))
    assert [(name, len(views)) for name, views in groups] == [("digits", 2), ("mnist1d", 2)]
    views = groups[0][1]
    _, rows = scores.shifts(views)
    assert {label for label, _ in rows} == {row.activation for row in views[0].rows}
    for label, chart in rows:
        means = [next(row.mean for row in view.rows if row.activation == label) for view in views]
        dots = marks(chart, "dot")
        assert [dot.x[0] for dot in dots] == means
        assert one(chart, "line", "joined").x == tuple(means)
        assert [dot.shape for dot in dots] == ["circle", "square"]
        assert len({dot.look for dot in dots}) == 2
        assert "layer norm" in dots[1].tip


def test_many_conditions_differ_in_colour_or_shape() -> None:
    assert len({scores.look_of(place) for place in range(12)}) == 12


def test_a_condition_without_a_score_leaves_no_mark(make: Any) -> None:
    comparison = make()
    layer = (comparison.trials.condition == "digits, layer norm") & (comparison.trials.activation == "relu")
    comparison.trials.loc[layer, "diverged"] = True
    _, rows = scores.shifts(by_data(views_of(comparison))[0][1])
    assert [mark.look for mark in marks(dict(rows)["relu"], "dot")] == ["k1"]


# ---------------------------------------------------------------- learning rates and curves


def test_rate_panels_show_median_range_choice_and_divergence(view: View) -> None:
    crosses = 0
    for row, chart in zip(view.rows, panels.rates(view), strict=True):
        own = view.tuning[view.tuning.activation == row.activation]
        expected = own.groupby("lr").score_validation.median()
        line = one(chart, "line", "main")
        assert line.x == tuple(expected.index)
        assert line.y == tuple(expected)
        ends = own.groupby("lr").score_validation
        assert one(chart, "area", "range").y == (*ends.max(), *ends.min()[::-1])
        assert one(chart, "dot", "best").x == (row.best_lr,)
        assert one(chart, "span", "good").x == (row.lr_low, row.lr_high)
        assert len(marks(chart, "line", "context")) == len(view.rows) - 1
        failed = marks(chart, "dot", "failure")
        assert [mark.x[0] for mark in failed] == sorted(own.lr[own.diverged].unique())
        assert all(mark.y == (0.1,) and mark.tip.endswith("3 of 3 runs diverged") for mark in failed)
        crosses += len(failed)
    assert crosses


def test_every_point_of_a_line_tells_its_value(view: View) -> None:
    for row, chart in zip(view.rows, panels.curves(view), strict=True):
        tips = [mark.tip for mark in marks(chart, "hit")]
        assert len(tips) == 15
        last = view.curves[(view.curves.activation == row.activation) & (view.curves.step == 1500)]
        median = 100 * last.score_validation.median()
        assert tips[-1].startswith(f"step 1\N{NARROW NO-BREAK SPACE}500: {median:.1f} % (")


@pytest.mark.parametrize("draw", [panels.rates, panels.curves])
def test_panels_share_their_axes(view: View, draw: Any) -> None:
    assert len({(chart.x, chart.y) for chart in draw(view)}) == 1


def test_curves_mark_the_step_that_settles(view: View) -> None:
    for row, chart in zip(view.rows, panels.curves(view), strict=True):
        final = view.trials[(view.trials.stage == 2) & (view.trials.activation == row.activation)]
        assert one(chart, "upright", "settled").x == (final.settled_step.median(),)


def test_a_hopeless_r2_does_not_squeeze_the_axis(make: Any, describe: Any) -> None:
    comparison = make(conditions=[describe("housing", task="regression")])
    trials = comparison.trials
    trials.loc[(trials.stage == 1) & (trials.lr == 1e-1), ["score_validation", "diverged"]] = [-50.0, False]
    axis = panels.rates(views_of(comparison)[0])[0].y
    assert -0.3 < axis.low < 0 < axis.high < 1


# ---------------------------------------------------------------- cost and ranks


def test_cost_labels_everything_and_starts_at_zero(view: View) -> None:
    chart = scores.cost(view)
    assert chart is not None
    dots = marks(chart, "dot")
    assert [(dot.x[0], dot.y[0]) for dot in dots] == [(row.seconds_per_step, row.mean) for row in view.rows]
    assert chart.x.low == 0
    words = marks(chart, "word")
    assert [word.tip for word in words] == [scores.shorten(row.activation) for row in view.rows]
    heights = [chart.y.share(word.y[0]) for word in words]
    assert min(-np.diff(heights)) >= 0.9 / 9 - 1e-9
    assert max(chart.x.share(dot.x[0]) for dot in dots) < chart.x.share(words[0].x[0])


def test_cost_needs_a_time(make: Any) -> None:
    comparison = make()
    comparison.summary["seconds_per_step"] = math.nan
    assert scores.cost(views_of(comparison)[0]) is None


def test_labels_are_cut_in_the_middle() -> None:
    assert scores.shorten("relu") == "relu"
    short = scores.shorten("leaky_relu:negative_slope=0.2")
    assert len(short) == scores.LONGEST_LABEL
    assert short.startswith("leaky_relu:")
    assert short.endswith("0.2")


def test_ranks_show_the_critical_difference_and_who_is_not_told_apart() -> None:
    found = {"ranks": {"a": 1.0, "b": 1.5, "c": 3.0}, "critical_difference": 1.2, "groups": [["a", "b"]]}
    drawn = rank_rows(found, Axis(0.7, 3.3))
    assert [label for label, _ in drawn] == ["critical difference", "a", "b", "c", "not told apart"]
    texts = [re.findall("<title>(.*?)</title>", str(picture)) for _, picture in drawn]
    assert texts == [
        ["critical difference: 1.20"],
        ["a: average rank 1"],
        ["b: average rank 1.5"],
        ["c: average rank 3"],
        ["not told apart: a, b"],
    ]
