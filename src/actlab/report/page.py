"""The report as one HTML page: what the templates are given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from actlab.activation import Axis
from actlab.plots import style
from actlab.report import numbers, pictures
from actlab.report.method import command, describe, protocol
from actlab.report.svg import inline
from actlab.report.view import data_views

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actlab.activation import Activation
    from actlab.experiment.result import Comparison
    from actlab.report.view import DataView, Row

TEMPLATES = "templates"
ALL_DIVERGED = "every run diverged"


def render(comparison: Comparison) -> str:
    """The text of the page."""
    with style.context():
        context = _context(comparison)
    return _templates().get_template("report.html.j2").render(context)


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("actlab.report", TEMPLATES),
        autoescape=True,  # labels, column names and messages come from the user
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    writers = (numbers.rate, numbers.duration, numbers.memory, numbers.probability)
    templates.filters.update({writer.__name__: writer for writer in writers})
    templates.filters["breakable"] = breakable
    templates.tests["finite"] = math.isfinite
    templates.globals["missing"] = numbers.MISSING
    return templates


def breakable(label: str) -> Markup:
    """A label that a narrow column may break after its punctuation."""
    text = str(escape(label))
    # `escape` leaves no bare < or >, and its entities end in a semicolon, which is not among the marks.
    return Markup(re.sub(r"([:,=])", r"\1<wbr>", text))  # noqa: S704


def _context(comparison: Comparison) -> dict[str, Any]:
    views = data_views(comparison)
    answer, paragraphs = _answer(comparison)
    return {
        "css": _own_file("report.css"),
        "js": _own_file("report.js"),
        "answer": answer,
        "data": [
            _data(view, f"d{number}") | {"paragraph": paragraph}
            for number, (view, paragraph) in enumerate(zip(views, paragraphs, strict=True), start=1)
        ],
        "functions": [_function(item, f"f{number}") for number, item in enumerate(comparison.activations, start=1)],
        "method": protocol(comparison, views),
        "command": command(comparison),
        "tables": [
            ("Settings", _table(comparison.settings)),
            ("Environment", _table(comparison.environment)),
        ],
        "environment": {"actlab": None, "date": None} | comparison.environment,
    }


def _answer(comparison: Comparison) -> tuple[list[str], list[str]]:
    """(the paragraphs that open the page, one paragraph for each data set)."""
    *about, overall = comparison.conclusion or [""]
    if len(about) == len(comparison.datasets):
        # Each stands under its data set's name.
        named = zip(about, comparison.datasets, strict=True)
        return [overall], [text.removeprefix(f"{facts['name']}: ") for text, facts in named]
    return comparison.conclusion, [""] * len(comparison.datasets)


def _own_file(name: str) -> Markup:
    text = resources.files("actlab.report").joinpath(TEMPLATES, name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  (our own file)


def _picture(figure: Figure, name: str, label: str) -> Markup:
    """A figure as markup: `svg.inline` escapes what it is given."""
    return Markup(inline(figure, name=name, label=label))  # noqa: S704


# ---------------------------------------------------------------- one data set


def _data(view: DataView, name: str) -> dict[str, Any]:
    """Everything the page shows of one data set; ``name`` begins the ids of its pictures."""
    cost = pictures.cost(view)
    return {
        "view": view,
        "verdict": verdict(view),
        "headline": headline(view),
        "description": describe(view.facts),
        "runs": f"{max((row.runs for row in view.rows), default=0)} runs",
        "tuning_runs": f"{view.tuning.seed.nunique()} seeds each",
        "steps": numbers.count(view.curves.step.max()),
        "failed": any(row.diverged for row in view.rows),
        "tuning_failed": bool(view.tuning.diverged.any()),
        "strip": _picture(pictures.strip(view), f"{name}-runs", f"Test scores of every run. {_spoken(view)}"),
        "cost": cost and _picture(cost, f"{name}-cost", f"Test score against time per step. {_spoken_cost(view)}"),
        "rates": _panels(view, pictures.rate_panels(view), f"{name}-rate", _rate_value, "learning rate"),
        "learning": _panels(view, pictures.curve_panels(view), f"{name}-curve", _settled_value, "training step"),
    }


def verdict(view: DataView) -> str:
    """The answer for one data set in a few words."""
    level, total = len(view.best_group), len(view.rows)
    if not view.trained:
        return "No run trained to the end"
    if total == 1:
        return "Only one function was tried"
    if level == total:
        return f"No difference found between the {total}"
    if level == 1:
        return f"{view.best_group[0].activation} is the best"
    return f"{level} of {total} are level at the top"


def headline(view: DataView) -> list[tuple[str, str]]:
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
    if len(view.rows) > 1:
        facts.append(("From best to worst", score.size(best.mean - view.rows[-1].mean)))
    facts.append(("Smallest difference this run could find", score.size(view.detectable)))
    return [*facts, guess]


def _spoken(view: DataView) -> str:
    """The ranking in words, for those who cannot see the chart."""
    return "; ".join(
        f"{row.activation}: {view.score.text(row.mean)}, interval {view.score.interval(row.low, row.high)}"
        for row in view.rows
    )


def _spoken_cost(view: DataView) -> str:
    return "; ".join(
        f"{row.activation}: {view.score.text(row.mean)}, {numbers.duration(row.seconds_per_step)}" for row in view.rows
    )


def _panels(
    view: DataView, figures: list[Figure], name: str, value: Callable[[Row], str], over: str
) -> list[dict[str, Any]]:
    """The panels of one kind: label, what to read off it, picture."""
    return [
        {
            "label": row.activation,
            "value": value(row),
            "picture": _picture(
                figure,
                f"{name}{number}",
                f"{row.activation}: validation {view.score.name} over {over}; {value(row)}",
            ),
        }
        for number, (row, figure) in enumerate(zip(view.rows, figures, strict=True), start=1)
    ]


def _rate_value(row: Row) -> str:
    if not row.scores.size:
        return ALL_DIVERGED
    best = f"best {numbers.rate(row.best_lr)}"
    if not math.isfinite(row.lr_decades):
        return best
    return f"{best}, good over {numbers.decades(row.lr_decades)}" if row.lr_decades > 0 else f"{best}, good there only"


def _settled_value(row: Row) -> str:
    if not row.scores.size:
        return ALL_DIVERGED
    if not math.isfinite(row.settled):
        return "did not settle"
    return f"95 % by step {numbers.count(row.settled)}"


# ---------------------------------------------------------------- functions and settings


def _function(item: Activation, name: str) -> dict[str, Any]:
    axis = isinstance(item, Axis)
    return {
        "label": item.label,
        "note": "Acts on groups of values; drawn for the pair (x, 0)." if axis else "",
        "picture": _picture(pictures.function(item), name, f"{item.label} and its derivative from -4 to 4"),
        "formula": item.formula,
        "summary": item.summary,
        "source": item.source,
    }


def _table(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _setting(name, value)) for name, value in values.items()]


def _setting(name: str, value: Any) -> str:
    """A setting as a reader would write it."""
    if name == "learning_rates":
        return ", ".join(numbers.rate(each) for each in value)
    if name == "seconds_total":
        return numbers.span(value)
    if value is None:
        return "chosen by the size of the data" if name == "steps" else numbers.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)
