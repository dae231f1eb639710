"""Domains of parameters."""

from __future__ import annotations

import math

import pytest

from actlab.interval import EVERYWHERE, Interval


@pytest.mark.parametrize("text", ["(0, inf)", "[0, 1)", "(-inf, inf)", "[-2.5, 2]", "(-1, 0]"])
def test_text_round_trips(text: str) -> None:
    assert str(Interval.parse(text)) == text
    assert Interval.parse(text.replace(", ", ",")) == Interval.parse(text)


@pytest.mark.parametrize("text", ["", "0, 1", "(0, 1", "(0; 1)", "(a, b)"])
def test_bad_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval|float"):
        Interval.parse(text)


def test_members() -> None:
    half_open = Interval.parse("[0, 1)")
    assert 0 in half_open
    for outside in (1, -1e-9, math.inf, math.nan):
        assert outside not in half_open
    assert math.inf not in EVERYWHERE
    assert -0.0 in half_open


@pytest.mark.parametrize(
    ("text", "sign"),
    [("(0, 5)", 1), ("[0, 5)", None), ("[1, 2]", 1), ("(-1, 0)", -1), ("(-1, 1)", None), ("[0, 0]", 0)],
)
def test_sign(text: str, sign: int | None) -> None:
    assert Interval.parse(text).sign() == sign


def test_halves() -> None:
    assert str(EVERYWHERE.above_zero()) == "(0, inf)"
    assert str(EVERYWHERE.below_zero()) == "(-inf, 0)"
    assert str(Interval.parse("[2, 3]").above_zero()) == "[2, 3]"
