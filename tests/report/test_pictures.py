"""The charts show the numbers they are given: asked of the artists, not of the pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import actlab
from actlab.plots import style
from actlab.report import pictures
from actlab.report.svg import inline
from actlab.report.view import DataView, Frame, data_views


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with style.context():
        yield


@pytest.fixture
def view(make: Any) -> DataView:
    return data_views(make())[0]


def drawn(figure: Figure, gid: str) -> list[Any]:
    """The artists of this kind, in the order in which they were drawn."""
    return [artist for artist in figure.axes[0].get_children() if artist.get_gid() == gid]


def test_the_strip_shows_every_run_mean_and_interval(view: DataView) -> None:
    figure = pictures.strip(view)
    for row, runs, mean, interval in zip(
        view.rows, drawn(figure, "runs"), drawn(figure, "mean"), drawn(figure, "interval"), strict=True
    ):
        np.testing.assert_allclose(runs.get_xdata(), np.sort(100 * row.scores))
        assert mean.get_xdata() == pytest.approx([100 * row.mean])
        assert interval.get_xdata() == pytest.approx([100 * row.low, 100 * row.high])


def test_the_strip_has_the_best_on_top_and_hollow_dots_outside_the_best_group(view: DataView) -> None:
    figure = pictures.strip(view)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [
        pictures.shorten(row.activation) for row in view.rows
    ]
    bottom, top = figure.axes[0].get_ylim()
    assert top < 0 < bottom
    hollow = [mean.get_markerfacecolor() == style.PAPER for mean in drawn(figure, "mean")]
    assert hollow == [not row.best_group for row in view.rows]
    assert any(hollow)
    assert not all(hollow)


def test_a_function_that_never_trained_does_not_squeeze_the_others(make: Any) -> None:
    view = data_views(make(failing=["sigmoid"]))[0]
    figure = pictures.strip(view)
    assert "every run diverged" in " ".join(text.get_text() for text in figure.axes[0].texts)
    assert figure.axes[0].get_xlim()[0] > 50
    assert view.frame is not None
    assert view.frame.low > 0.5


def test_rate_panels_show_median_range_choice_and_divergence(view: DataView) -> None:
    for row, figure in zip(view.rows, pictures.rate_panels(view), strict=True):
        own = view.tuning[view.tuning.activation == row.activation]
        (median,) = drawn(figure, "median")
        expected = 100 * own.groupby("lr").score_validation.median()
        np.testing.assert_allclose(median.get_xdata(), expected.index)
        np.testing.assert_allclose(median.get_ydata(), expected)
        (chosen,) = drawn(figure, "chosen")
        assert chosen.get_xdata() == pytest.approx([row.best_lr])
        (crosses,) = drawn(figure, "diverged")
        assert list(crosses.get_xdata()) == sorted(own.lr[own.diverged].unique())
        assert set(crosses.get_ydata()) <= {10.0}
        assert len(drawn(figure, "context")) == len(view.rows) - 1


def test_some_panels_do_have_divergence(view: DataView) -> None:
    crosses = [drawn(figure, "diverged")[0].get_xdata().size for figure in pictures.rate_panels(view)]
    assert sum(crosses) > 0


@pytest.mark.parametrize("panels", [pictures.rate_panels, pictures.curve_panels])
def test_panels_share_their_vertical_axis(view: DataView, panels: Any) -> None:
    assert len({figure.axes[0].get_ylim() for figure in panels(view)}) == 1


def test_curve_panels_mark_the_step_that_reaches_95_per_cent(view: DataView) -> None:
    for row, figure in zip(view.rows, pictures.curve_panels(view), strict=True):
        own = view.curves[view.curves.activation == row.activation]
        reached = []
        for _, run in own.groupby("seed"):
            final = run.score_validation.iloc[-1]
            reached.append(run.step[run.score_validation >= 0.95 * final].iloc[0])
        (line,) = drawn(figure, "settled")
        assert line.get_xdata()[0] == np.median(reached)


def test_a_hopeless_r2_does_not_squeeze_the_axis(make: Any, describe: Any) -> None:
    comparison = make(datasets=[describe("housing", "regression")])
    trials = comparison.trials
    trials.loc[(trials.stage == 1) & (trials.lr == 1e-1), ["score_validation", "diverged"]] = [-50.0, False]
    bottom, top = pictures.rate_panels(data_views(comparison)[0])[0].axes[0].get_ylim()
    assert -0.3 < bottom < 0 < top < 1


def test_cost_labels_everything_and_starts_at_zero(view: DataView) -> None:
    figure = pictures.cost(view)
    assert figure is not None
    labels = sorted(figure.axes[0].texts, key=lambda text: -text.xyann[1])
    assert [text.get_text() for text in labels] == [pictures.shorten(row.activation) for row in view.rows]
    heights = [text.xyann[1] for text in labels]
    assert min(-np.diff(heights)) >= 0.9 / 9 - 1e-9
    times = [dot.get_xdata()[0] for dot in drawn(figure, "cost")]
    assert times == pytest.approx([1e6 * row.seconds_per_step for row in view.rows])
    assert figure.axes[0].get_xlim()[0] == 0


def test_cost_needs_a_time(make: Any) -> None:
    comparison = make()
    comparison.summary["seconds_per_step"] = math.nan
    assert pictures.cost(data_views(comparison)[0]) is None


def test_a_function_is_drawn_with_its_derivative_and_kinks() -> None:
    figure = pictures.function(actlab.get("relu"))
    (value,), (slope,) = drawn(figure, "value"), drawn(figure, "derivative")
    x = value.get_xdata()
    np.testing.assert_allclose(value.get_ydata(), np.maximum(x, 0))
    known = np.isfinite(slope.get_ydata())
    np.testing.assert_allclose(slope.get_ydata()[known], (x[known] > 0).astype(float))
    assert not known.all()  # broken at the jump, so that no upright line is drawn there
    (ring,) = drawn(figure, "derivative-kinks")
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([0.0], [0.0])


def test_labels_are_cut_in_the_middle() -> None:
    assert pictures.shorten("relu") == "relu"
    short = pictures.shorten("leaky_relu:negative_slope=0.2")
    assert len(short) == pictures.LONGEST_LABEL
    assert short.startswith("leaky_relu:")
    assert short.endswith("0.2")


def test_a_frame_around_equal_values_has_a_width() -> None:
    frame = Frame.around([0.7, 0.7, math.nan])
    assert frame is not None
    assert frame.position(0.7) == pytest.approx(50)
    assert Frame.around([math.nan]) is None
    assert Frame.around([0.0]) is not None


def small_figure() -> Figure:
    figure = style.figure(2, 2)
    ax = figure.subplots()
    ax.plot([0, 1], [0, 2], "o-", color=style.BLUE)
    return figure


def test_an_inline_picture_is_labelled_deterministic_and_without_outside_references() -> None:
    first, second = (inline(small_figure(), name="a", label='say "<b>"') for _ in range(2))
    assert first == second
    assert first.startswith("<svg viewBox=")
    assert 'aria-label="say &quot;&lt;b&gt;&quot;"' in first
    assert "http" not in first
    assert "<metadata" not in first


def test_inline_pictures_share_no_ids() -> None:
    first, second = (inline(small_figure(), name=name, label="") for name in ("a", "b"))
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for text, own in zip((first, second), ids, strict=True):
        used = [*re.findall(r'href="#([^"]+)"', text), *re.findall(r"url\(#([^)]+)\)", text)]
        assert used
        assert set(used) <= own


def test_inline_colours_follow_the_page() -> None:
    text = inline(small_figure(), name="a", label="")
    assert f"var(--best, {style.BLUE})" in text
    assert f": {style.BLUE}" not in text


def test_no_two_of_many_curves_look_alike() -> None:
    looks = {(each["color"], str(each["linestyle"]), each["marker"]) for each in style.series(210)}
    assert len(looks) == 210
