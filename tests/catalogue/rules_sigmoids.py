"""Checks of the family of sigmoids."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from catalogue.measures import FINE, LEFT, LINE, RIGHT, at, farthest, jump, says, slopes, spread
from catalogue.rules import rule

import actlab


@rule(r"the derivative follows from the output alone: s\*\(1 - s\)")
def logistic_derivative(name: str) -> None:
    assert all(mp.almosteq(at(name, x, 1), at(name, x) * (1 - at(name, x)), 1e-20) for x in FINE)


@rule(r"five layers multiply it by at most 1/(\d+)")
def five_layers(name: str, quotient: str) -> None:
    assert at(name, 0, 1) ** 5 == mp.mpf(1) / int(quotient)


@rule(r"outputs are positive, so one example moves all weights into a unit the same way")
def one_sign(name: str) -> None:
    outputs = actlab.get(name)(spread(0, 50))
    assert len(set(np.sign(-1.7 * outputs))) == 1  # the weights' gradients are the unit's error times these outputs


@rule(r"the gradient does not saturate where the output is ([\d.]+)")
def output_at_zero(name: str, output: str) -> None:
    assert at(name, 0) == float(output)


@rule(r"saturation comes from large \|x\|; repeating the same data does not cause it")
def no_saturation_by_repetition(name: str) -> None:
    once = actlab.get(name).grad(np.array([0.5]))
    assert np.mean(actlab.get(name).grad(np.full(1000, 0.5))) == pytest.approx(once[0])


@rule(r"overflows? .*for x ([<>]) (-?[\d.]+)")
@rule(r"\(float32: x ([<>]) (-?[\d.]+)\)")
def exp_overflows(name: str, sign: str, number: str) -> None:
    kind = np.float64 if abs(float(number)) > 100 else np.float32
    inside, outside = (kind(abs(float(number)) + step) for step in (-0.1, 0.1))
    assert np.isfinite(np.exp(inside))
    assert np.isinf(np.exp(outside))
    x = outside if sign == ">" else -outside
    assert np.isfinite(actlab.get(name)(np.array([x, 0], kind))).all()


@rule(r"squared error of one unit is not convex in its input; the cross-entropy is")
def convexity_of_losses(name: str) -> None:
    assert mp.diff(lambda x: (at(name, x) - 1) ** 2, -3, 2) < 0
    assert all(mp.diff(lambda x: -mp.log(at(name, x)), x, 2) > 0 for x in range(-5, 6))


@rule(r"gradient up to 1, four times that of the sigmoid")
def tanh_against_sigmoid(name: str) -> None:
    assert max(slopes(name, FINE)) == at(name, 0, 1) == 4 * at("sigmoid", 0, 1) == 1


@rule(r"tanh\(x\) = 2\*sigmoid\(2\*x\) - 1")
def tanh_is_sigmoid(name: str) -> None:
    assert all(mp.almosteq(at(name, x), 2 * at("sigmoid", 2 * x) - 1, 1e-20, 1e-25) for x in FINE)


@rule(r"\|x\| > 3 with a probability of ([\d.]+) %")
def three_sigma(name: str, percent: str) -> None:
    says(percent, 200 * mp.ncdf(-3))


@rule(r"reaches 0 and 1 exactly", "hard_sigmoid")
@rule(r"output never negative", "hard_sigmoid")
def closed_range(name: str) -> None:
    values = [at(name, x) for x in LINE]
    assert (min(values), max(values)) == (0, 1)


@rule(r"the identity between its bounds")
def identity_inside(name: str) -> None:
    inside = [x for x in LINE if abs(x) < 1]
    assert [at(name, x) for x in inside] == inside
    assert set(slopes(name, inside)) == {1}


@rule(r"up to ([\d.]+) away from tanh, at the kinks")
def distance_to_tanh(name: str, number: str) -> None:
    says(number, farthest(name, "tanh"))
    says(number, 1 - mp.tanh(1))
    assert farthest("hard_sigmoid", "sigmoid") < farthest(name, "tanh")


@rule(r"the gradient at both bounds is 0")
def gradient_at_bounds(name: str) -> None:
    assert slopes(name, [-1, 1]) == [0, 0]
    assert slopes(name, [-2, 3], min_val=-2, max_val=3) == [0, 0]


@rule(r"min_val=0, max_val=6 makes it relu6")
def relu6_by_bounds(name: str) -> None:
    assert all(at(name, x, min_val=0, max_val=6) == at("relu6", x) for x in LINE)


@rule(r"PyTorch, JAX and Keras 3 mean this one", "hard_sigmoid")
def relu6_form(name: str) -> None:
    assert all(at(name, x) == at("relu6", mp.mpf(x) + 3) / 6 for x in FINE)


@rule(r"clip\(([\d.]+)\*x \+ ([\d.]+), 0, 1\), BinaryConnect clip\(\(x \+ 1\)/2, 0, 1\)", "hard_sigmoid")
def other_hard_sigmoids(name: str, slope: str, offset: str) -> None:
    assert abs(at(name, 1) - (float(slope) + float(offset))) > 0.03
    assert abs(at(name, 1) - 1) > 0.03


@rule(r"the gradient falls like 1/x\^2, not exponentially")
def polynomial_tail(name: str) -> None:
    assert at(name, 1e6, 1) * 10**12 == pytest.approx(1, rel=1e-5)
    assert at("tanh", 40, 1) < 1e-30 < at(name, 40, 1)


@rule(r"([\d.]+) at x = 9, ([\d.]+) at x = 99")
def slow_approach(name: str, *numbers: str) -> None:
    for x, number in zip((9, 99), numbers, strict=True):
        assert mp.almosteq(at(name, x), mp.mpf(number))


@rule(r"the second derivative jumps from (\d) to (-\d) at 0")
def second_derivative_jumps(name: str, left: str, right: str) -> None:
    assert jump(name, 0, 1) == (1, 1)
    assert jump(name, 0, 2) == (int(left), int(right))


@rule(r"log-probability without underflow: (-\d+) at x = (-\d+), where log\(sigmoid\(x\)\) gives -inf")
def log_of_sigmoid(name: str, value: str, x: str) -> None:
    assert actlab.get(name)(float(x)) == float(value)
    assert np.log(1 / (1 + np.exp(-np.float64(x)))) == -np.inf


@rule(r"^concave, so the cross-entropy it gives is convex")
def concave(name: str) -> None:
    assert max(at(name, x, 2) for x in LINE) < 0


@rule(r"gradient in \(0, 1\), near 1 for confidently wrong inputs")
def gradient_of_log(name: str) -> None:
    with mp.workdps(60):
        assert all(0 < s < 1 for s in slopes(name, LINE))
        assert at(name, -20, 1) > 0.99999


@rule(r"output negative and unbounded below")
def negative_output(name: str) -> None:
    assert max(at(name, x) for x in LINE) < 0
    assert at(name, -1e6) < -9e5


@rule(r"log_sigmoid\(x\) = -softplus\(-x\)")
def log_sigmoid_is_softplus(name: str) -> None:
    assert all(at(name, x) == -at("softplus", -x) for x in LINE)


@rule(r"on or off|one bit of output|the value at 0 is 0 here", "heaviside")
def on_or_off(name: str) -> None:
    assert [at(name, x) for x in LINE] == [0] * (len(LEFT) + 1) + [1] * len(RIGHT)


@rule(r"gradient 0 everywhere", "heaviside")
def no_gradient(name: str) -> None:
    assert set(slopes(name, LINE)) == {0}


@rule(r"jumps at 0: a small change of the input can turn the output over")
def step(name: str) -> None:
    assert jump(name, 0, 0) == (0, 1)
