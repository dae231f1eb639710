"""Fixtures: made-up comparisons of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report.simulated import RATES, Simulation, facts, summarise

from actlab.experiment.contender import parse
from actlab.experiment.ranks import average_ranks
from actlab.experiment.result import Comparison

NAMES = ["relu", "leaky_relu:negative_slope=0.2", "gelu", "prelu", "tanh", "sigmoid"]


Make = Callable[..., Comparison]


class _StandIn:
    """A contender that can be drawn under any label, also one that no catalogue would take."""

    kinks = ()
    formula = "x"
    summary = "A stand-in."
    source = "made up"
    gated = False

    def __init__(self, label: str) -> None:
        self.label = label
        self.item = self
        self.units = (self,)

    def __call__(self, x: Any) -> Any:
        return x

    def grad(self, x: Any) -> Any:
        return np.ones_like(x)


@pytest.fixture
def make() -> Make:
    """Make a comparison: ``make(labels, conditions=[...], seeds=5, failing=[...], activations=[...])``."""
    return make_comparison


@pytest.fixture(scope="session")
def default() -> Comparison:
    """The comparison that most tests only look at: what `actlab compare` makes without options."""
    return make_comparison(seeds=10)


@pytest.fixture
def describe() -> Callable[..., dict[str, Any]]:
    """Describe a condition: ``describe(data, norm, task, **changes)``."""
    return facts


@pytest.fixture
def stand_ins() -> Callable[[Sequence[str]], list[_StandIn]]:
    """Make drawable stand-ins for contenders with these labels."""
    return lambda labels: [_StandIn(label) for label in labels]


def make_comparison(
    labels: Sequence[str] = NAMES,
    *,
    conditions: list[dict[str, Any]] | None = None,
    seeds: int = 5,
    failing: Sequence[str] = (),
    baseline: str | None = None,
    activations: list[Any] | None = None,
) -> Comparison:
    conditions = conditions or [
        facts(data, norm, rows=rows)
        for data, rows in (("digits", 1797), ("mnist1d", 8000))
        for norm in ("none", "layer")
    ]
    baseline = baseline or labels[0]
    simulated = Simulation(labels, conditions, seeds, failing)
    trials = simulated.frame("trials")
    summary = pd.concat([summarise(trials, each["label"], baseline) for each in conditions], ignore_index=True)
    costs = summary[["condition", "activation", "seconds_per_step", "saved_bytes", "parameters", "flops"]]
    return Comparison(
        settings={
            "batch": 64,
            "seeds": seeds,
            "tuning_seeds": 3,
            "steps": None,
            "learning_rates": RATES,
            "per_decade": 2,
            "baseline": baseline,
            "budget": "standard",
            "device": "cpu",
        },
        environment={"actlab": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "seconds_total": 161.2},
        conditions=conditions,
        activations=activations or [parse(label) for label in labels],
        trials=trials,
        curves=simulated.frame("curves"),
        health=simulated.frame("health"),
        learned=simulated.frame("learned"),
        costs=costs.assign(width=64, kernel="ATen, eager"),
        summary=summary,
        detectable={each["label"]: 0.0113 for each in conditions},
        ranks=average_ranks(summary, conditions),
        conclusion=[*(f"{each['label']}: about it." for each in conditions), "Use relu."],
    )
