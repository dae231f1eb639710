"""Formulas as people type them become words, and stay the same function."""

from __future__ import annotations

import pytest
from mpmath import mp, mpf

from actlab import expression as e
from actlab import vocabulary as v
from actlab.emit import mpmath as reference
from actlab.symbolic.idioms import stabilise
from actlab.symbolic.parser import parse

x = e.symbol("x")
ROWS = [
    ("1/(1 + exp(-x))", "sigmoid(x)"),
    ("x/(1 + exp(-1.7*x))", "x*sigmoid(1.7*x)"),
    ("x/(exp(-x) + 1)", "x*sigmoid(x)"),
    ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
    ("1/(1 + exp(x))", "sigmoid(-x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("log1p(exp(-x))", "softplus(-x)"),
    ("log(1 + x**2)", "log1p(x**2)"),
    ("exp(x) - 1", "expm1(x)"),
    ("where(x > 0, x, exp(x) - 1)", "where(x > 0, x, expm1(x))"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
    ("x*tanh(log(1 + exp(x)))", "x*tanh(softplus(x))"),
    ("0.5*x*(1 + erf(x/sqrt(2)))", None),
    ("1 - sigmoid(2*x)", "sigmoid(-2*x)"),
    ("1 - 1/(1 + exp(-x))", "sigmoid(-x)"),
    ("1 - normal_cdf(x)", "normal_cdf(-x)"),
    ("1 - tanh(x)**2", "sech2(x)"),
    ("0.5*x*(1 + tanh(x/2))", "0.5*x*(2*sigmoid(x))"),
    ("1 - tanh(x)", "2*sigmoid(-2*x)"),
    ("2*sigmoid(2*x) - 1", "tanh(x)"),
    ("2/(1 + exp(-x)) - 1", "tanh(x/2)"),
    ("(exp(2*x) - 1)/(exp(2*x) + 1)", "tanh(2*x/2)"),
    ("(1 - exp(-2*x))/(1 + exp(-2*x))", "tanh(2*x/2)"),
    ("1 - exp(-x)", "-expm1(-x)"),
    ("1 - erf(x/sqrt(2))", "2*normal_cdf(-x)"),
    ("log(sigmoid(x))", "-softplus(-x)"),
    ("log(1/(1 + exp(-x)))", "-softplus(-x)"),
    ("log(2 - exp(-exp(x)))", "log1p(-expm1(-exp(x)))"),
    ("((1 + exp(x))**2 - 1)/((1 + exp(x))**2 + 1)", "tanh(softplus(x))"),
    ("x*((1 + exp(x))**2 - 1)/((1 + exp(x))**2 + 1)", "x*tanh(softplus(x))"),
    ("x*exp(x)/(1 + exp(x))", "x*sigmoid(x)"),
    ("exp(x)*x/(exp(x) + 1)", "x*sigmoid(x)"),
    ("x*(exp(x) - exp(-x))/(exp(x) + exp(-x))", "x*tanh(x)"),
    ("sigmoid(x)*(1 - sigmoid(x))", "logistic_pdf(x)"),
    ("x*sin(x)/(1 + x)", "x*sin(x)/(1 + x)"),
    ("1/(1 + exp(-2*x*(x + 1)))", "sigmoid(2*x*(x + 1))"),
    ("2 - tanh(x)", "2 - tanh(x)"),
    ("1 - tanh(x)**3", "1 - tanh(x)**3"),
    ("sin(x)", "sin(x)"),
    ("exp(x) - 2", "exp(x) - 2"),
    ("1/(2 + exp(x))", "1/(2 + exp(x))"),
]


@pytest.mark.parametrize(("typed", "meant"), ROWS, ids=[row[0] for row in ROWS])
def test_idioms(typed: str, meant: str | None) -> None:
    root = parse(typed)
    found = stabilise(root)
    if meant is not None:
        assert repr(found) == meant
    f, g = reference.function(root), reference.function(found)
    for t in (-3.0, -0.7, 0.2, 1.9):
        with mp.workdps(40):
            assert mp.almosteq(f(mpf(t)), g(mpf(t)), rel_eps=mpf(10) ** -35)


def test_the_error_function_of_gelu_becomes_the_normal_distribution() -> None:
    found = stabilise(0.5 * x * (1 + v.erf(x / v.sqrt(2))))
    assert "normal_cdf(x)" in repr(found)
    assert "erf" not in repr(found)


def test_stabilising_twice_changes_nothing() -> None:
    for typed, _ in ROWS:
        once = stabilise(parse(typed))
        assert stabilise(once) is once
