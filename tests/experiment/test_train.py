"""Training one chunk: pure, divergence recorded, nothing seen that must not be seen."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import actlab
from actlab.experiment import train
from actlab.experiment.chunk import FINAL, TUNING, Chunk, Member, chunks_of, most_members
from actlab.experiment.data import Dataset
from actlab.experiment.settings import Settings, checked_settings
from actlab.experiment.sources import load_all

OPTIONS = {"depth": 2, "width": 16, "batch": 32, "seeds": 3, "tuning_seeds": 2, "steps": 40}


def settings(**changes: Any) -> Settings:
    options = OPTIONS | changes
    return checked_settings(**options, learning_rates=[1e-3, 1e-2], baseline="relu")


@pytest.fixture(scope="module")
def wine() -> Dataset:
    return load_all("wine", None, "compare")[0]


def chunk(stage: int = FINAL, *, rates=(1e-2,), seeds=(1, 2, 3), name: str = "relu") -> Chunk:
    (found,) = chunks_of("wine", name, stage=stage, round_=0, rates=rates, seeds=seeds, most=100)
    return found


def test_a_chunk_is_a_pure_function(wine: Dataset) -> None:
    first = train.run_chunk(chunk(), wine, actlab.relu, settings())
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert train.run_chunk(chunk(), wine, actlab.relu, settings()) == first
    assert all(trial.score_test > 0.8 and not trial.diverged for trial in first)
    assert [point.step for point in first[0].curve] == train.evaluation_steps(40)


def test_it_leaves_torchs_settings_alone(wine: Dataset) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        train.run_chunk(chunk(), wine, actlab.relu, settings(steps=2))
        assert torch.get_num_threads() == 2
        assert torch.tensor(1e-38).mul(1e-5).item() > 0
    finally:
        torch.set_num_threads(threads)


def test_test_rows_are_not_touched_in_stage_1(wine: Dataset) -> None:
    poisoned = wine.x.copy()
    poisoned[wine.test_rows] = np.nan
    expected = train.run_chunk(chunk(TUNING), wine, actlab.relu, settings())
    found = train.run_chunk(chunk(TUNING), replace(wine, x=poisoned), actlab.relu, settings())
    assert all(math.isnan(trial.score_test) for trial in expected)
    assert [trial.curve for trial in found] == [trial.curve for trial in expected]


def test_validation_rows_do_not_change_the_training(wine: Dataset) -> None:
    changed = wine.x.copy()
    changed[wine.split(1)[1]] += 1000
    one = chunk(TUNING, seeds=(1,), rates=(1e-3, 1e-2))
    before = train.run_chunk(one, wine, actlab.relu, settings())
    after = train.run_chunk(one, replace(wine, x=changed), actlab.relu, settings())
    assert [trial.loss_train for trial in after] == [trial.loss_train for trial in before]
    assert [trial.loss_validation for trial in after] != [trial.loss_validation for trial in before]


def test_divergence_is_an_outcome_at_chance_level(wine: Dataset) -> None:
    cube = actlab.define("cube", "x**3")
    calm, wild = train.run_chunk(chunk(rates=(1e-3, 1e3), seeds=(1,)), wine, cube, settings())
    assert (calm.diverged, calm.diverged_step) == (False, None)
    assert wild.diverged
    assert wild.diverged_step is not None
    assert 0 < wild.diverged_step <= 40
    assert (wild.score_validation, wild.score_test) == (wine.chance, wine.chance)
    assert wild.message == ""


def test_a_hopeless_loss_counts_as_diverged_at_the_last_step() -> None:
    history = torch.linspace(1, 9, 40)
    assert train._diverged_step(history, 9.0, 1.0, hopeless=2.0) == 40
    assert train._diverged_step(history, 1.5, 1.0, hopeless=2.0) is None
    history[17] = math.inf
    assert train._diverged_step(history, 1.5, 1.0, hopeless=2.0) == 17


def test_a_function_that_raises_becomes_failed_trials(wine: Dataset, monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no such\nkernel")

    monkeypatch.setattr(train.StackedMLP, "__call__", refuse)
    trials = train.run_chunk(chunk(), wine, actlab.relu, settings())
    assert [trial.message for trial in trials] == ["RuntimeError: no such kernel"] * 3
    assert all(trial.diverged and trial.score_test == wine.chance for trial in trials)


def test_a_single_member_trains_as_in_a_stack(wine: Dataset) -> None:
    alone = train.run_chunk(chunk(seeds=(2,)), wine, actlab.silu, settings(steps=10))
    (twin, _) = train.run_chunk(chunk(seeds=(2, 2)), wine, actlab.silu, settings(steps=10))
    assert alone == [twin]


def test_regression_scores_r2() -> None:
    (diabetes,) = load_all("diabetes", None, "compare")
    trials = train.run_chunk(chunk(rates=(3e-3,)), diabetes, actlab.relu, settings(steps=150))
    assert all(0.25 < trial.score_test < 0.65 for trial in trials)
    assert diabetes.chance == 0


def test_scores() -> None:
    outputs = torch.tensor([[[0.1, 0.9], [0.8, 0.2]], [[0.1, 0.9], [0.1, 0.9]]])
    assert train.scores(outputs, torch.tensor([[1, 0], [0, 1]])).tolist() == [1.0, 0.5]
    target = torch.tensor([[1.0, 2.0, 3.0]])
    assert train.scores(target[..., None], target).tolist() == [1.0]
    assert train.scores(torch.full((1, 3, 1), 2.0), target).tolist() == [0.0]


def test_batches_pass_over_all_rows_before_any_comes_again() -> None:
    rows = np.arange(100, 110)
    order = train.BatchOrder(rows, seed=1)
    drawn = np.concatenate([order.take(4) for _ in range(5)])
    assert np.array_equal(np.sort(drawn[:10]), rows)
    assert np.array_equal(np.sort(drawn[10:]), rows)
    assert not np.array_equal(drawn[:10], drawn[10:])


def test_the_learning_rate_is_constant_then_falls_to_0() -> None:
    shares = [train.schedule(step, 100) for step in range(101)]
    assert shares[:51] == [1.0] * 51
    assert shares[75] == pytest.approx(0.5)
    assert shares[100] == 0
    assert np.all(np.diff(shares[50:]) < 0)


@pytest.mark.parametrize("steps", [1, 7, 15, 40, 2000])
def test_the_last_evaluation_is_the_end(steps: int) -> None:
    points = train.evaluation_steps(steps)
    assert points[-1] == steps
    assert len(points) == min(15, steps)


def test_chunks_hold_every_run_once_in_nearly_equal_parts() -> None:
    chunks = chunks_of("d", "relu", stage=1, round_=0, rates=range(1, 8), seeds=[1, 2, 3], most=12)
    assert [len(one.members) for one in chunks] == [10, 11]
    runs = {member for one in chunks for member in one.members}
    assert runs == {Member(lr, seed) for lr in range(1, 8) for seed in (1, 2, 3)}


def test_wide_networks_make_small_chunks() -> None:
    assert most_members(settings(), 64, 10) == 12
    assert 2 <= most_members(settings(width=1024, depth=4), 64, 10) < 12
