"""Charts over depth: how the units fare in every layer, and what an activation learned there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actlab.report import numbers
from actlab.report.axis import Axis, finite
from actlab.report.svg import Chart, Shape
from actlab.report.view import MOMENTS

if TYPE_CHECKING:
    import pandas as pd

    from actlab.report.view import Row, View

HEIGHT = 92
MANY_LAYERS = 12  # from here on dots at every layer would run into each other
SHARE_TICKS = ((0.0, "0"), (0.5, "50"), (1.0, "100"))
LOOKS: dict[str, tuple[str, Shape]] = {
    "start": ("start", "circle"),
    "middle": ("middle", "diamond"),
    "end": ("end", "square"),
}


@dataclass(frozen=True)
class Measure:
    """A column of the table of health: how it is called, meant and written."""

    column: str
    title: str
    meaning: str
    write: Callable[[float], str]
    kind: str  # "share", "size" from zero up, or "decades"


MEASURES = (
    Measure("dead", "Dead", "units whose slope |f'| is at most 0.001 at every observed input", numbers.share, "share"),
    Measure("left", "Saturated left", "inputs below zero where |f'| is under 0.05", numbers.share, "share"),
    Measure("right", "Saturated right", "the same, above zero", numbers.share, "share"),
    Measure(
        "sparsity", "Zeros", "outputs that are exactly zero; about half is normal for ReLU", numbers.share, "share"
    ),
    Measure(
        "mean_shift", "Mean shift", "|mean| over standard deviation of the outputs; 0 is centred", numbers.plain, "size"
    ),
    Measure(
        "gradient",
        "Gradient",
        "root mean square of the loss gradient that reaches the function's input; level over depth is healthy",
        numbers.plain,
        "decades",
    ),
)


def measures(view: View) -> list[Measure]:
    """What was measured for at least one function."""
    return [each for each in MEASURES if finite(view.health[each.column]).size]


def health(view: View, row: Row) -> list[Chart | None]:
    """A chart for each of `measures`; None where it is not defined for this function."""
    own = view.health[view.health.activation == row.activation]
    return [_health(view, own, measure) for measure in measures(view)]


def _health(view: View, own: pd.DataFrame, measure: Measure) -> Chart | None:
    if not finite(own[measure.column]).size:
        return None
    count = int(view.health.site.max()) + 1
    chart = Chart(_depth_axis(count), _vertical(view, measure), height=HEIGHT)
    for moment in MOMENTS:
        table = own[own.moment == moment].groupby("site")[measure.column].median()
        look, shape = LOOKS[moment]
        chart.line(table.index + 1, table, f"trend {look}")
        for site, value in table.items():
            if math.isfinite(value):
                tip = f"layer {site + 1}, {moment}: {measure.write(value)}"
                if count < MANY_LAYERS:
                    chart.dot(site + 1, value, f"small {look}", tip, shape=shape, radius=3)
                else:
                    chart.hit(site + 1, value, tip)
    return chart


def _depth_axis(count: int) -> Axis:
    """One place for each layer, with half a place on either side."""
    return Axis.between(0.5, count + 0.5, lambda place: f"{place:.0f}", most=6, whole=True)


def _vertical(view: View, measure: Measure) -> Axis:
    """The same range for all functions."""
    known = finite(view.health.groupby(["activation", "moment", "site"])[measure.column].median())
    if measure.kind == "share":
        return Axis(0.0, 1.0, SHARE_TICKS)
    if measure.kind == "size":
        return Axis.between(0.0, 1.05 * max(1.0, float(known.max())), most=3)
    return Axis.decades(known, most=3) or Axis(0.1, 1.0, log=True)


# ---------------------------------------------------------------- what was learned


@dataclass(frozen=True)
class Learned:
    """A parameter of an activation that training changed."""

    activation: str
    name: str
    reads: str
    chart: Chart


def learned(view: View) -> list[Learned]:
    """A chart for every parameter that was learned: a dot for each seed in every layer."""
    return [
        _learned(row.activation, str(name), own)
        for row in view.rows
        for name, own in view.learned[view.learned.activation == row.activation].groupby("name", sort=False)
    ]


def _learned(activation: str, name: str, own: pd.DataFrame) -> Learned:
    count = int(own.site.max()) + 1
    axis = Axis.around([*own.value, 0.0]) or Axis(0.0, 1.0)
    chart = Chart(_depth_axis(count), axis)
    chart.level(0.0, "zero")
    for site, values in own.groupby("site"):
        seeds = values.seed.to_numpy()
        # Side by side, so that equal values can be told apart.
        places = site + 0.75 + 0.5 * (np.argsort(np.argsort(seeds)) + 0.5) / len(seeds)
        for place, seed, value in zip(places, seeds, values.value, strict=True):
            if math.isfinite(value):
                tip = f"layer {site + 1}, seed {seed}: {name} = {numbers.plain(value)}"
                chart.dot(place, value, "run best", tip, radius=3)
    medians = own.groupby("site").value.median().dropna()
    chart.line(medians.index + 1, medians, "main")
    ends = [numbers.plain(value) for value in (*medians.iloc[:1], *medians.iloc[-1:])]
    reads = f"{ends[0]} in the first layer, {ends[1]} in the last" if ends else ""
    return Learned(activation, name, reads, chart)
