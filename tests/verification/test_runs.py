"""Runs: what is right passes, what is wrong is found, and where it is wrong."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from contract.rounding import BFLOAT16 as TABLE_BFLOAT16

import actlab
from actlab.activation import Elementwise
from actlab.expression import Expression
from actlab.verification import float64, points, runs
from actlab.verification.compare import Promise, Rules, Tangent, compare
from actlab.verification.exact import Exact
from actlab.verification.finding import Finding
from actlab.verification.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64
from actlab.verification.referee import Doubts, ReferencesDisagree
from actlab.verification.runs import Run

RULES = Rules(FLOAT32, Promise(0.51, 1.0, (7.0,)))
X = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
VALUE = np.array([0.1, -1e-40, 3e38, 1e-46, 1.0, 1 / 3, 1e5])
EXACT = np.zeros(7)


def nearest(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float32).astype(np.float64)


def test_what_numpy_rounds_is_right() -> None:
    found, left = compare(RULES, X, nearest(VALUE), (VALUE, EXACT))
    assert (found.misrounded, found.inputs, left.size) == (0, 7, 0)
    assert 0 < found.max_ulp < 0.5


@pytest.mark.parametrize("place", range(7))
def test_a_neighbour_is_wrong(place: int) -> None:
    got = VALUE.astype(np.float32)
    got[place] = np.nextafter(got[place], np.float32(math.inf))
    found, _ = compare(RULES, X, got.astype(np.float64), (VALUE, EXACT))
    assert (found.misrounded, found.worst) == (1, X[place])
    assert 0.5 < found.max_ulp <= 1.5
    assert found.used == found.max_ulp / (1.0 if X[place] == 7.0 else 0.51)
    assert found.used_at == X[place]


def test_doubt_is_left_open_only_where_it_matters() -> None:
    tie = 1 + 2.0**-24
    x, value = np.array([1.0, 2.0, 3.0]), np.array([tie, tie + 1e-12, 1.1])
    found, left = compare(RULES, x, nearest(value), (value, np.full(3, 1e-14)))
    assert left.tolist() == [0]
    assert (found.inputs, found.misrounded) == (2, 0)
    found, left = compare(RULES, x[:1], np.array([1.0]), (value[:1], np.zeros(1)))
    assert (left.size, found.misrounded, found.max_ulp) == (0, 0, 0.5), "a tie that is exact goes to the even one"
    _, left = compare(RULES, x[2:], np.array([1.5]), (value[2:], np.array([1e-8])))
    assert left.size == 1, "the error of a wrong result must be known well enough to be recorded"
    _, left = compare(RULES, x, nearest(value), (value, np.full(3, math.inf)))
    assert left.size == 3


def test_ties_beside_the_tangent() -> None:
    x = np.array([1.0, -1.0, 3.0, 2.0]) * 2.0**-149
    value, error = x / 2, np.abs(x) * 2.0**-50
    rules = Rules(FLOAT32, Promise(0.51), Tangent(0.5, 1))
    got = np.array([1.0, 0.0, 2.0, 1.0]) * 2.0**-149
    found, left = compare(rules, x, got, (value, error))
    assert (found.misrounded, left.size) == (0, 0)
    found, _ = compare(rules, x, np.array([0.0, -1.0, 1.0, 1.0]) * 2.0**-149, (value, error))
    assert found.misrounded == 3


def test_nan_and_infinite_results() -> None:
    x, value = np.array([math.nan, math.nan, 1.0, 1.0, math.inf]), np.array([math.nan, math.nan, 1.0, 3.5e38, 0.0])
    for got, wrong in (([math.nan, math.nan, 1.0, math.inf, 5.0], 0), ([math.nan, 0.0, math.nan, 3.4e38, 5.0], 3)):
        found, left = compare(RULES, x, nearest(np.array(got)), (value, np.where(np.isnan(value), math.inf, 0)))
        assert (found.misrounded, left.size) == (wrong, 0)
        assert math.isinf(found.max_ulp) == bool(wrong)


def test_rounding_to_16_bits_agrees_with_the_table() -> None:
    values = np.random.default_rng(1).normal(0, 1, 2000) * 2.0 ** np.random.default_rng(2).integers(-140, 127, 2000)
    rules = Rules(BFLOAT16, Promise(0.5))
    found, left = compare(rules, values, TABLE_BFLOAT16.nearest(values), (values, np.zeros(2000)))
    assert (found.misrounded, left.size) == (0, 0)


def test_findings_add_up() -> None:
    a, b = Finding(0.5, 1.0, 0.7, 3.0, 1, 10, 2, 1), Finding(0.6, 2.0, 0.65, 4.0, 2, 20, 3, 0)
    assert a | b == b | a == Finding(0.6, 2.0, 0.7, 3.0, 3, 30, 5, 1)


def test_an_even_choice_of_doubts() -> None:
    doubts = Doubts.together([Doubts(np.arange(50.0), np.zeros(50)), Doubts(np.arange(50.0, 100), np.ones(50), 7)])
    few = doubts.at_most(3)
    assert (few.x.tolist(), few.got.tolist(), few.left_out) == ([0.0, 49.0, 99.0], [0.0, 0.0, 1.0], 104)
    assert doubts.at_most(100) is doubts


@pytest.mark.parametrize("form", [FLOAT16, BFLOAT16], ids=lambda form: form.name)
def test_every_number_is_judged(form, monkeypatch) -> None:
    monkeypatch.setattr(runs, "_TASK", 2**13)
    monkeypatch.setattr(runs, "_PIECE", 2**10 - 1)
    shares: list[float] = []
    findings = Run(Exact(actlab.tanh), form).everywhere(jobs=2, progress=shares.append)
    assert [found.inputs for found in findings] == [2**16, 2**16]
    assert [found.misrounded for found in findings] == [0, 0]
    assert shares == [k / 8 for k in range(1, 9)]


def test_a_wrong_limit_and_a_wrong_nan_are_found(monkeypatch) -> None:
    run = Run(Exact(actlab.tanh), FLOAT32)
    x = np.array([-np.inf, np.inf, np.nan, 0.5], np.float32)
    right = actlab.tanh.value_and_grad(x)
    assert [found.misrounded for found in run.over(x)] == [0, 0]
    for place in range(3):
        value = right[0].copy()
        value[place] = 0.25
        monkeypatch.setattr(Run, "_called", lambda _self, _x, value=value: (value, right[1]))
        assert [found.misrounded for found in run.over(x)] == [1, 0]


def test_a_wrong_derivative_rule_is_no_reference(monkeypatch) -> None:
    real = Elementwise.form

    def form(self: Elementwise, steps: tuple[str, ...], *, stable: bool = True) -> Expression:
        return real(self, steps, stable=stable) * (1.0000001 if stable else 1)

    monkeypatch.setattr(Elementwise, "form", form)
    with pytest.raises(ReferencesDisagree) as caught:
        Run(Exact(actlab.get("selu")), FLOAT32).over(points.points(Exact(actlab.selu), FLOAT32, 1))
    assert str(caught.value).startswith("selu: the references for derivative 0 must agree; got ")


def test_points_of_one_layer_are_among_those_of_all() -> None:
    exact = Exact(actlab.silu)
    few, all_of_them = points.points(exact, FLOAT64, 1), points.points(exact, FLOAT64)
    assert 2000 < few.size < 4000
    assert all_of_them.size > 20_000
    assert np.isin(few, all_of_them).all()
    assert np.isin([0.0, 20.005, -745.2, 2.0**-1074, -1.2784645427610738], few).all()
    assert set(np.frexp(all_of_them)[1]) >= set(range(-1073, 1025))


def test_float64_is_held_to_its_promise() -> None:
    x = np.array([0.3, -3.0, 1e-300])
    for found in float64.over(Exact(actlab.sigmoid), x):
        assert found.inputs == 3
        assert found.max_ulp < 2
    wrong = actlab.define("wrong", "1 - 1/(1 + exp(x))")  # loses the digits of its left tail
    value, *_ = float64.over(Exact(wrong), np.array([-30.0]))
    assert (value.used > 1) == (value.max_ulp > 10)


BREAK = """
import actlab
from actlab.kernels import polynomials
for name, value in list(vars(polynomials).items()):
    if isinstance(value, tuple):
        setattr(polynomials, name, (*value[:2], value[2] * 1.0001, *value[3:]))
from actlab.verification.exact import Exact
from actlab.verification.formats import FLOAT32
from actlab.verification.runs import Run
for name in ("sigmoid", "gelu"):
    for found in Run(Exact(actlab.get(name)), FLOAT32).over(FLOAT32.numbers(0x3F800000, 0x3F808000)):
        print(found.misrounded, found.kept)
"""


def test_one_wrong_coefficient_is_found(tmp_path: Path) -> None:
    """A coefficient of every polynomial is off in its fifth digit: kernels change with it, references do not."""
    one = 0x3F800000  # the bits of 1.0
    for name in ("sigmoid", "gelu"):
        for found in Run(Exact(actlab.get(name)), FLOAT32).over(FLOAT32.numbers(one, one + 2**15)):
            assert found.kept
            assert found.misrounded < 3
    environment = {"ACTLAB_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", BREAK], env=environment, capture_output=True, text=True, check=True)
    verdicts = [line.split() for line in run.stdout.splitlines()]
    assert len(verdicts) == 4
    assert all(int(misrounded) > 100 and kept == "False" for misrounded, kept in verdicts)
