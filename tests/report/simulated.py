"""Made-up comparisons: tables with the structure of real ones, drawn from a fixed seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from actlab.report.depth import MEASURES

RATES = [1e-4, 3.16e-4, 1e-3, 3.16e-3, 1e-2, 3.16e-2, 1e-1]
BEST_RATE = 3.16e-3
STEPS = range(100, 1600, 100)
LAYERS = 3
EDGES = np.linspace(-6, 6, 49)
KEY = ["condition", "activation", "stage", "lr", "seed"]
COLUMNS = {
    "health": [*KEY, "moment", "site", *(measure.column for measure in MEASURES), "mean", "sd", "histogram"],
    "learned": [*KEY, "site", "name", "value"],
}
WORDS = {"none": "no norm", "layer": "layer norm", "batch": "batch norm"}

Run = dict[str, Any]


def facts(data: str, norm: str = "none", task: str = "classification", *, label: str = "", **changes: Any) -> Run:
    """The description of a condition."""
    regression = task == "regression"
    return {
        "label": label or f"{data}, {WORDS[norm]}",
        "data": data,
        "scale": "standard",
        "model": "mlp",
        "norm": norm,
        "init": "gain",
        "depth": LAYERS,
        "width": 64,
        "task": task,
        "source": "made up for a test",
        "rows": 1797,
        "train": 1146,
        "validation": 202,
        "test": 449,
        "features": 64,
        "shape": (8, 8),
        "classes": None if regression else 10,
        "chance": 0.0 if regression else 0.1,
        "score": "R^2" if regression else "accuracy",
        "steps": STEPS[-1],
        "notes": [],
        "targets": None,
        "fingerprint": f"{len(data):064x}",
        "trained": "stacked",
    } | changes


class Simulation:
    """Draws the tables of a comparison."""

    def __init__(self, labels: Sequence[str], conditions: list[Run], seeds: int, failing: Sequence[str]) -> None:
        self.labels, self.conditions, self.seeds, self.failing = labels, conditions, seeds, failing
        self.rng = np.random.default_rng(7)
        self.tables: dict[str, list[Run]] = {name: [] for name in ("trials", "curves", "health", "learned")}
        for condition in conditions:
            for place, label in enumerate(labels):
                for stage, lr, seed in self._plan():
                    self._run(condition, place, {"stage": stage, "lr": lr, "seed": seed, "activation": label})

    def frame(self, name: str) -> pd.DataFrame:
        """A table; one without rows has its columns too."""
        return pd.DataFrame(self.tables[name], columns=None if self.tables[name] else COLUMNS[name])

    def _plan(self) -> list[tuple[int, float, int]]:
        tuning = [(1, lr, 1001 + seed) for lr in RATES for seed in range(3)]
        return tuning + [(2, BEST_RATE, 1 + seed) for seed in range(self.seeds)]

    def _score(self, place: int, condition: Run, lr: float, share: float) -> float:
        """A hill over the learning rate that rises during training; normalisation lifts the later functions."""
        slope = 0.02 if condition["norm"] == "none" else 0.006
        top = 0.72 - slope * max(place - 2, 0) ** 1.2
        hill = math.exp(-(((math.log10(lr) + 2.4 + 0.1 * place) / 1.6) ** 2))
        rise = 1 - math.exp(-6 * share / (1 + 0.2 * place))
        return condition["chance"] + (top - condition["chance"]) * hill * rise + float(self.rng.normal(0, 0.006))

    def _run(self, condition: Run, place: int, own: Run) -> None:
        key = {"condition": condition["label"], **own}
        diverged = own["activation"] in self.failing or (own["lr"] == RATES[-1] and place % 2 == 0)
        scores = [self._score(place, condition, own["lr"], step / STEPS[-1]) for step in STEPS]
        final = condition["chance"] if diverged else scores[-1]
        self.tables["trials"].append(key | self._outcome(scores, final, diverged=diverged, stage=own["stage"]))
        for step, score in zip(STEPS, scores, strict=True):
            losses = {"loss_train": 2.3 - 2 * score, "loss_validation": 2.4 - 2 * score}
            self.tables["curves"].append(
                key | {"step": step, "score_validation": math.nan if diverged else score} | losses
            )
        if own["stage"] == 2 and not diverged:
            self.tables["health"] += [key | each for each in self._health(place, condition)]
            self.tables["learned"] += [
                key | {"site": site, "name": "weight", "value": 0.25 - 0.05 * site + float(self.rng.normal(0, 0.02))}
                for site in range(LAYERS)
                if own["activation"] == "prelu"
            ]

    def _outcome(self, scores: list[float], final: float, *, diverged: bool, stage: int) -> Run:
        test = final if diverged else final + float(self.rng.normal(0, 0.004))
        settled = next(step for step, score in zip(STEPS, scores, strict=True) if score >= 0.95 * scores[-1])
        return {
            "round": 0,
            "score_validation": final,
            "score_test": test if stage == 2 else math.nan,
            "loss_train": math.nan if diverged else 0.8,
            "loss_validation": math.nan if diverged else 0.9,
            "loss_test": math.nan if diverged or stage == 1 else 0.95,
            "settled_step": math.nan if diverged else settled,
            "diverged": diverged,
            "diverged_step": 12.0 if diverged else math.nan,
            "message": "",
        }

    def _health(self, place: int, condition: Run) -> Iterator[Run]:
        for time, moment in enumerate(("start", "middle", "end")):
            for site in range(LAYERS):
                mean, sd = -0.2 * time, (1 + 0.4 * time) * (1 if condition["norm"] == "layer" else 1 + 0.3 * site)
                inputs = self.rng.normal(mean, sd, 2000).clip(-5.99, 5.99)
                yield {
                    "moment": moment,
                    "site": site,
                    "observations": 1000,
                    "dead": 0.04 * time * site if place == 0 else 0.0,
                    "left": 0.1 + 0.08 * time,
                    "right": 0.05 * place,
                    "sparsity": 0.5 + 0.1 * time if place == 0 else 0.0,
                    "mean_shift": 0.6 - 0.1 * place,
                    "gradient": 1e-2 * 10 ** (-0.4 * (LAYERS - site) * (1 + 0.1 * place)),
                    "mean": mean,
                    "sd": sd,
                    "histogram": [int(count) for count in np.histogram(inputs, EDGES)[0]],
                }


def summarise(trials: pd.DataFrame, condition: str, baseline: str) -> pd.DataFrame:
    """The summary of one condition, by the plainest means."""
    final = trials[(trials.condition == condition) & (trials.stage == 2)]
    table = final.pivot_table(index="activation", columns="seed", values="score_test", sort=False)
    best = table.loc[table.mean(axis=1).idxmax()]
    rows = []
    for label, scores in table.iterrows():
        low, high = interval(scores)
        difference = scores - table.loc[baseline]
        rows.append(
            {
                "condition": condition,
                "activation": label,
                "mean": scores.mean(),
                "sd": scores.std(),
                "low": low,
                "high": high,
                "best_lr": BEST_RATE,
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
                "flops": 25984,
            }
        )
    frame = pd.DataFrame(rows).sort_values("mean", ascending=False, kind="stable")
    return frame.assign(rank=range(1, len(frame) + 1))


def interval(values: pd.Series) -> tuple[float, float]:
    """A 95% t interval."""
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * values.std() / math.sqrt(len(values))
    return values.mean() - reach, values.mean() + reach
