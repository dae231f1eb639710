"""`actlab.compare` from end to end, small: results, resuming, equality of the bits, refusals."""

from __future__ import annotations

import json
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import actlab
from actlab.errors import OptionError, UnknownActivation, UnsupportedType
from actlab.experiment import compare, rounds, work
from actlab.experiment.engines import engine
from actlab.experiment.result import Comparison
from actlab.experiment.schema import FILE_NAME

SMALL = {
    "data": "wine", "activations": ["tanh", "relu"], "norm": "none", "depth": 2, "width": 16, "seeds": 3,
    "tuning_seeds": 2, "steps": 30, "learning_rates": [1e-3, 1e-2, 0.1], "jobs": 1,
}  # fmt: skip


def small(**changes: Any) -> Comparison:
    return compare(**(SMALL | changes))


def tables(result: Comparison) -> list[pd.DataFrame]:
    """All that must not depend on machine, order or interruption."""
    clocked = ["seconds_per_step"]
    kept = [result.summary.drop(columns=clocked), result.costs.drop(columns=clocked)]
    return [result.trials, result.curves, result.health, result.learned, *kept]


def assert_same(first, second) -> None:
    for own, other in zip(tables(first), tables(second), strict=True):
        pd.testing.assert_frame_equal(own, other, check_exact=True)
    assert first.detectable == second.detectable


@pytest.fixture(scope="module", autouse=True)
def workers() -> Iterator[None]:
    """One pair of worker processes for the whole file: each would import PyTorch anew."""
    with engine("local", jobs=2) as shared, pytest.MonkeyPatch.context() as patch:
        patch.setattr("actlab.experiment.engines.engine", lambda *_, **__: nullcontext(shared))
        yield


@pytest.fixture(scope="module")
def result(workers) -> Comparison:
    return small()


def test_every_run_is_there(result) -> None:
    counts = result.trials.groupby(["activation", "stage"]).size().to_dict()
    assert counts == {(name, stage): {1: 6, 2: 3}[stage] for name in ("relu", "tanh") for stage in (1, 2)}
    assert set(result.trials.seed[result.trials.stage == 1]).isdisjoint(result.trials.seed[result.trials.stage == 2])
    assert result.trials.score_test.isna().equals(result.trials.stage == 1)


def test_the_summary_follows_from_the_trials(result) -> None:
    final = result.trials[result.trials.stage == 2].set_index("activation").score_test
    row = result.frame.set_index("activation").loc["tanh"]
    assert row["mean"] == pytest.approx(final["tanh"].mean())
    assert row["difference"] == pytest.approx(final["tanh"].mean() - final["relu"].mean())
    assert result.frame["rank"].min() == 1
    assert result.frame["mean"].is_monotonic_decreasing
    tuned = result.trials[(result.trials.stage == 1) & (result.trials.activation == "tanh")]
    assert row["best_lr"] == tuned.groupby("lr").score_validation.mean().idxmax()
    assert set(result.trials.lr[(result.trials.stage == 2) & (result.trials.activation == "tanh")]) == {row["best_lr"]}


def test_baseline_is_relu_unless_told_otherwise(result) -> None:
    assert result.settings["baseline"] == "relu"
    relu = result.frame.set_index("activation").loc["relu"]
    assert (relu["difference"], relu["p"], relu["p_holm"]) == (0, 1, 1)
    assert small(baseline="tanh", steps=2).settings["baseline"] == "tanh"


