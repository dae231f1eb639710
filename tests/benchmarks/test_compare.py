"""The sections of `compare`, and the plain loop it is measured against."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import mean

import pytest

from actlab.experiment.chunk import Member
from actlab.experiment.sources import load_all
from actlab.experiment.train import run_chunk
from benchmarks.__main__ import main
from benchmarks.plain_loop import OPTIMISERS, Loop
from benchmarks.sections.compare import _chunks, _problem


def test_training_and_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "figures.csv"
    arguments = ["--only", "M,N,O", "--functions", "silu", "--size", "20", "--rounds", "2", "--csv", str(table)]
    main(arguments)
    assert "wall time: -, to reach ≤ 180 s: not measured" in capsys.readouterr().out
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = {f"{norm}, {optimiser}" for norm in ("no norm", "layer norm") for optimiser in OPTIMISERS}
    assert {row["what"] for row in rows if row["section"] == "M"} == expected
    assert [row["function"] for row in rows if row["section"] == "N"] == ["cnn", "resnet", "mobilenet", "transformer"]
    assert all(float(row["ours"]) > 0 and float(row["value"]) > 0 for row in rows)


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_the_loop_trains_as_well_as_what_it_is_measured_against(norm: str) -> None:
    steps, rate, seeds = 200, 1e-2, [1001, 1002, 1003]
    (dataset,) = load_all("mnist1d", None, "test")
    apart = [Loop("relu", norm, "Adam", steps).train(dataset, Member(rate, seed)) for seed in seeds]
    problem = _problem("relu", norm=norm, steps=steps)
    runs = [trial for chunk in _chunks(problem) for trial in run_chunk(chunk, problem) if trial.member.lr == rate]
    assert sorted(trial.member.seed for trial in runs) == seeds
    # Batches and starts are drawn differently: the means agree as far as three runs say.
    assert mean(apart) == pytest.approx(mean(trial.score_validation for trial in runs), abs=0.05)
