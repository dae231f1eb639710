"""A made-up comparison of any size: numbers with the structure of real ones, drawn from a fixed seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import actlab
from actlab.experiment.result import Comparison

RATES = [1e-4, 3.16e-4, 1e-3, 3.16e-3, 1e-2, 3.16e-2, 1e-1]
STEPS = range(100, 1600, 100)
NAMES = ["relu", "leaky_relu:negative_slope=0.2", "gelu", "silu", "tanh", "sigmoid"]

Make = Callable[..., Comparison]


class _StandIn:
    """Something that can be drawn under any label, also one that no catalogue would take."""

    kinks = ()
    formula = "x"
    summary = "A stand-in."
    source = "made up"

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self, x: Any) -> Any:
        return x

    def grad(self, x: Any) -> Any:
        return np.ones_like(x)


def facts(name: str, task: str = "classification", **changes: Any) -> dict[str, Any]:
    regression = task == "regression"
    return {
        "name": name,
        "task": task,
        "source": "made up for a test",
        "rows": 1797,
        "train": 1146,
        "validation": 202,
        "test": 449,
        "features": 64,
        "classes": None if regression else 10,
        "chance": 0.0 if regression else 0.1,
        "score": "R^2" if regression else "accuracy",
        "notes": [],
    } | changes


class _Simulation:
    """Draws the tables of a comparison."""

    def __init__(self, labels: Sequence[str], datasets: list[dict[str, Any]], seeds: int, failing: Sequence[str]):
        self.labels, self.datasets, self.seeds, self.failing = labels, datasets, seeds, failing
        self.rng = np.random.default_rng(7)

    def score(self, place: int, lr: float, share: float, chance: float) -> float:
        """A hill over the learning rate that rises during training."""
        top = 0.72 - 0.02 * max(place - 2, 0) ** 1.2
        hill = math.exp(-(((math.log10(lr) + 2.4 + 0.1 * place) / 1.6) ** 2))
        rise = 1 - math.exp(-6 * share / (1 + 0.2 * place))
        return chance + (top - chance) * hill * rise + float(self.rng.normal(0, 0.006))

    def runs(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        trials, curves = [], []
        for data in self.datasets:
            for place, label in enumerate(self.labels):
                plan = [(1, lr, 1001 + seed) for lr in RATES for seed in range(3)]
                plan += [(2, 3.16e-3, 1 + seed) for seed in range(self.seeds)]
                for stage, lr, seed in plan:
                    trial, curve = self.run(data, place, label, stage=stage, lr=lr, seed=seed)
                    trials.append(trial)
                    curves += curve
        return pd.DataFrame(trials), pd.DataFrame(curves)

    def run(
        self, data: dict[str, Any], place: int, label: str, *, stage: int, lr: float, seed: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        diverged = label in self.failing or (lr == RATES[-1] and place % 2 == 0)
        chance = data["chance"]
        scores = [self.score(place, lr, step / STEPS[-1], chance) for step in STEPS]
        key = {"data": data["name"], "activation": label, "stage": stage, "lr": lr, "seed": seed}
        curve = [
            key
            | {
                "step": step,
                "loss_train": 2.3 - 2 * score,
                "score_validation": math.nan if diverged else score,
            }
            for step, score in zip(STEPS, scores, strict=True)
        ]
        test = chance if diverged else scores[-1] + float(self.rng.normal(0, 0.004))
        return key | {
            "round": 0,
            "score_validation": chance if diverged else scores[-1],
            "score_test": test if stage == 2 else math.nan,
            "loss_train": math.nan if diverged else 0.8,
            "loss_validation": math.nan if diverged else 0.9,
            "diverged": diverged,
            "diverged_step": 12.0 if diverged else math.nan,
            "message": "",
        }, curve


def summarise(trials: pd.DataFrame, data: str, baseline: str) -> pd.DataFrame:
    """The summary of one data set, by the plainest means."""
    final = trials[(trials.data == data) & (trials.stage == 2)]
    table = final.pivot_table(index="activation", columns="seed", values="score_test", sort=False)
    best = table.loc[table.mean(axis=1).idxmax()]
    rows = []
    for label, scores in table.iterrows():
        low, high = interval(scores)
        difference = scores - table.loc[baseline]
        rows.append(
            {
                "data": data,
                "activation": label,
                "mean": scores.mean(),
                "sd": scores.std(),
                "low": low,
                "high": high,
                "best_lr": 3.16e-3,
                "lr_low": 1e-3,
                "lr_high": 1e-2,
                "lr_decades": 1.0,
                "difference": difference.mean(),
                "difference_low": interval(difference)[0],
                "difference_high": interval(difference)[1],
                "p": 0.5,
                "p_holm": math.nan if label == baseline else 0.031,
                "improvement_probability": 0.5,
                "best_group": bool(best.mean() - scores.mean() < 0.012),
                "diverged": int(final[final.activation == label].diverged.sum()),
                "runs": len(scores),
                "seconds_per_step": 412e-6 * (1 + 0.05 * len(rows) ** 1.3),
                "saved_bytes": 98304 * (1 + len(rows) % 3),
                "parameters": 13130,
            }
        )
    frame = pd.DataFrame(rows).sort_values("mean", ascending=False, kind="stable")
    return frame.assign(rank=range(1, len(frame) + 1))


def interval(values: pd.Series) -> tuple[float, float]:
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * values.std() / math.sqrt(len(values))
    return values.mean() - reach, values.mean() + reach


@pytest.fixture
def make() -> Make:
    """Make a comparison: ``make(labels, datasets=[...], seeds=5, failing=[...], activations=[...])``."""
    return make_comparison


@pytest.fixture(scope="session")
def default() -> Comparison:
    """The comparison that most tests only look at."""
    return make_comparison()


@pytest.fixture
def describe() -> Callable[..., dict[str, Any]]:
    """Describe a data set: ``describe(name, task, **changes)``."""
    return facts


@pytest.fixture
def stand_ins() -> Callable[[Sequence[str]], list[_StandIn]]:
    """Make drawable stand-ins for activations with these labels."""
    return lambda labels: [_StandIn(label) for label in labels]


def make_comparison(
    labels: Sequence[str] = NAMES,
    *,
    datasets: list[dict[str, Any]] | None = None,
    seeds: int = 5,
    failing: Sequence[str] = (),
    baseline: str | None = None,
    activations: list[Any] | None = None,
) -> Comparison:
    datasets = datasets or [facts("digits"), facts("mnist1d", rows=8000)]
    baseline = baseline or labels[0]
    trials, curves = _Simulation(labels, datasets, seeds, failing).runs()
    summary = pd.concat([summarise(trials, data["name"], baseline) for data in datasets], ignore_index=True)
    return Comparison(
        settings={
            "depth": 3,
            "width": 64,
            "batch": 64,
            "seeds": seeds,
            "tuning_seeds": 3,
            "steps": None,
            "learning_rates": RATES,
            "extend": True,
            "baseline": baseline,
        },
        environment={"actlab": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "seconds_total": 161.2},
        datasets=datasets,
        activations=activations or [actlab.get(label) for label in labels],
        trials=trials,
        curves=curves,
        costs=summary[["data", "activation", "seconds_per_step", "saved_bytes", "parameters"]].assign(width=64),
        summary=summary,
        detectable={data["name"]: 0.0113 for data in datasets},
        conclusion=[*(f"About {data['name']}." for data in datasets), "Use relu."],
    )
