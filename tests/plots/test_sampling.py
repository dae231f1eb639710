"""The numbers behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest

import actlab
from actlab.plots.sampling import sample, seen_range


def test_a_smooth_curve_is_the_function_on_a_grid() -> None:
    curve = sample(actlab.tanh, "value", -2.0, 2.0, points=5)
    assert curve.x.tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert curve.y == pytest.approx(np.tanh(curve.x), rel=1e-15)
    assert curve.kink_x.size == 0
    assert curve.label == "tanh"


def test_a_derivative() -> None:
    curve = sample(actlab.tanh, "derivative", -2.0, 2.0, points=5)
    assert curve.y == pytest.approx(1 - np.tanh(curve.x) ** 2, rel=1e-12)


def test_a_kink_and_its_neighbours_are_on_the_grid() -> None:
    curve = sample(actlab.relu, "value", -1.0, 2.0, points=4)
    assert np.nextafter(0, 1) in curve.x
    assert (curve.kink_x.tolist(), curve.kink_y.tolist()) == ([0.0], [0.0])
    assert np.isfinite(curve.y).all()


@pytest.mark.parametrize(
    ("item", "quantity"),
    [(actlab.heaviside, "value"), (actlab.relu, "derivative"), (actlab.hard_tanh, "derivative")],
    ids=["heaviside", "relu'", "hard_tanh'"],
)
def test_a_line_is_broken_where_it_jumps(item, quantity) -> None:
    curve = sample(item, quantity, -3.0, 3.0)
    at = np.flatnonzero(np.isnan(curve.y))
    assert curve.x[at].tolist() == curve.kink_x.tolist() == [kink.x for kink in item.kinks]
    assert np.abs(curve.y[at + 1] - curve.y[at - 1]).tolist() == [1.0] * len(at)
    assert np.isfinite(curve.kink_y).all()


def test_kinks_outside_the_range_are_left_out() -> None:
    assert sample(actlab.relu6, "value", -1.0, 5.0).kink_x.tolist() == [0.0]


@pytest.mark.parametrize("name", actlab.names())
@pytest.mark.parametrize("quantity", ["value", "derivative"])
def test_every_activation_has_a_curve(name, quantity) -> None:
    curve = sample(actlab.get(name), quantity, -5.0, 5.0)
    assert np.isfinite(curve.y).sum() >= 1001
    assert (np.diff(curve.x) > 0).all()


def test_an_activation_along_an_axis_is_shown_for_the_pair_x_and_0() -> None:
    x = np.array([-1.0, 0.5, 2.0])
    softmax = sample(actlab.softmax, "value", -1.0, 2.0, points=3)
    slope = sample(actlab.softmax, "derivative", -1.0, 2.0, points=3)
    assert softmax.y == pytest.approx(1 / (1 + np.exp(-x)), rel=1e-14)
    assert slope.y == pytest.approx(softmax.y * (1 - softmax.y), rel=1e-14)
    assert sample(actlab.maxout, "value", -1.0, 2.0, points=3).y.tolist() == [0.0, 0.5, 2.0]


# Minima known from elsewhere: silu -0.278464542761 (x = -1.278464542761), gelu -0.169971206 (x = -0.7517916),
# mish -0.3088434.
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("sigmoid", 0.0, 1.0),
        ("tanh", -1.0, 1.0),
        ("relu6", 0.0, 6.0),
        ("heaviside", 0.0, 1.0),
        ("silu", -0.2784645, np.inf),
        ("gelu", -0.1699712, np.inf),
        ("mish", -0.3088434, np.inf),
        ("softsign", -1.0, 1.0),
        ("identity", -np.inf, np.inf),
    ],
)
def test_the_range_seen(name, low, high) -> None:
    assert seen_range(actlab.get(name)) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


def test_there_is_no_range_where_no_value_is_a_number() -> None:
    assert np.isnan(seen_range(actlab.define("nowhere", "log(-1 - x**2)"))).all()
