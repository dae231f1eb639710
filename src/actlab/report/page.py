"""The report as one HTML page: what the templates are given."""

from __future__ import annotations

import math
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from actlab.report import functions, numbers, scores
from actlab.report.command import command, is_formula, stand_ins
from actlab.report.detail import condition
from actlab.report.method import protocol
from actlab.report.ranks import ranks
from actlab.report.svg import key, scale
from actlab.report.view import by_data, views_of

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison
    from actlab.report.view import View

TEMPLATES = "templates"
OPEN_DETAILS = 1  # with more conditions than this the details of all but the first are folded


def render(comparison: Comparison) -> str:
    """The text of the page."""
    return _templates().get_template("report.html.j2").render(_context(comparison))


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("actlab.report", TEMPLATES),
        autoescape=True,  # labels, column names and messages come from the user
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    writers = (numbers.rate, numbers.duration, numbers.memory, numbers.probability, numbers.count, numbers.whole_share)
    templates.filters.update({writer.__name__: writer for writer in writers})
    templates.filters |= {"breakable": breakable, "capitalize_first": capitalised}
    templates.tests["finite"] = math.isfinite
    templates.globals.update(missing=numbers.MISSING, reads=scores.reads, scale=scale)
    return templates


def breakable(label: str) -> Markup:
    """A label that a narrow column may break after its punctuation."""
    text = str(escape(label))
    # `escape` leaves no bare < or >, and its entities end in a semicolon, which is not among the marks.
    return Markup(re.sub(r"([:,=/(_])", r"\1<wbr>", text))  # noqa: S704


def capitalised(text: str) -> str:
    """A sentence from a phrase."""
    return text[:1].upper() + text[1:]


def _context(comparison: Comparison) -> dict[str, Any]:
    views = views_of(comparison)
    answer, paragraphs = _answer(comparison)
    conditions = [
        condition(view, comparison.activations) | {"paragraph": paragraph, "id": f"c{number}"}
        for number, (view, paragraph) in enumerate(zip(views, paragraphs, strict=True), start=1)
    ]
    return {
        "css": _own_file("report.css"),
        "js": _own_file("report.js"),
        "answer": answer,
        "conditions": conditions,
        "groups": [_group(name, members, conditions) for name, members in by_data(views)],
        "folded": len(conditions) > OPEN_DETAILS,
        "ranks": ranks(comparison),
        "functions": [_function(contender) for contender in comparison.activations],
        "method": protocol(comparison, views),
        "command": command(comparison),
        "stand_ins": stand_ins(comparison),
        "tables": [
            ("Settings", _table(comparison.settings)),
            ("Versions and hardware", _table(comparison.environment)),
        ],
        "fingerprints": {view.data: view.facts.get("fingerprint") or numbers.MISSING for view in views},
        "environment": {"actlab": None, "date": None} | comparison.environment,
    }


def _answer(comparison: Comparison) -> tuple[list[str], list[str]]:
    """(the paragraphs that open the page, one paragraph for each condition)."""
    *about, overall = comparison.conclusion or [""]
    if len(about) == len(comparison.conditions):
        # Each stands under its condition's name.
        named = zip(about, comparison.conditions, strict=True)
        return [overall], [text.removeprefix(f"{facts['label']}: ") for text, facts in named]
    return comparison.conclusion[::-1], [""] * len(comparison.conditions)


def _own_file(name: str) -> Markup:
    text = resources.files("actlab.report").joinpath(TEMPLATES, name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  (our own file)


def _group(name: str, members: list[View], conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """The conditions of one data set, and what changes from one to the other."""
    axis, rows = scores.shifts(members) if len(members) > 1 else (None, [])
    shift = {
        "axis": axis,
        "unit": members[0].score.axis_title("test"),
        "rows": [(label, chart.svg(_marks(chart))) for label, chart in rows],
        "keys": [(key(*scores.look_of(place)), view.name) for place, view in enumerate(members)],
    }
    shown = {id(view) for view in members}
    return {
        "name": name,
        "conditions": [each for each in conditions if id(each["view"]) in shown],
        "shift": shift if rows else None,
    }


def _marks(chart: Any) -> str:
    """The dots of a chart in words."""
    return "; ".join(mark.tip for mark in chart.marks if mark.kind == "dot") or scores.FAILED


# ---------------------------------------------------------------- functions and settings


def _function(contender: Any) -> dict[str, Any]:
    item = contender.item
    if item is None:
        nothing = dict.fromkeys(("note", "picture", "formula", "source"), "")
        return nothing | {"label": contender.label, "summary": made_of(contender)}
    return {
        "label": contender.label,
        "note": made_of(contender) if contender.units[0].gated else functions.note(item),
        "picture": functions.function(item).svg(f"{item.label} and its derivative from -4 to 4"),
        "formula": item.formula,
        "summary": item.summary,
        "source": item.source,
    }


def made_of(contender: Any) -> str:
    """A contender that is not one plain function, in words."""
    parts = [_unit(unit) for unit in contender.units]
    if len(parts) == 1:
        return f"{capitalised(parts[0])}."
    shares = {2: ("first half", "second half"), 3: ("first third", "second third", "last third")}.get(len(parts))
    if shares is None:
        return f"By depth: {', then '.join(parts)}."
    placed = (f"{part} in the {share} of the network" for part, share in zip(parts, shares, strict=True))
    return f"By depth: {'; '.join(placed)}."


def _unit(unit: Any) -> str:
    name = unit.item.label
    if unit.gated:
        return f"a gate: {name}(a) · b of the two halves a and b of a layer"
    return name if is_formula(unit) else f"the module {name}, which has no formula to draw"


def _table(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _setting(name, value)) for name, value in values.items()]


def _setting(name: str, value: Any) -> str:
    """A setting as a reader would write it."""
    if name == "learning_rates" and value is not None:
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
