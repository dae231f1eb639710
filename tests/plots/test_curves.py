"""The drawn curves, asked of the artists."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import actlab
from actlab.plots import curves, style
from actlab.plots.sampling import sample


@pytest.fixture
def drawn() -> Iterator[Figure]:
    """Two activations with their derivatives."""
    with style.context():
        yield curves.figure([actlab.relu, actlab.tanh], low=-2.0, high=3.0, derivative=True)


def test_one_panel_for_each_quantity(drawn) -> None:
    assert [ax.get_title(loc="left") for ax in drawn.axes] == ["Value", "Derivative"]
    assert [ax.get_xlabel() for ax in drawn.axes] == ["input x", "input x"]
    assert [ax.get_ylabel() for ax in drawn.axes] == ["value f(x)", "derivative f'(x)"]
    assert [ax.get_xlim() for ax in drawn.axes] == [(-2.0, 3.0)] * 2


def test_lines_are_the_sampled_curves(drawn) -> None:
    for ax, quantity in zip(drawn.axes, ("value", "derivative"), strict=True):
        for item in (actlab.relu, actlab.tanh):
            (line,) = [line for line in ax.lines if line.get_label() == item.label]
            curve = sample(item, quantity, -2.0, 3.0)
            np.testing.assert_array_equal(line.get_xdata(), curve.x)
            np.testing.assert_array_equal(line.get_ydata(), curve.y)


def test_kinks_are_marked_at_the_value_taken_there(drawn) -> None:
    for ax in drawn.axes:
        markers = [line for line in ax.lines if line.get_marker() == "o"]
        assert [(list(m.get_xdata()), list(m.get_ydata())) for m in markers] == [([0.0], [0.0])]
        assert markers[0].get_color() == style.PALETTE[0]


def test_every_curve_is_labelled_at_its_end_in_its_own_look(drawn) -> None:
    for ax in drawn.axes:
        assert [text.get_text() for text in ax.texts] == ["relu", "tanh"]
        for text in ax.texts:
            (line,) = [line for line in ax.lines if line.get_label() == text.get_text()]
            assert to_hex(text.get_color()) == to_hex(line.get_color())
            assert text.xy == (3.0, line.get_ydata()[-1])
        looks = [look["linestyle"] for look in style.series(2)]
        assert [text.arrow_patch.get_linestyle() for text in ax.texts] == looks


def test_labels_do_not_overlap() -> None:
    items = [actlab.get(name) for name in ("relu", "leaky_relu", "prelu", "silu", "gelu", "mish", "elu")]
    with style.context():
        picture = curves.figure(items, low=-5.0, high=50.0)
        picture.draw_without_rendering()
        # An annotation's own extent includes its arrow.
        boxes = [Text.get_window_extent(text) for text in picture.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))


@pytest.mark.parametrize(
    "items",
    [
        [actlab.leaky_relu.bind(negative_slope=0.25), actlab.hard_tanh, actlab.gelu_tanh],
        [actlab.get(name) for name in actlab.names()],
    ],
    ids=["long labels", "many curves"],
)
def test_nothing_is_cut_off(items) -> None:
    with style.context():
        picture = curves.figure(items, low=-5.0, high=5.0, derivative=True)
        picture.draw_without_rendering()
        used = picture.get_tightbbox()
    width, height = picture.get_size_inches()
    assert 0 <= used.x0 < used.x1 <= width
    assert 0 <= used.y0 < used.y1 <= height


def test_the_footer_says_what_is_drawn() -> None:
    items = [actlab.leaky_relu, actlab.tanh]
    assert curves.footer(items, width=200).splitlines() == [
        f"leaky_relu: {actlab.leaky_relu.formula}; default negative_slope=0.01; {actlab.leaky_relu.source}",
        f"tanh: tanh(x); {actlab.tanh.source}",
        f"dots: kinks, at the value taken there; actlab {actlab.__version__}",
    ]


def test_the_footer_says_what_is_drawn_of_a_vector() -> None:
    assert f"{actlab.softmax.formula}, drawn for the pair (x, 0), first member" in curves.footer(
        [actlab.softmax], width=300
    )


def test_the_footer_is_filled_to_its_width() -> None:
    assert max(map(len, curves.footer([actlab.leaky_relu], width=40).splitlines())) <= 40


def test_a_curve_that_is_nowhere_defined_is_still_labelled() -> None:
    item = actlab.define("nowhere", "log(-1 - x**2)")
    with style.context():
        picture = curves.figure([item], low=-1.0, high=1.0)
    assert [text.get_text() for text in picture.axes[0].texts] == ["nowhere"]


@pytest.mark.parametrize(
    ("places", "apart"),
    [
        ([0.3], [0.3]),
        ([0.1, 0.9], [0.1, 0.9]),
        ([0.9, 0.1], [0.9, 0.1]),
        ([0.5, 0.5, 0.5], [0.4, 0.5, 0.6]),
        ([0.5, 0.58], [0.49, 0.59]),
        ([0.0, 0.0], [0.0, 0.1]),
        ([1.2, 1.0, 0.5], [1.0, 0.9, 0.5]),
        ([0.5] * 21, [i / 20 for i in range(21)]),
    ],
)
def test_labels_are_moved_as_little_as_needed(places, apart) -> None:
    assert curves.spread(places, gap=0.1) == pytest.approx(apart)
