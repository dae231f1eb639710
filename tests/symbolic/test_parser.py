"""Only the vocabulary is let through; every refusal is one line that shows where."""

from __future__ import annotations

import time

import pytest

from actlab.errors import FormulaError
from actlab.symbolic.parser import parse

READ = [
    ("x*exp(-x**2)", "x*exp(-x**2)"),
    ("max(x, 0)", "where(x > 0, x, 0)"),
    ("minimum(x, 6)", "where(x < 6, x, 6)"),
    ("where((x > 0) & (x < 1), x, a)", "where((x > 0) & (x < 1), x, a)"),
    ("  x\n + 1 ", "x + 1"),
    ("1e-3*x", "0.001*x"),
    ("0.1*x", "0.1*x"),
    ("x/3", "x/3"),
    ("x**0.5", "sqrt(x)"),
    ("x**-1", "1/x"),
    ("+x - -x", "x - -x"),
    ("pi*x", "pi*x"),
    ("2*3*x", "6*x"),
    ("x*sigmoid(a*x)", "x*sigmoid(a*x)"),
    ("silu(2*x)", "2*x*sigmoid(2*x)"),
]


@pytest.mark.parametrize(("text", "read"), READ, ids=[row[0] for row in READ])
def test_formulas_are_read(text: str, read: str) -> None:
    assert repr(parse(text, ["a"])) == read


REFUSED = [
    (
        "__import__('os')",
        "formula: in \"__import__('os')\", at column 1, \"__import__('os')\": '__import__' is not in the vocabulary",
    ),
    ("x.real", "formula: in 'x.real', at column 1, 'x.real': attributes cannot be read in a formula"),
    ("x[0]", "formula: in 'x[0]', at column 1, 'x[0]': nothing can be indexed in a formula"),
    (
        "(lambda: x)()",
        "formula: in '(lambda: x)()', at column 2, 'lambda: x': only words of the vocabulary can be called",
    ),
    (
        "x if x > 0 else 0",
        (
            "formula: in 'x if x > 0 else 0', at column 1, 'x if x > 0 else 0': "
            "write where(condition, a, b) instead of if and else"
        ),
    ),
    ("mihs(x)", "formula: in 'mihs(x)', at column 1, 'mihs(x)': 'mihs' is not in the vocabulary; did you mean 'mish'?"),
    ("x > 0", "formula: in 'x > 0', at column 1, 'x > 0': a condition is not a number; write where(condition, a, b)"),
    (
        "where(0 < x < 1, x, 0)",
        "formula: in 'where(0 < x < 1, x, 0)', at column 7, '0 < x < 1': write (a < x) & (x < b) instead of a < x < b",
    ),
    (
        "where(x, 1, 0)",
        (
            "formula: in 'where(x, 1, 0)', at column 1, 'where(x, 1, 0)': "
            "where must be given a condition and two values: where(x > 0, a, b)"
        ),
    ),
    ("x^2", "formula: in 'x^2', at column 1, 'x^2': the operators of a formula are + - * / and **, as in x**2"),
    ("[x]", "formula: in '[x]', at column 1, '[x]': a formula is one expression, not a list"),
    ("x == 0", "formula: in 'x == 0', at column 1, 'x == 0': only <, <=, > and >= compare"),
    ("sin", "formula: in 'sin', at column 1, 'sin': sin is a word that needs an argument: sin(x)"),
    ("x/0", "formula: in 'x/0', at column 1, 'x/0': division by the constant 0"),
    ("'x'", "formula: in \"'x'\", at column 1, \"'x'\": only numbers may stand in a formula"),
    ("1j*x", "formula: in '1j*x', at column 1, '1j': only numbers may stand in a formula"),
    ("exp(*x)", "formula: in 'exp(*x)', at column 1, 'exp(*x)': exp takes plain arguments"),
    ("exp(x, x)", "formula: in 'exp(x, x)', at column 1, 'exp(x, x)': exp takes 1 argument(s); got 2"),
    (
        "softmax(x)",
        (
            "formula: in 'softmax(x)', at column 1, 'softmax(x)': "
            "softmax cannot be part of a formula this way; only f(x) of elementwise activations can"
        ),
    ),
    ("sum(x)", "formula: in 'sum(x)', at column 1, 'sum(x)': 'sum' is not in the vocabulary"),
    ("x**99", "formula: in 'x**99', at column 1, 'x**99': a power must lie in [-64, 64]; got 99"),
    ("(x**9**9)", None),
    ("9**9**9**9*x", None),
    ("", 'formula: a formula must not be empty; write for example "x*sigmoid(1.7*x)"'),
    ("x +", None),
    ("x; x", None),
    ("x := 1", None),
    ("[x for x in x]", None),
    ("f'{x}'", None),
    ("1e9999*x", "formula: in '1e9999*x', at column 1, '1e9999': the number is too large"),
    ("1e999999999*x", None),
    ("9" * 3000 + "*x", None),
    ("(((((9**64)**64)**64)**64)**64)*x", None),
    ("(((((1.0001**64)**64)**64)**64)**64)*x", None),
    ("(((((1e-9**64)**64)**64)**64)**64)*x", None),
    ("x/1e-999999999", "formula: in 'x/1e-999999999', at column 1, 'x/1e-999999999': division by the constant 0"),
    ("x\0", None),
    ("(" * 300 + "x" + ")" * 300, None),
    ("-" * 3000 + "x", None),
    ("x" + "+x" * 2500, "formula: a formula must be at most 4000 characters long; got 5001"),
    ("exp(" * 150 + "x" + ")" * 150, None),
    ("max(" * 90 + "x" + ", 1)" * 90, None),
]


@pytest.mark.parametrize(
    ("text", "message"), REFUSED, ids=[f"{number}-{row[0][:20]!a}" for number, row in enumerate(REFUSED)]
)
def test_everything_else_is_refused(text: str, message: str | None) -> None:
    start = time.process_time()
    with pytest.raises(FormulaError) as caught:
        parse(text, ["a"])
    assert time.process_time() - start < 5, "refused, but only after a long time"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert str(caught.value).startswith("formula: ")
    if message is not None:
        assert str(caught.value) == message


def test_the_author_is_named() -> None:
    with pytest.raises(FormulaError, match=r"^bump: in 'y', at column 1, 'y': 'y' is not a name here"):
        parse("y", who="bump")


def test_no_text_at_all() -> None:
    with pytest.raises(FormulaError) as caught:
        parse(3)  # type: ignore[arg-type]
    assert str(caught.value) == "formula: a formula must be text or a Python function; got int"
