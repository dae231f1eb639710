"""Checks of the family of gates."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from catalogue.measures import EXPONENTIAL, FINE, LINE, at, bottom, farthest, jump, says, slopes, words
from catalogue.rules import rule

import actlab


@rule(r"nearly 0 far on the left, nearly x far on the right", "silu")
def like_relu(name: str) -> None:
    assert abs(at(name, -40)) < 1e-15
    assert abs(at(name, 40) - 40) < 1e-15


@rule(r"swish at beta = 1", "silu")
def silu_is_swish(name: str) -> None:
    assert all(at(name, x) == at("swish", x, beta=1) for x in LINE)


@rule(r"x/2 at beta = 0, towards ReLU as beta grows", "swish")
@rule(r"except at beta = 0, where it is linear", "swish")
def family(name: str) -> None:
    assert all(at(name, x, beta=0) == mp.mpf(x) / 2 for x in LINE)
    assert max(abs(at(name, x, beta=1e4) - at("relu", x)) for x in FINE) < 1e-4
    assert all(min(slopes(name, FINE, beta=beta)) < 0 for beta in (-1.0, 0.5, 2.0))


@rule(r"never less than (-[\d.]+)/beta for beta > 0", "swish")
def lower_bound_by_beta(name: str, number: str) -> None:
    for beta in (0.5, 3.0):
        assert mp.almosteq(at(name, bottom(name) / beta, beta=beta), at(name, bottom(name)) / beta)
        assert min(at(name, x, beta=beta) for x in FINE) >= float(number) / beta


@rule(r"there the factor stands outside, beta\*x\*sigmoid\(x\)", "swish")
def not_e_swish(name: str) -> None:
    assert at(name, 1, beta=1.5) != 1.5 * at("silu", 1)


@rule(r"at most ([\d.]+) away, silu ([\d.]+)", "gelu")
def distance_to_relu(name: str, number: str, silu: str) -> None:
    says(number, farthest(name, "relu"))
    says(silu, farthest("silu", "relu"))


@rule(r"needs the error function", "gelu")
def error_function(name: str) -> None:
    assert "normal_cdf" in words(name)


@rule(r"typed as 0\.5\*x\*\(1 \+ erf\(x/sqrt\(2\)\)\) it is 0 from x = (-[\d.]+) down in float32", "gelu")
def gelu_in_float32(name: str, x: str) -> None:
    erf = [np.float32(math.erf(point / math.sqrt(2))) for point in (float(x), float(x) + 0.1)]
    assert 1 + erf[0] == 0 < 1 + erf[1]
    here = actlab.get(name)(np.array([x], np.float32))
    assert float(here[0]) == pytest.approx(float(at(name, float(np.float32(x)))), rel=1e-7, abs=0)


@rule(r"needs an exponential and a cubic", "gelu_tanh")
@rule(
    r"x\*sigmoid\(2\*u\), equal to 0\.5\*x\*\(1 \+ tanh\(u\)\), which loses all digits on the left",
    "gelu_tanh",
)
def tanh_form(name: str) -> None:
    cubic = [mp.sqrt(2 / mp.pi) * (mp.mpf(x) + mp.mpf("0.044715") * mp.mpf(x) ** 3) for x in FINE]
    assert all(
        mp.almosteq(at(name, x), 0.5 * x * (1 + mp.tanh(u)), 1e-15, 1e-28) for x, u in zip(FINE, cubic, strict=True)
    )
    u = math.sqrt(2 / math.pi) * (-10 + 0.044715 * -1000)
    assert 0.5 * -10 * (1 + math.tanh(u)) == 0 > actlab.get(name)(-10.0)


@rule(r"typed in float16, x\*\*3 overflows from \|x\| = ([\d.]+) on", "gelu_tanh")
def cubic_overflows(name: str, number: str) -> None:
    x, below = np.float16(number), np.float16(float(number) - 0.15)
    assert np.isinf(x**3)
    assert np.isfinite(below**3)
    assert actlab.get(name)(np.array([x]))[0] == x


@rule(r"small negative outputs are kept", "mish")
def small_negative(name: str) -> None:
    assert -0.31 < at(name, -1) < -0.3


@rule(r"an exponential and a division, and ReLU needs one comparison", "mish")
@rule(r"one exponential is enough: x\*n/\(n \+ 2\) with n = exp\(x\)\*\(exp\(x\) \+ 2\)", "mish")
def one_exponential(name: str) -> None:
    assert not words("relu") & EXPONENTIAL
    for x in FINE:
        n = mp.exp(x) * (mp.exp(x) + 2)
        assert mp.almosteq(at(name, x), x * n / (n + 2), 1e-20)


@rule(r"exactly 0 up to (-\d) and exactly x from (\d) on", "hard_swish")
@rule(r"gradient exactly 0 up to (-\d): units can die there", "hard_swish")
def ends_of_hard_swish(name: str, low: str, high: str = "3") -> None:
    left, right = [x for x in FINE if x <= int(low)], [x for x in FINE if x >= int(high)]
    assert {at(name, x) for x in left} == {0} == set(slopes(name, left))
    assert [at(name, x) for x in right] == right


@rule(r"not mish: (\S+), .* is smooth and another function", "hard_swish")
def hard_swish_is_not_mish(name: str, formula: str) -> None:
    assert actlab.mish.formula == formula != actlab.get(name).formula
    assert actlab.get(name).kinks
    assert not actlab.mish.kinks


@rule(r"falls between (-\d) and (-[\d.]+), to (-[\d.]+)", "hard_swish")
def dip_of_hard_swish(name: str, start: str, end: str, depth: str) -> None:
    falling = [x for x in FINE if at(name, x, 1) < 0]
    assert (min(falling) - 0.01, max(falling) + 0.01) == pytest.approx((float(start), float(end)))
    assert mp.almosteq(at(name, end), mp.mpf(depth))


@rule(r"jumps from (\d) to (-[\d.]+) at -3 and from ([\d.]+) to (\d) at 3", "hard_swish")
def kinks_of_hard_swish(name: str, *sides: str) -> None:
    assert (*jump(name, -3, 1), *jump(name, 3, 1)) == tuple(map(float, sides))


@rule(r"the gradient at the kinks is (\d) at -3 and (\d) at 3", "hard_swish")
def gradient_of_hard_swish(name: str, left: str, right: str) -> None:
    assert slopes(name, [-3, 3]) == [int(left), int(right)]