def test_the_fields_a_report_needs(result) -> None:
    run = ["condition", "activation", "stage", "lr", "seed"]
    assert list(result.summary.columns) == [
        "condition", "activation", "rank", "mean", "sd", "low", "high", "best_lr", "lr_low", "lr_high", "lr_decades",
        "diverged", "runs", "difference", "difference_low", "difference_high", "p", "p_holm",
        "improvement_probability", "best_group", "seconds_per_step", "saved_bytes", "parameters", "flops",
    ]  # fmt: skip
    assert list(result.trials.columns) == [
        *run[:3], "round", *run[3:], "score_validation", "score_test", "loss_train", "loss_validation", "loss_test",
        "settled_step", "diverged", "diverged_step", "trained", "message",
    ]  # fmt: skip
    assert list(result.curves.columns) == [*run, "step", "loss_train", "loss_validation", "score_validation"]
    assert list(result.health.columns) == [
        *run, "moment", "site", "observations", "dead", "left", "right", "sparsity", "mean_shift", "gradient", "mean",
        "sd", "histogram",
    ]  # fmt: skip
    assert list(result.learned.columns) == [*run, "site", "name", "value"]
    assert list(result.costs.columns) == [
        "condition", "activation", "seconds_per_step", "saved_bytes", "parameters", "flops", "width", "kernel",
    ]  # fmt: skip
    assert [item.label for item in result.activations] == ["tanh", "relu"]
    assert len(result.conclusion) == 2
    (wine,) = result.conditions
    assert (wine["label"], wine["task"], wine["classes"], wine["trained"]) == ("wine", "classification", 3, "stacked")
    assert wine["train"] + wine["validation"] + wine["test"] == 178
    assert (wine["model"], wine["norm"], wine["init"], wine["depth"], wine["width"]) == ("mlp", "none", "gain", 2, 16)


def test_every_combination_is_a_condition() -> None:
    found = small(
        data=["wine", "moons"], norm="both", scale=["standard", "minmax"], steps=3, activations=["relu", "tanh"]
    )
    assert [each["label"] for each in found.conditions] == [
        f"{data}, {scale}, {norm}" for data in ("wine", "moons") for scale in ("standard", "minmax")
        for norm in ("no norm", "layer norm")
    ]  # fmt: skip
    assert set(found.summary.condition) == {each["label"] for each in found.conditions}
    assert len(found.conclusion) == 9
    assert [each["across"] for each in found.ranks] == [
        "standard, no norm", "standard, layer norm", "minmax, no norm", "minmax, layer norm",
    ]  # fmt: skip


def test_costs_are_those_of_the_network(result) -> None:
    costs = result.costs.set_index("activation")
    assert set(costs.parameters) == {14 * 16 + 17 * 16 + 17 * 3}
    assert set(costs.flops) == {2 * (13 * 16 + 16 * 16 + 16 * 3)}
    assert set(costs.kernel) == {"actlab, CPU"}
    assert (costs.seconds_per_step > 0).all()
    # Two hidden layers of 16 float32 for 64 rows must be kept at least.
    assert (costs.saved_bytes >= 2 * 64 * 16 * 4).all()


def test_files_written(result, tmp_path: Path, monkeypatch) -> None:
    import actlab.report

    monkeypatch.setattr(actlab.report, "write_report", lambda comparison, path: path.write_text("report"))
    assert result.write(tmp_path / "new" / "folder").read_text() == "report"
    record = json.loads((tmp_path / "new/folder/summary.json").read_text())["wine"]["relu"]
    final = result.trials[(result.trials.stage == 2) & (result.trials.activation == "relu")]
    assert record["test_scores"] == final.score_test.tolist()
    assert record["seeds"] == [1, 2, 3]
    assert record["mean_test_score"] == pytest.approx(np.mean(record["test_scores"]))
    assert record["interval_95"][0] <= record["mean_test_score"] <= record["interval_95"][1]
    assert len(pd.read_csv(tmp_path / "new/folder/trials.csv")) == len(result.trials)
    assert json.loads((tmp_path / "new/folder/experiment.json").read_text())["settings"]["steps"] == 30


def test_shown_as_text_and_html(result) -> None:
    assert "tanh" in repr(result)
    assert result.conclusion[-1] in repr(result)
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_number_of_processes_does_not_change_the_bits(result, monkeypatch, jobs: int) -> None:
    monkeypatch.setattr("actlab.experiment.engines.engine", engine)
    found = small(jobs=jobs)
    assert found.environment["jobs"] == jobs
    assert_same(found, result)


def test_a_finished_comparison_is_not_run_again(result, tmp_path: Path, monkeypatch) -> None:
    first = small(out=tmp_path)
    monkeypatch.setattr(work, "train", None)
    texts: list[str] = []
    again = small(out=tmp_path, progress=lambda done, total, text: texts.append(text))
    assert texts[0] == "going on: 18 finished runs found"
    assert again.environment == first.environment
    assert_same(again, result)


