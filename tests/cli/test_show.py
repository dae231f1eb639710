"""`actlab show`."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

import actlab
from actlab.verification import table
from actlab.verification.table import Row

_ROW = Row("mish", "float32", "value", 0.50001, 0.0, 0.99, 0.0, 3, 2**32, "all inputs", "", "")
# A record that no measurement changes. One that is all right is told in one line.
RECORD = [
    dataclasses.replace(_ROW, dtype="float16", misrounded=0, inputs=2**16),
    dataclasses.replace(_ROW, dtype="float16", what="derivative", misrounded=0, inputs=2**16),
    _ROW,
    dataclasses.replace(_ROW, what="derivative", max_ulp=0.88235, misrounded=0),
    dataclasses.replace(_ROW, what="second derivative", method="sample", inputs=12_838),
    dataclasses.replace(_ROW, dtype="float64", max_ulp=1.9034, inputs=20_211, method="sample"),
    dataclasses.replace(_ROW, function="relu", misrounded=0),
]


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
def test_sheet(name, words, run, golden, monkeypatch) -> None:
    monkeypatch.setattr(table, "read", lambda: {row.key: row for row in RECORD})
    outcome = run("show", *words)
    # The measured accuracy may differ between processors; the line itself must be there.
    golden(f"show_{name}", re.sub(r"[\d.e+-]+(?= ulp,)", "#", outcome.out))
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80


@pytest.mark.parametrize("name", actlab.names())
def test_json(name, run) -> None:
    sheet = json.loads(run("show", name, "--json").out)
    item = actlab.get(name)
    assert (sheet["name"], sheet["formula"], sheet["source"]) == (name, item.formula, item.source)
    assert (sheet["vjp"] is None) != (sheet["derivative"] is None)
    assert sheet["measured"] == [dataclasses.asdict(row) for row in table.read().values() if row.function == name]


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


def test_the_kernel_is_python_that_compiles(run) -> None:
    source = run("show", "silu", "--kernel", "float32").out
    assert "_t1 = _w.sigmoid(x)" in source
    compile(source, "<kernel>", "exec")
    assert "import pairs as _w" in run("show", "silu", "--kernel", "float64").out
    assert "looks along an axis" in run("show", "softmax", "--kernel", "float32").err
