"""How the places of an activation fare in a network: dead units, saturation, sparsity, gradients.

Everything is judged by the derivative at what arrives, z, and not by the size of the output: GELU's output is below
1e-6 for z < -5.1 and SiLU's only for z < -16.6, though both have stopped to learn there; and "near 1" says nothing
about ReLU. Of a gated function z is the half that gates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from actlab.activation import Elementwise, Random
from actlab.experiment.networks import Networks, Place
from actlab.experiment.objective import losses
from actlab.experiment.outcome import Health, Learned

# A unit whose derivative is at most this for every observation is dead; a value below the other is saturated.
DEAD, SATURATED = 1e-3, 0.05

# Edges of the histograms of what arrives; the outer bins hold everything beyond.
EDGES = np.linspace(-6.0, 6.0, 49)

# "Never fired in 1,000 observations" bounds the firing rate by 0.3% (rule of three).
MOST_ROWS = 1_000

# What arrives at all places together is kept below this many floats (64 MB, with outputs and gradients 200 MB).
MOST_FLOATS = 16_000_000


def rows_for(networks: Networks, x: Tensor) -> int:
    """Rows to observe, of those in x [models, rows, features]: as many as are wanted and fit."""
    few = min(2, x.shape[1])
    with torch.no_grad():
        _, places = networks.record(x[:, :few])
    floats = max(1, sum(place.z.numel() for place in places) // few)
    return max(few, min(MOST_ROWS, MOST_FLOATS // floats, x.shape[1]))


def examine(
    networks: Networks, task: str, x: Tensor, y: Tensor, *, moment: str, histograms: bool
) -> list[list[Health]]:
    """The health of every place, for each model.

    Parameters
    ----------
    networks : what is examined
    task, x, y : rows as in training, [models, rows, ...]
    moment : what to write into the records
    histograms : whether to count what arrives
    """
    with torch.no_grad():
        _, places = networks.record(x)
    extra = [torch.zeros_like(place.z, requires_grad=True) for place in places]
    outputs, places = networks.record(x, extra)
    # The loss is a mean over the rows: times their number the gradient is that of single rows.
    loss = losses(task, outputs, y).sum() * x.shape[1]
    gradients = torch.autograd.grad(loss, extra, allow_unused=True)
    learned = networks.learned()
    records: list[list[Health]] = [[] for _ in learned]
    with torch.no_grad():
        for number, (place, gradient) in enumerate(zip(places, gradients, strict=True)):
            facts = _facts(place, gradient, _parameters(place, learned))
            counts = _histograms(place.z) if histograms else [()] * len(records)
            for model, record in enumerate(records):
                numbers = {name: float(values[model]) for name, values in facts.items()}
                observations = place.z[model].numel() // max(1, place.z.shape[place.axis])
                record.append(Health(moment, number, observations, **numbers, histogram=counts[model]))
    return records


def _facts(place: Place, gradient: Tensor | None, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each fact of one place, for all models."""
    z, y = place.z.flatten(1), place.y.flatten(1)
    missing = torch.full((len(z),), math.nan)
    slope = _slope(place, parameters)
    (z_sd, z_mean), (y_sd, y_mean) = torch.std_mean(z, 1), torch.std_mean(y, 1)
    facts = {
        "dead": missing if slope is None else _dead_share(slope, place.axis),
        "left": missing if slope is None else _saturated(slope, place, -1),
        "right": missing if slope is None else _saturated(slope, place, 1),
        "sparsity": _share(y == 0),
        "mean_shift": y_mean.abs() / y_sd,
        "gradient": missing if gradient is None else _root_mean_square(gradient.flatten(1)),
        "mean": z_mean,
        "sd": z_sd,
    }
    return {name: values.cpu() for name, values in facts.items()}


def _slope(place: Place, parameters: dict[str, Tensor]) -> Tensor | None:
    """|f'(z)|; None for functions that do not act on single values."""
    item: Any = place.site.unit.item
    if not isinstance(place.site.unit.item, Elementwise | Random):
        return None
    slope: Tensor = item.grad(place.z, **parameters)
    return slope.abs()


def _dead_share(slope: Tensor, axis: int) -> Tensor:
    others = [each for each in range(1, slope.ndim) if each != axis]
    units = slope.amax(others) if others else slope
    return _share(units <= DEAD)


def _saturated(slope: Tensor, place: Place, side: int) -> Tensor:
    return _share((slope < SATURATED) & (place.z > 0 if side > 0 else place.z < 0))


def _share(flags: Tensor) -> Tensor:
    """The share that is true, for each model."""
    return torch.count_nonzero(flags.flatten(1), 1).double() / flags[0].numel()


def _root_mean_square(values: Tensor) -> Tensor:
    """Of each row; the squares of a gradient that vanishes with depth would vanish in float32."""
    largest = values.abs().amax(1, keepdim=True)
    scaled = values / largest.where(largest > 0, 1.0)
    return scaled.square().mean(1).sqrt() * largest[:, 0]


def _parameters(place: Place, learned: Sequence[Sequence[Learned]]) -> dict[str, Tensor]:
    """The learned parameters of a place, shaped to go with z."""
    values: dict[str, list[float]] = {}
    for each in (each for own in learned for each in own if each.site == place.site.position):
        values.setdefault(each.name, []).append(each.value)
    shape = (len(learned), *[1] * (place.z.ndim - 1))
    return {name: torch.tensor(own).to(place.z).view(shape) for name, own in values.items()}


def _histograms(z: Tensor) -> list[tuple[int, ...]]:
    return [tuple(_counts(own[own.isfinite()])) for own in z.flatten(1)]


def _counts(z: Tensor) -> list[int]:
    width = EDGES[1] - EDGES[0]
    bins = ((z - EDGES[0]) / width).floor().clamp(0, len(EDGES) - 2).long()
    counts: list[int] = torch.bincount(bins, minlength=len(EDGES) - 1).tolist()
    return counts
