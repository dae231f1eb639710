"""`actlab show`."""

from __future__ import annotations

import json
import re

import pytest

import actlab


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("relu", ["relu"]),
        ("mish", ["mish"]),
        ("heaviside", ["heaviside"]),
        ("leaky_relu", ["leaky_relu:negative_slope=0.2"]),
        ("swish", ["swish"]),
        ("rrelu", ["rrelu"]),
        ("softmax", ["softmax"]),
        ("bump", ["--define", "bump=x*exp(-x**2)"]),
        ("gate", ["gate:beta=3", "--define", "gate:beta=1.7=x*sigmoid(beta*x)"]),
    ],
)
def test_sheet(name, words, run, golden) -> None:
    outcome = run("show", *words)
    # The measured accuracy may differ between processors; the line itself must be there.
    golden(f"show_{name}", re.sub(r"[\d.e+-]+(?=,? ulp|, in float64)", "#", outcome.out))
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80


@pytest.mark.parametrize("name", actlab.names())
def test_json(name, run) -> None:
    sheet = json.loads(run("show", name, "--json").out)
    item = actlab.get(name)
    assert (sheet["name"], sheet["formula"], sheet["source"]) == (name, item.formula, item.source)
    assert (sheet["vjp"] is None) != (sheet["derivative"] is None)


def test_json_numbers(run) -> None:
    sheet = json.loads(run("show", "leaky_relu:negative_slope=0.2", "--json").out)
    assert sheet["bound"] == {"negative_slope": 0.2}
    assert sheet["parameters"] == {}
    assert [(limit["at"], limit["value"]) for limit in sheet["limits"]] == [("-inf", "-inf"), ("inf", "inf")]
    assert sheet["kinks"] == [{"x": 0.0, "left": 0.2, "right": 1.0, "grad": 0.2, "jump": False}]
    assert sheet["range_seen"] == ["-inf", "inf"]


def test_the_range_of_a_bounded_function(run) -> None:
    low, high = json.loads(run("show", "--define", "bump=x*exp(-x**2)", "--json").out)["range_seen"]
    # The extrema lie at +-1/sqrt(2) with the values +-exp(-1/2)/sqrt(2).
    assert high == pytest.approx(0.428881942480353, abs=1e-7)
    assert low == -high