def test_a_folder_can_be_loaded(result, tmp_path: Path) -> None:
    bump = actlab.define("bump", "x*exp(-x**2)")
    made = small(out=tmp_path, activations=["relu", bump, "swiglu", "relu/tanh"], steps=5)
    loaded = Comparison.load(tmp_path)
    assert_same(loaded, made)
    assert loaded.conclusion == made.conclusion
    assert loaded.to_json() == made.to_json()
    assert [item.label for item in loaded.activations] == ["relu", "bump", "swiglu", "relu/tanh"]
    assert loaded.activations[1].item(0.5) == bump(0.5)
    with pytest.raises(OptionError, match=r"compare: the folder must hold trials.sqlite; got .*; give the --out"):
        Comparison.load(tmp_path / "nowhere")


def test_an_unfinished_comparison_cannot_be_reported(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        small(out=tmp_path, progress=Stop(after=1))
    with pytest.raises(OptionError, match=r"must be finished to be reported; 0 runs are done, 2 parts of the plan"):
        Comparison.load(tmp_path)


class Interrupted(Exception):
    """Stands for Ctrl-C."""


class Stop:
    """A progress callback that interrupts at the n-th change."""

    def __init__(self, after: int) -> None:
        self.after, self.seen = after, set[int]()

    def __call__(self, done: int, total: int, text: str) -> None:  # noqa: D102
        self.seen.add(done)
        if len(self.seen) >= self.after:
            raise Interrupted


@pytest.mark.parametrize("after", [2, 3, 4])
def test_an_interrupted_comparison_continues_to_the_same_end(result, tmp_path: Path, after: int) -> None:
    with pytest.raises(Interrupted):
        small(out=tmp_path, progress=Stop(after))
    texts: list[str] = []
    resumed = small(out=tmp_path, progress=lambda done, total, text: texts.append(text))
    assert texts[0].startswith("going on: ")
    assert_same(resumed, result)


def test_other_settings_in_the_same_folder_are_refused(result, tmp_path: Path) -> None:
    first = small(out=tmp_path, steps=5)
    with pytest.raises(OptionError) as caught:
        small(out=tmp_path, seeds=4)
    assert str(caught.value) == (
        "compare: out must be a new folder or one that holds the same comparison; got out="
        f"{str(tmp_path)!r}, which differs (seeds: 3 there, 4 here; steps: 5 there, 30 here); choose another out, "
        "or repeat its settings to go on there"
    )
    numbered = small(out=tmp_path, numbered=True)
    assert numbered.folder == tmp_path.with_name(f"{tmp_path.name}-2")
    assert_same(numbered, result)
    assert_same(small(out=tmp_path, steps=5), first)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"activations": ["tanh", "relu", "silu"]}, "silu: nothing there, silu = x*sigmoid(x)"),
        ({"data": "iris"}, "wine: "),
        (
            {"norm": "layer"},
            (
                "conditions: wine (standard, mlp 2 x 16, no norm, own gain) there, "
                "wine (standard, mlp 2 x 16, layer norm, own gain) here"
            ),
        ),
        ({"learning_rates": [1e-3]}, "learning_rates: 0.001, 0.01, 0.1 there, 0.001 here"),
    ],
)
def test_the_refusal_says_what_differs(tmp_path: Path, changes: dict, part: str) -> None:
    small(out=tmp_path, steps=2)
    with pytest.raises(OptionError) as caught:
        small(out=tmp_path, steps=2, **changes)
    assert part in str(caught.value)


def test_progress_rises_to_the_total() -> None:
    seen = []
    small(progress=lambda done, total, text: seen.append((done, total)))
    assert seen[0] == (0, 2 * (6 + 3) * 30)
    assert seen[-1] == (540, 540)
    assert seen == sorted(seen)


