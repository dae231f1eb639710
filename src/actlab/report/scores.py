"""Charts of scores: every run, what the conditions change, score against cost, average ranks.

One meaning per colour throughout: blue (filled) is the best group, grey (hollow) what is worse, vermilion a failure.
Every mark that carries a colour carries a shape or a label too. Charts with a row for each function are lists of
(label, chart): the page writes the labels beside them, where they can wrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from actlab.plots.curves import spread
from actlab.report import numbers
from actlab.report.axis import Axis
from actlab.report.svg import Chart, Shape
from actlab.report.view import FINAL, Row, View, score_axis

UNIT = Axis(0.0, 1.0)  # the height of a row
ROW_HEIGHT = 36
LANE = 15  # pixels for each condition in a row of `shifts`
# What tells the conditions of a data set apart; there are seldom more than four, and the colours stay in order.
SHAPES: tuple[Shape, ...] = ("circle", "square", "diamond", "triangle")
COLOURS = 6
FAILED = "no run trained to the end"
LONGEST_LABEL = 18  # characters beside a point; the tables have the full names
COST_HEIGHT = 230
LABELS = 0.64  # the share of the width that the points of `cost` use; their labels have the rest
LABEL_GAP, FEW = 0.9, 9  # of the height for all labels together; few labels need not fill it

Rows = list[tuple[str, Markup]]


def shorten(label: str, longest: int = LONGEST_LABEL) -> str:
    """Cut a label in the middle, where parameters lie: both its start and its end tell it apart."""
    if len(label) <= longest:
        return label
    head = (longest - 1) * 2 // 3
    return f"{label[:head]}…{label[len(label) - (longest - 1 - head) :]}"


def group(row: Row) -> str:
    """The look of what stands for an activation: level with the best, or worse."""
    return "best" if row.best_group else "worse"


def reads(view: View, row: Row) -> str:
    """Mean and interval in words."""
    score = view.score
    return f"{row.activation}: {score.text(row.mean)}, 95 % interval {score.interval(row.low, row.high)}"


def raised(view: View, row: Row) -> int:
    """Final runs that raised an error."""
    own = view.trials[(view.trials.stage == FINAL) & (view.trials.activation == row.activation)]
    return int(own.message.fillna("").astype(bool).sum())


def lost(view: View, row: Row) -> str:
    """Why there is nothing to draw: "every run diverged", "could not be trained"; "" if a run trained to the end."""
    if row.scores.size:
        return ""
    errors = raised(view, row)
    if not errors:
        return "every run diverged"
    return "could not be trained" if errors >= row.diverged else FAILED


def losses(view: View, row: Row) -> str:
    """How many runs came to nothing, "2 of 10 diverged"; "" if none did."""
    errors = raised(view, row)
    counts = ((row.diverged - errors, "diverged"), (errors, "failed"))
    return ", ".join(f"{count} of {row.runs} {what}" for count, what in counts if count)


# ---------------------------------------------------------------- every run


def run_axis(view: View) -> Axis | None:
    """Room for every run that trained, and every interval."""
    edges = [row_edge for row in view.trained for row_edge in (*row.scores, row.low, row.high)]
    return Axis.around(edges, view.score.tick, most=6)


def runs(view: View) -> list[tuple[Row, Chart | None]]:
    """Every final run as a dot, below it the mean with its interval; None where every run diverged."""
    axis = run_axis(view)
    return [(row, _run_row(view, row, axis) if axis and row.scores.size else None) for row in view.rows]


def _run_row(view: View, row: Row, axis: Axis) -> Chart:
    chart = Chart(axis, UNIT, height=ROW_HEIGHT, bare=True)
    _rules(chart, view)
    for place, (seed, score) in enumerate(zip(row.seeds, row.scores, strict=True)):
        # Equal scores would hide each other: neighbours go to different heights.
        tip = f"seed {seed}: {view.score.text(score)}"
        chart.dot(score, 0.98 - 0.13 * (place % 3), f"run {group(row)}", tip, radius=3)
    for place, score in enumerate(row.failed):
        # A constant guess lies far to the left of what learned: its cross stands at the edge.
        tip = f"a run that diverged, and scores as a constant guess: {view.score.text(score)}"
        chart.dot(axis.inside(score), 0.9 - 0.2 * (place % 3), "failure", tip, shape="cross")
    _interval(chart, row, 0.2, group(row))
    chart.dot(row.mean, 0.2, group(row), reads(view, row))
    return chart


def _rules(chart: Chart, view: View) -> None:
    """Grid lines through all rows, and the baseline."""
    for value, _ in chart.x.ticks:
        chart.upright(value, "grid")
    if view.baseline is not None and view.baseline in view.trained:
        chart.upright(view.baseline.mean, "reference")


def _interval(chart: Chart, row: Row, height: float, look: str) -> None:
    if math.isfinite(row.low) and math.isfinite(row.high):
        chart.line((row.low, row.high), (height, height), f"interval {look}")


# ---------------------------------------------------------------- the conditions of one data set


def look_of(place: int) -> tuple[str, Shape]:
    """Colour class and shape of a condition by its place."""
    return f"k{place % COLOURS + 1}", SHAPES[place % len(SHAPES)]


def shifts(views: Sequence[View]) -> tuple[Axis | None, list[tuple[str, Chart]]]:
    """The means of every function under every condition of a data set, joined by a line.

    Returns
    -------
    (the common axis, a chart for each function, best average first); no charts without a score to show
    """
    axis = score_axis(views)
    found: dict[str, list[Row | None]] = {}
    for place, view in enumerate(views):
        for row in view.rows:
            found.setdefault(row.activation, [None] * len(views))[place] = row
    if axis is None:
        return None, []
    order = sorted(found, key=lambda label: -_average(found[label]))
    return axis, [(label, _shift_row(views, found[label], axis)) for label in order]


def _average(rows: Sequence[Row | None]) -> float:
    means = [row.mean for row in rows if row and row.scores.size]
    return float(np.mean(means)) if means else -math.inf


def _shift_row(views: Sequence[View], rows: Sequence[Row | None], axis: Axis) -> Chart:
    chart = Chart(axis, UNIT, height=12 + LANE * len(views), bare=True)
    for value, _ in axis.ticks:
        chart.upright(value, "grid")
    heights = [1 - (place + 0.5) / len(views) for place in range(len(views))]
    shown = [(place, row) for place, row in enumerate(rows) if row and row.scores.size and math.isfinite(row.mean)]
    chart.line([row.mean for _, row in shown], [heights[place] for place, _ in shown], "joined")
    for place, row in shown:
        look, shape = look_of(place)
        _interval(chart, row, heights[place], look)
        chart.dot(row.mean, heights[place], look, f"{views[place].name}: {reads(views[place], row)}", shape=shape)
    return chart


# ---------------------------------------------------------------- cost


def cost(view: View) -> Chart | None:
    """Score against the time of a training step, every function labelled; None without a measured time."""
    rows = [row for row in view.trained if math.isfinite(row.seconds_per_step)]
    edges = [edge for row in rows for edge in (row.mean, row.low, row.high)]
    vertical = Axis.around(edges, view.score.tick)
    if vertical is None:
        return None
    slowest = max(row.seconds_per_step for row in rows)
    # Time from zero: twice as far right is twice as slow.
    times = Axis.between(0.0, 1.08 * slowest, numbers.duration_tick, most=3)
    chart = Chart(Axis(0.0, times.high / LABELS, times.ticks), vertical, height=COST_HEIGHT, grid=LABELS)
    places = _label_places(rows, vertical)
    for row, place in zip(rows, places, strict=True):
        height = vertical.low + place * (vertical.high - vertical.low)
        chart.line((row.seconds_per_step, times.high * 1.01), (row.mean, height), "leader")
        chart.word(times.high * 1.03, height, shorten(row.activation), "" if row.best_group else "quiet")
    for row in rows:
        if math.isfinite(row.low) and math.isfinite(row.high):
            chart.line((row.seconds_per_step,) * 2, (row.low, row.high), f"interval thin {group(row)}")
        tip = f"{reads(view, row)}; {numbers.duration(row.seconds_per_step)}"
        chart.dot(row.seconds_per_step, row.mean, group(row), tip)
    return chart


def _label_places(rows: Sequence[Row], vertical: Axis) -> list[float]:
    """Heights of the labels, 0 to 1, in the order of the scores and never over each other."""
    upwards = rows[::-1]  # equal scores: the better rank above
    shares = [vertical.share(row.mean) for row in upwards]
    return spread(shares, gap=LABEL_GAP / max(len(rows), FEW))[::-1]
