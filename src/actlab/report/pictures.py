"""The charts of the report, each a figure made from plain data; call them inside `style.context`.

One meaning per colour throughout: blue (filled) is the best group, grey (hollow) what is worse, vermilion a
failure or a warning. Every mark that carries a colour carries a shape or a label too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from actlab.plots import style
from actlab.plots.curves import spread
from actlab.plots.sampling import sample
from actlab.report import numbers
from actlab.report.view import DataView, Frame, Row, finite

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actlab.activation import Activation
    from actlab.plots.sampling import Quantity
    from actlab.report.numbers import Score

Floats = NDArray[np.float64]

WIDE = 5.0  # inches: half a page, and the full width of a phone with 10-point text still legible
SMALL = (2.55, 2.0)  # one of many panels
LONGEST_LABEL = 20  # characters; the tables have the full names
LABEL_GAP, FEW = 0.9, 9  # of the height for all labels together; few labels need not fill it
FUNCTION_RANGE = (-4.0, 4.0)  # where pre-activations of a network with normalised signals lie
VALUE_RANGE = (-1.7, 4.3)
FUNCTION_POINTS = 161  # smooth at the size of a panel, a tenth of the file size of `sample`'s default


def shorten(label: str, longest: int = LONGEST_LABEL) -> str:
    """Cut a label in the middle, where parameters lie: both its start and its end tell it apart."""
    if len(label) <= longest:
        return label
    head = (longest - 1) * 2 // 3
    return f"{label[:head]}…{label[len(label) - (longest - 1 - head) :]}"


def literal(text: str) -> str:
    """Text in which Matplotlib sees no formula: a user's label may hold dollar signs."""
    return text.replace("$", r"\$")


# ---------------------------------------------------------------- scores


def strip(view: DataView) -> Figure:
    """Every final run as a dot, with mean and 95% interval, best function on top."""
    figure = style.figure(WIDE, 0.9 + 0.36 * len(view.rows))
    ax = figure.subplots()
    for place, row in enumerate(view.rows):
        if row.scores.size:
            _draw_runs(ax, place, row, view.score)
        else:
            _draw_failure(ax, place)
    ax.set_yticks(range(len(view.rows)), [literal(shorten(row.activation)) for row in view.rows])
    ax.tick_params(axis="y", labelcolor=style.INK, labelsize=10.5)
    ax.set_ylim(len(view.rows) - 0.4, -0.6)
    _score_axis(ax, view.score, "x", "test")
    if view.baseline in view.trained:
        ax.axvline(view.score.scale(view.baseline.mean), color=style.MUTED, lw=1, ls=(0, (2, 2)), zorder=1)
    style.ease(ax, grid="x")
    return figure


def _draw_runs(ax: Axes, place: int, row: Row, score: Score) -> None:
    scores = np.sort(row.scores)
    # Equal scores would hide each other: neighbours in rank go to different heights below the interval.
    heights = place + 0.14 + 0.09 * (np.arange(scores.size) % 3)
    dots = [score.scale(value) for value in scores]
    ax.plot(dots, heights, "o", ms=3.6, color=_colour(row), alpha=0.55, mew=0, gid="runs")
    crosses = [score.scale(value) for value in row.failed]
    ax.plot(crosses, [place + 0.23] * len(crosses), "x", ms=5.5, mew=1.8, color=style.VERMILION, gid="diverged")
    if math.isfinite(row.low) and math.isfinite(row.high):
        ends = [score.scale(row.low), score.scale(row.high)]
        ax.plot(ends, [place - 0.08] * 2, color=_colour(row), lw=2.6, gid="interval")
    if math.isfinite(row.mean):
        ax.plot([score.scale(row.mean)], [place - 0.08], **_dot(row), gid="mean")


def _draw_failure(ax: Axes, place: int) -> None:
    """Words instead of a dot: at the score of a constant guess it would squeeze all others together."""
    ax.text(
        0.02,
        place,
        "every run diverged",
        color=style.VERMILION,
        va="center",
        transform=ax.get_yaxis_transform(),
    )


def _colour(row: Row) -> str:
    return style.BLUE if row.best_group else style.MUTED


def _dot(row: Row) -> dict[str, Any]:
    """Filled in the best group, hollow outside it."""
    inside = _colour(row) if row.best_group else style.PAPER
    return {"marker": "o", "ms": 7, "mew": 1.8, "mec": _colour(row), "mfc": inside, "zorder": 4}


def _score_axis(ax: Axes, score: Score, axis: str, which: str, count: int = 6) -> None:
    """Label an axis of scores; R^2 is scaled by one, accuracy by a hundred."""
    target = ax.xaxis if axis == "x" else ax.yaxis
    target.set_major_locator(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]))
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", numbers.MINUS)))
    unit = f"{which} accuracy, %" if score.percent else f"{which} R²"
    target.set_label_text(unit)


