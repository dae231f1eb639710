"""Expressions: exact, shared, immutable, and loud where Python would silently do something else."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import threading
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from actlab import expression as e
from actlab import vocabulary as v
from actlab.errors import FormulaError

x, a = e.symbol("x"), e.symbol("a")


def test_equal_expressions_are_one_object() -> None:
    assert (x + 1) * a is (x + 1) * a
    assert e.symbol("x") is x
    assert e.constant("0.1") is e.constant(0.1) is e.constant(Decimal("0.1")) is e.constant(Fraction(1, 10))
    assert x + a is not a + x


def test_copies_and_pickles_are_the_same_object() -> None:
    root = v.where((x > 0) & (x < a), x**3, v.tanh(x) / 2)
    for twin in (copy.copy(root), copy.deepcopy(root), pickle.loads(pickle.dumps(root))):  # noqa: S301
        assert twin is root


def test_the_pool_forgets_what_nobody_holds() -> None:
    before = len(e._pool)
    kept = [v.exp(x * (k + 1000)) for k in range(100)]
    assert len(e._pool) >= before + 200
    del kept
    gc.collect()
    assert len(e._pool) <= before + 10


def test_threads_share_one_pool() -> None:
    made: list[list[e.Expression]] = []
    threads = [
        threading.Thread(target=lambda: made.append([v.tanh(x * k + 7777) for k in range(2, 300)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(p is q for row in made[1:] for p, q in zip(made[0], row, strict=True))


def test_constants_are_exact() -> None:
    assert e.constant(0.1).value == Fraction(1, 10)
    assert e.constant(1 / 3).value == Fraction(1, 3)
    assert float(e.constant(math.pi).value) == math.pi
    assert e.constant("1.6732632423543772848170429916717").value == Fraction(
        Decimal("1.6732632423543772848170429916717")
    )
    for number in (5e-324, 1.7976931348623157e308, 0.044715, -2.5):
        assert float(e.constant(number).value) == number


def test_folding() -> None:
    assert 0 + x is x
    assert x - 0 is x
    assert 0 - x is -x
    assert 1 * x is x
    assert x / 1 is x
    assert e.negate(-x) is x
    assert x**1 is x
    assert x**0 is e.constant(1)
    assert x**-2 is 1 / x**2
    assert x**0.5 is v.sqrt(x)
    assert v.where(x > 0, a, a) is a
    assert e.constant(2) / 3 is e.constant(Fraction(2, 3))
    assert (0 * x).op == "mul", "0*inf is not 0"
    assert e.substitute(x * a, {"a": e.constant(1)}) is x
    assert e.substitute(x + a, {"a": x}) is x + x


def test_walk_gives_arguments_first_and_each_node_once() -> None:
    root = (x + 1) * v.tanh(x + 1)
    nodes = list(e.walk(root))
    place = {node: k for k, node in enumerate(nodes)}
    assert len(nodes) == len(place) == 5
    assert all(place[arg] < place[node] for node in nodes for arg in node.args)
    assert e.symbols(root * a) == {"x", "a"}


def test_deep_expressions_need_no_deep_stack() -> None:
    root = x
    for _ in range(5000):
        root = v.tanh(root + 1)
    assert e.symbols(root) == {"x"}
    assert e.substitute(root, {"x": a}) is not root


def test_expressions_are_immutable() -> None:
    with pytest.raises(AttributeError, match="an expression is immutable"):
        x.op = "y"


TRUTH = (
    "formula: a condition on x has no truth value while the formula is read; "
    "use v.where(condition, a, b) for if, max and min, "
    "and & or | for and, or"
)
MATH = "formula: math functions cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)"
LOUD: list[tuple[Callable[[], Any], str]] = [
    (lambda: 1 if x > 0 else 0, TRUTH),
    (lambda: max(x, 0), TRUTH),
    (lambda: (x > 0) and (x < 1), TRUTH),
    (lambda: 0 < x < 1, TRUTH),
    (lambda: bool(x), TRUTH),
    (lambda: x == 0, "formula: == cannot be asked of an expression; use <, <=, >, >= inside v.where"),
    (lambda: x == a, "formula: == cannot be asked of an expression; use <, <=, >, >= inside v.where"),
    (lambda: x != 0, "formula: == cannot be asked of an expression; use <, <=, >, >= inside v.where"),
    (lambda: math.exp(x), MATH),
    (lambda: int(x), MATH),
    (lambda: np.exp(x), "formula: np.exp cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)"),
    (
        lambda: np.maximum(x, 0),
        "formula: np.maximum cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)",
    ),
    (
        lambda: np.float64(2) * x,
        "formula: np.multiply cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)",
    ),
    (lambda: 2**x, "formula: 2**x is not in the vocabulary; write v.exp(x*v.log(2))"),
    (lambda: x / 0, "formula: division by the constant 0"),
    (lambda: x**65, "formula: a power must lie in [-64, 64]; got 65"),
    (lambda: x + "1", "formula: '1' is neither a number nor an expression"),
    (lambda: x + True, "formula: True is neither a number nor an expression"),
    (lambda: x + (x > 0), "formula: a condition is not a number; write v.where(condition, 1, 0)"),
    (lambda: (x > 0) & True, "formula: & joins two conditions; got True"),
    (lambda: v.where(x, 1, 0), "formula: where must be given a condition such as x > 0; got x"),
    (lambda: v.tanh(x, x), "formula: tanh takes 1 argument(s); got 2"),
    (lambda: x + math.nan, "formula: a constant must be a finite number; got nan"),
    (lambda: x + math.inf, "formula: a constant must be a finite number; got inf"),
    (lambda: e.constant("abc"), "formula: a constant must be a finite number; got 'abc'"),
    (lambda: x + 10**400, "formula: a constant must be a float64 of at most 1200 digits; got a larger or longer one"),
    (
        lambda: x + Fraction(1, 3**4000),
        "formula: a constant must be a float64 of at most 1200 digits; got a larger or longer one",
    ),
]


@pytest.mark.parametrize("row", range(len(LOUD)))
def test_what_python_would_do_silently_is_refused(row: int) -> None:
    attempt, message = LOUD[row]
    with pytest.raises(FormulaError) as caught:
        attempt()
    assert str(caught.value) == message


def test_what_would_fill_the_memory_as_text_is_not_written_out() -> None:
    u = e.symbol("x")
    for _ in range(200):
        u = u * u
    assert repr(u) == f"<expression of {2**201 - 1} operations>"
    with pytest.raises(FormulaError, match="at most 20000 operations"):
        e.require_writable(u)
    assert e.structure(u) != e.structure(u * u)
    assert len(e.structure(u)) < 10_000


def test_a_whole_power_is_a_product_however_it_is_written() -> None:
    x = e.symbol("x")
    assert e.call("power", x, 3) is x**3
    assert e.call("power", x, 1.5).op == "power"
