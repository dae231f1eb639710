"""The options of a comparison, checked once and frozen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actlab.errors import OptionError

WHO = "compare"

# Two data sets: real digits, which nearly every function solves, and one made to tell methods apart.
DEFAULT_DATA = ("digits", "mnist1d")

# Three pairs, each teaching one thing: zero-centred or not (tanh, sigmoid), a slope for negative inputs or
# none (leaky_relu, relu), and the smooth gates of today's networks (silu, gelu).
DEFAULT_ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "silu", "gelu")

# Three decades in half-decade steps: the span that held the best rate of every function tried on mnist1d
# (3e-3 to 1e-2, identity 1e-4), with room on both sides.
HALF_DECADES = range(-8, -1)

# A validation score is taken this often in every run, the last time at the end.
EVALUATIONS = 15

# Steps if none are given: this many passes over the training rows, within these bounds.
PASSES = 60
FEWEST_STEPS = 500
MOST_STEPS = 2000


def half_decade(exponent: int) -> float:
    """The learning rate 10^(exponent / 2) to three digits: ..., 0.001, 0.00316, 0.01, ..."""
    return float(f"{10 ** (exponent / 2):.3g}")


@dataclass(frozen=True)
class Settings:
    """Everything that decides a result, apart from the data and the activations.

    Attributes
    ----------
    depth : hidden layers
    width : units of a hidden layer; fewer, to match the parameters, where a unit has several pieces
    batch : rows of one training step
    seeds : runs per function that are reported
    tuning_seeds : runs per function and learning rate that choose the learning rate
    steps : optimiser steps of every run; None takes `steps_for` of the data set
    learning_rates : the grid, ascending
    extend : add a decade to the grid, for all functions, when a best rate lies at its edge
    baseline : label of the activation the others are compared with
    """

    depth: int
    width: int
    batch: int
    seeds: int
    tuning_seeds: int
    steps: int | None
    learning_rates: tuple[float, ...]
    extend: bool
    baseline: str

    def steps_for(self, training_rows: int) -> int:
        """Optimiser steps of one run on so many training rows."""
        if self.steps is not None:
            return self.steps
        passes = math.ceil(PASSES * training_rows / self.batch_for(training_rows))
        return min(MOST_STEPS, max(FEWEST_STEPS, passes))

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


def checked_settings(
    *,
    depth: int,
    width: int,
    batch: int,
    seeds: int,
    tuning_seeds: int,
    steps: int | None,
    learning_rates: Sequence[float] | None,
    baseline: str,
) -> Settings:
    """Settings, or one line saying which option makes no sense.

    Raises
    ------
    OptionError
        If a number is not whole or too small, or a learning rate is not positive and finite.
    """
    return Settings(
        depth=whole("depth", depth, 1),
        width=whole("width", width, 1),
        batch=whole("batch", batch, 1),
        # A spread needs two runs.
        seeds=whole("seeds", seeds, 2),
        tuning_seeds=whole("tuning_seeds", tuning_seeds, 1),
        steps=None if steps is None else whole("steps", steps, 1),
        learning_rates=_grid(learning_rates),
        extend=learning_rates is None,
        baseline=baseline,
    )


def whole(name: str, value: object, least: int) -> int:
    """The value, if it is a whole number of at least ``least``; OptionError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{WHO}: {name} must be a whole number of at least {least}; got {name}={value!r}")
    return value


def _grid(rates: Sequence[float] | None) -> tuple[float, ...]:
    if rates is None:
        return tuple(half_decade(exponent) for exponent in HALF_DECADES)
    try:
        grid = tuple(sorted({float(rate) for rate in rates}))
    except (TypeError, ValueError):
        grid = ()
    if not grid or not all(0 < rate < math.inf for rate in grid):
        raise OptionError(f"{WHO}: learning_rates must be positive finite numbers; got learning_rates={rates!r}")
    return grid
