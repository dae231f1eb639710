"""What `actlab compare` writes on a terminal: tables of 80 columns, notes, failures told for what they are."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from experiment.made_up import BASELINE, condition, costs_of, spread, trials_of

from actlab.cli._comparison import Unit, folded, write
from actlab.experiment.conclusion import conclude
from actlab.experiment.summarise import detectable, summarise

LEAK = "Tells the target exactly: code. If it is a copy of the target, or made from it, remove it."
LONG = ["relu", "relu/hard_swish", "hard_tanh:min_val=-2.0,max_val=2.0", "leaky_relu:negative_slope=0.2"]


def written(capsys, conditions: list[dict[str, Any]], scores: dict[str, Any], **more: Any) -> str:
    """The text about a comparison with these scores."""
    trials, labels = trials_of(scores, **more), list(next(iter(scores.values())))
    summary = summarise(trials, costs_of(scores), conditions, labels, BASELINE)
    smallest = detectable(trials, conditions, labels, BASELINE)
    write(
        SimpleNamespace(
            conditions=[{"notes": []} | each for each in conditions],
            trials=trials,
            summary=summary,
            detectable=smallest,
            settings={"baseline": BASELINE},
            conclusion=conclude(summary, conditions, smallest, BASELINE, trials, []),
        )
    )
    text: str = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    return text


def lines_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_long_labels_break_after_their_punctuation(capsys) -> None:
    found = lines_of(written(capsys, [condition()], {"digits": spread(dict.fromkeys(LONG, 0.9))}))
    for words in (["max_val=2.0"], ["min_val=-2.0,"], ["negative_slope="], ["0.2"]):
        assert words in found
    assert ["*", "relu/hard_swish"] in [line[:2] for line in found]
    assert ["*", "hard_tanh:"] in [line[:2] for line in found]


def test_what_fits_is_not_broken() -> None:
    assert folded("leaky_relu:negative_slope=0.2", 40) == "leaky_relu:negative_slope=0.2"
    assert folded("leaky_relu:negative_slope=0.2", 18).splitlines() == ["leaky_relu:", "negative_slope=0.2"]
    assert folded("a_long_name", 7).splitlines() == ["a_long_", "name"]


def test_wide_intervals_have_both_ends(capsys) -> None:
    rng = np.random.default_rng(0)
    scores = {name: rng.normal(-50, 40, 5) for name in LONG}
    scores["relu"] = np.linspace(0.4, 0.6, 5)
    text = written(capsys, [condition("diabetes", score="R^2")], {"diabetes": scores})
    ends = [line for line in text.splitlines() if line.endswith(" 0.01      110 ")]
    assert len(ends) == 1
    assert "-98.93 to 1.00" in ends[0]
    assert "-99.50 to " in ends[0]
    following = text.splitlines()[text.splitlines().index(ends[0]) + 1]
    assert following.split() == ["+8.80"]


@pytest.mark.parametrize(
    ("unit", "value", "plain", "signed"),
    [
        ("accuracy", -1e-6, "0.0", "+0.0"),
        ("accuracy", 0.695, "69.5", "+69.5"),
        ("R^2", -1e-9, "0.00", "+0.00"),
        ("R^2", -46301.8, "-4.6e+04", "-4.6e+04"),
    ],
)
def test_scores(unit: str, value: float, plain: str, signed: str) -> None:
    assert (Unit.of(unit).plain(value), Unit.of(unit).signed(value)) == (plain, signed)


def test_failures_are_neither_starred_nor_scored(capsys) -> None:
    scores = spread({"relu": 0.7, "silu": 0.7}) | {"cube": np.full(10, 0.1), "bad": np.full(10, 0.1)}
    boom = "RuntimeError: boom after 30"
    text = written(capsys, [condition()], {"digits": scores}, diverged={"cube": 10, "bad": 10}, messages={"bad": boom})
    assert ["cube", "diverged", "120"] in lines_of(text)
    assert ["bad", "failed", "130"] in lines_of(text)
    assert " ".join(text.split()).count(f"bad could not be trained: {boom}.") == 1


def test_notes_are_told_once_for_each_data_set(capsys) -> None:
    edge = "The best learning rate lies at the edge of the whole grid for relu."
    own = "8,000 examples made by the mnist1d package with its own settings and seed 42."
    notes = {"digits": [LEAK], "mnist1d": [own]}
    conditions = [
        condition(data, norm) | {"notes": [*notes[data], *[edge] * (norm == "no norm")]}
        for data in notes
        for norm in ("no norm", "layer norm")
    ]
    scores = {each["label"]: spread({"relu": 0.7, "silu": 0.7}) for each in conditions}
    text = " ".join(written(capsys, conditions, scores).split())
    assert text.count(f"note: {LEAK}") == 1
    assert text.count(f"note: {edge}") == 2
    assert "mnist1d package" not in text
    assert "At the typical spread, differences below" in text


NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, activation, features, outputs):
        super().__init__()
        self.calls = 0
        self.first, self.function, self.last = nn.Linear(features, 8), activation(), nn.Linear(8, outputs)

    def forward(self, x):
        self.calls += 1
        if self.calls > 10:
            raise RuntimeError("boom after 30")
        return self.last(self.function(self.first(x)))

def build(activation, in_features, out_features):
    return Net(activation, in_features, out_features)
"""


def test_where_nothing_could_be_trained_the_command_fails_after_its_report(tmp_path: Path, run) -> None:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    with (tmp_path / "blobs.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b", "kind"])
        rows.writerows([k % 7, k % 5, "right" if k % 2 else "left"] for k in range(120))
    code, out, err = run(
        *("compare", "--data", str(tmp_path / "blobs.csv"), "--target", "kind", "--activations", "relu,tanh"),
        *("--model", f"{tmp_path / 'net.py'}:build", "--seeds", "2", "--tuning-seeds", "1", "--steps", "30"),
        *("--learning-rates", "0.01,0.1", "--batch", "16", "--jobs", "1"),
    )
    assert code == 1
    assert err.splitlines()[-1] == "compare: a run must train to the end to be compared; got none; the answer says why"
    told = " ".join(out.split())
    assert "No function could be trained" in told
    assert told.count("relu and tanh could not be trained: RuntimeError: boom after 30.") == 1
    assert "*" not in out.split("cannot be told apart")[0].removesuffix("* ")
    assert Path("actlab-compare/report.html").exists()
    assert Path("actlab-compare/trials.csv").exists()
