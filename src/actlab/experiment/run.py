"""`actlab.compare`: train one network with different activation functions and say which differ."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from actlab.activation import Activation
from actlab.errors import MissingExtra, OptionError, UnsupportedType, need
from actlab.experiment.settings import (
    DEFAULT_ACTIVATIONS,
    DEFAULT_DATA,
    WHO,
    Settings,
    checked_settings,
    whole,
)
from actlab.registry import get

if TYPE_CHECKING:
    from actlab.experiment.data import Dataset
    from actlab.experiment.plan import Plan
    from actlab.experiment.progress import ProgressCallback
    from actlab.experiment.result import Comparison

# Raised when a change of the protocol makes earlier outcomes incomparable.
PROTOCOL = 1


def compare(
    data: Any = DEFAULT_DATA,
    activations: Sequence[str | Activation] = DEFAULT_ACTIVATIONS,
    *,
    target: str | None = None,
    depth: int = 3,
    width: int = 64,
    batch: int = 64,
    seeds: int = 10,
    tuning_seeds: int = 3,
    steps: int | None = None,
    learning_rates: Sequence[float] | None = None,
    baseline: str | Activation | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    progress: ProgressCallback | None = None,
) -> Comparison:
    """Train the same network with different activation functions on the same data, fairly.

    Every activation gets its own learning rate, chosen on validation rows from one grid (stage 1), and is
    then trained with fresh seeds and scored once on test rows nothing was chosen by (stage 2). Each seed
    changes split, initialisation and batch order together, alike for all activations. The network is a
    multilayer perceptron, initialised with the activation's own gain and trained by Adam, its learning rate
    constant for the first half and falling to 0 in the second.

    Parameters
    ----------
    data : name of a bundled data set, path of a CSV or TSV file, (X, y) arrays, a data frame, or a list of
        these
    activations : names as the command line writes them ("leaky_relu:negative_slope=0.2") or Activations
    target : the column to predict, for files and data frames
    depth, width : hidden layers, and units in each
    batch : rows of a training step
    seeds : reported runs per activation, at least 2
    tuning_seeds : runs per activation and learning rate in stage 1
    steps : optimiser steps of a run; None takes 60 passes over the training rows, 500 to 2,000 steps
    learning_rates : the grid; None takes seven from 1e-4 to 0.1 and adds a decade where a best one lies at an
        edge
    baseline : the activation to compare with; None takes relu, or the first
    out : folder for `trials.sqlite`, in which an interrupted comparison continues; None keeps nothing
    jobs : worker processes; None takes one per core. The numbers do not depend on it
    progress : called with (done, total, text); None draws a bar if stderr is a terminal

    Returns
    -------
    Comparison, with the summary table as `.frame`; `.write(folder)` makes the report.

    Raises
    ------
    DataError, OptionError, UnknownActivation, MissingExtra
        If the data or an option cannot be used, or an extra is not installed.
    """
    start = perf_counter()
    items = _checked_activations(activations)
    settings = checked_settings(
        depth=depth, width=width, batch=batch, seeds=seeds, tuning_seeds=tuning_seeds, steps=steps,
        learning_rates=learning_rates, baseline=_baseline(baseline, items),
    )  # fmt: skip
    workers = _checked_jobs(jobs)
    _need_extras()
    from actlab.experiment.sources import load_all

    datasets = load_all(data, target, WHO)
    plan = _open_plan(settings, datasets, items, None if out is None else Path(out))
    try:
        found = plan.finished_runs()
        _run(plan, datasets, items, settings, jobs=workers, progress=progress)
        environment = _environment() | {"runs_found": found, "jobs": workers}
        return _result(plan, datasets, items, settings, environment | {"seconds_total": perf_counter() - start})
    finally:
        plan.close()


def _checked_activations(activations: Sequence[str | Activation]) -> list[Activation]:
    """The activations asked for, each once."""
    if isinstance(activations, str | Activation):
        activations = [activations]
    items = [_activation(item) for item in activations]
    if not items:
        raise OptionError(f"{WHO}: activations must name at least one; got activations={activations!r}")
    labels = [item.label for item in items]
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise OptionError(f"{WHO}: every activation must be there once; got {twice[0]!r} more than once")
    return items


def _activation(item: object) -> Activation:
    if isinstance(item, Activation):
        return item
    if isinstance(item, str):
        found: Activation = get(item)
        return found
    raise UnsupportedType(
        f"{WHO}: an activation must be a name or an Activation; got {type(item).__name__}; "
        "actlab.define makes one of a formula"
    )


def _baseline(baseline: str | Activation | None, items: Sequence[Activation]) -> str:
    labels = [item.label for item in items]
    if baseline is None:
        return "relu" if "relu" in labels else labels[0]
    label = _activation(baseline).label
    if label not in labels:
        raise OptionError(
            f"{WHO}: baseline must be one of the activations; got baseline={label!r}; choose from {', '.join(labels)}"
        )
    return label


def _checked_jobs(jobs: int | None) -> int:
    if jobs is None:
        return int(need("joblib", extra="compare", who=WHO).cpu_count())
    return whole("jobs", jobs, 1)


def _need_extras() -> None:
    """Say what is missing before any work starts."""
    for module in ("pandas", "scipy", "joblib"):
        need(module, extra="compare", who=WHO)
    # Importing torch takes seconds, and only the workers need it.
    if util.find_spec("torch") is None:
        raise MissingExtra(f"{WHO} needs torch; pip install 'actlab[compare]'")


def _open_plan(
    settings: Settings, datasets: Sequence[Dataset], items: Sequence[Activation], folder: Path | None
) -> Plan:
    """The plan of this experiment: a new one, or one that was interrupted."""
    from actlab.experiment.plan import Plan

    description = {
        "protocol": PROTOCOL,
        "actlab": _version("actlab"),
        "torch": _version("torch"),
        "settings": settings.as_dict(),
        "data": {dataset.name: dataset.fingerprint for dataset in datasets},
        "activations": {item.label: f"{item.formula}, {dict(item.parameters)}" for item in items},
    }
    key = hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
    plan = Plan(folder, key, description, WHO)
    seeds = [*settings.tuning_seed_list(), *settings.seed_list()]
    for dataset in datasets:
        splits = {seed: _digest(dataset, seed) for seed in seeds}
        plan.add_dataset(dataset.name, dataset.fingerprint, dataset.describe(), splits)
    return plan


def _digest(dataset: Dataset, seed: int) -> str:
    """What tells one split from another."""
    training, validation = dataset.split(seed)
    return hashlib.sha256(training.tobytes() + validation.tobytes()).hexdigest()


def _run(
    plan: Plan,
    datasets: Sequence[Dataset],
    items: Sequence[Activation],
    settings: Settings,
    *,
    jobs: int,
    progress: ProgressCallback | None,
) -> None:
    from actlab.experiment.progress import reporting
    from actlab.experiment.rounds import Rounds

    with reporting(progress) as report:
        Rounds(plan, datasets, items, settings, jobs=jobs, progress=report).run()


def _result(
    plan: Plan,
    datasets: Sequence[Dataset],
    items: Sequence[Activation],
    settings: Settings,
    environment: dict[str, Any],
) -> Comparison:
    """Tables and conclusion from what the plan holds."""
    import pandas as pd

    from actlab.experiment.conclusion import conclude
    from actlab.experiment.result import Comparison
    from actlab.experiment.rounds import grid_notes
    from actlab.experiment.summarise import detectable, summarise

    labels = [item.label for item in items]
    trials, costs = pd.DataFrame(plan.trials()), pd.DataFrame(plan.costs())
    summary = summarise(trials, costs, datasets, labels, settings.baseline)
    smallest = detectable(trials, datasets, labels, settings.baseline)
    described = [_described(dataset, settings, grid_notes(trials, dataset.name, labels)) for dataset in datasets]
    return Comparison(
        settings=settings.as_dict(),
        environment=environment,
        datasets=described,
        activations=list(items),
        trials=trials,
        curves=pd.DataFrame(plan.curves()),
        costs=costs,
        summary=summary,
        detectable=smallest,
        conclusion=conclude(summary, described, smallest, settings.baseline, trials),
    )


def _described(dataset: Dataset, settings: Settings, notes: list[str]) -> dict[str, Any]:
    """The data set for the report, with the steps it was trained for and what happened to the grid."""
    facts = dataset.describe()
    return facts | {"steps": settings.steps_for(facts["train"]), "notes": facts["notes"] + notes}


def _environment() -> dict[str, Any]:
    """What a number may depend on besides the settings."""
    versions = {name: _version(name) for name in ("actlab", "torch", "numpy", "scipy", "scikit-learn", "pandas")}
    return {
        **versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "torch_threads": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    """The processor's name; platform.processor() is empty on many Linux systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]
