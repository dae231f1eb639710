"""Each word's derivative rules against difference quotients, and its limits against its own far ends."""

from __future__ import annotations

import pytest
from mpmath import mp, mpf

from actlab import expression as e
from actlab import vocabulary as v
from actlab.emit import mpmath as reference
from actlab.errors import FormulaError
from actlab.symbolic.derivative import differentiate
from actlab.symbolic.limits import limit
from actlab.vocabulary import AXIS_WORDS, WORDS

ELEMENTWISE = sorted(WORDS.keys() - set(AXIS_WORDS))
ARGUMENTS = {"power": (1.3, 0.7), "clip": (0.4, -1.5, 1.5)}
x, a = e.symbol("x"), e.symbol("a")


@pytest.mark.parametrize("word", ELEMENTWISE)
def test_partial_derivatives(word: str) -> None:
    names = ["x", "a", "b"][: WORDS[word].arity]
    root = e.call(word, *map(e.symbol, names))
    f = reference.function(root)
    for first in (
        ARGUMENTS.get(word, (0.4,))[0],
        0.9,
        1.4,
        2.3,
        *(() if word in {"log", "log1p", "sqrt", "power"} else (-2.1,)),
    ):
        at = dict(zip(names, map(mpf, (first, *ARGUMENTS.get(word, (0.4,))[1:])), strict=True))
        for name in names:
            with mp.workdps(40):
                by_rule = reference.function(differentiate(root, name))(**{"x": mpf(0), **at})
                quotient = mp.diff(lambda t, name=name, at=at: f(**{**at, name: t}), at[name])
                assert abs(by_rule - quotient) < mpf(10) ** -25 * (1 + abs(quotient)), f"d {root}/d{name} at {first}"


@pytest.mark.parametrize("word", [word for word in ELEMENTWISE if WORDS[word].arity == 1])
@pytest.mark.parametrize("side", [0, 1], ids=["-inf", "inf"])
def test_ends(word: str, side: int) -> None:
    sign, end = (-1, 1)[side], WORDS[word].ends[side]
    f = reference.function(e.call(word, x))
    with mp.workdps(30):
        near, far = f(mpf(sign * 10**3)), f(mpf(sign * 10**8))
    if end is None:
        assert mp.isnan(far) or word in {"sin", "cos"}
    elif isinstance(end, str):
        assert float(mp.sign(far)) == float(f"{end}") / float("inf") or abs(far) > abs(near)
        assert abs(far) > 1.5 * abs(near)
        assert (far > 0) == (end == "inf")
    else:
        assert abs(far - end) < mpf(10) ** -7


@pytest.mark.parametrize("word", [word for word in ELEMENTWISE if WORDS[word].decays])
def test_decays_beat_every_power(word: str) -> None:
    f = reference.function(e.call(word, x))
    for side in (-1, 1):
        with mp.workdps(30):
            product = abs(mpf(side * 1000) ** 20 * f(mpf(side * 1000)))
        assert (product < 1e-100) == (side in WORDS[word].decays)


@pytest.mark.parametrize("word", [word for word in ELEMENTWISE if WORDS[word].grows])
def test_growth_beats_every_power(word: str) -> None:
    with mp.workdps(30):
        assert reference.function(e.call(word, x))(mpf(1000)) > mpf(1000) ** 50


@pytest.mark.parametrize(
    "text",
    ["x*softplus(x)", "x/(1 + x**2)", "(a - x)*sin(a*x)", "-x**5", "x - tanh(a + x)/x", "where(x > 1, x**2, a*x)"],
)
def test_operators(text: str) -> None:
    from actlab.symbolic.parser import parse

    root = parse(text, ["a"])
    f = reference.function(root)
    for name in ("x", "a"):
        at = {"x": mpf("0.7"), "a": mpf("1.9")}
        with mp.workdps(40):
            by_rule = reference.function(differentiate(root, name))(**at)
            quotient = mp.diff(lambda t, name=name, at=at: f(**{**at, name: t}), at[name])
        assert abs(by_rule - quotient) < 1e-25


def test_derivatives_come_out_short() -> None:
    rows = {
        x * v.sigmoid(x): "sigmoid(x) + x*logistic_pdf(x)",
        v.softplus(2 * x): "sigmoid(2*x)*2",
        v.where(x > 0, x, 0): "where(x > 0, 1, 0)",
        v.where(x > 0, x, a * x): "where(x > 0, 1, a)",
        v.abs(x): "sign(x)",
        x**3: "3*x**2",
        a * x: "a",
        x / a: "1/a",
        e.lift(7): "0",
    }
    for root, text in rows.items():
        assert repr(differentiate(root)) == text


def test_order_is_repetition() -> None:
    root = x * v.tanh(x)
    assert differentiate(root, order=3) is differentiate(differentiate(differentiate(root)))
    assert differentiate(root, order=0) is root


def test_axis_words_have_no_elementwise_derivative() -> None:
    with pytest.raises(FormulaError) as caught:
        differentiate(v.exp(x) / v.sum(v.exp(x)))
    assert str(caught.value) == "formula: sum looks along an axis and has no elementwise derivative; give vjp="


def test_limit_of_what_has_none_is_nan() -> None:
    for root in (v.sin(x), x * v.cos(x), v.log(x)):
        assert limit(root, -1) is v.nan
