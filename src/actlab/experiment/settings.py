"""The options of a comparison, checked once and frozen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actlab.errors import OptionError, suggest

WHO = "compare"

# Two data sets: real digits, which nearly every function solves, and one made to tell methods apart.
DEFAULT_DATA = ("digits", "mnist1d")

# Three pairs, each teaching one thing: zero-centred or not (tanh, sigmoid), a slope for negative inputs or
# none (leaky_relu, relu), and the smooth gates of today's networks (silu, gelu).
DEFAULT_ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "silu", "gelu")

# Normalisation often removes the differences between activations: both sides belong into one report.
DEFAULT_NORMS = ("none", "layer")

# A validation score is taken this often in every run, the last time at the end.
EVALUATIONS = 20

DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Budget:
    """How much effort every function gets.

    Attributes
    ----------
    seeds : reported runs per function
    tuning_seeds : runs per function and learning rate that choose the learning rate
    per_decade : learning rates per decade of the grid, which spans 1e-4 to 1e-1 at first
    passes, fewest_steps, most_steps : steps are so many passes over the training rows, within these bounds
    """

    seeds: int
    tuning_seeds: int
    per_decade: int
    passes: int
    fewest_steps: int
    most_steps: int


# Three decades held the best rate of every function tried on mnist1d (3e-3 to 1e-2; 1e-4 for the identity).
BUDGETS = {
    "quick": Budget(seeds=5, tuning_seeds=3, per_decade=2, passes=30, fewest_steps=250, most_steps=1000),
    "standard": Budget(seeds=10, tuning_seeds=3, per_decade=2, passes=60, fewest_steps=500, most_steps=2000),
    "publish": Budget(seeds=20, tuning_seeds=5, per_decade=4, passes=120, fewest_steps=1000, most_steps=5000),
}
LOWEST_DECADE, HIGHEST_DECADE = -4, -1


def grid_rate(place: int, per_decade: int) -> float:
    """The learning rate 10^(place / per_decade) to three digits: ..., 0.001, 0.00316, 0.01, ..."""
    return float(f"{10 ** (place / per_decade):.3g}")


@dataclass(frozen=True)
class Settings:
    """Everything that decides a result, apart from data, networks and activations.

    Attributes
    ----------
    batch : rows of one training step
    seeds : runs per function that are reported
    tuning_seeds : runs per function and learning rate that choose the learning rate
    steps : optimiser steps of every run; None takes `steps_for` of the data set
    learning_rates : the grid, ascending
    per_decade : spacing at which the grid is extended, for all functions, when a best rate lies at its edge;
        None leaves the grid as it is
    baseline : label of the activation the others are compared with
    budget : where the numbers come from that were not given
    device : where the networks train
    """

    batch: int
    seeds: int
    tuning_seeds: int
    steps: int | None
    learning_rates: tuple[float, ...]
    per_decade: int | None
    baseline: str
    budget: str
    device: str

    def steps_for(self, training_rows: int) -> int:
        """Optimiser steps of one run on so many training rows."""
        if self.steps is not None:
            return self.steps
        budget = BUDGETS[self.budget]
        passes = math.ceil(budget.passes * training_rows / self.batch_for(training_rows))
        return min(budget.most_steps, max(budget.fewest_steps, passes))

    def batch_for(self, training_rows: int) -> int:
        """Rows of one training step: never more than there are."""
        return min(self.batch, training_rows)

    def tuning_seed_list(self) -> list[int]:
        """Seeds of stage 1; none of them returns in stage 2."""
        return list(range(1001, 1001 + self.tuning_seeds))

    def seed_list(self) -> list[int]:
        """Seeds of stage 2, the same for all functions."""
        return list(range(1, 1 + self.seeds))

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain data."""
        return asdict(self) | {"learning_rates": list(self.learning_rates)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """The settings that `as_dict` gave."""
        return cls(**{**values, "learning_rates": tuple(values["learning_rates"])})


def checked_settings(
    *,
    budget: str,
    batch: int,
    seeds: int | None,
    tuning_seeds: int | None,
    steps: int | None,
    learning_rates: Sequence[float] | None,
    baseline: str,
    device: str,
) -> Settings:
    """Settings, or one line saying which option makes no sense; what is None comes from the budget.

    Raises
    ------
    OptionError
        If a number is not whole or too small, a learning rate is not positive and finite, or a budget or device is
        unknown.
    """
    effort = BUDGETS[one_of("budget", budget, tuple(BUDGETS))]
    return Settings(
        batch=whole("batch", batch, 1),
        # A spread needs two runs.
        seeds=effort.seeds if seeds is None else whole("seeds", seeds, 2),
        tuning_seeds=effort.tuning_seeds if tuning_seeds is None else whole("tuning_seeds", tuning_seeds, 1),
        steps=None if steps is None else whole("steps", steps, 1),
        learning_rates=_grid(learning_rates, effort.per_decade),
        per_decade=effort.per_decade if learning_rates is None else None,
        baseline=baseline,
        budget=budget,
        device=_device(device),
    )


def whole(name: str, value: object, least: int) -> int:
    """The value, if it is a whole number of at least ``least``; OptionError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{WHO}: {name} must be a whole number of at least {least}; got {name}={value!r}")
    return value


def one_of(name: str, value: object, choices: Sequence[str]) -> str:
    """The value, if it is one of the choices; OptionError otherwise."""
    if isinstance(value, str) and value in choices:
        return value
    raise OptionError(
        f"{WHO}: {name} must be one of {', '.join(choices)}; got {name}={value!r}{suggest(str(value), choices)}"
    )


def several_of(name: str, values: str | Sequence[str], choices: Sequence[str]) -> tuple[str, ...]:
    """Distinct values, each one of the choices, in the order given; OptionError otherwise."""
    given = [values] if isinstance(values, str) else list(values)
    found = tuple(dict.fromkeys(one_of(name, value, choices) for value in given))
    if not found:
        raise OptionError(f"{WHO}: {name} must name at least one of {', '.join(choices)}; got {name}={values!r}")
    return found


def _device(device: str) -> str:
    """A device that is there: a missing GPU must not show only when all runs have failed."""
    if one_of("device", device, DEVICES) == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise OptionError(
                f"{WHO}: device must be there; got device='cuda', and PyTorch sees no GPU; "
                "take cpu, or install a CUDA build of torch"
            )
    return device


def _grid(rates: Sequence[float] | None, per_decade: int) -> tuple[float, ...]:
    if rates is None:
        places = range(LOWEST_DECADE * per_decade, HIGHEST_DECADE * per_decade + 1)
        return tuple(grid_rate(place, per_decade) for place in places)
    try:
        grid = tuple(sorted({float(rate) for rate in rates}))
    except (TypeError, ValueError):
        grid = ()
    if not grid or not all(0 < rate < math.inf for rate in grid):
        raise OptionError(f"{WHO}: learning_rates must be positive finite numbers; got learning_rates={rates!r}")
    return grid
