"""`actlab compare`: options reach the experiment, its result reaches the terminal."""

from __future__ import annotations

import csv
import inspect
import json
import re
from pathlib import Path

import click
import numpy as np
import pytest

from actlab.cli import compare as cli
from actlab.cli.main import group
from actlab.experiment import compare

QUICK = [
    *("--seeds", "2", "--tuning-seeds", "1", "--steps", "30", "--learning-rates", "0.01,0.1"),
    *("--depth", "1", "--width", "8", "--batch", "16", "--jobs", "1"),
]


@pytest.fixture
def blobs(tmp_path) -> Path:
    """Two classes that a straight line parts."""
    rng = np.random.default_rng(7)
    path = tmp_path / "blobs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b", "kind"])
        for i in range(120):
            side = 1 if i % 2 else -1
            rows.writerow([*(side + 0.3 * rng.standard_normal(2)), "right" if side > 0 else "left"])
    return path


def test_a_comparison_ends_in_a_report(blobs, run) -> None:
    words = ["compare", "--data", str(blobs), "--target", "kind", "--activations", "relu,elu:alpha=2,tanh"]
    code, out, err = run(*words, "--define", "bump=x*exp(-x**2)", *QUICK)
    assert code == 0
    assert out.splitlines()[0].rstrip() == "blobs: test accuracy, 30 rows"
    for label in ("relu", "elu:alpha=2", "tanh", "bump", "against relu", "baseline"):
        assert label in out
    assert "report: actlab-compare/report.html" in out
    assert Path("actlab-compare/report.html").stat().st_size > 10_000
    assert max(map(len, out.splitlines())) <= 80
    assert re.match(r" +\d+%  learning rates", err)


def test_json_is_the_summary_and_nothing_else(blobs, run) -> None:
    words = ["compare", "--data", str(blobs), "--target", "kind", "--activations", "relu,tanh", *QUICK]
    code, out, err = run(*words, "--json", "--out", "here", "--baseline", "tanh")
    assert code == 0
    assert "report: here/report.html" in err
    assert json.loads(out) == json.loads(Path("here/summary.json").read_text(encoding="utf-8"))
    assert set(json.loads(out)["blobs"]) == {"relu", "tanh"}


def test_help_states_the_defaults_of_the_function() -> None:
    signature = inspect.signature(compare).parameters
    options = {option.name: option for option in group.get_command(click.Context(group), "compare").params}
    stated = {
        name: int(found[1])
        for name, option in options.items()
        if (found := re.search(r"\[default: (\d+)\]", option.help or ""))
    }
    assert set(stated) == {"depth", "width", "batch", "seeds", "tuning_seeds"}
    assert stated == {name: signature[name].default for name in stated}


def test_every_option_is_one_of_the_function() -> None:
    signature = set(inspect.signature(compare).parameters)
    options = {option.name for option in group.get_command(click.Context(group), "compare").params}
    assert signature - options == {"progress"}
    assert options - signature == {"definitions", "as_json"}


def test_progress_counts_tenths_and_never_backwards(capsys) -> None:
    tell = cli.milestones()
    for done, total in ((0, 10), (1, 10), (1, 10), (2, 40), (20, 40), (40, 40)):
        tell(done, total, "runs")
    lines = capsys.readouterr().err.splitlines()
    assert [line[:4] for line in lines] == ["  0%", " 10%", " 50%", "100%"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "1"], "compare: seeds must be a whole number of at least 2; got seeds=1"),
        (["--data", "nowhere.csv", "--target", "y"], "nowhere.csv"),
        (["--baseline", "mish"], "compare: baseline must be one of the activations; got baseline='mish'"),
        (["--activations", ""], "compare: activations must name at least one; got activations=[]"),
        (["--data", "digits", "--target", "y"], "compare: target must be left out for data that have their own"),
        (["--activations", "relu,relu"], "compare: every activation must be there once; got 'relu'"),
    ],
)
def test_refusals(words, message, run) -> None:
    code, out, err = run("compare", *words)
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_an_interrupted_comparison_says_how_to_go_on(run, monkeypatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("actlab.experiment.compare", interrupted)
    code, out, err = run("compare", "--out", "here")
    assert (code, out) == (130, "")
    assert err.splitlines()[0] == "what is finished is kept in here; the same command goes on from there"
