"""Training one chunk: pure, divergence recorded, nothing seen that must not be seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from experiment.problems import chunk, data, problem

import actlab
from actlab.experiment import train
from actlab.experiment.chunk import TUNING, Member, chunks_of
from actlab.experiment.mlp import StackedMLP
from actlab.experiment.outcome import MOMENTS, Point
from actlab.experiment.rows import BatchOrder, Deck


def test_a_chunk_is_a_pure_function() -> None:
    first = train.run_chunk(chunk(), problem())
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert train.run_chunk(chunk(), problem()) == first
    assert all(trial.score_test > 0.8 and not trial.diverged for trial in first)
    assert [point.step for point in first[0].curve] == train.evaluation_steps(40)


def test_it_leaves_torchs_settings_alone() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    try:
        train.run_chunk(chunk(), problem("rrelu", steps=2))
        assert torch.get_num_threads() == 2
        assert torch.tensor(1e-38).mul(1e-5).item() > 0
        assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("scale", ["standard", "minmax"])
def test_test_rows_are_not_touched_in_stage_1(scale: str) -> None:
    wine = data("wine")
    poisoned = wine.x.copy()
    poisoned[wine.test_rows] = np.nan
    expected = train.run_chunk(chunk(TUNING), problem(scale=scale))
    found = train.run_chunk(chunk(TUNING), problem(dataset=replace(wine, x=poisoned), scale=scale))
    assert all(math.isnan(trial.score_test) and math.isnan(trial.loss_test) for trial in expected)
    assert [trial.curve for trial in found] == [trial.curve for trial in expected]


def test_validation_rows_do_not_change_the_training() -> None:
    wine = data("wine")
    changed = wine.x.copy()
    changed[wine.split(1)[1]] += 1000
    one = chunk(TUNING, seeds=(1,), rates=(1e-3, 1e-2))
    before = train.run_chunk(one, problem(norm="batch"))
    after = train.run_chunk(one, problem(dataset=replace(wine, x=changed), norm="batch"))
    assert [trial.loss_train for trial in after] == [trial.loss_train for trial in before]
    assert [trial.loss_validation for trial in after] != [trial.loss_validation for trial in before]


def test_generated_data_are_drawn_anew_for_each_seed() -> None:
    moons = data("moons")
    deck = Deck(moons, "standard", [1, 2, 1], "cpu")
    x, y = deck.rows(deck.training[:, :5])
    own = moons.for_seed(2)
    rows = own.split(2)[0][:5]
    assert torch.equal(x[0], x[2])
    assert not torch.equal(x[0], x[1])
    assert y[1].tolist() == own.y[rows].tolist()
    raw = x[1] * deck.x_divisor[1] + deck.x_shift[1]
    assert torch.allclose(raw, torch.from_numpy(own.x[rows]), atol=1e-6)


def test_divergence_is_an_outcome_at_chance_level() -> None:
    wine = data("wine")
    cube = actlab.define("cube", "x**3")
    calm, wild = train.run_chunk(chunk(rates=(1e-3, 1e3), seeds=(1,)), problem(cube))
    assert (calm.diverged, calm.diverged_step) == (False, None)
    assert wild.diverged
    assert wild.diverged_step is not None
    assert 0 < wild.diverged_step <= 40
    assert (wild.score_validation, wild.score_test) == (wine.chance, wine.chance)
    assert (wild.message, wild.settled_step) == ("", None)


def test_a_hopeless_loss_counts_as_diverged_at_the_last_step() -> None:
    history = torch.linspace(1, 9, 40)
    assert train._diverged_step(history, 9.0, 1.0, hopeless=2.0) == 40
    assert train._diverged_step(history, 1.5, 1.0, hopeless=2.0) is None
    history[17] = math.inf
    assert train._diverged_step(history, 1.5, 1.0, hopeless=2.0) == 17


def test_a_run_has_settled_at_95_percent_of_its_final_score() -> None:
    curve = [Point(step, 0.0, 0.0, score) for step, score in ((10, 0.5), (20, 0.9), (30, 0.8), (40, 0.94))]
    assert train.settled_step(curve) == 20
    assert train.settled_step([Point(10, 0.0, 0.0, -0.2)]) is None


def test_a_function_that_raises_becomes_failed_trials(monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no such\nkernel")

    monkeypatch.setattr(StackedMLP, "__call__", refuse)
    trials = train.run_chunk(chunk(), problem())
    assert [trial.message for trial in trials] == ["RuntimeError: no such kernel"] * 3
    assert all(trial.diverged and trial.score_test == data("wine").chance for trial in trials)


def test_a_single_member_trains_as_in_a_stack() -> None:
    alone = train.run_chunk(chunk(seeds=(2,)), problem("silu", steps=10))
    (twin, _) = train.run_chunk(chunk(seeds=(2, 2)), problem("silu", steps=10))
    assert alone == [twin]


@pytest.mark.parametrize(
    ("name", "rate", "low", "high"),
    [("diabetes", 3e-3, 0.25, 0.65), ("friedman1", 1e-2, 0.7, 0.99), ("multilabel", 1e-2, 0.78, 0.95)],
)
def test_every_kind_of_task_is_learnt(name: str, rate: float, low: float, high: float) -> None:
    trials = train.run_chunk(chunk(rates=(rate,)), problem(dataset=name, steps=250))
    assert all(low < trial.score_test < high for trial in trials)
    assert data(name).chance < low


def test_every_run_is_described() -> None:
    (trial, *_) = train.run_chunk(chunk(), problem("prelu", norm="layer"))
    assert trial.trained == "stacked"
    assert [(each.moment, each.site) for each in trial.health] == [(m, site) for m in MOMENTS for site in (0, 1)]
    assert [(each.site, each.name) for each in trial.learned] == [(0, "weight"), (1, "weight")]
    assert all(each.value != 0.25 for each in trial.learned)
    assert 0 < trial.loss_test < 0.7
    assert trial.settled_step in train.evaluation_steps(40)


def test_batches_pass_over_all_rows_before_any_comes_again() -> None:
    rows = np.arange(100, 110)
    order = BatchOrder(np.stack([rows, rows]), seeds=[1, 2])
    drawn = np.concatenate([order.take(4) for _ in range(5)], axis=1)
    for own in drawn:
        assert np.array_equal(np.sort(own[:10]), rows)
        assert np.array_equal(np.sort(own[10:]), rows)
        assert not np.array_equal(own[:10], own[10:])
    assert not np.array_equal(*drawn)


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
    assert len(points) == min(20, steps)
    assert train.middle(points) in points


def test_chunks_hold_every_run_once_in_nearly_equal_parts() -> None:
    chunks = chunks_of("d", "relu", stage=1, round_=0, rates=range(1, 8), seeds=[1, 2, 3])
    assert [len(one.members) for one in chunks] == [10, 11]
    runs = {member for one in chunks for member in one.members}
    assert runs == {Member(lr, seed) for lr in range(1, 8) for seed in (1, 2, 3)}
