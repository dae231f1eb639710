"""Where formulas switch branches, and which of these points are kinks."""

from __future__ import annotations

import math

import pytest

from actlab import expression as e
from actlab.symbolic.breakpoints import breakpoints, kinks
from actlab.symbolic.derivative import differentiate
from actlab.symbolic.parser import parse

ROWS = [
    ("where(x > 0, x, 0)", "0"),
    ("clip(x, -1, a)", "-1, a"),
    ("clip(2*x + 3, 0, 6)", "-1.5, 1.5"),
    ("abs(x - a)", "a"),
    ("where((x > -a) & (x < a), x, 0)", "-a, a"),
    ("where(a > 0, x, 0)", ""),
    ("x*sigmoid(x)", ""),
    ("where(x**2 < 4, x, 0)", "-2, 2"),
]


@pytest.mark.parametrize(("text", "points"), ROWS, ids=[row[0] for row in ROWS])
def test_breakpoints(text: str, points: str) -> None:
    assert ", ".join(map(repr, breakpoints(parse(text, ["a"])))) == points


def test_a_crossing_without_closed_form_is_found() -> None:
    (point,) = breakpoints(parse("where(exp(x) > 3, x, 0)"))
    assert math.isclose(float(point.value), math.log(3), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("where(x > 0, x, a*x)", [(0.0, 0.25, 1.0, 0.25, False)]),
        ("where(x > 0, x, expm1(x))", []),
        ("abs(x)", [(0.0, -1.0, 1.0, 0.0, False)]),
        ("abs(x)**3", []),
        ("where(x > 1, 1, 0)", [(1.0, 0.0, 0.0, 0.0, True)]),
        ("clip(x, -a, 2)", [(-0.25, 0.0, 1.0, 0.0, False), (2.0, 1.0, 0.0, 0.0, False)]),
    ],
)
def test_kinks(text: str, found: list[tuple[float, float, float, float, bool]]) -> None:
    root = parse(text, ["a"])
    got = kinks(root, differentiate(root), {"a": 0.25})
    assert [(k.x, k.left, k.right, k.grad, k.jump) for k in got] == found


def test_kinks_move_with_the_parameters() -> None:
    root = parse("where(x > a, x, 0)", ["a"])
    for at in (-3.0, 2.5):
        (kink,) = kinks(root, differentiate(root), {"a": at})
        assert (kink.x, kink.jump) == (at, True)
    assert e.symbols(root) == {"x", "a"}
