"""`actlab list`."""

from __future__ import annotations

import json

import actlab


def test_table(run, golden, monkeypatch) -> None:
    # Some of them: a function that is added to the catalogue does not change this table.
    some = ["abs", "elu", "gelu_tanh", "leaky_relu", "maxout", "rrelu", "selu", "silu", "swish"]
    monkeypatch.setattr("actlab.registry.names", lambda: some)
    outcome = run("list")
    golden("list", outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_json_holds_every_activation(run) -> None:
    records = json.loads(run("list", "--json").out)
    assert [record["name"] for record in records] == actlab.names()
    for record in records:
        item = actlab.get(record["name"])
        assert record["aliases"] == list(item.aliases)
        assert (record["formula"], record["summary"]) == (item.formula, item.summary)
        assert set(record["parameters"]) == set(item.parameters)


def test_json_says_what_a_parameter_is(run) -> None:
    records = {record["name"]: record for record in json.loads(run("list", "--json").out)}
    assert records["leaky_relu"]["parameters"]["negative_slope"]["default"] == 0.01
    assert records["prelu"]["parameters"]["weight"] == {
        "default": 0.25,
        "domain": "(-inf, inf)",
        "learnable": True,
        "integer": False,
    }
    assert [records[name]["kind"] for name in ("silu", "rrelu", "softmax")] == [
        "elementwise",
        "random",
        "axis",
    ]
