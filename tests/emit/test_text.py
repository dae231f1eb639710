"""Text that reads back as the same expression."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actlab import expression as e
from actlab import vocabulary as v
from actlab.emit.text import render
from actlab.symbolic.parser import parse

x, a = e.symbol("x"), e.symbol("a")
numbers = st.one_of(st.integers(-9, 9), st.fractions(max_denominator=12), st.decimals(-5, 5, places=3))
leaves = st.one_of(st.sampled_from([x, a, v.pi]), numbers.map(e.constant))


def _grown(inner: st.SearchStrategy[e.Expression]) -> st.SearchStrategy[e.Expression]:
    divisor = inner.filter(lambda node: not e.is_zero(node))
    return st.one_of(
        st.builds(e.add, inner, inner),
        st.builds(e.subtract, inner, inner),
        st.builds(e.multiply, inner, inner),
        st.builds(e.divide, inner, divisor),
        st.builds(e.negate, inner),
        st.builds(v.tanh, inner),
        st.builds(lambda node: e.power(node, e.constant(3)), inner),
        st.builds(lambda p, q, r: e.where((p > q) & (p < r), q, r), inner, inner, inner),
        st.builds(v.clip, inner, inner, inner),
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.recursive(leaves, _grown, max_leaves=12))
def test_text_reads_back_as_the_same_expression(root: e.Expression) -> None:
    assert parse(render(root), ["a"]) is root


@pytest.mark.parametrize(
    ("root", "text"),
    [
        (x - (a - x), "x - (a - x)"),
        (x - a - x, "x - a - x"),
        (x / (a * x), "x/(a*x)"),
        (x * a / x, "x*a/x"),
        (-(x**2), "-x**2"),
        ((-x) ** 2, "(-x)**2"),
        ((x + a) * 2, "(x + a)*2"),
        (x * -a, "x*-a"),
        (e.constant("0.044715") * x, "0.044715*x"),
        (x * e.constant("1e-3"), "x*0.001"),
        (x + e.constant(1) / e.constant(3), "x + 1/3"),
        (e.where((x > 0) | (x < -1), x, 0), "where((x > 0) | (x < -1), x, 0)"),
        (v.pi * x, "pi*x"),
    ],
    ids=str,
)
def test_text(root: e.Expression, text: str) -> None:
    assert render(root) == text