# ---------------------------------------------------------------- small multiples


@dataclass(frozen=True)
class Line:
    """Validation scores, as printed, over learning rate or step; float64[n] each.

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
    def over(cls, column: str, frame: pd.DataFrame, score: Score) -> Line:
        """Gather the runs of one activation."""
        known = frame[np.isfinite(frame.score_validation.to_numpy(dtype=np.float64))]
        groups = (known.score_validation * score.scale(1.0)).groupby(known[column])
        table = groups.agg(["median", "min", "max"]).sort_index()
        return cls(*(np.asarray(part, dtype=np.float64) for part in (table.index, *table.to_numpy().T)))


def rate_panels(view: DataView) -> list[Figure]:
    """Learning-rate sensitivity: one panel per row of the view, the other functions in the background."""
    frames = {row.activation: view.tuning[view.tuning.activation == row.activation] for row in view.rows}
    lines = {label: Line.over("lr", frame, view.score) for label, frame in frames.items()}
    panels = []
    for row in view.rows:
        figure, ax = _panel(view, row.activation, lines)
        ax.set_xscale("log")
        _mark_good_rates(ax, row, lines[row.activation])
        _mark_failures(ax, view, frames[row.activation])
        _rate_axis(ax, [x for line in lines.values() for x in line.x])
        panels.append(figure)
    return panels


def curve_panels(view: DataView) -> list[Figure]:
    """Learning curves of the final runs: one panel per row of the view, the others in the background."""
    frames = {row.activation: view.curves[view.curves.activation == row.activation] for row in view.rows}
    lines = {label: Line.over("step", frame, view.score) for label, frame in frames.items()}
    panels = []
    for row in view.rows:
        figure, ax = _panel(view, row.activation, lines)
        ax.set_xlim(0, 1.03 * float(view.curves.step.max()))
        ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10], integer=True))
        if math.isfinite(row.settled):
            ax.axvline(row.settled, color=style.MUTED, lw=1, ls=(0, (2, 2)), gid="settled")
        panels.append(figure)
    return panels


def _panel(view: DataView, label: str, lines: dict[str, Line]) -> tuple[Figure, Axes]:
    """One function's median and range over the others' medians; the same vertical range in every panel."""
    figure, ax = _small()
    for other, line in lines.items():
        if other != label:
            ax.plot(line.x, line.median, color=style.FAINT, lw=0.8, gid="context")
    own = lines[label]
    ax.fill_between(own.x, own.low, own.high, color=style.BLUE, alpha=0.2, lw=0, gid="range")
    ax.plot(own.x, own.median, color=style.BLUE, lw=2, gid="median", **_lone_point(own))
    bottom, top = _limits(view, lines)
    ax.set_ylim(bottom, top)
    _score_axis(ax, view.score, "y", "", count=4)
    ax.set_ylabel("")
    style.ease(ax)
    return figure, ax


def _small() -> tuple[Figure, Axes]:
    """Axes at the same place in every panel, whatever their labels: panels are read side by side."""
    figure = style.figure(*SMALL)
    figure.set_layout_engine("none")
    return figure, figure.add_axes((0.16, 0.13, 0.81, 0.84))


def _lone_point(line: Line) -> dict[str, Any]:
    """A line through one point is invisible: give it a marker."""
    return {"marker": "o"} if line.x.size == 1 else {}


def _limits(view: DataView, lines: dict[str, Line]) -> tuple[float, float]:
    """The vertical range of all panels; it ends at a constant guess, far below which a bad R^2 can lie."""
    shown = np.concatenate([edge for line in lines.values() for edge in (line.median, line.high)])
    frame = Frame.around(np.fmax(shown, view.score.scale(view.chance))) or Frame(0.0, 1.0)
    return frame.low, frame.high


def _mark_good_rates(ax: Axes, row: Row, line: Line) -> None:
    """Shade the range of good learning rates and mark the chosen one."""
    if math.isfinite(row.lr_low) and math.isfinite(row.lr_high):
        ax.axvspan(row.lr_low, row.lr_high, color=style.BLUE, alpha=0.08, lw=0, gid="good")
    chosen = np.isclose(line.x, row.best_lr, rtol=1e-6, atol=0)
    ax.plot(line.x[chosen], line.median[chosen], "o", ms=7, color=style.BLUE, zorder=4, gid="chosen")


def _mark_failures(ax: Axes, view: DataView, frame: pd.DataFrame) -> None:
    """A cross at the score of a constant guess for every learning rate at which a run diverged."""
    rates = np.unique(frame.lr[frame.diverged.astype(bool)].to_numpy(dtype=np.float64))
    level = view.score.scale(view.chance)
    # The score of a constant guess may lie outside the frame (on easy data nothing else is that low).
    height = float(np.clip(level, *ax.get_ylim())) if math.isfinite(level) else ax.get_ylim()[0]
    ax.plot(
        rates,
        np.full(rates.size, height),
        "x",
        ms=6.5,
        mew=2,
        color=style.VERMILION,
        zorder=5,
        clip_on=False,
        gid="diverged",
    )


def _rate_axis(ax: Axes, rates: Sequence[float]) -> None:
    """Ticks at powers of ten, written as in the tables."""
    frame = Frame.around(np.log10(finite(rates)))
    if frame is not None:
        ax.set_xlim(10**frame.low, 10**frame.high)
    ax.xaxis.set_major_locator(LogLocator(numticks=5))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.rate(value)))


# ---------------------------------------------------------------- cost


def cost(view: DataView) -> Figure | None:
    """Score against the time of a training step, every function labelled; None without a measured time."""
    rows = [row for row in view.trained if math.isfinite(row.seconds_per_step)]
    if not rows:
        return None
    figure = style.figure(WIDE, max(2.9, 0.9 + 0.2 * len(rows)))
    ax = figure.subplots()
    factor, unit = _time_unit([row.seconds_per_step for row in rows])
    for row in rows:
        _draw_cost(ax, row, view.score, factor)
    _cost_frame(ax, rows, view.score, factor)
    ax.set_xlabel(f"time of a training step, {unit}")
    _score_axis(ax, view.score, "y", "test")
    style.ease(ax)
    _label_beside(ax, rows, view.score, factor)
    return figure


def _time_unit(seconds: Sequence[float]) -> tuple[float, str]:
    longest = max(seconds)
    return next((pair for pair in numbers.SMALL_TIMES if longest * pair[0] < numbers.ROUNDS_TO_1000), (1.0, "s"))


def _draw_cost(ax: Axes, row: Row, score: Score, factor: float) -> None:
    x = row.seconds_per_step * factor
    if math.isfinite(row.low) and math.isfinite(row.high):
        ax.plot([x, x], [score.scale(row.low), score.scale(row.high)], color=_colour(row), lw=1.4)
    ax.plot([x], [score.scale(row.mean)], **_dot(row), gid="cost")


def _cost_frame(ax: Axes, rows: list[Row], score: Score, factor: float) -> None:
    """Room for the intervals, and time from zero: twice as far right is twice as slow."""
    heights = [score.scale(value) for row in rows for value in (row.mean, row.low, row.high)]
    vertical = Frame.around(heights) or Frame(0.0, 1.0)
    ax.set_ylim(vertical.low, vertical.high)
    ax.set_xlim(0, 1.08 * factor * max(row.seconds_per_step for row in rows))


def _label_beside(ax: Axes, rows: list[Row], score: Score, factor: float) -> None:
    """Names in a column at the right, in the order of the scores, each tied to its point by a thin line."""
    bottom, top = ax.get_ylim()
    upwards = rows[::-1]  # equal scores: the better rank above
    heights = [(score.scale(row.mean) - bottom) / (top - bottom) for row in upwards]
    for row, height in zip(upwards, spread(heights, gap=LABEL_GAP / max(len(rows), FEW)), strict=True):
        ax.annotate(
            literal(shorten(row.activation)),
            xy=(row.seconds_per_step * factor, score.scale(row.mean)),
            xytext=(1.04, height),
            textcoords="axes fraction",
            va="center",
            color=style.INK if row.best_group else style.MUTED,
            fontsize=9.5,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": style.FAINT, "lw": 0.7, "shrinkA": 1, "shrinkB": 5},
        )


# ---------------------------------------------------------------- functions


def function(item: Activation) -> Figure:
    """The function (solid) and its derivative (dashed); a ring marks what each is at a kink."""
    figure, ax = _small()
    ax.axhline(0, color=style.FAINT, lw=0.8)
    ax.axvline(0, color=style.FAINT, lw=0.8)
    # The dashes go on top: where both curves coincide, the function shows between them.
    looks: list[tuple[Quantity, dict[str, Any]]] = [
        ("value", {"color": style.BLUE, "lw": 2.2}),
        ("derivative", {"color": style.VERMILION, "ls": (0, (4, 1.8)), "lw": 1.6}),
    ]
    for quantity, look in looks:
        curve = sample(item, quantity, *FUNCTION_RANGE, points=FUNCTION_POINTS)
        ax.plot(curve.x, curve.y, gid=quantity, **look)
        rings = {"ms": 4.5, "mew": 1.4, "mec": look["color"], "mfc": style.PAPER, "zorder": 5}
        ax.plot(curve.kink_x, curve.kink_y, "o", gid=f"{quantity}-kinks", **rings)
    ax.set_xlim(*FUNCTION_RANGE)
    ax.set_ylim(*VALUE_RANGE)
    ax.set_xticks([-4, -2, 0, 2, 4])
    ax.set_yticks([-1, 0, 1, 2, 3, 4])
    style.ease(ax)
    return figure
