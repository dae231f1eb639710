"""Limits as expressions in the parameters."""

from __future__ import annotations

import pytest

from actlab.interval import Interval
from actlab.symbolic.limits import limit
from actlab.symbolic.parser import parse

POSITIVE, ANY = Interval.parse("(0, inf)"), Interval.parse("(-inf, inf)")

# formula, domain of a, limits at -inf and +inf.
ROWS = [
    ("x*sigmoid(x)", ANY, "0", "inf"),
    ("x*normal_cdf(x)", ANY, "0", "inf"),
    ("x*tanh(softplus(x))", ANY, "0", "inf"),
    ("x**3*normal_pdf(x)", ANY, "0", "0"),
    ("x/(1 + abs(x))", ANY, "-1", "1"),
    ("(1 + abs(x)) - abs(x)", ANY, "1", "1"),
    ("x - sqrt(x**2 + 1)", ANY, "-inf", "0"),
    ("log(1 + exp(x)) - x", ANY, "inf", "0"),
    ("where(x > 0, x, a*expm1(x))", POSITIVE, "-a", "inf"),
    ("where(x > 0, x, a*x)", POSITIVE, "-inf", "inf"),
    ("where(x > 0, x, a*x)", ANY, "where(a > 0, -inf, where(a < 0, inf, 0))", "inf"),
    ("x*sigmoid(a*x)", POSITIVE, "0", "inf"),
    ("a*tanh(x)", ANY, "-a", "a"),
    ("clip(x, -a, a)", POSITIVE, "-a", "a"),
    ("exp(-x**2)", ANY, "0", "0"),
    ("x*exp(-x**2)", ANY, "0", "0"),
    ("sin(x)", ANY, "nan", "nan"),
    ("sin(x)/x", ANY, "0", "0"),
    ("x*sin(x)", ANY, "nan", "nan"),
    ("log(x)", ANY, "nan", "inf"),
    ("power(sigmoid(x), -1.5)*logistic_pdf(x)", ANY, "inf", "0"),
    ("power(1/x, 1.5)", ANY, "nan", "0"),
    ("power(1 + 1/x, x)", ANY, "nan", "nan"),
    ("exp(x)/(1 + expm1(x))", ANY, "nan", "1"),
    ("x*0.5/clip(x, 0, 6)/x", ANY, "nan", "1/12"),
    ("log(tanh(x)**2)", ANY, "0", "0"),
    ("7", ANY, "7", "7"),
]


@pytest.mark.parametrize(("text", "domain", "low", "high"), ROWS, ids=[f"{row[0]} a in {row[1]}" for row in ROWS])
def test_limits(text: str, domain: Interval, low: str, high: str) -> None:
    root = parse(text, ["a"])
    assert repr(limit(root, -1, {"a": domain})) == low
    assert repr(limit(root, 1, {"a": domain})) == high


def test_nested_words_take_no_longer_than_their_number() -> None:
    depth = 60  # 2**60 steps if every level looked at the next one twice
    assert repr(limit(parse("softplus(" * depth + "x" + ")" * depth), 1)) == "inf"
