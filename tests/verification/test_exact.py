"""The exact reference: ties, zeros and tails that no fixed number of digits settles."""

from __future__ import annotations

import math

import mpmath
import pytest
from flint import arb

import actlab
from actlab.verification import landmarks
from actlab.verification.balls import precision
from actlab.verification.compare import Tangent
from actlab.verification.exact import Exact, Judgement, judged
from actlab.verification.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format

TINIEST = 2.0**-149


@pytest.mark.parametrize(
    ("name", "form", "at", "got", "misrounded"),
    [
        # x/2 + x^2/4: beside a tie by 2^-149 of it.
        ("silu", FLOAT32, TINIEST, 0.0, True),
        ("silu", FLOAT32, TINIEST, TINIEST, False),
        ("silu", FLOAT32, -TINIEST, -0.0, False),
        ("silu", FLOAT64, 2.0**-1074, 0.0, True),
        ("silu", BFLOAT16, 2.0**-133, 2.0**-133, False),
        # A tie, which no number of bits tells from one: the even neighbour is right.
        ("prelu", FLOAT32, -2 * TINIEST, 0.0, False),
        ("prelu", FLOAT32, -2 * TINIEST, -TINIEST, True),
        ("prelu", FLOAT32, -6 * TINIEST, -TINIEST, True),
        ("prelu", FLOAT32, -6 * TINIEST, -2 * TINIEST, False),
        ("hard_swish", FLOAT16, 2.0**-24 * 3, 2.0**-24 * 2, False),
    ],
)  # fmt: skip
def test_ties(name: str, form: Format, at: float, got: float, misrounded: bool) -> None:  # noqa: FBT001
    judgement = Exact(actlab.get(name)).judge(form, at, got)
    assert judgement.misrounded == misrounded
    assert judgement.ulp == pytest.approx(0.5, abs=1e-6)


def test_an_exact_zero_is_no_doubt() -> None:
    for name in ("silu", "tanh", "elu", "gelu"):
        assert Exact(actlab.get(name)).judge(FLOAT64, 0.0, 0.0) == Judgement(0.0, misrounded=False)


def test_tails() -> None:
    assert Exact(actlab.gelu).at(-38.5) == float(-38.5 * mpmath.erfc(38.5 / mpmath.sqrt(2)) / 2)
    assert Exact(actlab.sigmoid).at(-1e308) == 0
    assert Exact(actlab.mish).at(1e308) == 1e308
    assert Exact(actlab.gelu_tanh).at(-1e30, 1) == 0


def test_errors_are_told_in_ulp_of_the_exact_result() -> None:
    with precision(200):
        third = arb(1) / 3
    for form in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64):
        ulp = 2.0 ** (-2 - form.digits + 1)
        right = round(1 / 3 / ulp) * ulp
        judgement = judged(form, right + 3 * ulp, third)
        assert judgement is not None
        assert judgement.ulp == pytest.approx(3 + (right - 1 / 3) / ulp, abs=0.35)
        assert judgement.misrounded
        near = judged(form, right, third)
        assert near is not None
        assert not near.misrounded


def test_overflow_and_nan() -> None:
    largest = 2.0**128 - 2.0**104
    with precision(200):
        beyond, below = arb(2) ** 128 - arb(2) ** 103, arb(2) ** 128 - arb(2) ** 103 - 1
    assert judged(FLOAT32, math.inf, beyond) == Judgement(0.0, misrounded=False)
    assert judged(FLOAT32, largest, beyond) == Judgement(math.inf, misrounded=True)
    assert judged(FLOAT32, -math.inf, beyond) == Judgement(math.inf, misrounded=True)
    assert judged(FLOAT32, math.nan, below) == Judgement(math.inf, misrounded=True)
    assert judged(FLOAT32, math.inf, below) == Judgement(math.inf, misrounded=True)
    near = judged(FLOAT32, largest, below)
    assert near is not None
    assert not near.misrounded
    assert judged(FLOAT32, 1.0, arb(1, 2.0**-20)) is None, "the ball is wider than an ulp"
    assert judged(FLOAT32, 1.0, arb.nan()) is None


def test_a_formula_without_a_value_is_not_judged_right() -> None:
    odd = actlab.define("odd", "log(x)")
    assert Exact(odd).judge(FLOAT32, -1.0, 0.0).misrounded


def test_landmarks() -> None:
    silu = Exact(actlab.silu)
    assert landmarks.roots(silu, 1) == pytest.approx([-1.2784645427610738])
    assert landmarks.roots(silu, 2) == pytest.approx([-2.3993572805154675, 2.3993572805154675])
    assert landmarks.tangent(silu) == Tangent(0.5, 1)
    assert landmarks.limits(silu, 1) == (0.0, 1.0)
    swish = Exact(actlab.swish.bind(beta=-1.0))
    assert landmarks.tangent(swish) == Tangent(0.5, -1)
    hard = Exact(actlab.hard_swish)
    assert landmarks.breakpoints(hard) == (-3.0, 3.0)
    assert landmarks.roots(hard, 1) == pytest.approx([-1.5]), "the jump at -3 is no root"
    for name in ("abs", "softsign", "sigmoid", "relu", "tanh"):
        assert landmarks.tangent(Exact(actlab.get(name))) == Tangent(), "kinked, not 0 at 0, or straight there"
        assert not landmarks.roots(Exact(actlab.get(name)), 1)
