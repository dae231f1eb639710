"""Tables of comparisons with chosen scores, as the plan would hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from actlab.experiment.chunk import FINAL, TUNING
from actlab.experiment.conclusion import conclude
from actlab.experiment.ranks import average_ranks
from actlab.experiment.summarise import detectable, summarise

RATES = (1e-3, 1e-2, 1e-1)
BASELINE = "relu"


def condition(data: str = "digits", norm: str = "", *, score: str = "accuracy", test: int = 360) -> dict[str, Any]:
    """The facts of a condition; a normalisation is part of the label if it is given."""
    return {
        "label": f"{data}, {norm}" if norm else data,
        "data": data,
        "scale": "standard",
        "model": "mlp",
        "norm": norm or "none",
        "init": "gain",
        "task": "regression" if score == "R^2" else "classification",
        "chance": 0.0 if score == "R^2" else 0.1,
        "score": score,
        "test": test,
    }


def spread(means: Mapping[str, float], seeds: int = 10, sd: float = 0.01, seed: int = 0) -> dict[str, np.ndarray]:
    """Scores around each mean, exactly on it in the average."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, mean in means.items():
        noise = rng.normal(0, 1, seeds)
        found[name] = mean + sd * (noise - noise.mean()) / noise.std(ddof=1)
    return found


def trials_of(
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    diverged: Mapping[str, int] | None = None,
    messages: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Trials with these test scores {condition: {activation: one a seed}}; the first few may have diverged."""
    rows = []
    for label, table in scores.items():
        for name, values in table.items():
            own = {"condition": label, "activation": name, "message": (messages or {}).get(name, ""), "round": 0}
            for lr in RATES:
                score = 0.5 - abs(np.log10(lr) + 2) / 100
                rows.append(
                    own | {"stage": TUNING, "lr": lr, "seed": 100, "score_validation": score, "diverged": False}
                )
            for seed, value in enumerate(values):
                failed = seed < (diverged or {}).get(name, 0)
                rows.append(
                    own
                    | {"stage": FINAL, "lr": 1e-2, "seed": seed, "score_validation": value, "score_test": value}
                    | {"diverged": failed}
                )
    return pd.DataFrame(rows)


def costs_of(scores: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A step takes 100 µs with the first activation, 110 with the second, ..."""
    return pd.DataFrame(
        {
            "condition": label,
            "activation": name,
            "seconds_per_step": (100 + 10 * number) * 1e-6,
            "saved_bytes": 64,
            "parameters": 1000,
            "flops": 2000,
            "width": 64,
            "kernel": "linear, then the activation",
        }
        for label, table in scores.items()
        for number, name in enumerate(table)
    )


def summary_of(
    conditions: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[str, Sequence[float]]], **more: Any
) -> pd.DataFrame:
    """The summary of these scores."""
    labels = list(next(iter(scores.values())))
    return summarise(trials_of(scores, **more), costs_of(scores), conditions, labels, BASELINE)


def conclusion_of(
    conditions: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[str, Sequence[float]]], **more: Any
) -> list[str]:
    """The paragraphs about these scores, by way of every table that they rest on."""
    trials, labels = trials_of(scores, **more), list(next(iter(scores.values())))
    summary = summary_of(conditions, scores, **more)
    smallest = detectable(trials, conditions, labels, BASELINE)
    return conclude(summary, conditions, smallest, BASELINE, trials, average_ranks(summary, conditions))
