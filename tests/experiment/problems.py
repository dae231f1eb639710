"""Small problems for the tests of training."""

from __future__ import annotations

from functools import cache
from typing import Any

from actlab.experiment.chunk import FINAL, Chunk, chunks_of
from actlab.experiment.condition import Condition, Network
from actlab.experiment.contender import contender
from actlab.experiment.data import Dataset
from actlab.experiment.models import DEFAULTS
from actlab.experiment.problem import Problem
from actlab.experiment.settings import Settings, checked_settings
from actlab.experiment.sources import load_all

NOTHING: dict[str, Any] = dict.fromkeys(("seeds", "tuning_seeds", "steps", "learning_rates"))


def settings(**changes: Any) -> Settings:
    """Settings of a few steps."""
    options = NOTHING | {"budget": "quick", "batch": 32, "steps": 40, "baseline": "relu", "device": "cpu"}
    return checked_settings(**(options | changes))


@cache
def data(name: str) -> Dataset:
    """A bundled data set."""
    return load_all(name, None, "compare")[0]


def problem(
    function: Any = "relu",
    *,
    dataset: str | Dataset = "wine",
    model: str = "mlp",
    norm: str = "none",
    init: str = "gain",
    scale: str = "standard",
    depth: int = 2,
    width: int = 16,
    **changes: Any,
) -> Problem:
    """One function on one data set."""
    own = data(dataset) if isinstance(dataset, str) else dataset
    size = (None, None) if model not in DEFAULTS else (depth, width)
    condition = Condition(own.name, own.name, scale, Network(model, norm, init, *size))
    return Problem(own, condition, contender(function), settings(**changes))


def chunk(stage: int = FINAL, *, rates: Any = (1e-2,), seeds: Any = (1, 2, 3)) -> Chunk:
    """The runs of these rates and seeds, at most a chunk of them."""
    (found,) = chunks_of("wine", "relu", stage=stage, round_=0, rates=rates, seeds=seeds)
    return found
