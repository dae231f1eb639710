"""The fast reference: whatever an uncertain argument does, the exact result lies within the error it states."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import arb

from actlab import vocabulary as v
from actlab.expression import Expression, compare, constant, symbol, where
from actlab.verification import balls, bounded_words
from actlab.verification.balls import function, precision
from actlab.verification.enclosure import enclose
from actlab.vocabulary import AXIS_WORDS, WORDS

x = symbol("x")
UNARY = [name for name, word in WORDS.items() if word.arity == 1 and name not in AXIS_WORDS]
# Arguments with a small, a large and no error; all are x but for it.
ARGUMENTS = {"exact": x, "off by 1e-14": (x + 100) - 100, "off by 0.01": (x + 1e14) - 1e14}
POSITIVE = ("log", "log1p", "sqrt")
SIZES = np.concatenate([10.0 ** np.linspace(-30, 30, 121), np.linspace(0.01, 40, 200)])


def worst_use(root: Expression, points: np.ndarray) -> float:
    """The largest error as a share of what is stated, on points; raises where one is beyond it."""
    ((value, error),) = enclose([root], points, {})
    shares = [0.0]
    for t, near, doubt in zip(points.tolist(), value.tolist(), error.tolist(), strict=True):
        if math.isfinite(doubt):
            with precision(2000):
                off = float(abs(function(root)(x=arb(t)) - near).mid())
            assert off <= doubt, f"{root!r} at {t}: {near} is {off} off, stated {doubt}"
            shares.append(off / doubt if doubt else 0.0)
    return max(shares)


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("word", UNARY)
def test_words_keep_to_their_bounds(word: str, argument: str) -> None:
    points = SIZES if word in POSITIVE else np.concatenate([SIZES, -SIZES, [0.0, -0.0]])
    if word not in ("log", "sqrt", "sign", "abs"):
        points = points[np.abs(points) < 1e15]  # beyond, the rounding of x + 1e14 is larger than any sine's period
    used = worst_use(getattr(v, word)(ARGUMENTS[argument]), points)
    if argument == "off by 0.01" and word != "sign":
        assert used > 0.02, "the stated error is so large that it shows nothing"


@pytest.mark.parametrize(
    "root",
    [
        (x + 1e10) * (x - 3) + 0.1,
        1 / ((x + 1e10) - 1e10),
        x**7 - 7 * x,
        v.power(v.abs(x) + 0.1, 1.7),
        v.clip((x + 1e14) - 1e14, -1, 2),
        v.abs((x + 1e14) - 1e14),
        v.pi * x / 3,
        where((x > 0.5) & (x <= 2) | (x < -1), v.exp(-x), x / 3),
    ],
    ids=repr,
)
def test_operators_keep_to_their_bounds(root: Expression) -> None:
    worst_use(root, np.concatenate([np.linspace(-9, 9, 400), [0.0, 0.5, -1.0, 2.0]]))


def test_what_is_exact_is_stated_as_exact() -> None:
    points = np.array([0.0, 2.0**-149, 0.5, -3.0, 1e30])
    ((value, error),) = enclose([where(x > 0, x / 2, x * constant("0.25")) - 0], points, {})
    np.testing.assert_array_equal(value, np.where(points > 0, points / 2, points / 4))
    np.testing.assert_array_equal(error, 0)


def test_a_condition_that_is_not_certain_leaves_nothing_certain() -> None:
    points = np.array([1.001, 1.1, 5.0])
    near = (x + 1e14) - 1e14  # a multiple of 1/64
    for root in (where(compare("<", near, constant(1)), 0, 1), v.clip(near, 1, 2), v.sign(near - 1)):
        ((_, error),) = enclose([root], points, {})
        assert not math.isfinite(error[0])
        assert math.isfinite(error[2])


def test_division_by_what_may_be_0_and_overflow_leave_nothing_certain() -> None:
    ((_, error),) = enclose([1 / ((x + 1e14) - 1e14)], np.array([0.0, 1e-3, 1.0]), {})
    assert [math.isfinite(e) for e in error] == [False, False, True]
    ((_, error),) = enclose([v.exp(x)], np.array([0.0, 710.0]), {})
    assert [math.isfinite(e) for e in error] == [True, False]


def test_both_references_have_every_word() -> None:
    words = set(WORDS) - set(AXIS_WORDS)
    assert {name for name in words if callable(getattr(bounded_words, name, None))} == words
    assert words <= set(balls.TABLE)
