"""Guards stand where plain arithmetic goes wrong, and nowhere else."""

from __future__ import annotations

import math

import pytest

from actlab.emit import ieee
from actlab.interval import EVERYWHERE
from actlab.symbolic.parser import parse
from actlab.symbolic.plan import absorb_zeros, make_plan


def _output(text: str) -> str:
    plan = make_plan("f", (parse(text, ["a"]),), (("a", EVERYWHERE),))
    return repr(plan.outputs[0])


@pytest.mark.parametrize(
    "text",
    [
        "tanh(x)",
        "sigmoid(x)",
        "softplus(x)",
        "where(x > 0, x, 0.01*x)",
        "clip(x, 0, 6)",
        "abs(x)",
        "x",
        "-softplus(-x)",
    ],
)
def test_no_guard_where_none_is_needed(text: str) -> None:
    assert _output(text) == text


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("x*sigmoid(x)", "where(x == -inf, 0, x*sigmoid(x))"),
        ("x/(1 + abs(x))", "where(x == inf, 1, where(x == -inf, -1, x/(1 + abs(x))))"),
        ("where(x > 0, 1, 0)", "where(x == x, where(x > 0, 1, 0), nan)"),
        ("1", "where(x == x, 1, nan)"),
    ],
)
def test_guards(text: str, guarded: str) -> None:
    assert _output(text) == guarded


def test_a_tail_that_is_0_wins_over_a_power_that_overflows() -> None:
    root = parse("x**4*normal_pdf(x)")
    assert math.isnan(ieee.evaluate(root, 1e200, {}))
    assert ieee.evaluate(absorb_zeros(root), 1e200, {}) == 0
    assert ieee.evaluate(absorb_zeros(root), 1.0, {}) == ieee.evaluate(root, 1.0, {})


def test_outputs_are_right_at_every_edge() -> None:
    root = parse("x**2*sech2(x) + tanh(x)")
    (output,) = make_plan("f", (root,), ()).outputs
    for x, want in ((-math.inf, -1.0), (math.inf, 1.0), (1e200, 1.0), (-1.7e308, -1.0), (0.0, 0.0)):
        assert ieee.evaluate(output, x, {}) == want
    assert math.isnan(ieee.evaluate(output, math.nan, {}))


def test_equal_plans_are_one_and_keys_tell_formulas_apart() -> None:
    a, b = parse("x*sigmoid(x)"), parse("x*tanh(x)")
    assert make_plan("f", (a,), ()) is make_plan("f", (a,), ())
    keys = {make_plan(name, roots, ()).key for name in "fg" for roots in ((a,), (b,), (a, b))}
    assert len(keys) == 6
    assert make_plan("f", (parse("a*x", ["a"]),), (("a", EVERYWHERE), ("b", EVERYWHERE))).parameters == ("a",)
