"""The numbers behind "how this was measured"; the words around them are in `method.html.j2`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from actlab.report import numbers
from actlab.report.command import MODELS, extends, unique

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison
    from actlab.report.view import View

NORMS = {
    "none": "without normalisation",
    "batch": "with batch normalisation",
    "layer": "with layer normalisation",
    "as built": "as the network was built",
}
SCALES = {
    "standard": "standardised (mean 0, standard deviation 1)",
    "minmax": "scaled to [0, 1]",
    "minmax11": "scaled to [-1, 1]",
    "none": "left as they are",
}
TRAINED = {
    "stacked": "all learning rates and seeds of a function trained together, in stacked programs",
    "batched with vmap": "all learning rates and seeds of a function trained together, batched by vmap",
    "one by one": "every network trained by itself, as this one cannot be batched",
}


def describe(facts: dict[str, Any]) -> str:
    """A condition in one line."""
    rows, train, validation, test = (numbers.count(facts[name]) for name in ("rows", "train", "validation", "test"))
    parts = [
        _task(facts),
        f"{rows} rows of {_shape(facts)}",
        f"{train} to train, {validation} to validate, {test} to test",
        facts.get("source"),
        TRAINED.get(facts.get("trained", "")),
    ]
    return " · ".join(part for part in parts if part)


def _task(facts: dict[str, Any]) -> str:
    if facts.get("task") == "multilabel":
        return f"{facts['classes']} labels, any number of them on a row"
    return f"{facts['classes']} classes" if facts.get("classes") else "regression"


def _shape(facts: dict[str, Any]) -> str:
    shape = facts.get("shape") or ()
    if len(shape) > 1:
        return f"{' x '.join(str(side) for side in shape)} pixels"
    return f"{facts['features']} {'values in a row' if shape else 'features'}"


def protocol(comparison: Comparison, views: list[View]) -> dict[str, Any]:
    """What the description of the protocol needs to know about this run.

    Returns
    -------
    settings : of the comparison
    steps, grids, extended, detectable : phrases such as "2000 steps on digits; 500 steps on wine", "" if none
    tests : how many were corrected together
    rank_tests : what tests by ranks could have said
    trials, diverged : how many runs there were, and how many of them diverged
    norms, scales, models : what was tried, in words
    inits, data : names
    """
    # Above this package in the order of imports: opened when a report is written, which a comparison does.
    from actlab.experiment.family import family_size
    from actlab.experiment.statistics import rank_test_remark

    tests = family_size([view.data for view in views], len(comparison.activations))
    return {
        "settings": comparison.settings,
        "extends": extends(comparison.settings),
        "steps": _phrases(views, lambda view: f"{numbers.count(steps_of(view))} steps"),
        "grids": _phrases(views, _grid),
        "extended": "; ".join(view.name for view in views if len(view.tuning) and view.tuning["round"].max() > 0),
        "detectable": _phrases(views, lambda view: view.score.found(view.detectable)),
        "tests": tests,
        "rank_tests": rank_test_remark(int(comparison.settings["seeds"]), tests) if tests else "",
        "diverged": sum(int(view.trials.diverged.sum()) for view in views),
        "trials": sum(len(view.trials) for view in views),
        "norms": _words(views, "norm", NORMS),
        "scales": _words(views, "scale", SCALES),
        "models": _listed(unique(_network(view.facts) for view in views)),
        "inits": {str(view.facts.get("init")) for view in views},
        "data": unique(view.data for view in views),
    }


def steps_of(view: View) -> float:
    """Training steps of a run."""
    given = view.facts.get("steps")
    return float(given) if given else float(view.curves.step.max()) if len(view.curves) else 0.0


def _phrases(views: list[View], tell: Callable[[View], str]) -> str:
    """What holds under every condition, said once if it is the same: "500 steps" or "500 steps (wine); ..."."""
    said: dict[str, list[str]] = {}
    for view in views:
        said.setdefault(tell(view), []).append(view.name)
    said.pop(numbers.MISSING, None)
    if len(said) == 1 and len(views) == sum(map(len, said.values())):
        return next(iter(said))
    return "; ".join(f"{text} ({'; '.join(names)})" for text, names in said.items())


def _grid(view: View) -> str:
    rates = np.unique(view.tuning.lr.to_numpy(dtype=np.float64))
    if not rates.size:
        return numbers.MISSING
    return f"{rates.size} from {numbers.rate(rates[0])} to {numbers.rate(rates[-1])}"


def _words(views: list[View], factor: str, words: dict[str, str]) -> str:
    """The values of a factor, in words."""
    names = unique(str(view.facts.get(factor)) for view in views)
    return _listed([words.get(name, name) for name in names])


def _network(facts: dict[str, Any]) -> str:
    """A model with its size; a user's own goes by its name."""
    name = facts["model"]
    if name not in MODELS:
        return f"the user's network {name}"
    size = ", ".join(f"{part} {facts[part]}" for part in ("depth", "width") if facts.get(part))
    return f"{MODELS[name]} ({size})" if size else MODELS[name]


def _listed(told: list[str]) -> str:
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
