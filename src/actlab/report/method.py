"""The numbers behind "how this was measured"; the words around them are in `method.html.j2`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np

from actlab.invention import Invented
from actlab.report import numbers

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison
    from actlab.report.view import DataView

# Options of the command that are settings of the same name.
OPTIONS = ("depth", "width", "batch", "seeds", "tuning_seeds", "steps", "baseline")
TABLE_FILES = (".csv", ".tsv", ".txt")
# What `Dataset.source` says of data that came from Python.
IN_MEMORY = ("arrays", "data frame")


def describe(facts: dict[str, Any]) -> str:
    """A data set in one line."""
    target = f"{facts['classes']} classes" if facts.get("classes") else "regression"
    rows, train, validation, test = (numbers.count(facts[name]) for name in ("rows", "train", "validation", "test"))
    parts = [
        target,
        f"{rows} rows of {facts['features']} features",
        f"{train} to train, {validation} to validate, {test} to test",
        facts.get("source"),
    ]
    return " · ".join(part for part in parts if part)


def protocol(comparison: Comparison, views: list[DataView]) -> dict[str, Any]:
    """What the description of the protocol needs to know about this run.

    Returns
    -------
    settings : of the comparison
    steps, grids, extended, detectable : phrases such as "2000 steps on digits; 500 steps on wine", "" if none
    pairs : how many pairs of functions were compared on a data set
    """
    count = len(comparison.activations)
    known = [view for view in views if view.score.size(view.detectable) != numbers.MISSING]
    return {
        "settings": comparison.settings,
        "steps": _join(f"{numbers.count(view.curves.step.max())} steps on {view.name}" for view in views),
        "grids": _join(_grid(view) for view in views),
        "extended": _join(view.name for view in views if view.tuning["round"].max() > 0),
        "detectable": _join(f"{view.name}: {view.score.size(view.detectable)}" for view in known),
        "pairs": count * (count - 1) // 2,
    }


def _join(parts: Any) -> str:
    return "; ".join(parts)


def _grid(view: DataView) -> str:
    rates = np.unique(view.tuning.lr.to_numpy(dtype=np.float64))
    if not rates.size:
        return f"none on {view.name}"
    return f"{rates.size} from {numbers.rate(rates[0])} to {numbers.rate(rates[-1])} on {view.name}"


def command(comparison: Comparison) -> str:
    """The command that runs the experiment again."""
    settings = comparison.settings
    words = ["actlab", "compare", *_data_words(comparison.datasets)]
    for item in comparison.activations:
        if isinstance(item, Invented):
            words += ["--define", _definition(item)]
    words += ["--activations", ",".join(item.label for item in comparison.activations)]
    for name in OPTIONS:
        if settings.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    # A grid the user gave is never extended; the default one is left to the command.
    if settings.get("learning_rates") and not settings.get("extend", True):
        words += ["--learning-rates", ",".join(f"{rate:g}" for rate in settings["learning_rates"])]
    return shlex.join(words)


def _data_words(datasets: list[dict[str, Any]]) -> list[str]:
    """The data sets as options; a table goes by its path, what came from Python by a file yet to be written."""
    words = []
    for facts in datasets:
        source = str(facts.get("source", ""))
        in_memory = source in IN_MEMORY
        words += ["--data", "YOUR_DATA.csv" if in_memory else source if _is_table(source) else str(facts["name"])]
        if facts.get("target") is not None or in_memory:
            words += ["--target", str(facts.get("target") or "COLUMN")]
    return words


def _is_table(source: str) -> bool:
    return source.lower().endswith(TABLE_FILES)


def _definition(item: Invented) -> str:
    """An invented function as `--define` takes it."""
    defaults = ",".join(f"{name}={parameter.default:g}" for name, parameter in item.parameters.items())
    return f"{item.name}{':' + defaults if defaults else ''}={item.formula}"
