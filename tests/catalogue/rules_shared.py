"""Checks of statements that several entries make."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from catalogue.measures import (
    BENDS,
    EXPONENTIAL,
    FINE,
    LEFT,
    LINE,
    SIZES,
    at,
    bottom,
    farthest,
    mean,
    says,
    slopes,
    words,
)
from catalogue.rules import rule

import actlab


@rule(r"mean output (\d[\d.]*) for standard normal inputs")
@rule(r"its mean output is ([\d.]+), not 0, for standard normal inputs")
def mean_output(name: str, number: str) -> None:
    says(number, mean(name))


@rule(r"mean output nearer to 0 than that of ReLU: ([\d.]+) against ([\d.]+) for standard normal inputs")
def mean_against_relu(name: str, number: str, relu: str) -> None:
    says(number, mean(name))
    says(relu, mean("relu"))
    assert float(number) < float(relu)


@rule(r"^(?:not|hardly more) zero-centred")
def not_zero_centred(name: str) -> None:
    assert mean(name) > 0.1


@rule(r"^zero-centred")
def odd(name: str) -> None:
    assert all(at(name, -x) == -at(name, x) for x in SIZES)


@rule(r"output in \((-?\d), (\d)\)")
def open_range(name: str, low: str, high: str) -> None:
    with mp.workdps(100):
        assert all(int(low) < at(name, x) < int(high) for x in LINE)
    assert at(name, -1e6) - int(low) < 1e-5
    assert int(high) - at(name, 1e6) < 1e-5


@rule(r"^smooth(?! only)")
def smooth(name: str) -> None:
    assert not words(name) & BENDS


@rule(r"strictly increasing")
def increasing(name: str) -> None:
    assert min(slopes(name, LINE)) > 0


@rule(r"no exponential|^cheap: one comparison")
def no_exponential(name: str) -> None:
    assert not words(name) & EXPONENTIAL


@rule(r"needs an exponential")
@rule(r"without its error function")
def exponential(name: str) -> None:
    assert words(name) & EXPONENTIAL - {"normal_cdf", "erf"}


@rule(r"needs an exponential (?:and|per input and) a logarithm")
def logarithm(name: str) -> None:
    assert words(name) & {"softplus", "log"}


@rule(r"units do not die")
def gradient_everywhere(name: str) -> None:
    assert 0 not in slopes(name, [x for x in LINE if x != 0])


@rule(r"gradient exactly 0 for negative inputs")
def flat_left(name: str) -> None:
    assert set(slopes(name, LEFT)) == {0}


@rule(r"bounded below: never less than (-[\d.]+)")
def lower_bound(name: str, number: str) -> None:
    value = at(name, bottom(name))
    assert float(number) <= value < float(number) + 0.001
    assert min(at(name, x) for x in LINE) >= value
    assert at(name, 1e9) == pytest.approx(1e9)


@rule(r"^not monotonic: falls until x = (-[\d.]+)")
def dip(name: str, number: str) -> None:
    says(number, bottom(name))
    assert max(slopes(name, [x for x in LEFT if x < float(number) - 0.01])) < 0
    assert min(slopes(name, [x for x in LINE if x > float(number) + 0.01])) > 0


@rule(r"the gradient is below ([\d.]+) from \|?x\|? = (-?[\d.]+)")
def soft_saturation(name: str, small: str, number: str) -> None:
    edge = -abs(float(number))
    assert 0 < at(name, edge, 1) < float(small) < at(name, edge + 0.1, 1)
    assert max(slopes(name, [x for x in LEFT if x <= edge])) < float(small)


@rule(r"gradient is exactly 0 from \|x\| = (\d) on", "hard_sigmoid")
@rule(r"gradient is exactly 0 outside the bounds", "hard_tanh")
def hard_saturation(name: str, number: str = "1") -> None:
    beyond = [x for x in LINE if abs(x) > int(number)]
    assert set(slopes(name, beyond)) == {0}
    assert 0 not in slopes(name, [x for x in LINE if abs(x) < int(number)])


@rule(r"gradient at most 1/(\d)")
@rule(r"largest there, 1/(\d) at x = 0")
def largest_gradient(name: str, quotient: str) -> None:
    assert max(slopes(name, FINE)) == at(name, 0, 1) == mp.mpf(1) / int(quotient)


@rule(r"^(?:saturated|units saturate|a saturated unit)")
def small_but_not_zero(name: str) -> None:
    assert 0 < at(name, 100, 1) < 1e-40


@rule(r"within ([\d.]+) of (\w+) everywhere")
def distance(name: str, number: str, other: str) -> None:
    assert float(number) * 0.9 < farthest(name, other) < float(number)


@rule(r"homogeneous: \w+\(c\*x\) = c\*\w+\(x\) for c > 0")
def homogeneous(name: str) -> None:
    for c in (0.25, 8.0):  # powers of two, so that c*x is exact
        assert all(mp.almosteq(at(name, c * x), c * at(name, x)) for x in LINE)


@rule(r"max\(x, (?:a|weight)\*x\) is the same function only for (?:a|weight) <= 1")
def maximum_form(name: str) -> None:
    (parameter,) = actlab.get(name).parameters
    for slope, same in ((-1.0, True), (0.5, True), (1.0, True), (2.0, False)):
        assert all(at(name, x, **{parameter: slope}) == max(x, slope * x) for x in LINE) is same


@rule(r"at -inf it is 0, its limit; typed as .* it is NaN there")
def limit_not_nan(name: str) -> None:
    gates = {
        "silu": 1 / (1 + np.exp(np.inf)),
        "gelu": 0.5 * (1 + math.erf(-np.inf)),
        "mish": np.tanh(np.log1p(np.exp(-np.inf))),
    }
    assert np.isnan(-np.inf * gates[name])
    assert actlab.get(name)(-np.inf) == 0


@rule(r"the gradient at the kinks, (-?\d) and (\d), is 0")
@rule(r"(?:the gradient at 0|; at 0 it) is (\d)(?:,| in)")
def gradient_at_kinks(name: str, *points_or_value: str) -> None:
    *points, value = (*points_or_value, "0") if len(points_or_value) == 2 else ("0", *points_or_value)
    assert slopes(name, [float(x) for x in points]) == [int(value)] * len(points)