def test_a_best_rate_at_the_edge_extends_the_grid_for_all(monkeypatch) -> None:
    monkeypatch.setattr("actlab.experiment.settings.LOWEST_DECADE", -5)
    monkeypatch.setattr("actlab.experiment.settings.HIGHEST_DECADE", -4)
    result = small(learning_rates=None, steps=60)
    tuning = result.trials[result.trials.stage == 1]
    grids = [sorted(set(rows.lr)) for _, rows in tuning.groupby("activation")]
    assert grids[0] == grids[1]
    assert set(tuning.lr[tuning["round"] == 0]) == {1e-5, 3.16e-5, 1e-4}
    assert set(tuning.lr[tuning["round"] == 1]) == {3.16e-4, 1e-3}
    assert (result.frame.best_lr > 1e-4).all()
    assert (result.frame.best_lr < max(grids[0])).all()
    (note,) = result.conditions[0]["notes"]
    assert note.startswith(
        "A best learning rate lay at the edge of the grid, which was extended for all by 0.000316, 0.001"
    )


def test_a_given_grid_is_not_extended() -> None:
    result = small(learning_rates=[1e-6], steps=3)
    assert set(result.trials.lr) == {1e-6}
    assert result.conditions[0]["notes"] == [
        "The best learning rate lies at the edge of the whole grid for tanh, relu."
    ]


def test_twins_under_different_names_show_no_difference() -> None:
    twin = actlab.define("twin", "where(x > 0, x, 0)")
    frame = small(activations=["relu", twin]).frame.set_index("activation")
    assert frame.loc["twin", ["difference", "p_holm"]].tolist() == [0, 1]
    assert frame["rank"].tolist() == [1, 1]
    assert frame.best_group.all()


def test_an_invented_function_and_a_user_s_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    bump = actlab.define("bump", "x*exp(-x**2)")
    result = small(data=(x, x[:, 0] * x[:, 1]), activations=[bump, "identity"], steps=100, jobs=2)
    assert result.conditions[0]["task"] == "regression"
    assert result.settings["baseline"] == "bump"
    assert result.frame.activation[0] == "bump"


class Broken(torch.nn.Module):
    """A module of the user's that raises."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        raise RuntimeError("out of order")


def test_a_failing_function_does_not_stop_the_others() -> None:
    result = small(activations=["relu", torch.nn.Tanh, Broken])
    assert set(result.trials.message[result.trials.activation == "Broken"]) == {"RuntimeError: out of order"}
    assert result.frame.activation[2] == "Broken"
    assert (
        "Broken could not be trained and counts as chance level (RuntimeError: out of order)." in result.conclusion[0]
    )
    assert json.loads(result.to_json())["wine"]["Broken"]["seconds_per_step"] is None
    assert (result.trials.message[result.trials.activation == "Tanh"] == "").all()


def build(activation: Any, in_features: int, out_features: int) -> torch.nn.Module:
    """A network of the user's own."""
    layers = [
        torch.nn.Linear(in_features, 20),
        torch.nn.BatchNorm1d(20),
        activation(),
        torch.nn.Linear(20, out_features),
    ]
    return torch.nn.Sequential(*layers)


def test_a_user_s_own_network(tmp_path: Path) -> None:
    found = small(model=build, norm=None, depth=None, width=None, activations=["relu", "prelu"], out=tmp_path)
    (condition,) = found.conditions
    assert (condition["model"], condition["norm"], condition["init"]) == ("build", "as built", "as built")
    assert condition["trained"] == "batched with vmap"
    assert found.frame["mean"].max() > 0.8
    with pytest.raises(OptionError, match="compare: norm must be left to a network of your own; got norm='layer'"):
        small(model=build, norm="layer", depth=None, width=None)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look like one" * 50])
def test_a_damaged_plan_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(OptionError) as caught:
        small(out=tmp_path)
    assert str(caught.value) == (
        f"compare: trials.sqlite in the out folder must be intact and writable; got file={str(path)!r} "
        "(file is not a database); move it away or choose another out"
    )
    assert path.read_bytes() == content


def test_out_must_be_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(OptionError, match="compare: out must be a writable folder; got out="):
        small(out=path)


