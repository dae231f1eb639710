"""Everything the page shows of one condition."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from actlab.report import depth, functions, numbers, panels, scores
from actlab.report.method import describe, steps_of

if TYPE_CHECKING:
    from actlab.report.svg import Chart
    from actlab.report.view import Row, View


def condition(view: View, contenders: Sequence[Any]) -> dict[str, Any]:
    """What the templates are given of one condition."""
    seeds = view.tuning.seed.nunique()
    return {
        "view": view,
        "verdict": verdict(view),
        "headline": headline(view),
        "description": describe(view.facts),
        "runs": f"{max((row.runs for row in view.rows), default=0)} runs",
        "tuning_runs": f"{seeds} seed{'s' if seeds != 1 else ''} each",
        "steps": numbers.count(steps_of(view)),
        "lost": {row.activation: scores.lost(view, row) for row in view.rows},
        "losses": {row.activation: scores.losses(view, row) for row in view.rows},
        "failed": any(row.diverged for row in view.rows),
        "tuning_failed": bool(view.tuning.diverged.any()),
        "messages": messages(view),
        "run_axis": scores.run_axis(view),
        "every_run": [(row, chart and chart.svg(scores.reads(view, row))) for row, chart in scores.runs(view)],
        "cost": _cost(view),
        "rates": _panels(view, panels.rates(view), _rate_value, "learning rate"),
        "learning": _panels(view, panels.curves(view), _settled_value, "training step"),
        "measures": depth.measures(view),
        "health": [(row.activation, _health(view, row)) for row in view.rows],
        "learned": [
            {"label": f"{each.activation}: {each.name}", "value": each.reads, "picture": each.chart.svg(each.reads)}
            for each in depth.learned(view)
        ],
        "arrivals": _arrivals(view, contenders),
    }


def verdict(view: View) -> str:
    """The answer for one condition in a few words."""
    level, total = len(view.best_group), len(view.rows)
    if not view.trained:
        return "No run trained to the end"
    if total == 1:
        return "Only one function was tried"
    if len(view.trained) == 1:
        return f"Only {view.trained[0].activation} trained to the end"
    if level == total:
        return f"No difference found between the {total}"
    if level == 1:
        return f"{view.best_group[0].activation} is the best"
    return f"{level} of {total} are level at the top"


def headline(view: View) -> list[tuple[str, str]]:
    """The figures beside the verdict."""
    score = view.score
    guess = ("A constant guess", score.text(view.chance))
    if not view.trained:
        return [guess]
    best = view.trained[0]
    facts = [
        ("Highest mean", f"{best.activation} {score.text(best.mean)}"),
        ("95 % interval", score.interval(best.low, best.high)),
    ]
    if len(view.trained) > 1:
        facts.append(("From best to worst", score.size(best.mean - view.trained[-1].mean)))
    # It rests on the median spread: of a function that varies more, a larger difference can stay unseen.
    facts.append(("Typical smallest difference this run could find", score.found(view.detectable)))
    return [*facts, guess]


def messages(view: View) -> list[tuple[str, str, int]]:
    """What went wrong: (activation, message, number of runs)."""
    failed = view.trials[view.trials.message.fillna("").astype(bool)]
    return [
        (str(activation), str(message), len(own))
        for (activation, message), own in failed.groupby(["activation", "message"], sort=False)
    ]


def _cost(view: View) -> Any:
    chart = scores.cost(view)
    told = "; ".join(f"{scores.reads(view, row)}; {numbers.duration(row.seconds_per_step)}" for row in view.trained)
    return chart and chart.svg(f"Test {view.score.name} against time per step. {told}")


def _panels(view: View, charts: Sequence[Chart], value: Callable[[Row], str], over: str) -> list[dict[str, Any]]:
    """The panels of one kind: label, what to read off it, picture."""
    reads = [scores.lost(view, row) or value(row) for row in view.rows]
    return [
        {
            "label": row.activation,
            "value": read,
            "picture": chart.svg(f"{row.activation}: validation {view.score.name} over {over}; {read}"),
        }
        for row, chart, read in zip(view.rows, charts, reads, strict=True)
    ]


def _rate_value(row: Row) -> str:
    best = f"best {numbers.rate(row.best_lr)}"
    if not math.isfinite(row.lr_decades):
        return best
    return f"{best}, good over {numbers.decades(row.lr_decades)}" if row.lr_decades > 0 else f"{best}, good there only"


def _settled_value(row: Row) -> str:
    if not math.isfinite(row.settled):
        return "did not settle"
    return f"95 % by step {numbers.count(row.settled)}"


def _health(view: View, row: Row) -> list[tuple[str, Any]]:
    """The title and the picture of every measure."""
    pairs = zip(depth.measures(view), depth.health(view, row), strict=True)
    return [
        (measure.title, chart and chart.svg(f"{row.activation}: {measure.title.lower()} by layer, {measure.meaning}"))
        for measure, chart in pairs
    ]


def _arrivals(view: View, contenders: Sequence[Any]) -> list[dict[str, Any]]:
    by_label = {contender.label: contender for contender in contenders}
    shown = []
    for row in view.rows:
        found = functions.arrivals(view, row)
        if not found:
            continue
        contender = by_label[row.activation]
        reads = found.reads + "; the half that gates" * contender.units[0].gated
        label = f"{row.activation} over the histogram of its inputs; {reads}"
        picture = functions.arrived(contender.item, found).svg(label)
        shown.append({"label": row.activation, "value": reads, "picture": picture})
    return shown
