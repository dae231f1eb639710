"""The functions themselves, alone and over the histogram of what arrived at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actlab.activation import Activation
from actlab.activation import Axis as AlongAxis
from actlab.plots.sampling import sample
from actlab.report import numbers
from actlab.report.axis import Axis
from actlab.report.svg import Chart

if TYPE_CHECKING:
    import pandas as pd

    from actlab.plots.sampling import Quantity
    from actlab.report.view import Row, View

Floats = NDArray[np.float64]

RANGE = 4.0  # from -4 to 4 lie the pre-activations of a network whose signals are normalised
VALUES = Axis(-1.7, 4.3, tuple((float(n), numbers.plain(n)) for n in (-1, 0, 1, 2, 3, 4)))
POINTS = 121  # smooth at the size of a panel
REACH = 6.0  # the histograms span -6 to 6 (a test compares this with where they are made)
FULL = 0.94  # the highest bar, as a share of the height
HIGHEST = 6.5  # a function that grows faster leaves the picture


def function(item: Activation) -> Chart:
    """The function (solid) and its derivative (dashed); a ring marks what each is at a kink."""
    ticks = tuple((float(n), numbers.plain(n)) for n in (-4, -2, 0, 2, 4))
    chart = Chart(Axis(-RANGE, RANGE, ticks), VALUES, height=150)
    chart.upright(0.0, "zero")
    chart.level(0.0, "zero")
    looks: tuple[tuple[Quantity, str, str], ...] = (("value", "main", "best"), ("derivative", "slope", "failure"))
    # The dashes go on top: where both curves coincide, the function shows between them.
    for quantity, look, ring in looks:
        curve = sample(item, quantity, -RANGE, RANGE, points=POINTS)
        chart.line(curve.x, curve.y, look)
        for x, y in zip(curve.kink_x, curve.kink_y, strict=True):
            if VALUES.low < y < VALUES.high:
                tip = f"{quantity} at {numbers.plain(x)}: {numbers.plain(y)}"
                chart.dot(x, y, f"ring {ring}", tip, radius=3.5)
    return chart


@dataclass(frozen=True)
class Arrivals:
    """What arrived at one function, in all layers together."""

    start: Floats | None  # shares of the bins
    end: Floats | None
    reads: str


def arrivals(view: View, row: Row) -> Arrivals | None:
    """Histograms of the final runs, all seeds and layers together; None if none were kept."""
    own = view.health[view.health.activation == row.activation]
    start, end = (_shares(own, moment) for moment in ("start", "end"))
    if start is None and end is None:
        return None
    after = own[own.moment == "end"]
    mean, sd = (numbers.plain(round(float(after[name].median()), 2)) for name in ("mean", "sd"))
    return Arrivals(start, end, f"typical layer at the end: mean {mean}, sd {sd}")


def _shares(own: pd.DataFrame, moment: str) -> Floats | None:
    counts = [each for each in own[own.moment == moment].histogram if isinstance(each, list | tuple | np.ndarray)]
    filled = [np.asarray(each, dtype=np.float64) for each in counts if len(each)]
    if not filled:
        return None
    total = np.sum(filled, axis=0)
    return total / total.sum() if total.sum() > 0 else None


def arrived(item: Activation | None, found: Arrivals) -> Chart:
    """The function over the histograms of its inputs; the outer bars hold everything beyond."""
    ticks = tuple((float(n), numbers.plain(n)) for n in (-6, -3, 0, 3, 6))
    drawn = sample(item, "value", -REACH, REACH, points=POINTS) if item else None
    vertical = _vertical(drawn.y) if drawn else Axis(0.0, 1.0)
    chart = Chart(Axis(-REACH, REACH, ticks), vertical)
    _draw_bars(chart, found)
    chart.upright(0.0, "zero")
    if drawn:
        chart.level(0.0, "zero")
        chart.line(drawn.x, drawn.y, "main")
    return chart


def _vertical(y: Floats) -> Axis:
    """The range of the function, cut where it grows out of the picture; room around a flat one."""
    known = np.clip(y[np.isfinite(y)], -HIGHEST, HIGHEST)
    low, high = min(float(known.min()), -0.3), max(float(known.max()), 1.1)
    return Axis.between(low - 0.05 * (high - low), high, most=3)


def _draw_bars(chart: Chart, found: Arrivals) -> None:
    """Bars from the lower edge up; their height has no axis, their values are under the pointer."""
    parts = [("end", found.end), ("start", found.start)]
    highest = max(float(part.max()) for _, part in parts if part is not None)
    height = chart.y.high - chart.y.low
    room, below = FULL * height / highest, chart.y.low - height  # down to the edge of the picture, which cuts it off
    for look, part in parts:
        if part is None:
            continue
        edges = np.repeat(np.linspace(-REACH, REACH, len(part) + 1), 2)[1:-1]
        heights = np.repeat(chart.y.low + room * part, 2)
        if look == "end":
            chart.area(edges.tolist(), [below] * len(edges), heights.tolist(), "arrived-end")
        else:
            chart.line(edges, heights, "arrived-start")
    _tell_bars(chart, found)


def _tell_bars(chart: Chart, found: Arrivals) -> None:
    """A value for each bar."""
    known = next(part for part in (found.end, found.start) if part is not None)
    edges = np.linspace(-REACH, REACH, len(known) + 1)
    for place in range(len(known)):
        shares = [
            f"{moment} {numbers.share(float(part[place]))}"
            for moment, part in (("start", found.start), ("end", found.end))
            if part is not None
        ]
        tip = f"{_where(edges, place)}: {', '.join(shares)}"
        chart.span(float(edges[place]), float(edges[place + 1]), "hit", tip)


def _where(edges: Floats, place: int) -> str:
    low, high = (numbers.plain(float(edge)) for edge in edges[place : place + 2])
    if place == 0:
        return f"below {high}"
    return f"above {low}" if place == len(edges) - 2 else f"{low} to {high}"


def note(item: Activation) -> str:
    """What has to be said about the drawing."""
    return "Acts on groups of values; drawn for the pair (x, 0)." if isinstance(item, AlongAxis) else ""
