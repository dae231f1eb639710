"""From what the user passed as ``data`` to data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actlab.errors import DataError, need, suggest
from actlab.experiment import bundled
from actlab.experiment.data import Dataset, checked


def load_all(data: Any, target: str | None, who: str) -> list[Dataset]:
    """Every data set asked for, checked, under distinct names.

    Parameters
    ----------
    data : a name, a path, (X, y) arrays, a data frame, or a sequence of these
    target : column to predict, for files and data frames

    Raises
    ------
    DataError
        If a data set is unknown or unusable.
    """
    items = list(data) if _is_several(data) else [data]
    if not items:
        raise DataError(f"{who}: data must name at least one data set; got data={data!r}")
    if target is not None and all(isinstance(item, str) and item in bundled.NAMES for item in items):
        raise DataError(f"{who}: target must be left out for data that have their own; got target={target!r}")
    loaded: list[Dataset] = []
    for item in items:
        dataset = checked(_load(item, target, who), who)
        taken = [other.name for other in loaded]
        loaded.append(replace(dataset, name=_distinct(dataset.name, taken)))
    return loaded


def _is_several(data: Any) -> bool:
    if isinstance(data, str | Path) or hasattr(data, "shape"):
        return False
    return isinstance(data, Sequence) and not _is_pair_of_arrays(data)


def _is_pair_of_arrays(data: Any) -> bool:
    """(X, y), and not two data sets."""
    match data:
        case (x, y) if isinstance(data, tuple):
            return hasattr(x, "shape") and hasattr(y, "shape") and not hasattr(y, "columns")
    return False


def _load(item: Any, target: str | None, who: str) -> Dataset:
    if isinstance(item, str) and item in bundled.NAMES:
        return bundled.load(item, who)
    need("pandas", extra="compare", who=who)
    from actlab.experiment import table

    if _is_pair_of_arrays(item):
        return table.from_arrays(item, name="data", who=who)
    if hasattr(item, "columns"):
        return table.from_frame(item, target, name="data", source="data frame", who=who)
    if isinstance(item, str | Path):
        if not _looks_like_path(item):
            raise DataError(
                f"{who}: no data set is called {str(item)!r}{suggest(str(item), bundled.NAMES)}; "
                f"choose from {', '.join(bundled.NAMES)}, or give the path of a .csv file"
            )
        return table.read_file(Path(item), target, who)
    raise DataError(f"{who}: data must be a name, a path, (X, y) arrays or a data frame; got {type(item).__name__}")


def _looks_like_path(item: str | Path) -> bool:
    path = Path(item)
    return isinstance(item, Path) or bool(path.suffix) or len(path.parts) > 1 or path.exists()


def _distinct(name: str, taken: Sequence[str]) -> str:
    """The name, numbered if another data set already bears it."""
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
