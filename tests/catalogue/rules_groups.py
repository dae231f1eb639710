"""Checks of the functions of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from catalogue.measures import LINE, spread
from catalogue.rules import rule

import actlab


@rule(r"positive outputs that sum to 1", "softmax")
@rule(r"wrong where several answers are right: its outputs compete", "softmax")
@rule(r"each output depends on every input along the axis", "softmax")
def distribution(name: str) -> None:
    y = actlab.get(name)(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 9.0]]))
    assert (y > 0).all()
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-15)
    assert (y[0, :2] > 2 * y[1, :2]).all()


@rule(r"with cross-entropy the gradient on the inputs is simply output minus target", "softmax")
@rule(r"with the negative log-likelihood it is the cross-entropy of softmax", "log_softmax")
def cross_entropy(_: str) -> None:
    x, target = spread(6, 4), np.array([0.0, 1.0, 0.0, 0.0])
    through_log = actlab.get("log_softmax").vjp(x, -target)
    y = actlab.get("softmax")(x)
    np.testing.assert_allclose(through_log, y - target, rtol=1e-13)
    np.testing.assert_allclose(actlab.get("softmax").vjp(x, -target / y), y - target, rtol=1e-13)
    np.testing.assert_allclose(actlab.get("log_softmax")(x), np.log(y), rtol=1e-13)


@rule(r"the largest input is taken off all, which changes nothing", "softmax")
def shift(name: str) -> None:
    x = spread(7, 5)
    np.testing.assert_allclose(actlab.get(name)(x + 1000), actlab.get(name)(x), rtol=1e-12)


@rule(r"the gradient vanishes when one input leads by far, and squared error then learns slowly", "softmax")
def saturated_softmax(name: str) -> None:
    wrong = np.array([0.0, 30.0])  # the first class is right
    assert np.abs(actlab.get(name).vjp(wrong, 2 * (actlab.get(name)(wrong) - [1.0, 0.0]))).max() < 1e-11


@rule(r"for two classes it is the sigmoid of their difference", "softmax")
def two_classes(name: str) -> None:
    a, b = spread(8, 2, 9)
    np.testing.assert_allclose(actlab.get(name)(np.stack([a, b]), axis=0)[0], actlab.get("sigmoid")(a - b), rtol=1e-14)


@rule(r"the top class is that of independent sigmoids as well", "softmax")
def same_order(name: str) -> None:
    x = spread(9, 20, 6)
    np.testing.assert_array_equal(actlab.get(name)(x).argsort(-1), actlab.get("sigmoid")(x).argsort(-1))


@rule(r"do not put it before a loss that applies log_softmax itself", "softmax")
@rule(r"twice is the same as once; softmax twice is not", "log_softmax")
def twice(_: str) -> None:
    log_softmax, softmax, x = actlab.get("log_softmax"), actlab.get("softmax"), spread(10, 5)
    np.testing.assert_allclose(log_softmax(log_softmax(x)), log_softmax(x), rtol=1e-14)
    assert np.abs(softmax(softmax(x)) - softmax(x)).max() > 0.05


@rule(r"\((-\d+), (\d)\) for inputs \((\d), (\d+)\), where log\(softmax\(x\)\) gives -inf", "log_softmax")
def log_of_softmax(name: str, *numbers: str) -> None:
    low, high, *x = map(float, numbers)
    assert actlab.get(name)(np.array(x)).tolist() == [low, high]
    assert np.log(actlab.get("softmax")(np.array(x)))[0] == -np.inf


@rule(r"outputs are logarithms, never positive: take exp for probabilities", "log_softmax")
def logarithms(name: str) -> None:
    y = actlab.get(name)(spread(11, 6))
    assert (y < 0).all()
    assert np.exp(y).sum() == pytest.approx(1)


@rule(r"two pieces give ReLU \(x and 0\), leaky ReLU \(x and slope\*x\) and abs \(x and -x\) exactly", "maxout")
def two_pieces(name: str) -> None:
    x = np.array(LINE)
    for other, piece in (("relu", 0 * x), ("leaky_relu", 0.01 * x), ("abs", -x)):
        np.testing.assert_array_equal(actlab.get(name)(np.stack([x, piece], -1))[:, 0], actlab.get(other)(x))


@rule(r"the winning piece has gradient 1", "maxout")
@rule(r"groups are consecutive members; .* a tie goes to the first", "maxout")
def winner(name: str) -> None:
    x = np.array([1.0, 3.0, 5.0, 5.0])
    assert actlab.get(name)(x).tolist() == [3, 5]
    assert actlab.get(name).vjp(x, np.array([1.0, 10.0])).tolist() == [0, 1, 10, 0]


def affine_pieces(x: Any, slopes_: Any, offsets: Any) -> Any:
    """The largest of affine functions of x, through maxout."""
    return actlab.get("maxout")(np.multiply.outer(x, slopes_) + offsets, pieces=len(slopes_))[:, 0]


@rule(r"the largest of several affine pieces|pieces times as many weights as one unit", "maxout")
@rule(r"two pieces do not fit any convex function; more pieces fit it better", "maxout")
def convex_fits(_: str) -> None:
    x = np.linspace(-1, 1, 1001)
    errors = []
    for pieces in (2, 4, 8, 16):
        touch = np.linspace(-1, 1, 2 * pieces + 1)[1::2]  # tangents of x**2, evenly spaced
        gap = x**2 - affine_pieces(x, 2 * touch, -(touch**2))
        errors.append(np.ptp(gap) / 2)  # what is left after the best constant shift
    np.testing.assert_allclose(errors, [1 / (2 * pieces**2) for pieces in (2, 4, 8, 16)], rtol=1e-2)


@rule(r"one unit is convex in its inputs: other shapes need the difference of two", "maxout")
@rule(r"the difference of two fits any continuous function on a bounded interval", "maxout")
def difference_of_two(_: str) -> None:
    x = np.linspace(-3, 3, 1001)
    errors = []
    for pieces in (4, 16, 64):
        knots = np.linspace(-3, 3, pieces + 1)
        # sin(2x) = (sin(2x) + 2x^2) - 2x^2, both convex; a chord between knots is one piece of each
        parts = [_chords(knots, f(knots)) for f in (lambda t: np.sin(2 * t) + 2 * t**2, lambda t: 2 * t**2)]
        plus, minus = (affine_pieces(x, *part) for part in parts)
        assert (np.diff(plus, 2) > -1e-12).all()
        errors.append(np.abs(plus - minus - np.sin(2 * x)).max())
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5


def _chords(knots: Any, values: Any) -> tuple[Any, Any]:
    rises = np.diff(values) / np.diff(knots)
    return rises, values[:-1] - rises * knots[:-1]
