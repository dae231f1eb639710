"""From what the user passed as ``data`` to data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actlab.errors import need, suggest
from actlab.experiment.data import Dataset, checked
from actlab.experiment.sources import bundled
from actlab.experiment.sources.request import Request, checked_request


def load_all(
    data: Any, target: str | Sequence[str] | None, who: str, *, task: str | None = None, missing: str = "refuse"
) -> list[Dataset]:
    """Every data set asked for, checked, under distinct names.

    Parameters
    ----------
    data : a name, a path, (X, y) arrays, a data frame, "X.npy:y.npy" or both paths, or a sequence of these
    target : columns to predict, for files and data frames; the name of the array of targets, for .npz files
    who : begins every message
    task : "classification", "multilabel" or "regression"; None recognises it
    missing : what is done about missing values, a key of `actlab.experiment.missing.MISSING`

    Raises
    ------
    DataError
        If a data set is unknown or unusable.
    OptionError
        If ``target``, ``task`` or ``missing`` makes no sense.
    MissingExtra
        If a package is needed and not installed.
    """
    request = checked_request(target, task, missing, who)
    items = list(data) if _is_several(data) else [data]
    if not items:
        raise request.error(f"data must name at least one data set; got data={data!r}")
    if request.targets and not any(_has_columns(item) for item in items):
        raise request.error(f"target must be left out for data that have their own; got target={target!r}")
    loaded: list[Dataset] = []
    for item in items:
        dataset = checked(_load(item, request), who)
        taken = [other.name for other in loaded]
        loaded.append(replace(dataset, name=_distinct(dataset.name, taken)))
    return loaded


def _load(item: Any, request: Request) -> Dataset:
    if _is_bundled(item):
        return _load_bundled(item, request)
    need("pandas", extra="compare", who=request.who)
    from actlab.experiment.sources import files, table

    if pair := _npy_pair(item):
        own = replace(request, name=pair[0].stem, source=f"{pair[0]} and {pair[1]}", path=pair[0])
        return files.read_pair(*pair, own)
    if _is_pair_of_arrays(item):
        x, y = item
        return table.from_arrays(x, y, request)
    if hasattr(item, "columns"):
        # Polars and Arrow tables convert themselves.
        frame = item.to_pandas() if hasattr(item, "to_pandas") else item
        return table.from_frame(frame, replace(request, source="data frame"))
    if isinstance(item, str | Path):
        _refuse_no_path(item, request)
        path = Path(item)
        return files.read_file(path, replace(request, name=path.stem, source=str(path), path=path))
    raise request.error(
        f"data must be a name, a path, (X, y) arrays in a tuple or a data frame; got {type(item).__name__}"
    )


def _load_bundled(name: str, request: Request) -> Dataset:
    dataset = bundled.load(name, request.who)
    if request.task not in (None, dataset.task):
        raise request.error(f"task must be {dataset.task} for {name}; got task={request.task!r}; leave it out")
    return dataset


def _is_bundled(item: Any) -> bool:
    return isinstance(item, str) and item in bundled.NAMES


def _is_several(data: Any) -> bool:
    if isinstance(data, str | Path) or hasattr(data, "shape"):
        return False
    return isinstance(data, Sequence) and not _is_pair_of_arrays(data) and not _npy_pair(data)


def _is_pair_of_arrays(data: Any) -> bool:
    """(X, y), and not two data sets."""
    match data:
        case (x, y) if isinstance(data, tuple):
            return hasattr(x, "shape") and (isinstance(y, list) or hasattr(y, "shape")) and not hasattr(y, "columns")
    return False


def _npy_pair(data: Any) -> tuple[Path, Path] | None:
    """The paths of features and targets in "X.npy:y.npy" or (X.npy, y.npy); a lone .npy file is no data set."""
    if isinstance(data, str):
        # At ".npy:", for a path on Windows may hold a colon of its own.
        first, separator, second = data.partition(".npy:")
        data = (first + ".npy", second) if separator else ()
    match data:
        case (str() | Path() as x, str() | Path() as y):
            x, y = Path(x), Path(y)
            return (x, y) if x.suffix == y.suffix == ".npy" else None
    return None


def _has_columns(item: Any) -> bool:
    """Whether ``target`` says something about it."""
    return hasattr(item, "columns") or (isinstance(item, str | Path) and not _is_bundled(item) and not _npy_pair(item))


def _refuse_no_path(item: str | Path, request: Request) -> None:
    path = Path(item)
    if isinstance(item, Path) or path.suffix or len(path.parts) > 1 or path.exists():
        return
    raise request.error(
        f"no data set is called {str(item)!r}{suggest(str(item), bundled.NAMES)}; "
        f"choose from {', '.join(bundled.NAMES)}, or give the path of a file"
    )


def _distinct(name: str, taken: Sequence[str]) -> str:
    """The name, numbered if another data set already bears it."""
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
