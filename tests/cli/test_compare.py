"""`actlab compare`: options reach the experiment, its result reaches the terminal."""

from __future__ import annotations

import csv
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from actlab.cli import compare as cli
from actlab.cli.main import group
from actlab.experiment import compare
from actlab.experiment.models import DEFAULTS

QUICK = [
    *("--seeds", "2", "--tuning-seeds", "1", "--steps", "30", "--learning-rates", "0.01,0.1"),
    *("--depth", "1", "--width", "8", "--batch", "16", "--jobs", "1", "--norm", "none"),
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


@pytest.fixture
def done(blobs, run) -> Path:
    """The folder of a small comparison that is finished."""
    code, _, _ = run("compare", "--data", str(blobs), "--target", "kind", "--activations", "relu,swiglu", *QUICK)
    assert code == 0
    return Path("actlab-compare")


def test_the_report_can_be_built_anew(done: Path, run) -> None:
    before = (done / "report.html").read_bytes()
    (done / "report.html").unlink()
    assert run("compare", "report", str(done)) == (0, f"{done / 'report.html'}\n", "")
    assert (done / "report.html").read_bytes() == before


def test_tables_can_be_exported(done: Path, run) -> None:
    code, out, _ = run("compare", "export", str(done), "--csv")
    assert code == 0
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 2 * (2 + 2)
    assert {row["activation"] for row in rows} == {"relu", "swiglu"}
    for table in cli.TABLES:
        code, out, _ = run("compare", "export", str(done), "--table", table, "--json")
        assert code == 0
        records = json.loads(out)
        assert all(record["condition"] == "blobs" for record in records)
        assert bool(records) == (table != "learned")


def test_another_comparison_gets_another_folder_unless_one_is_named(done: Path, blobs, run) -> None:
    words = ["compare", "--data", str(blobs), "--target", "kind", "--activations", "relu,tanh", *QUICK]
    code, out, _ = run(*words)
    assert code == 0
    assert "report: actlab-compare-2/report.html" in out
    code, out, err = run(*words, "--out", str(done))
    assert (code, out) == (1, "")
    assert err.startswith(
        "compare: out must be a new folder or one that holds the same comparison; got out='actlab-compare'"
    )


def test_what_is_no_comparison_is_refused(run, tmp_path: Path) -> None:
    (tmp_path / "trials.sqlite").write_text("no database, but long enough to be read as one" * 9)
    for words in (["report", "nowhere"], ["export", "nowhere"], ["report", str(tmp_path)]):
        code, out, err = run("compare", *words)
        assert (code, out) == (1, "")
        assert err.count("\n") == 1
        assert err.startswith("compare: ")


def test_help_states_the_defaults_of_the_function() -> None:
    signature = inspect.signature(compare).parameters
    options = {option.name: option for option in group.get_command(click.Context(group), "compare").params}
    stated = {
        name: found[1]
        for name, option in options.items()
        if (found := re.search(r"\[default: (\w+)\]", option.help or ""))
    }
    assert set(stated) == {"batch", "budget", "baseline", "device", "engine", "missing", "scale"}
    assert stated.pop("baseline") == "relu"
    assert stated == {name: str(signature[name].default) for name in stated}
    assert (DEFAULTS["mlp"].width, DEFAULTS["mlp"].depth) == (64, 3)
    assert "[default: 64 for mlp]" in options["width"].help
    assert "[default: 3 for mlp]" in options["depth"].help


def test_every_option_is_one_of_the_function() -> None:
    signature = set(inspect.signature(compare).parameters)
    options = {option.name for option in group.get_command(click.Context(group), "compare").params}
    assert signature - options == {"progress", "numbered"}
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
        (["--engine", "spark"], "engine must be one of local, ray, dask; got engine='spark'"),
        (["--model", "nowhere.py:build"], "nowhere.py"),
        (["--device", "tpu"], "compare: device must be one of cpu, cuda; got device='tpu'"),
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
    code, out, err = run("compare", "--out", "a folder")
    assert (code, out) == (130, "")
    assert err.splitlines()[:2] == [
        "what is finished is kept; this goes on from there:", "  actlab compare --out 'a folder'",
    ]  # fmt: skip


PRINTING = """
print("told while loading", flush=True)
from torch import nn

def build(activation, in_features, out_features):
    print("told while building", flush=True)
    act = activation()
    class Net(nn.Sequential):
        def forward(self, x):
            print("told while running", flush=True)
            return super().forward(x)
    return Net(nn.Linear(in_features, 4 * act.pieces), act, nn.Linear(4, out_features))
"""


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_what_a_network_prints_stays_out_of_the_result(blobs: Path, tmp_path: Path, engine: str) -> None:
    (tmp_path / "net.py").write_text(PRINTING)
    words = ["--data", str(blobs), "--target", "kind", "--activations", "relu", "--model", "net.py:build", "--json"]
    few = ["--seeds", "2", "--tuning-seeds", "1", "--steps", "2", "--learning-rates", "0.1", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "actlab", "compare", *words, *few, "--engine", engine],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert list(json.loads(done.stdout)["blobs"]) == ["relu"]
    assert {"told while loading", "told while building", "told while running"} <= set(done.stderr.splitlines())


def test_the_page_can_go_elsewhere(done: Path, run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("compare", "report", str(done), "--out", str(page)) == (0, f"{page}\n", "")
    assert page.read_bytes() == (done / "report.html").read_bytes()
    code, out, err = run("compare", "report", str(done), "--out", str(tmp_path / "nowhere" / "page.html"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "nowhere/page.html" in err


def test_an_empty_name_is_no_folder(run, tmp_path: Path) -> None:
    assert run("compare", "--out", "") == (1, "", "compare: out must name a folder; got out=''\n")
    assert list(tmp_path.iterdir()) == []
