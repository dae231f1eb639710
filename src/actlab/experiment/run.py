"""`actlab.compare`: train one network with different activation functions and say which differ."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, redirect_stdout
from dataclasses import asdict
from importlib import util
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from actlab.errors import MissingExtra, OptionError, need
from actlab.experiment.condition import cross, networks_of
from actlab.experiment.contender import Contender, contender, contenders
from actlab.experiment.environment import environment, version
from actlab.experiment.problem import Problem
from actlab.experiment.scaling import SCALINGS
from actlab.experiment.settings import (
    DEFAULT_ACTIVATIONS,
    DEFAULT_DATA,
    WHO,
    Settings,
    checked_settings,
    several_of,
    whole,
)

if TYPE_CHECKING:
    from actlab.experiment.condition import Condition
    from actlab.experiment.data import Dataset
    from actlab.experiment.models.user import UserModel
    from actlab.experiment.plan import Plan
    from actlab.experiment.progress import ProgressCallback
    from actlab.experiment.result import Comparison

# Raised when a change of the protocol makes earlier outcomes incomparable.
PROTOCOL = 2


def compare(
    data: Any = DEFAULT_DATA,
    activations: Sequence[Any] = DEFAULT_ACTIVATIONS,
    *,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    missing: str = "refuse",
    scale: str | Sequence[str] = "standard",
    model: Any = "mlp",
    norm: str | Sequence[str] | None = None,
    init: str | Sequence[str] | None = None,
    depth: int | None = None,
    width: int | None = None,
    budget: str = "standard",
    batch: int = 64,
    seeds: int | None = None,
    tuning_seeds: int | None = None,
    steps: int | None = None,
    learning_rates: Sequence[float] | None = None,
    baseline: Any = None,
    out: str | Path | None = None,
    numbered: bool = False,
    jobs: int | None = None,
    engine: str = "local",
    address: str | None = None,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
) -> Comparison:
    """Train the same network with different activation functions on the same data, fairly.

    Every activation gets its own learning rate, chosen on validation rows from one grid (stage 1), and is
    then trained with fresh seeds and scored once on test rows nothing was chosen by (stage 2). Each seed
    changes split, initialisation and batch order together, alike for all activations. Networks are trained by Adam,
    its learning rate constant for the first half and falling to 0 in the second.

    Where ``data``, ``scale``, ``model``, ``norm`` or ``init`` name several, every combination is a condition with a
    ranking of its own.

    Parameters
    ----------
    data : name of a bundled data set or generator, path of a file (CSV, TSV, Parquet, NPZ), a pair of .npy files,
        (X, y) arrays, a data frame, or a list of these
    activations : names as the command line writes them ("leaky_relu:negative_slope=0.2", "gate(silu)",
        "relu/hard_swish"), Activations, or torch modules (a class, an instance, a function that makes one)
    target : the column or columns to predict, for files and data frames
    task : "classification", "multilabel" or "regression"; None recognises it by the target
    missing : what to do about missing values: "refuse", "mean", "median" or "drop"
    scale : of the inputs: "standard", "minmax", "minmax11" or "none"
    model : "mlp", "cnn", "resnet", "mobilenet", "transformer", the user's own as "FILE.py:build" or as a function
        build(activation, in_features, out_features)
    norm : normalisation before each activation: "none", "batch" or "layer"; None takes none and layer, side by side
    init : start of the weights: "gain", by the activation's own, or "torch", as PyTorch does; None takes gain in our
        networks and leaves a user's own as it is built
    depth, width : size of the network; None takes that of the model (mlp: 3 hidden layers of 64 units)
    budget : "quick", "standard" or "publish": seeds (5, 10, 20), steps and grid, where they are not given
    batch : rows of a training step
    seeds : reported runs per activation, at least 2
    tuning_seeds : runs per activation and learning rate in stage 1
    steps : optimiser steps of a run; None goes by passes over the training rows
    learning_rates : the grid; None takes 1e-4 to 0.1 and adds a decade where a best one lies at an edge
    baseline : the activation to compare with; None takes relu, or the first
    out : folder for `trials.sqlite`, in which an interrupted comparison continues; None keeps nothing. A folder that
        holds another comparison is refused
    numbered : take out-2, out-3, ... instead of refusing
    jobs : worker processes; None takes one per core. The numbers do not depend on it
    engine, address : "local" processes, or a "ray" or "dask" cluster, at its address or started here
    device : "cpu" or "cuda", where the networks train
    progress : called with (done, total, text); None draws a bar if stderr is a terminal

    Returns
    -------
    Comparison, with the summary table as `.frame`; `.write(folder)` makes the report.

    Raises
    ------
    DataError, OptionError, UnknownActivation, MissingExtra
        If the data or an option cannot be used, or an extra is not installed.

    Examples
    --------
    >>> import actlab
    >>> result = actlab.compare("wine", ["relu", "tanh"], norm="none", steps=20, seeds=2, tuning_seeds=1)
    >>> sorted(result.frame.activation)
    ['relu', 'tanh']
    """
    start = perf_counter()
    items = _checked_contenders(activations)
    settings = checked_settings(
        budget=budget, batch=batch, seeds=seeds, tuning_seeds=tuning_seeds, steps=steps,
        learning_rates=learning_rates, baseline=_baseline(baseline, items), device=device,
    )  # fmt: skip
    workers = _workers(jobs, engine, device)
    _need_extras()
    from actlab.experiment.engines import check_engine
    from actlab.experiment.engines import engine as start_engine
    from actlab.experiment.progress import reporting
    from actlab.experiment.result import Comparison
    from actlab.experiment.rounds import Rounds
    from actlab.experiment.sources import load_all

    check_engine(engine, address)
    folder = _folder(out)
    networks, users = networks_of(model, norm, init, depth, width)
    scales = several_of("scale", scale, tuple(SCALINGS))
    datasets = load_all(data, target, WHO, task=task, missing=missing)
    conditions = cross([dataset.name for dataset in datasets], scales, networks)
    problems = _problems(datasets, conditions, items, settings, users)
    # What a network prints must not end among the results.
    with redirect_stdout(sys.stderr):
        for user in users.values():
            for dataset in datasets:
                user.check(items, dataset.x.shape[1], dataset.outputs)
    options = {
        "target": target,
        "task": task,
        "missing": missing,
        "scale": list(scales),
        "depth": depth,
        "width": width,
    }
    # Workers first: without them there is no reason to make a folder.
    with (
        start_engine(engine, jobs=workers, address=address, device=device) as run,
        closing(_open_plan(problems, options, folder, numbered=numbered)) as plan,
    ):
        found = plan.finished_runs()
        with reporting(progress) as report:
            Rounds(plan, problems, settings, engine=run, progress=report).run()
        if plan.finished_runs() > found or not plan.environment:
            before = plan.environment.get("seconds_total", 0.0)
            seconds = before + perf_counter() - start
            plan.note_environment(environment(engine, run.jobs, device, seconds))
        return Comparison.from_plan(plan)


def _checked_contenders(activations: Sequence[Any]) -> list[Contender]:
    """The activations asked for, each once."""
    if isinstance(activations, str) or not isinstance(activations, Iterable):
        activations = [activations]
    items = contenders(activations)
    if not items:
        raise OptionError(f"{WHO}: activations must name at least one; got activations={activations!r}")
    return items


def _baseline(baseline: Any, items: Sequence[Contender]) -> str:
    labels = [item.label for item in items]
    if baseline is None:
        return "relu" if "relu" in labels else labels[0]
    label = contender(baseline).label
    if label not in labels:
        raise OptionError(
            f"{WHO}: baseline must be one of the activations; got baseline={label!r}; choose from {', '.join(labels)}"
        )
    return label


def _folder(out: str | Path | None) -> Path | None:
    if out is not None and not str(out).strip():
        raise OptionError(f"{WHO}: out must name a folder; got out={str(out)!r}")
    return None if out is None else Path(out)


def _workers(jobs: int | None, engine: str, device: str) -> int | None:
    """Processes; None leaves it to the engine, which takes one per core of its machines."""
    if jobs is not None:
        return whole("jobs", jobs, 1)
    # Processes that share one GPU only wait for each other.
    return 1 if device == "cuda" and engine == "local" else None


def _need_extras() -> None:
    """Say what is missing before any work starts."""
    for module in ("pandas", "scipy", "joblib", "cloudpickle", "filelock"):
        need(module, extra="compare", who=WHO)
    # Importing torch takes seconds, and only the workers need it.
    if util.find_spec("torch") is None:
        raise MissingExtra(f"{WHO} needs torch; pip install 'actlab[compare]'")


def _problems(
    datasets: Sequence[Dataset],
    conditions: Sequence[Condition],
    items: Sequence[Contender],
    settings: Settings,
    users: Mapping[str, UserModel],
) -> dict[tuple[str, str], Problem]:
    """(condition, activation) -> what is trained."""
    by_name = {dataset.name: dataset for dataset in datasets}
    return {
        (condition.label, item.label): Problem(
            by_name[condition.data], condition, item, settings, users.get(condition.network.model)
        )
        for condition in conditions
        for item in items
    }


def _open_plan(
    problems: Mapping[tuple[str, str], Problem], options: Mapping[str, Any], folder: Path | None, *, numbered: bool
) -> Plan:
    """The plan of this experiment: a new one, or one that was interrupted."""
    from actlab.experiment.plan import Plan

    every = list(problems.values())
    settings = every[0].settings
    datasets = {problem.dataset.name: problem.dataset for problem in every}
    conditions = {problem.condition.label: problem.condition for problem in every}
    items = {problem.contender.label: problem.contender for problem in every}
    users = {problem.user.label: problem.user for problem in every if problem.user}
    key = {
        "protocol": PROTOCOL,
        "actlab": version("actlab"),
        "torch": version("torch"),
        **settings.as_dict(),
        "data": {name: dataset.fingerprint[:16] for name, dataset in datasets.items()},
        "conditions": sorted(map(str, conditions.values())),
        "activations": {label: item.spec for label, item in items.items()},
        "networks": {label: user.digest for label, user in users.items()},
    }
    description = {
        "settings": settings.as_dict() | dict(options),
        "conditions": [asdict(condition) for condition in conditions.values()],
        "data": {
            name: dataset.describe() | {"steps": settings.steps_for(len(dataset.split(1)[0]))}
            for name, dataset in datasets.items()
        },
        "activations": [item.to_data() for item in items.values()],
        "networks": {label: str(user.path) for label, user in users.items() if user.path},
    }
    plan = Plan.create(folder, key, description, WHO, numbered=numbered)
    for dataset in datasets.values():
        seeds = [*settings.tuning_seed_list(), *settings.seed_list()]
        plan.add_splits(dataset.name, {seed: _digest(dataset.for_seed(seed), seed) for seed in seeds})
    return plan


def _digest(dataset: Dataset, seed: int) -> str:
    """What tells one seed's rows from another's."""
    training, validation = dataset.split(seed)
    digest = hashlib.sha256(training.tobytes() + validation.tobytes())
    digest.update(np.ascontiguousarray(dataset.y).tobytes())
    return digest.hexdigest()