def test_the_plan_is_written_before_the_work(tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        small(out=tmp_path, progress=stop)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        rows = connection.execute("select activation, stage, state, members from chunk").fetchall()
        splits = connection.execute("select count(distinct digest) from split").fetchone()
    assert [row[:3] for row in rows] == [("tanh", 1, "planned"), ("relu", 1, "planned")]
    assert len(json.loads(rows[0][3])) == 6
    assert splits == (5,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 0}, "compare: depth must be a whole number of at least 1; got depth=0"),
        ({"width": -3}, "compare: width must be a whole number of at least 1; got width=-3"),
        ({"batch": 1.5}, "compare: batch must be a whole number of at least 1; got batch=1.5"),
        ({"seeds": 1}, "compare: seeds must be a whole number of at least 2; got seeds=1"),
        ({"tuning_seeds": 0}, "compare: tuning_seeds must be a whole number of at least 1; got tuning_seeds=0"),
        ({"steps": 0}, "compare: steps must be a whole number of at least 1; got steps=0"),
        ({"jobs": 0}, "compare: jobs must be a whole number of at least 1; got jobs=0"),
        (
            {"learning_rates": [0.1, -1]},
            "compare: learning_rates must be positive finite numbers; got learning_rates=[0.1, -1]",
        ),
        ({"learning_rates": []}, "compare: learning_rates must be positive finite numbers; got learning_rates=[]"),
        ({"activations": []}, "compare: activations must name at least one; got activations=[]"),
        (
            {"norm": "bach"},
            "compare: norm must be one of none, batch, layer; got norm='bach'; did you mean 'batch'?",
        ),
        (
            {"budget": "publsh"},
            "compare: budget must be one of quick, standard, publish; got budget='publsh'; did you mean 'publish'?",
        ),
        ({"budget": "big"}, "compare: budget must be one of quick, standard, publish; got budget='big'"),
        ({"device": "gpu"}, "compare: device must be one of cpu, cuda; got device='gpu'; did you mean 'cpu'?"),
        (
            {"scale": "max"},
            "compare: scale must be one of standard, minmax, minmax11, none; got scale='max'; did you mean 'minmax'?",
        ),
        (
            {"baseline": "gelu"},
            "compare: baseline must be one of the activations; got baseline='gelu'; choose from tanh, relu",
        ),
    ],
)
def test_options_that_make_no_sense(changes: dict, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        small(**changes)
    assert str(caught.value) == message


def test_activations_that_are_none() -> None:
    with pytest.raises(UnknownActivation, match="did you mean 'mish'"):
        small(activations=["mihs"])
    with pytest.raises(
        UnsupportedType, match=r"compare: an activation must be a name, an Activation, or a torch.nn.Module .*; got 1.0"
    ):
        small(activations=[1.0])


def test_rounds_stop_at_the_edge_of_what_is_planned() -> None:
    assert rounds._beyond(1e-4, -1, 2) == [3.16e-5, 1e-5]
    assert rounds._beyond(0.1, 1, 2) == [0.316, 1.0]
    assert rounds._beyond(0.1, 1, 4) == [0.178, 0.316, 0.562, 1.0]


def test_a_report_that_cannot_be_written_is_one_line_and_leaves_no_part(tmp_path: Path) -> None:
    made = small(out=tmp_path, steps=2)
    made.write(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.glob("*.json"):
        path.unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # Python ignores the signal: writing fails as on a disk
    try:
        with pytest.raises(OptionError) as caught:
            made.write(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == (
        f"compare: the files of the report must be writable; got out={str(tmp_path)!r} (File too large); the runs are "
        f"kept in trials.sqlite: make room, then actlab compare report {tmp_path}, with --out FILE for another place"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match=r"\(Not a directory\)"):
        made.write(tmp_path / "file" / "folder")


def test_what_cannot_start_leaves_no_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("actlab.experiment.engines.engine", engine)
    with pytest.raises(OptionError, match="compare: address must be that of a running Dask cluster"):
        small(out=tmp_path / "new", engine="dask", address="tcp://nowhere.invalid:1")
    assert not (tmp_path / "new").exists()


def test_out_must_have_a_name() -> None:
    with pytest.raises(OptionError) as caught:
        small(out="")
    assert str(caught.value) == "compare: out must name a folder; got out=''"
