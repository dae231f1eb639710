"""Checks of the family of rectifiers."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from catalogue.measures import LEFT, LINE, RIGHT, SIZES, at, says, slopes, spread
from catalogue.rules import rule

import actlab
from actlab.emit.mpmath import function


@rule(r"every real number can be predicted|gradient 1 everywhere", "identity")
def straight(name: str) -> None:
    assert [at(name, x) for x in LINE] == LINE
    assert set(slopes(name, LINE)) == {1}


@rule(r"a stack of linear layers is one linear layer", "identity")
@rule(r"W2 \(W1 x \+ b1\) \+ b2 = \(W2 W1\) x \+ \(W2 b1 \+ b2\)", "identity")
def collapse(name: str) -> None:
    w1, b1, w2, b2, x = spread(1, 5, 3), spread(2, 5), spread(3, 2, 5), spread(4, 2), spread(5, 3)
    np.testing.assert_allclose(w2 @ actlab.get(name)(w1 @ x + b1) + b2, (w2 @ w1) @ x + (w2 @ b1 + b2), rtol=1e-12)


@rule(r"cannot solve XOR", "identity")
def xor(name: str) -> None:
    # An affine function has the same mean over both classes, so it cannot be larger on all of one.
    np.testing.assert_array_equal(np.mean([[0, 1], [1, 0]], axis=0), np.mean([[0, 0], [1, 1]], axis=0))


@rule(r"gradient exactly 1 for positive inputs", "relu")
def slope_one(name: str) -> None:
    assert set(slopes(name, RIGHT)) == {1}


@rule(r"half of all outputs are exactly 0")
def sparse(name: str) -> None:
    assert sum(at(name, x) == 0 for x in LEFT + RIGHT) == len(LINE) // 2


@rule(r"one that is negative for all data gets no gradient|one negative input does not kill a unit")
@rule(r"ReLU is where dead units come from", "relu")
def dead_units(name: str) -> None:
    grad = actlab.get(name).grad
    assert not grad(np.array([-3.0, -1.0, -0.1])).any()
    assert grad(np.array([-3.0, 1.0, -0.1])).any()
    assert all(actlab.get(other).grad(np.array([-3.0, -1.0, -0.1])).all() for other in ("sigmoid", "tanh"))


@rule(r"the gradient is 0 or 1, never max\(1, x\)", "relu")
def two_slopes(name: str) -> None:
    assert set(slopes(name, LINE)) == {0, 1}


@rule(r"8-bit codes are (\d)/(\d+) = ([\d.]+) apart", "relu6")
def int8_step(name: str, size: str, codes: str, step: str) -> None:
    values = [at(name, x) for x in LINE]
    assert (min(values), max(values), 2**8 - 1) == (0, int(size), int(codes))
    says(step, int(size) / int(codes))


@rule(r"its outputs are at most 2\^-(\d) apart, those of ReLU up to (\d+)", "relu6")
def float16_step(name: str, power: str, relu: str) -> None:
    below_six = np.nextafter(np.float16(at(name, 99)), np.float16(0))
    assert np.float16(6) - below_six == 2.0 ** -int(power)
    assert np.spacing(np.float16(60000)) == int(relu)  # the largest float16 is 65504


@rule(r"exactly 0 for negative inputs and above 6|units can die on either side", "relu6")
def flat_on_both_sides(name: str) -> None:
    assert set(slopes(name, [x for x in LINE if x < 0 or x > 6])) == {0}


@rule(r"gradient nowhere 0", "leaky_relu rrelu")
def never_flat(name: str) -> None:
    assert min(slopes(name, LINE)) > 0
    assert actlab.get(name).resolved({}).get("lower", 1) > 0


@rule(r"negative inputs pass on a hundredth of the gradient", "leaky_relu")
def hundredth(name: str) -> None:
    assert set(slopes(name, LEFT)) == {mp.mpf(0.01)}


@rule(r"no output is exactly 0 but that of 0", "leaky_relu")
def dense(name: str) -> None:
    assert [x for x in LINE if at(name, x) == 0] == [0]


@rule(r"unbounded on both sides", "leaky_relu")
def unbounded(name: str) -> None:
    assert at(name, -1e9) < -9e6
    assert at(name, 1e9) == 1e9


@rule(r"the gradient is 1 or the slope, one number per element", "leaky_relu")
@rule(r"the gradient at 0 is the slope", "leaky_relu")
def slope_or_one(name: str) -> None:
    assert slopes(name, LINE, negative_slope=0.3) == [mp.mpf(0.3)] * (len(LEFT) + 1) + [1] * len(RIGHT)
    assert actlab.get(name).grad(np.array([-1.0, 2.0])).shape == (2,)


@rule(r"the slope for negative inputs is learned|one per layer or one per channel", "prelu")
@rule(r"one parameter more|learns how sharply it bends", "swish")
def learnable(name: str) -> None:
    (parameter,) = actlab.get(name).parameters.values()
    assert parameter.learnable


@rule(r"contains ReLU \(weight (\d)\), leaky ReLU \(([\d.]+)\), the identity \((\d)\) and abs \((-\d)\)")
def prelu_contains(name: str, *weights: str) -> None:
    for other, weight in zip(("relu", "leaky_relu", "identity", "abs"), weights, strict=True):
        assert all(at(name, x, weight=float(weight)) == at(other, x) for x in LINE)


@rule(r"weight 0, which is ReLU|decay pulls it to 0, towards ReLU", "prelu")
def relu_at_zero(name: str) -> None:
    assert slopes(name, LINE, weight=0) == slopes("relu", LINE)


@rule(r"the gradient with respect to the weight is x for negative inputs and 0 for positive ones", "prelu")
def gradient_of_weight(name: str) -> None:
    weight = function(actlab.get(name).derivative(1, wrt="weight").expression)
    assert [weight(x) for x in LINE] == [min(x, 0) for x in LINE]


@rule(r"the mean slope, 11/48 = ([\d.]+)", "rrelu")
def mean_slope(name: str, number: str) -> None:
    assert at(name, -1) == pytest.approx(-11 / 48)
    says(number, 11 / 48)


@rule(r"one random number per element", "rrelu")
@rule(r"value and gradient agree for the same draw only", "rrelu")
def one_draw_per_element(name: str) -> None:
    item, x = actlab.get(name), -np.ones(1000)
    slope = item.draw(x, rng=np.random.default_rng(0))
    assert len(set(slope)) > 990
    np.testing.assert_array_equal(-item(x, slope=slope), item.grad(x, slope=slope))
    value, grad = item.value_and_grad(x, training=True, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(-value, grad)


@rule(r"drawn from U\(1/(\d), 1/(\d)\), as in PyTorch", "rrelu")
def range_of_slopes(name: str, low: str, high: str) -> None:
    values = actlab.get(name).resolved({})
    assert (values["lower"], values["upper"]) == (1 / int(low), 1 / int(high))
    drawn = actlab.get(name).draw(np.ones(1000), rng=np.random.default_rng(2))
    assert 1 / int(low) <= drawn.min() < 0.13
    assert 0.33 < drawn.max() <= 1 / int(high)


@rule(
    r"a draw from U\((\d), (\d)\), and by ([\d.]+) outside training: a slope of ([\d.]+), not ([\d.]+)",
    "rrelu",
)
def slope_of_the_paper(name: str, *numbers: str) -> None:
    low, high, middle, slope, ours = numbers
    says(middle, (int(low) + int(high)) / 2)
    says(slope, 1 / float(middle))
    says(ours, -at(name, -1))


@rule(r"gradient 1 or -1 everywhere but at 0", "abs")
def slopes_of_abs(name: str) -> None:
    assert slopes(name, LEFT + RIGHT) == [-1] * len(LEFT) + [1] * len(RIGHT)


@rule(r"^even|x and -x give the same output", "abs")
@rule(r"two pieces of maxout, x and -x, give it exactly", "abs")
def even(name: str) -> None:
    assert all(at(name, x) == at(name, -x) for x in SIZES)
    x = np.array(LINE)
    np.testing.assert_array_equal(actlab.get("maxout")(np.stack([x, -x], -1))[:, 0], actlab.get(name)(x))
