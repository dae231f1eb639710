"""The command that runs the experiment again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from actlab.activation import Activation
from actlab.invention import Invented

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison

# Options that are settings of the same name.
SETTINGS = (
    "task",
    "missing",
    "depth",
    "width",
    "budget",
    "batch",
    "seeds",
    "tuning_seeds",
    "steps",
    "baseline",
    "device",
)
AS_BUILT = "as built"  # what a user's network decides itself
FILES = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq", ".npz")
# What a data set's source says of data that came from Python.
IN_MEMORY = ("arrays", "data frame")
MODELS = {
    "mlp": "a multilayer perceptron",
    "cnn": "a convolutional network",
    "resnet": "a residual convolutional network",
    "mobilenet": "inverted residuals with squeeze-and-excite",
    "transformer": "a small transformer encoder",
}


def command(comparison: Comparison) -> str:
    """The command that runs the experiment again.

    Where something came from Python and has no name on the command line, a word in capitals stands for it; `stand_ins`
    explains them.
    """
    settings, conditions = comparison.settings, comparison.conditions
    words = ["actlab", "compare", *_data_words(comparison)]
    factors = {
        "scale": unique(facts["scale"] for facts in conditions),
        "model": unique(_model(facts["model"]) for facts in conditions),
        "norm": _norms(conditions),
        "init": _inits(conditions),
    }
    words += [word for name, values in factors.items() if values for word in (f"--{name}", ",".join(values))]
    for item in _invented(comparison.activations):
        words += ["--define", _definition(item)]
    words += ["--activations", ",".join(contender.label for contender in comparison.activations)]
    for name in SETTINGS:
        if settings.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    # A grid the user gave is never extended; the default one is left to the budget.
    if settings.get("learning_rates") and not extends(settings):
        words += ["--learning-rates", ",".join(f"{rate!r}" for rate in settings["learning_rates"])]
    return shlex.join(words)


def stand_ins(comparison: Comparison) -> list[str]:
    """What the command cannot say, because it came from Python."""
    told = []
    if any(_source(facts) in IN_MEMORY for facts in comparison.conditions):
        told.append("The data came from Python: write them to a file and give its name for YOUR_DATA.csv.")
    if any(_model(facts["model"]).startswith("YOUR_") for facts in comparison.conditions):
        told.append("The network came from Python: put its function into a file, named here YOUR_NETWORK.py.")
    modules = [unit.label for each in comparison.activations for unit in each.units if not is_formula(unit)]
    if modules:
        told.append(f"Modules can only be given from Python, with actlab.compare: {', '.join(modules)}.")
    return told


def is_formula(unit: Any) -> bool:
    """Whether the unit is an activation with a formula, and not a module of the user's."""
    return isinstance(unit.item, Activation)


def extends(settings: dict[str, Any]) -> bool:
    """Whether the grid of learning rates grows when a best one lies at its edge."""
    return settings.get("per_decade") is not None


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order of its first appearance."""
    return list(dict.fromkeys(values))


def _data_words(comparison: Comparison) -> list[str]:
    """The data sets as options; a file goes by its path, what came from Python by a file yet to be written."""
    pairs = unique((facts["data"], _source(facts)) for facts in comparison.conditions)
    words = [word for name, source in pairs for word in ("--data", _data(name, source))]
    target = comparison.settings.get("target")
    if target is None:
        return [*words, "--target", "COLUMN"] if any(source in IN_MEMORY for _, source in pairs) else words
    return [*words, "--target", target if isinstance(target, str) else ",".join(target)]


def _source(facts: dict[str, Any]) -> str:
    return str(facts.get("source", ""))


def _data(name: str, source: str) -> str:
    if source in IN_MEMORY:
        return "YOUR_DATA.csv"
    first, _, second = source.partition(".npy and ")
    if second:
        return f"{first}.npy:{second}"
    return source if PurePath(source).suffix.lower() in FILES else name


def _model(label: str) -> str:
    """A model as the command line takes it; of a function from Python only its name is known."""
    return label if label in MODELS or ":" in label else f"YOUR_NETWORK.py:{label}"


def _norms(conditions: list[dict[str, Any]]) -> list[str]:
    """Those of our networks; a user's own decides for itself."""
    return unique(str(facts["norm"]) for facts in conditions if facts["norm"] != AS_BUILT)


def _inits(conditions: list[dict[str, Any]]) -> list[str]:
    """None if a user's network was left as it is built, which PyTorch's start means too."""
    values = unique(str(facts["init"]) for facts in conditions)
    users = {facts["init"] for facts in conditions if facts["norm"] == AS_BUILT}
    if users == {AS_BUILT} and "torch" not in values:
        return []
    return unique("torch" if value == AS_BUILT else value for value in values)


def _invented(contenders: Iterable[Any]) -> list[Invented]:
    """The invented functions among the units of the contenders, each once."""
    items = [unit.item for contender in contenders for unit in contender.units]
    return list({item.name: item for item in items if isinstance(item, Invented)}.values())


def _definition(item: Invented) -> str:
    """An invented function as `--define` takes it, with the parameters that its label binds still free."""
    free = Invented(item.record)
    defaults = ",".join(f"{name}={parameter.default!r}" for name, parameter in free.parameters.items())
    return f"{free.name}{':' + defaults if defaults else ''}={free.formula}"
