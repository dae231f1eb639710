"""Every word has a row in the table of every target, and means the same there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from actlab import expression as e
from actlab import vocabulary as v
from actlab.emit import ieee, numba
from actlab.emit import mpmath as reference
from actlab.emit.sympy import convert
from actlab.kernels import words
from actlab.symbolic.plan import make_plan
from actlab.vocabulary import AXIS_WORDS, WORDS

ELEMENTWISE = sorted(WORDS.keys() - set(AXIS_WORDS))
X = (-3.7, -1.2, -0.4, 0.3, 0.9, 2.6)
REST: dict[str, tuple[float, ...]] = {"power": (1.75,), "clip": (-0.75, 1.875)}
POSITIVE = {"log", "sqrt", "power"}
x = e.symbol("x")

# The definitions once more, from a book: what `emit.mpmath` says must be this. A new word needs a row.
MEANING: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "expm1": lambda u: mp.exp(u) - 1,
    "log": mp.ln,
    "log1p": lambda u: mp.ln(1 + u),
    "tanh": lambda u: (mp.exp(u) - mp.exp(-u)) / (mp.exp(u) + mp.exp(-u)),
    "sech2": lambda u: 1 / mp.cosh(u) ** 2,
    "sigmoid": lambda u: 1 / (1 + mp.exp(-u)),
    "logistic_pdf": lambda u: mp.exp(-u) / (1 + mp.exp(-u)) ** 2,
    "softplus": lambda u: mp.ln(1 + mp.exp(u)),
    "normal_cdf": mp.ncdf,
    "normal_pdf": lambda u: mp.exp(-(u**2) / 2) / mp.sqrt(2 * mp.pi),
    "erf": lambda u: 2 / mp.sqrt(mp.pi) * mp.quad(lambda t: mp.exp(-t * t), [0, u]),
    "sin": mp.sin,
    "cos": mp.cos,
    "sqrt": mp.sqrt,
    "abs": lambda u: u if u > 0 else -u,
    "sign": lambda u: mpf(1) if u > 0 else mpf(-1),
    "power": lambda u, p: mp.exp(p * mp.ln(u)),
    "clip": lambda u, low, high: sorted([u, low, high])[1],
}


def _inputs(word: str) -> list[float]:
    if word == "log1p":
        return [t for t in X if t > -1]
    return [t for t in X if t > 0 or word not in POSITIVE]


def _call(word: str) -> e.Expression:
    return e.call(word, x, *REST.get(word, ()))


def _exact(word: str, t: float) -> Any:
    return MEANING[word](mpf(t), *map(mpf, REST.get(word, ())))


@pytest.mark.parametrize("table", [reference.TABLE, ieee.TABLE, numba.TABLE], ids=["mpmath", "ieee", "numba"])
def test_every_word_has_a_cell(table: dict[str, str]) -> None:
    missing = {*ELEMENTWISE, "where", "pi", "inf", "nan"} - table.keys()
    assert not missing


def test_every_word_has_a_meaning_here() -> None:
    assert sorted(MEANING) == ELEMENTWISE


@pytest.mark.parametrize("word", ELEMENTWISE)
def test_mpmath(word: str) -> None:
    f = reference.function(_call(word))
    with mp.workdps(40):
        for t in _inputs(word):
            assert mp.almosteq(f(mpf(t)), _exact(word, t), rel_eps=mpf(10) ** -35), f"{word}({t})"


@pytest.mark.parametrize("word", ELEMENTWISE)
def test_ieee(word: str) -> None:
    for t in _inputs(word):
        assert math.isclose(ieee.evaluate(_call(word), t, {}), float(_exact(word, t)), rel_tol=1e-13), f"{word}({t})"
    assert math.isnan(ieee.evaluate(_call(word), math.nan, {}))


@pytest.mark.parametrize("word", ELEMENTWISE)
def test_machine_code(word: str) -> None:
    function = getattr(words, word)
    for t in _inputs(word):
        got = function(t, *REST.get(word, ()))
        assert math.isclose(got, float(_exact(word, t)), rel_tol=1e-15), f"{word}({t})"


@pytest.mark.parametrize("word", ELEMENTWISE)
@pytest.mark.parametrize("named", [True, False], ids=["by name", "by meaning"])
def test_sympy(word: str, *, named: bool) -> None:
    converted = convert(_call(word), named=named)
    if named and type(converted).__name__ not in dir(sympy) and not converted.has(sympy.sech):
        assert converted.args  # a name for printing only, applied to the argument
        return
    for t in _inputs(word):
        got = converted.subs(next(iter(converted.free_symbols)), t).evalf(30)
        assert math.isclose(float(got), float(_exact(word, t)), rel_tol=1e-12), f"{word}({t})"


@pytest.mark.parametrize("word", AXIS_WORDS)
def test_sympy_prints_axis_words(word: str) -> None:
    assert convert(e.call(word, x)).free_symbols


@pytest.mark.parametrize("word", ELEMENTWISE)
def test_torch(word: str) -> None:
    torch = pytest.importorskip("torch")
    from actlab.emit.torch import elementwise

    f = elementwise(make_plan(word, (_call(word),), ()))
    t = torch.tensor(_inputs(word), dtype=torch.float64)
    want = [float(_exact(word, u)) for u in _inputs(word)]
    np.testing.assert_allclose(f(t).numpy(), want, rtol=1e-12, atol=1e-15)


def test_torch_has_every_cell() -> None:
    pytest.importorskip("torch")
    from actlab.emit.torch import TABLE

    assert not {*WORDS, "where", "pi", "inf", "nan"} - TABLE.keys()


def test_mpmath_keeps_digits_where_definitions_lose_them() -> None:
    cases = (
        (v.softplus(x), -500, mp.exp(-500)),
        (v.softplus(x), -(10**7), mp.exp(-(10**7))),
        (v.softplus(x), 10**7, mpf(10) ** 7),
        (v.normal_cdf(x), -40, mp.erfc(40 / mp.sqrt(2)) / 2),
        (v.normal_cdf(x), 1e300, mpf(1)),
        (v.normal_cdf(x), -1e300, mpf(0)),
        (v.logistic_pdf(x), 1e6, mp.exp(-(10**6))),
    )
    for root, t, want in cases:
        with mp.workdps(30):
            assert mp.almosteq(reference.function(root)(mpf(t)), want, rel_eps=mpf(10) ** -28), f"{root} at {t}"


def test_ieee_answers_infinities_like_hardware() -> None:
    rows: tuple[tuple[e.Expression, float, float], ...] = (
        (v.exp(x), 1000.0, math.inf),
        (v.expm1(x), 1000.0, math.inf),
        (1 / x, 0.0, math.inf),
        (1 / x, -0.0, -math.inf),
        (x / x, 0.0, math.nan),
        (x * v.sigmoid(x), -math.inf, math.nan),
        (v.log(x), 0.0, -math.inf),
        (v.log(x), -1.0, math.nan),
        (x**3, 1e200, math.inf),
        (v.sin(x), math.inf, math.nan),
        (v.sqrt(x), -1.0, math.nan),
        (v.sqrt(x), math.inf, math.inf),
        (v.softplus(x), 1e300, 1e300),
        (v.clip(x, -1, 1), math.inf, 1.0),
        (v.power(x, -0.5), 0.0, math.inf),
    )
    for root, t, want in rows:
        got = ieee.evaluate(root, t, {})
        assert got == want or (math.isnan(got) and math.isnan(want)), f"{root} at {t}: {got}, must be {want}"


@pytest.mark.parametrize("word", ["sech2", "logistic_pdf", "normal_pdf", "sigmoid"])
def test_mpmath_raises_a_whole_word_to_a_power(word: str) -> None:
    u = e.call(word, x)
    with mp.workdps(30):
        value = reference.function(u)(mpf("0.4"))
        assert mp.almosteq(reference.function(u**3)(mpf("0.4")), value**3)


@pytest.mark.parametrize("word", ["exp", "expm1", "tanh", "sech2", "sigmoid", "logistic_pdf", "normal_pdf", "softplus"])
def test_mpmath_answers_where_the_digits_would_never_end(word: str) -> None:
    huge = v.exp(x)
    with mp.workdps(400):
        ends = [reference.function(e.call(word, u))(mpf(10) ** 30) for u in (-huge, huge)]
    assert list(map(float, ends)) == [float(end) for end in WORDS[word].ends if end is not None]


def test_mpmath_leaves_the_sine_of_a_number_without_end_open() -> None:
    with mp.workdps(400):
        assert mp.isnan(reference.function(v.sin(v.exp(x)))(mpf(10) ** 30))


def test_torch_takes_words_of_numbers_that_have_no_value() -> None:
    torch = pytest.importorskip("torch")
    from actlab.emit import torch as target

    for root, expected in ((v.log(-1) + x, math.nan), (v.log(0) + x, -math.inf)):
        result = target.elementwise(make_plan("f", (root,), ()))(torch.ones(1))
        assert np.array_equal(result.numpy(), [expected], equal_nan=True)
