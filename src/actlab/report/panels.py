"""Small multiples of validation scores: one panel a function, over learning rates and over training steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actlab.report import numbers
from actlab.report.axis import Axis
from actlab.report.svg import Chart

if TYPE_CHECKING:
    import pandas as pd

    from actlab.report.view import Row, View

Floats = NDArray[np.float64]
Lines = dict[str, "Line"]


@dataclass(frozen=True)
class Line:
    """Validation scores over learning rate or step; float64[n] each.

    Attributes
    ----------
    x : learning rates or steps, ascending
    median, low, high : over the seeds
    """

    x: Floats
    median: Floats
    low: Floats
    high: Floats

    @classmethod
    def over(cls, column: str, frame: pd.DataFrame) -> Line:
        """Gather the runs of one activation."""
        known = frame[np.isfinite(frame.score_validation.to_numpy(dtype=np.float64))]
        table = known.score_validation.groupby(known[column]).agg(["median", "min", "max"]).sort_index()
        return cls(*(np.asarray(part, dtype=np.float64) for part in (table.index, *table.to_numpy().T)))


def rates(view: View) -> list[Chart]:
    """Learning-rate sensitivity: one panel per row of the view, the other functions in the background."""
    tuning = view.tuning
    frames = {row.activation: tuning[tuning.activation == row.activation] for row in view.rows}
    lines = {label: Line.over("lr", frame) for label, frame in frames.items()}
    axis = Axis.decades(tuning.lr) or Axis(1e-4, 1e-1, log=True)
    panels = []
    for row in view.rows:
        chart = _panel(view, row.activation, lines, axis, lambda rate: f"learning rate {numbers.rate(rate)}")
        _mark_good_rates(chart, row, lines[row.activation])
        _mark_failures(chart, view, frames[row.activation])
        panels.append(chart)
    return panels


def curves(view: View) -> list[Chart]:
    """Learning curves of the final runs: one panel per row of the view, the others in the background."""
    frames = {row.activation: view.curves[view.curves.activation == row.activation] for row in view.rows}
    lines = {label: Line.over("step", frame) for label, frame in frames.items()}
    last = float(view.curves.step.max()) if len(view.curves) else 1.0
    axis = Axis.between(0.0, 1.03 * last, numbers.count, most=3, whole=True)
    panels = []
    for row in view.rows:
        chart = _panel(view, row.activation, lines, axis, lambda step: f"step {numbers.count(step)}")
        if math.isfinite(row.settled):
            chart.upright(row.settled, "settled")
        panels.append(chart)
    return panels


def _panel(view: View, label: str, lines: Lines, axis: Axis, where: Callable[[float], str]) -> Chart:
    """One function's median and range over the others' medians; the same vertical range in every panel."""
    chart = Chart(axis, _vertical(view, lines))
    for other, line in lines.items():
        if other != label:
            chart.line(line.x, line.median, "context")
    own = lines[label]
    chart.area(own.x.tolist(), own.low.tolist(), own.high.tolist(), "range")
    chart.line(own.x, own.median, "main")
    for x, median, low, high in zip(own.x, own.median, own.low, own.high, strict=True):
        if median >= chart.y.low:
            chart.hit(x, median, f"{where(x)}: {view.score.text(median)} ({view.score.interval(low, high)})")
    return chart


def _vertical(view: View, lines: Lines) -> Axis:
    """The vertical range of all panels; it ends at a constant guess, far below which a bad R^2 can lie."""
    edges = [edge for line in lines.values() for part in (line.median, line.high) for edge in part]
    return Axis.around(np.fmax(edges, view.chance), view.score.tick) or Axis(0.0, 1.0)


def _mark_good_rates(chart: Chart, row: Row, line: Line) -> None:
    """Shade the range of good learning rates and mark the chosen one."""
    if math.isfinite(row.lr_low) and math.isfinite(row.lr_high):
        tip = f"good learning rates: {numbers.rate(row.lr_low)} to {numbers.rate(row.lr_high)}"
        chart.span(row.lr_low, row.lr_high, "good", tip)
    for place in np.flatnonzero(np.isclose(line.x, row.best_lr, rtol=1e-6, atol=0)):
        chart.dot(line.x[place], line.median[place], "best", f"chosen: {numbers.rate(row.best_lr)}")


def _mark_failures(chart: Chart, view: View, frame: pd.DataFrame) -> None:
    """A cross at the score of a constant guess for every learning rate at which a run diverged."""
    for rate, failed in frame.diverged.astype(bool).groupby(frame.lr):
        if failed.any():
            # The score of a constant guess may lie outside the frame (on easy data nothing else is that low).
            height = chart.y.inside(view.chance) if math.isfinite(view.chance) else chart.y.low
            tip = f"learning rate {numbers.rate(rate)}: {failed.sum()} of {len(failed)} runs diverged"
            chart.dot(rate, height, "failure", tip, shape="cross")
