"""Checks of the family of exponentials."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from catalogue.measures import LEFT, LINE, at, jump, mean, says, slopes
from catalogue.rules import rule

import actlab


@rule(r"negative inputs keep a gradient, alpha\*exp\(x\)", "elu")
def gradient_of_elu(name: str) -> None:
    assert all(mp.almosteq(at(name, x, 1, alpha=2), 2 * mp.exp(x)) for x in LEFT)


@rule(r"levels off at -alpha", "elu")
def level(name: str) -> None:
    assert abs(at(name, -20, alpha=3) + 3) < 1e-8


@rule(r"kinked unless alpha = 1: the gradient jumps from alpha to 1 at 0", "elu")
@rule(r"the gradient at 0 is alpha", "elu")
@rule(r"equal to ELU for alpha = 1 only", "celu")
@rule(r"no kink for any alpha: the gradient is 1 on both sides of 0", "celu")
def kinks_of_elu_and_celu(_: str) -> None:
    assert all(at("elu", x) == at("celu", x) for x in LINE)
    assert at("elu", -1, alpha=2) != at("celu", -1, alpha=2)
    for alpha in (0.5, 1.0, 2.0):
        assert jump("elu", 0, 1, alpha=alpha) == (alpha, 1)
        assert jump("celu", 0, 1, alpha=alpha) == (1, 1)
        assert (at("elu", 0, 1, alpha=alpha), at("celu", 0, 1, alpha=alpha)) == (alpha, 1)


@rule(r"exp\(x\) - 1 it is ([\d.]+) % off at x = (-[\d.]+) in float32; this one uses expm1", "elu")
def cancellation(name: str, percent: str, x: str) -> None:
    point = np.float32(x)
    true = at(name, float(point))
    says(percent, 100 * abs(float(np.exp(point) - np.float32(1)) / true - 1))
    assert float(actlab.get(name)(np.array([point]))[0]) == pytest.approx(float(true), rel=1e-7)


@rule(r"self-normalising|they solve the equations for mean 0 and variance 1", "selu")
def self_normalising(name: str) -> None:
    second = mp.quad(lambda z: at(name, z) ** 2 * mp.npdf(z), [-20, -6, -1, 0, 6, 20])
    assert abs(mean(name)) < 1e-14
    assert abs(second - 1) < 1e-14
    # the digits themselves, by solving the two equations anew
    moment = [mp.quad(lambda z, k=k: mp.expm1(z) ** k * mp.npdf(z), [-20, -6, -1, 0]) for k in (1, 2)]
    alpha = -mp.npdf(0) / moment[0]
    scale = 1 / mp.sqrt(mp.mpf(1) / 2 + alpha**2 * moment[1])
    assert mp.almosteq(at(name, 1), scale, 1e-25)
    assert mp.almosteq(at(name, -1) / at(name, 1), alpha * mp.expm1(-1), 1e-25)


@rule(r"drives the variance back to 1 from layer to layer", "selu")
def attraction(name: str) -> None:
    for start in (0.5, 1.5):
        square = start
        for _ in range(10):
            root, before = mp.sqrt(square), square
            square = mp.quad(lambda z, s=root: at(name, s * z) ** 2 * mp.npdf(z), [-10, -3, 0, 3, 10])
            assert abs(square - 1) < abs(before - 1)


@rule(r"dropping half of the inputs doubles the variance", "selu")
def dropout(_: str) -> None:
    # kept with probability 1/2 and scaled by 2: the mean square of a standard normal input becomes 1/2 * 2**2
    assert mp.mpf(1) / 2 * 2**2 * mp.quad(lambda z: z**2 * mp.npdf(z), [-12, 0, 12]) == pytest.approx(2)


@rule(r"the gradient jumps from ([\d.]+) to ([\d.]+) at 0", "selu")
def kink_of_selu(name: str, left: str, right: str) -> None:
    assert jump(name, 0, 1) == (float(left), float(right))


@rule(r"the gradient at 0 is ([\d.]+), .* TensorFlow takes ([\d.]+)", "selu")
def gradient_of_selu(name: str, here: str, there: str) -> None:
    says(here, at(name, 0, 1))
    says(there, at(name, 1, 1))


@rule(r"levels off at (-[\d.]+)", "selu")
def floor_of_selu(name: str, number: str) -> None:
    says(number, at(name, -100))


@rule(r"gradient never above 1", "celu")
def gentle(name: str) -> None:
    assert all(max(slopes(name, LINE, alpha=alpha)) == 1 for alpha in (0.5, 1.0, 3.0))


@rule(r"celu\(c\*x\) at c\*alpha is c times celu\(x\) at alpha", "celu")
def scales(name: str) -> None:
    assert all(mp.almosteq(at(name, 4 * x, alpha=6), 4 * at(name, x, alpha=1.5)) for x in LINE)


@rule(r"from x = (-[\d.]+)\*alpha on", "celu")
def soft_saturation_of_celu(name: str, number: str) -> None:
    assert all(at(name, float(number) * alpha, 1, alpha=alpha) < 0.01 for alpha in (0.5, 3.0))


@rule(r"^always positive", "softplus")
@rule(r"^never exactly 0, hence not sparse: ([\d.]+) at x = 0", "softplus")
def positive(name: str, number: str = "0.69") -> None:
    assert min(at(name, x) for x in LINE) > 0
    says(number, at(name, 0))


@rule(r"smooth and convex: its derivative is sigmoid\(beta\*x\)", "softplus")
def derivative_of_softplus(name: str) -> None:
    assert all(mp.almosteq(at(name, x, 1, beta=2), at("sigmoid", 2 * x)) for x in LINE)
    assert min(at(name, x, 2) for x in LINE) > 0


@rule(r"never more than log\(2\)/beta above it", "softplus")
def above_relu(name: str) -> None:
    for beta in (0.5, 4.0):
        gaps = [at(name, x, beta=beta) - at("relu", x) for x in LINE]
        assert min(gaps) >= 0
        assert mp.almosteq(max(gaps), mp.log(2) / beta)


@rule(r"is 0 from x = (-\d+) down; this one is exact", "softplus")
def underflow(name: str, x: str) -> None:
    assert np.log(1 + np.exp(float(x))) == 0 < np.log(1 + np.exp(float(x) + 0.4))
    assert actlab.get(name)(float(x)) == pytest.approx(float(at(name, x)), rel=1e-15, abs=0)


@rule(r"changes to x itself where beta\*x > (\d+); there is no such jump here", "softplus")
def no_jump(name: str, x: str) -> None:
    assert at(name, x) - int(x) > 2e-9
    assert actlab.get(name)(float(x) + 1e-9) > float(x) + 2e-9
