"""Average ranks over several data sets beside the critical difference, after Demsar 2006, JMLR 7:1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actlab.report import numbers
from actlab.report.axis import Axis
from actlab.report.scores import UNIT, Rows
from actlab.report.svg import Chart

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison

ROW_HEIGHT = 28


def ranks(comparison: Comparison) -> list[dict[str, Any]]:
    """What the page shows of each entry of ``comparison.ranks``: its facts, an axis, and a chart for each row."""
    return [found | _drawn(found) for found in comparison.ranks]


def _drawn(found: dict[str, Any]) -> dict[str, Any]:
    count = len(found["ranks"])
    axis = Axis.between(0.7, count + 0.3, lambda rank: f"{rank:.0f}", most=count, whole=True)
    return {"axis": axis, "rows": rows(found, axis), "difference": numbers.plain(found["critical_difference"])}


def rows(found: dict[str, Any], axis: Axis) -> Rows:
    """The critical difference, the functions from the best average rank on, and who is not told apart."""
    longest = found["critical_difference"]
    # Longer than the axis: nothing can be told apart, and the bar says so by reaching its end.
    drawn = [
        ("critical difference", bar(axis, 1.0, min(1.0 + longest, axis.high), f"critical difference: {longest:.2f}"))
    ]
    for label, rank in found["ranks"].items():
        chart = _row(axis)
        chart.dot(rank, 0.5, "best", f"{label}: average rank {numbers.plain(rank)}")
        drawn.append((label, chart))
    for group in found["groups"]:
        ends = [found["ranks"][label] for label in (group[0], group[-1])]
        drawn.append(("not told apart", bar(axis, ends[0], ends[1], f"not told apart: {', '.join(group)}")))
    return [(label, chart.svg("; ".join(mark.tip for mark in chart.marks if mark.tip))) for label, chart in drawn]


def bar(axis: Axis, low: float, high: float, tip: str) -> Chart:
    """A row with a bar across."""
    chart = _row(axis)
    chart.line((low, high), (0.5, 0.5), "interval bar")
    chart.hit((low + high) / 2, 0.5, tip)
    return chart


def _row(axis: Axis) -> Chart:
    chart = Chart(axis, UNIT, height=ROW_HEIGHT, bare=True)
    for value, _ in axis.ticks:
        chart.upright(value, "grid")
    return chart
